// SPDX-License-Identifier: Apache-2.0
// Regular expressions: a subset that is regular indeed, over the characters of UTF-8.
#pragma once

#include <string_view>

#include "therma/llm/grammar/automaton.hpp"

namespace therma::llm {

enum class RegexText {
  plain,  // the text itself
  json,   // as it stands inside a JSON string: ", \ and control characters escaped
};

enum class RegexMatch {
  whole,   // all of the text; ^ at the start and $ at the end change nothing
  search,  // some part of the text, as `pattern` of JSON Schema, unless held by ^ and $
};

// Concatenation, |, ( ), (?: ), * + ? {m} {m,} {m,n} (a ? behind them changes nothing), [ ] with
// ranges and ^, '.' (all but a line break), \d \w \s \D \W \S (ASCII), \n \r \t \f \v \0 \xHH
// \uHHHH \u{H...}, and \ before punctuation. ^ and $ only at the ends of an alternative. Throws
// Error{bad_data} naming the byte of what is malformed or not understood, and where the automaton
// would be too large. `where` opens the message.
[[nodiscard]] Automaton compile_regex(std::string_view expression, std::string_view where,
                                      RegexMatch match = RegexMatch::whole,
                                      RegexText text = RegexText::plain);

}  // namespace therma::llm
