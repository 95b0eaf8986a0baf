// SPDX-License-Identifier: Apache-2.0
// Cuts a template into text, tags and the tokens inside them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/chat/jinja_value.hpp"

namespace therma::llm::jinja {

enum class TokenKind {
  text,         // outside of tags
  begin_block,  // {%
  end_block,
  begin_output,  // {{
  end_output,
  name,
  string,  // its value, escapes resolved
  integer,
  real,
  mark,  // an operator or a bracket
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  Place place;
};

// Comments are gone, white space is controlled as with trim_blocks and lstrip_blocks, raw blocks
// are text. The last token is `end`. Throws Error{bad_data}.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view jinja, std::string_view where);

[[noreturn]] void fail_at(std::string_view where, Place place, std::string_view what);

}  // namespace therma::llm::jinja
