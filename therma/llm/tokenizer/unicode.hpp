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

// The character at `at` < text.size(). What is not valid is divided as Unicode 15, section 3.9,
// "substitution of maximal subparts", has it.
[[nodiscard]] Character next_character(std::string_view text, std::size_t at) noexcept;
void append_utf8(std::string& out, char32_t code);

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;
// What is not valid becomes U+FFFD.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

// \p{L}, \p{N}, and the White_Space property, as \s has it.
[[nodiscard]] bool is_letter(char32_t code) noexcept;
[[nodiscard]] bool is_number(char32_t code) noexcept;
[[nodiscard]] bool is_space(char32_t code) noexcept;

// Whether `text` is in NFC for sure, found without tables: no character from U+0300 on.
[[nodiscard]] bool is_plainly_nfc(std::string_view text) noexcept;
// Valid UTF-8 in, NFC or NFKC out.
[[nodiscard]] std::string to_nfc(std::string_view text);
[[nodiscard]] std::string to_nfkc(std::string_view text);

}  // namespace therma::llm
