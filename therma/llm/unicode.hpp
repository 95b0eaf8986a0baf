// SPDX-License-Identifier: Apache-2.0
// Characters of UTF-8 text, their categories, and normal forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace therma::llm {

// A code point, or the bytes that can be none.
struct Character {
  char32_t code = 0;       // U+FFFD where it is not valid
  std::uint32_t size = 1;  // bytes; of what is not valid, the longest beginning of a character
  bool is_valid = true;
  bool could_continue = false;  // not valid for want of bytes at the end of the text
};

// The character at `at` < text.size(), which no ASCII byte begins.
[[nodiscard]] Character next_wide_character(std::string_view text, std::size_t at) noexcept;
// The character at `at` < text.size(). What is not valid is divided as Unicode 15, section 3.9,
// "substitution of maximal subparts", has it.
[[nodiscard]] inline Character next_character(std::string_view text, std::size_t at) noexcept {
  const auto byte = static_cast<unsigned char>(text[at]);
  return byte < 0x80 ? Character{.code = byte} : next_wide_character(text, at);
}
void append_utf8(std::string& out, char32_t code);

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;
// What is not valid becomes U+FFFD.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

// Texts as code points and back; each byte that is no UTF-8 becomes one U+FFFD.
[[nodiscard]] std::u32string code_points(std::string_view text);
[[nodiscard]] std::size_t num_code_points(std::string_view text) noexcept;
[[nodiscard]] std::string utf8(std::u32string_view text);

// \p{L}, \p{N}, and the White_Space property, as \s has it, of code points from U+0080 on...
[[nodiscard]] bool is_wide_letter(char32_t code) noexcept;
[[nodiscard]] bool is_wide_number(char32_t code) noexcept;
[[nodiscard]] bool is_wide_space(char32_t code) noexcept;
// ... and of all.
[[nodiscard]] inline bool is_letter(char32_t code) noexcept {
  return code < 0x80 ? (code | 0x20U) >= 'a' && (code | 0x20U) <= 'z' : is_wide_letter(code);
}
[[nodiscard]] inline bool is_number(char32_t code) noexcept {
  return code < 0x80 ? code >= '0' && code <= '9' : is_wide_number(code);
}
[[nodiscard]] inline bool is_space(char32_t code) noexcept {
  return code < 0x80 ? code == ' ' || (code >= '\t' && code <= '\r') : is_wide_space(code);
}

}  // namespace therma::llm
