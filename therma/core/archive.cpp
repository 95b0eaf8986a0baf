// SPDX-License-Identifier: Apache-2.0
// Checkpoints as bytes: the header and the checks.
#include "therma/core/archive.hpp"

#include <algorithm>
#include <cstring>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kMagic = 0x316b636d72656874;  // "thermck1"

// FNV-1a over words of eight bytes, the last one filled up with zeros, and the length. Each step is
// a bijection of the sum so far, so damage within one word never cancels.
std::uint64_t checksum(std::string_view bytes) noexcept {
  std::uint64_t sum = 0xCBF29CE484222325 ^ bytes.size();
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
    sum = (sum ^ word) * 0x100000001B3;
    sum ^= sum >> 32;
  }
  return sum;
}

}  // namespace

ArchiveWriter::ArchiveWriter(std::string_view kind, std::uint64_t size, std::uint64_t count) {
  put(kMagic);
  put_bytes(kind);
  put(size);
  put(count);
}

void ArchiveWriter::put_bytes(std::string_view bytes) {
  put(static_cast<std::uint64_t>(bytes.size()));
  append(bytes.data(), bytes.size());
}

void ArchiveWriter::append(const void* data, std::size_t num_bytes) {
  if (num_bytes > 0) bytes_.append(static_cast<const char*>(data), num_bytes);
}

ArchiveReader::ArchiveReader(std::string_view bytes, std::string_view kind)
    : kind_(kind), rest_(bytes) {
  if (get<std::uint64_t>() != kMagic) fail(ErrorCode::bad_data, "checkpoint: not one of Therma's");
  if (const auto found = get_bytes(); found != kind) {
    fail(ErrorCode::bad_data, "checkpoint: expected one of \"{}\", found \"{}\"", kind, found);
  }
  size_ = get<std::uint64_t>();
  count_ = get<std::uint64_t>();
}

ArchiveReader::ArchiveReader(std::string_view bytes, std::string_view kind, std::uint64_t size,
                             std::uint64_t count)
    : ArchiveReader(bytes, kind) {
  if (size_ != size || count_ != count) {
    fail(ErrorCode::bad_data, "checkpoint of \"{}\": expected {} variables x {}, found {} x {}",
         kind, size, count, size_, count_);
  }
}

std::string_view ArchiveReader::get_bytes() { return take(get<std::uint64_t>()); }

void ArchiveReader::require(std::uint64_t num_items, std::uint64_t item_bytes) const {
  if (item_bytes > 0 && num_items > rest_.size() / item_bytes) {
    fail(ErrorCode::bad_data, "checkpoint of \"{}\": expected {} items of {} bytes, found {} bytes",
         kind_, num_items, item_bytes, rest_.size());
  }
}

void ArchiveReader::finish() const {
  if (!rest_.empty()) {
    fail(ErrorCode::bad_data, "checkpoint of \"{}\": {} bytes too many", kind_, rest_.size());
  }
}

std::string_view ArchiveReader::take(std::uint64_t num_bytes) {
  if (num_bytes > rest_.size()) {
    fail(ErrorCode::bad_data, "checkpoint of \"{}\": ends {} bytes early", kind_,
         num_bytes - rest_.size());
  }
  const auto taken = rest_.substr(0, num_bytes);
  rest_.remove_prefix(num_bytes);
  return taken;
}

void ArchiveReader::copy(void* data, std::size_t num_bytes) {
  const auto taken = take(num_bytes);
  if (num_bytes > 0) std::memcpy(data, taken.data(), num_bytes);
}

std::string seal(std::string bytes) {
  const std::uint64_t sum = checksum(bytes);
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  return bytes;
}

std::string_view unseal(std::string_view sealed) {
  std::uint64_t sum = 0;
  if (sealed.size() < sizeof sum) fail(ErrorCode::bad_data, "checkpoint: not one of Therma's");
  const auto bytes = sealed.substr(0, sealed.size() - sizeof sum);
  std::memcpy(&sum, sealed.data() + bytes.size(), sizeof sum);
  if (sum != checksum(bytes)) {
    fail(ErrorCode::bad_data,
         "checkpoint: damaged or cut short, the checksum of its {} bytes differs", sealed.size());
  }
  return bytes;
}

}  // namespace therma
