// SPDX-License-Identifier: Apache-2.0
// A template as a tree of statements and expressions.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "therma/llm/chat/jinja_value.hpp"

namespace therma::llm::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

enum class ExpressionKind {
  literal,      // value
  name,         // text
  list,         // parts
  tuple,        // parts
  mapping,      // parts: key, value, key, value ...
  negation,     // not parts[0]
  sign,         // text is + or -
  arithmetic,   // parts[0] text parts[1]
  concat,       // parts joined as strings
  comparison,   // parts[0] words[0] parts[1] words[1] parts[2] ...
  both,         // and
  either,       // or
  conditional,  // parts[0] if parts[1] else parts[2], which may be missing
  attribute,    // parts[0].text
  item,         // parts[0][parts[1]]
  slice,        // parts[0][parts[1]:parts[2]:parts[3]], null where left out
  call,         // parts[0](parts[1] ...), the last words.size() of them by name
  filter,       // parts[0] | text(...)
  test,         // parts[0] is text(...)
};

struct Expression {
  ExpressionKind kind = ExpressionKind::literal;
  Place place;
  std::string text;
  Value value;
  std::vector<ExpressionPtr> parts;
  std::vector<std::string> words;
  std::uint32_t depth = 1;  // of the tree below
};

using Body = std::vector<std::unique_ptr<Statement>>;

enum class StatementKind {
  text,
  output,       // expression
  branches,     // if, elif ...: bodies[i] where conditions[i], else the last body
  loop,         // for names in expression if conditions[0]: bodies[0], else bodies[1]
  assign,       // set names = expression, or text.names[0] = expression
  assign_body,  // set names[0] to what bodies[0] prints
  macro,        // text(names): bodies[0]; the last conditions.size() have defaults
  go_on,        // continue
  leave,        // break
  group,        // bodies[0], as it is
};

struct Statement {
  StatementKind kind = StatementKind::text;
  Place place;
  std::string text;
  ExpressionPtr expression;
  std::vector<ExpressionPtr> conditions;
  std::vector<std::string> names;
  std::vector<Body> bodies;
};

}  // namespace therma::llm::jinja
