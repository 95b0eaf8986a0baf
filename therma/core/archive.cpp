// SPDX-License-Identifier: Apache-2.0
// Checkpoints as bytes: the header and the checks.
#include "therma/core/archive.hpp"

#include <cstring>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kMagic = 0x316b636d72656874;  // "thermck1"

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

ArchiveReader::ArchiveReader(std::string_view bytes, std::string_view kind, std::uint64_t size,
                             std::uint64_t count)
    : kind_(kind), rest_(bytes) {
  if (get<std::uint64_t>() != kMagic) fail(ErrorCode::bad_data, "checkpoint: not one of Therma's");
  if (const auto found = get_bytes(); found != kind) {
    fail(ErrorCode::bad_data, "checkpoint: expected one of \"{}\", found \"{}\"", kind, found);
  }
  const auto found_size = get<std::uint64_t>();
  const auto found_count = get<std::uint64_t>();
  if (found_size != size || found_count != count) {
    fail(ErrorCode::bad_data, "checkpoint of \"{}\": expected {} variables x {}, found {} x {}",
         kind, size, count, found_size, found_count);
  }
}

std::string_view ArchiveReader::get_bytes() { return take(get<std::uint64_t>()); }

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

}  // namespace therma
