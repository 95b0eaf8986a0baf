// SPDX-License-Identifier: Apache-2.0
// Text as tokens: words folded to plain lower-case letters, numbers and marks, each with its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace therma::planner {

// Bytes [begin, end) of the text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

enum class TokenKind : std::uint8_t { word, number, mark };

struct Token {
  TokenKind kind = TokenKind::mark;
  Span span;
  // Words: lower case without diacritics ("zadań" is "zadan"). Marks: one of . , : ; - ( ) % = > /
  // ~ " ! ? * #, "\n" for a line break inside a sentence, "@" for anything else. Numbers: as
  // written.
  std::string folded;
  double value = 0.0;          // numbers: 0 or more, finite
  std::uint32_t decimals = 0;  // numbers: digits after the point or comma
  bool ambiguous = false;      // numbers such as 10,000: thousands in one country, ten in another
  bool glued = false;          // no space between this token and the one before it
  bool capital = false;        // words: begins with a capital letter
  std::uint32_t sentence =
      0;  // sentences count from 0; they end at . ; ! ? and at lists' line ends
};

// Never throws on content: invalid UTF-8 and control characters separate words.
[[nodiscard]] std::vector<Token> tokenise(std::string_view text);

// Lower case, without the diacritics of Latin letters; other bytes are kept.
[[nodiscard]] std::string fold(std::string_view text);

// Is `word` one of the words of `list`, which are separated by spaces and begin and end with one?
[[nodiscard]] bool has_word(std::string_view list, std::string_view word) noexcept;

}  // namespace therma::planner
