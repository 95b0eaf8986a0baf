// SPDX-License-Identifier: Apache-2.0
// Two tables, made once.
#include "therma/llm/tokenizer/byte_letters.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

constexpr bool is_plain(unsigned byte) noexcept {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

constexpr std::size_t kLetters = 324;  // 256 + the 68 bytes that are not plain

struct Tables {
  std::array<char32_t, 256> letter{};
  std::array<std::int16_t, kLetters> byte{};
};

constexpr Tables make_tables() noexcept {
  Tables tables;
  tables.byte.fill(-1);
  char32_t next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char32_t letter = is_plain(byte) ? static_cast<char32_t>(byte) : next++;
    tables.letter[byte] = letter;
    tables.byte[letter] = static_cast<std::int16_t>(byte);
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::string letters_of(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) append_utf8(out, kTables.letter[static_cast<unsigned char>(byte)]);
  return out;
}

std::optional<std::string> bytes_of(std::string_view letters) {
  std::string out;
  out.reserve(letters.size());
  for (std::size_t at = 0; at < letters.size();) {
    const auto next = next_character(letters, at);
    if (!next.is_valid || next.code >= kLetters || kTables.byte[next.code] < 0) return std::nullopt;
    out.push_back(static_cast<char>(kTables.byte[next.code]));
    at += next.size;
  }
  return out;
}

std::optional<unsigned char> byte_named(std::string_view piece) noexcept {
  unsigned value = 0;
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return std::nullopt;
  const auto read = std::from_chars(piece.data() + 3, piece.data() + 5, value, 16);
  if (read.ptr != piece.data() + 5) return std::nullopt;
  return static_cast<unsigned char>(value);
}

}  // namespace therma::llm
