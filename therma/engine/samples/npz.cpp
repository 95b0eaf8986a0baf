// SPDX-License-Identifier: Apache-2.0
// NPY headers and ZIP records, byte by byte (PKWARE APPNOTE 6.3, numpy.lib.format 1.0).
#include "therma/engine/samples/npz.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr auto kCrcTable = [] {
  constexpr std::uint32_t kPolynomial = 0xedb88320;  // IEEE 802.3, reflected
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    auto rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? kPolynomial : 0);
    table[byte] = rest;
  }
  return table;
}();

// Little-endian, as both formats are.
template <class T>
void put(std::string& out, T value) {
  for (std::size_t k = 0; k < sizeof value; ++k) {
    out += static_cast<char>(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> 8 * k));
  }
}

constexpr std::uint64_t kMostBytes = std::numeric_limits<std::uint32_t>::max();

// What a member's two records share, from "version needed" to "name length".
void put_member(std::string& out, std::string_view name, std::string_view content,
                std::uint32_t checksum) {
  constexpr std::uint16_t kVersion = 20;
  constexpr std::uint16_t kUtf8Name = 1 << 11;
  constexpr std::uint16_t kStored = 0;
  constexpr std::uint16_t kMidnight = 0;
  constexpr std::uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01
  put(out, kVersion);
  put(out, kUtf8Name);
  put(out, kStored);
  put(out, kMidnight);
  put(out, kFirstDay);
  put(out, checksum);
  put(out, static_cast<std::uint32_t>(content.size()));
  put(out, static_cast<std::uint32_t>(content.size()));
  put(out, static_cast<std::uint16_t>(name.size()));
  put(out, std::uint16_t{0});  // no extra field
}

template <class T>
std::string_view as_bytes(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

template <class T>
std::string joined(const std::vector<std::span<const T>>& chains) {
  std::string bytes;
  std::size_t size = 0;
  for (const auto& chain : chains) size += chain.size_bytes();
  bytes.reserve(size);
  for (const auto& chain : chains) bytes += as_bytes(chain);
  return bytes;
}

// A text as a zero-dimensional array of UTF-32 code points; what is not ASCII becomes '?'.
std::string npy_text(const std::string& text) {
  std::string bytes;
  for (const char c : text) put(bytes, static_cast<std::uint32_t>(c < 0 ? '?' : c));
  if (text.empty()) put(bytes, std::uint32_t{0});
  return npy_array(fmt::format("<U{}", std::max<std::size_t>(text.size(), 1)), {}, bytes);
}

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) noexcept {
  auto rest = ~before;
  for (const char c : bytes) {
    rest = kCrcTable[(rest ^ static_cast<std::uint8_t>(c)) & 0xff] ^ (rest >> 8);
  }
  return ~rest;
}

std::string npy_array(std::string_view type, std::span<const std::uint64_t> shape,
                      std::string_view bytes) {
  constexpr std::size_t kAlignment = 64;
  constexpr std::string_view kMagic{"\x93NUMPY\x01\x00", 8};
  std::string sizes;
  for (const auto size : shape) sizes += fmt::format("{}, ", size);
  auto header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sizes);
  const auto unpadded = kMagic.size() + sizeof(std::uint16_t) + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';
  std::string out(kMagic);
  put(out, static_cast<std::uint16_t>(header.size()));
  out += header;
  out += bytes;
  return out;
}

void ZipWriter::add(std::string_view name, std::string_view content) {
  constexpr std::uint32_t kLocalHeader = 0x04034b50;
  constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
  constexpr std::uint16_t kMadeBy = 20;
  constexpr std::uint64_t kRoomForRecords = 1 << 20;
  if (out_.size() + content.size() + kRoomForRecords > kMostBytes) {
    fail(ErrorCode::invalid_argument,
         "samples: more than the 4 GiB that a ZIP archive holds: use --thin, or fewer --replicas");
  }
  const auto offset = static_cast<std::uint32_t>(out_.size());
  const auto checksum = crc32(content);
  put(out_, kLocalHeader);
  put_member(out_, name, content, checksum);
  out_ += name;
  out_ += content;
  put(directory_, kDirectoryEntry);
  put(directory_, kMadeBy);
  put_member(directory_, name, content, checksum);
  put(directory_, std::uint16_t{0});  // no comment
  put(directory_, std::uint16_t{0});  // first disk
  put(directory_, std::uint16_t{0});  // no internal attributes
  put(directory_, std::uint32_t{0});  // no external attributes
  put(directory_, offset);
  directory_ += name;
  ++num_members_;
}

std::string ZipWriter::bytes() && {
  constexpr std::uint32_t kEnd = 0x06054b50;
  const auto offset = static_cast<std::uint32_t>(out_.size());
  const auto size = static_cast<std::uint32_t>(directory_.size());
  out_ += directory_;
  put(out_, kEnd);
  put(out_, std::uint16_t{0});  // this disk
  put(out_, std::uint16_t{0});  // the directory's disk
  put(out_, num_members_);
  put(out_, num_members_);
  put(out_, size);
  put(out_, offset);
  put(out_, std::uint16_t{0});  // no comment
  return std::move(out_);
}

std::string samples_as_npz(const SampleTable& table) {
  const std::array<std::uint64_t, 3> shape = {table.num_chains(), table.num_draws,
                                              table.num_variables};
  ZipWriter zip;
  std::visit(
      [&](const auto& states) {
        using Chains = std::decay_t<decltype(states)>;
        const auto* const type = std::is_same_v<Chains, SampleTable::Real> ? "<f4" : "|i1";
        zip.add("states.npy", npy_array(type, shape, joined(states)));
      },
      table.states);
  zip.add("energy.npy", npy_array("<f8", std::span(shape).first(2), joined(table.energies)));
  for (const auto& [name, text] : table.facts) zip.add(name + ".npy", npy_text(text));
  return std::move(zip).bytes();
}

}  // namespace therma
