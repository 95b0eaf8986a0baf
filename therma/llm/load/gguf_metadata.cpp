// SPDX-License-Identifier: Apache-2.0
// Values of every type, widened.
#include "therma/llm/load/gguf_metadata.hpp"

#include <limits>
#include <utility>

#include "therma/llm/load/gguf_numbers.hpp"

namespace therma::llm {
namespace {

constexpr std::uint64_t kMostPairs = 1 << 16;
constexpr std::uint64_t kMostElements = 1 << 24;
constexpr std::uint64_t kLeastPairBytes = 8 + 1 + 4 + 1;  // length and byte of a key, type, value

constexpr std::uint64_t kLeastBytes[kNumGgufTypes] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};

GgufType read_type(ByteCursor& cursor, std::string_view what) {
  const auto number = cursor.get<std::uint32_t>(what);
  if (number >= kNumGgufTypes) {
    cursor.reject("{} has value type {}, but the last one known is {}", what, number,
                  kNumGgufTypes - 1);
  }
  return static_cast<GgufType>(number);
}

std::uint64_t read_unsigned(ByteCursor& cursor, GgufType type, std::string_view what) {
  switch (type) {
    case GgufType::u8:
      return cursor.get<std::uint8_t>(what);
    case GgufType::u16:
      return cursor.get<std::uint16_t>(what);
    case GgufType::u32:
      return cursor.get<std::uint32_t>(what);
    default:
      return cursor.get<std::uint64_t>(what);
  }
}

std::int64_t read_signed(ByteCursor& cursor, GgufType type, std::string_view what) {
  switch (type) {
    case GgufType::i8:
      return cursor.get<std::int8_t>(what);
    case GgufType::i16:
      return cursor.get<std::int16_t>(what);
    case GgufType::i32:
      return cursor.get<std::int32_t>(what);
    default:
      return cursor.get<std::int64_t>(what);
  }
}

double read_real(ByteCursor& cursor, GgufType type, std::string_view what) {
  if (type == GgufType::f32) return static_cast<double>(cursor.get<float>(what));
  return cursor.get<double>(what);
}

bool read_flag(ByteCursor& cursor, std::string_view what) {
  const auto byte = cursor.get<std::uint8_t>(what);
  if (byte > 1) cursor.reject("{} must be 0 or 1, got {}", what, byte);
  return byte == 1;
}

bool is_unsigned(GgufType type) {
  return type == GgufType::u8 || type == GgufType::u16 || type == GgufType::u32 ||
         type == GgufType::u64;
}
bool is_real(GgufType type) { return type == GgufType::f32 || type == GgufType::f64; }

// Widens to 64 bits with a sign, which is what an array holds.
std::int64_t read_integer(ByteCursor& cursor, GgufType type, std::string_view what) {
  if (type == GgufType::flag) return read_flag(cursor, what) ? 1 : 0;
  if (!is_unsigned(type)) return read_signed(cursor, type, what);
  const auto value = read_unsigned(cursor, type, what);
  if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    cursor.reject("{} must be below 2^63, got {}", what, value);
  }
  return static_cast<std::int64_t>(value);
}

template <class T, class Read>
std::vector<T> read_elements(std::uint64_t count, Read read) {
  std::vector<T> elements;
  elements.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) elements.emplace_back(read());
  return elements;
}

GgufValue read_array(ByteCursor& cursor, std::string_view what) {
  const auto type = read_type(cursor, what);
  if (type == GgufType::array) cursor.reject("{} is an array of arrays, which is not read", what);
  const auto count = cursor.get<std::uint64_t>(what);
  cursor.require(count, kLeastBytes[static_cast<std::uint32_t>(type)], what);
  if (count > kMostElements) {
    cursor.reject("{} has {} elements, but at most {} are read", what, count, kMostElements);
  }
  if (type == GgufType::text) {
    return read_elements<std::string>(count, [&] { return cursor.text(what); });
  }
  if (is_real(type)) {
    return read_elements<double>(count, [&] { return read_real(cursor, type, what); });
  }
  return read_elements<std::int64_t>(count, [&] { return read_integer(cursor, type, what); });
}

GgufValue read_value(ByteCursor& cursor, std::string_view what) {
  const auto type = read_type(cursor, what);
  if (type == GgufType::array) return read_array(cursor, what);
  if (type == GgufType::text) return std::string(cursor.text(what));
  if (type == GgufType::flag) return read_flag(cursor, what);
  if (is_real(type)) return read_real(cursor, type, what);
  if (is_unsigned(type)) return read_unsigned(cursor, type, what);
  return read_signed(cursor, type, what);
}

}  // namespace

GgufMetadata read_gguf_metadata(ByteCursor& cursor, std::uint64_t num_pairs) {
  cursor.require(num_pairs, kLeastPairBytes, "the metadata's pairs");
  if (num_pairs > kMostPairs) {
    cursor.reject("{} pairs of metadata, but at most {} are read", num_pairs, kMostPairs);
  }
  GgufMetadata metadata;
  for (std::uint64_t pair = 0; pair < num_pairs; ++pair) {
    const auto key = cursor.text("a key");
    if (!is_plain_name(key)) {
      cursor.reject("a key must be 1 to 255 printable ASCII characters, got {}", shown_text(key));
    }
    const auto [place, is_new] = metadata.try_emplace(std::string(key));
    if (!is_new) cursor.reject("the key {} appears twice", shown_text(key));
    place->second = read_value(cursor, key);
  }
  return metadata;
}

}  // namespace therma::llm
