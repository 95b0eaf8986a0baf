// SPDX-License-Identifier: Apache-2.0
// Expressions, from the loosest binding to the tightest.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "therma/llm/chat/jinja_parser.hpp"

namespace therma::llm::jinja {

ExpressionParser::Level::Level(ExpressionParser& parser) : parser_(parser) {
  if (parser.depth_ >= parser.max_depth_)
    parser.fail_here(fmt::format("nested deeper than {} levels", parser.max_depth_));
  ++parser.depth_;
}

ExpressionPtr ExpressionParser::make(ExpressionKind kind, Place place, std::string text) const {
  auto made = std::make_unique<Expression>();
  made->kind = kind;
  made->place = place;
  made->text = std::move(text);
  return made;
}

void ExpressionParser::add(Expression& to, ExpressionPtr part) const {
  if (part != nullptr) {
    to.depth = std::max(to.depth, part->depth + 1);
    if (to.depth > max_depth_)
      fail_at(where_, part->place,
              fmt::format("an expression nested deeper than {} levels", max_depth_));
  }
  to.parts.push_back(std::move(part));
}

void ExpressionParser::fail_here(std::string_view what) const {
  fail_at(where_, now().place, what);
}

void ExpressionParser::expect_mark(std::string_view text) {
  if (!takes_mark(text)) fail_here(fmt::format("expected \"{}\" here", text));
}

void ExpressionParser::expect_word(std::string_view text) {
  if (!takes_word(text)) fail_here(fmt::format("expected \"{}\" here", text));
}

std::string ExpressionParser::name(std::string_view what) {
  if (now().kind != TokenKind::name) fail_here(fmt::format("expected {} here", what));
  if (now().text.starts_with('_'))
    fail_here(fmt::format("the name {} is refused: it begins with '_'", now().text));
  return take().text;
}

ExpressionPtr ExpressionParser::expression() {
  const Level level(*this);
  auto value = disjunction();
  while (sees_word("if")) {
    auto whole = make(ExpressionKind::conditional, take().place);
    add(*whole, std::move(value));
    add(*whole, disjunction());
    add(*whole, takes_word("else") ? expression() : nullptr);
    value = std::move(whole);
  }
  return value;
}

ExpressionPtr ExpressionParser::expression_or_tuple() {
  auto first = expression();
  if (!sees_mark(",")) return first;
  auto whole = make(ExpressionKind::tuple, first->place);
  add(*whole, std::move(first));
  while (takes_mark(",")) {
    if (now().kind == TokenKind::end_block || now().kind == TokenKind::end_output) break;
    add(*whole, expression());
  }
  return whole;
}

ExpressionPtr ExpressionParser::disjunction() {
  auto left = conjunction();
  while (sees_word("or")) {
    auto whole = make(ExpressionKind::either, take().place);
    add(*whole, std::move(left));
    add(*whole, conjunction());
    left = std::move(whole);
  }
  return left;
}

ExpressionPtr ExpressionParser::conjunction() {
  auto left = inversion();
  while (sees_word("and")) {
    auto whole = make(ExpressionKind::both, take().place);
    add(*whole, std::move(left));
    add(*whole, inversion());
    left = std::move(whole);
  }
  return left;
}

ExpressionPtr ExpressionParser::inversion() {
  if (!sees_word("not")) return comparison();
  const Level level(*this);
  auto whole = make(ExpressionKind::negation, take().place);
  add(*whole, inversion());
  return whole;
}

// Takes "==", "in", "not in" and so on; empty where none is there.
std::string ExpressionParser::comparator() {
  for (const std::string_view mark : {"==", "!=", "<", "<=", ">", ">="})
    if (takes_mark(mark)) return std::string(mark);
  if (takes_word("in")) return "in";
  if (!sees_word("not") || at_ + 1 >= tokens_.size() || tokens_[at_ + 1].text != "in") return {};
  take();
  take();
  return "not in";
}

ExpressionPtr ExpressionParser::comparison() {
  auto first = sum();
  const auto place = now().place;
  auto op = comparator();
  if (op.empty()) return first;
  auto whole = make(ExpressionKind::comparison, place);
  add(*whole, std::move(first));
  for (; !op.empty(); op = comparator()) {
    whole->words.push_back(op);
    add(*whole, sum());
  }
  return whole;
}

ExpressionPtr ExpressionParser::sum() {
  auto left = concatenation();
  while (sees_mark("+") || sees_mark("-")) {
    const auto& op = take();
    auto whole = make(ExpressionKind::arithmetic, op.place, op.text);
    add(*whole, std::move(left));
    add(*whole, concatenation());
    left = std::move(whole);
  }
  return left;
}

ExpressionPtr ExpressionParser::concatenation() {
  auto first = product();
  if (!sees_mark("~")) return first;
  auto whole = make(ExpressionKind::concat, now().place);
  add(*whole, std::move(first));
  while (takes_mark("~")) add(*whole, product());
  return whole;
}

ExpressionPtr ExpressionParser::product() {
  auto left = unary(true);
  while (sees_mark("*") || sees_mark("/") || sees_mark("//") || sees_mark("%")) {
    const auto& op = take();
    auto whole = make(ExpressionKind::arithmetic, op.place, op.text);
    add(*whole, std::move(left));
    add(*whole, unary(true));
    left = std::move(whole);
  }
  if (sees_mark("**")) fail_here("powers are not understood");
  return left;
}

ExpressionPtr ExpressionParser::unary(bool with_filters) {
  const Level level(*this);
  ExpressionPtr value;
  if (sees_mark("-") || sees_mark("+")) {
    const auto& op = take();
    value = make(ExpressionKind::sign, op.place, op.text);
    add(*value, unary(false));
  } else {
    value = postfix(primary());
  }
  return with_filters ? filters(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::primary() {
  switch (now().kind) {
    case TokenKind::name:
      return named_literal();
    case TokenKind::string:
    case TokenKind::integer:
    case TokenKind::real:
      return literal();
    case TokenKind::mark:
      return bracketed();
    default:
      fail_here("expected an expression here");
  }
}

ExpressionPtr ExpressionParser::named_literal() {
  const auto place = now().place;
  auto value = make(ExpressionKind::literal, place);
  if (takes_word("true") || takes_word("True")) return value->value = Value(true), std::move(value);
  if (takes_word("false") || takes_word("False"))
    return value->value = Value(false), std::move(value);
  if (takes_word("none") || takes_word("None"))
    return value->value = Value(None{}), std::move(value);
  return make(ExpressionKind::name, place, name("a name"));
}

ExpressionPtr ExpressionParser::literal() {
  const auto& token = take();
  auto value = make(ExpressionKind::literal, token.place);
  if (token.kind == TokenKind::string) {
    auto text = token.text;
    while (now().kind == TokenKind::string) text += take().text;  // "a" "b" is "ab"
    value->value = text_value(std::move(text));
    return value;
  }
  const auto* begin = token.text.data();
  const auto* end = begin + token.text.size();
  std::int64_t integer = 0;
  double real = 0.0;
  const bool is_read = token.kind == TokenKind::integer
                           ? std::from_chars(begin, end, integer).ec == std::errc{}
                           : std::from_chars(begin, end, real).ec == std::errc{};
  if (!is_read) fail_at(where_, token.place, "this number is too large");
  value->value = token.kind == TokenKind::integer ? Value(integer) : Value(real);
  return value;
}

ExpressionPtr ExpressionParser::bracketed() {
  const auto place = now().place;
  if (takes_mark("[")) {
    auto list = make(ExpressionKind::list, place);
    items(*list, "]");
    return list;
  }
  if (sees_mark("{")) return mapping();
  if (!takes_mark("(")) fail_here("expected an expression here");
  auto tuple = make(ExpressionKind::tuple, place);
  if (takes_mark(")")) return tuple;
  auto first = expression();
  if (takes_mark(")")) return first;
  expect_mark(",");
  add(*tuple, std::move(first));
  items(*tuple, ")");
  return tuple;
}

void ExpressionParser::items(Expression& list, std::string_view close) {
  while (!takes_mark(close)) {
    add(list, expression());
    if (takes_mark(close)) return;
    expect_mark(",");
  }
}

ExpressionPtr ExpressionParser::mapping() {
  auto whole = make(ExpressionKind::mapping, take().place);
  while (!takes_mark("}")) {
    add(*whole, expression());
    expect_mark(":");
    add(*whole, expression());
    if (takes_mark("}")) return whole;
    expect_mark(",");
  }
  return whole;
}

}  // namespace therma::llm::jinja
