// SPDX-License-Identifier: Apache-2.0
// What may follow an expression: members, items, slices, calls, filters, tests.
#include <algorithm>
#include <array>

#include "therma/llm/chat/jinja_parser.hpp"

namespace therma::llm::jinja {

ExpressionPtr ExpressionParser::postfix(ExpressionPtr target) {
  for (;;) {
    if (sees_mark(".")) {
      target = member(std::move(target));
    } else if (sees_mark("[")) {
      target = subscript(std::move(target));
    } else if (sees_mark("(")) {
      auto call = make(ExpressionKind::call, now().place);
      add(*call, std::move(target));
      arguments(*call);
      target = std::move(call);
    } else {
      return target;
    }
  }
}

ExpressionPtr ExpressionParser::filters(ExpressionPtr target) {
  for (;;) {
    if (sees_mark("|")) {
      const auto place = take().place;
      auto filter = make(ExpressionKind::filter, place, name("the name of a filter"));
      add(*filter, std::move(target));
      if (sees_mark("(")) arguments(*filter);
      target = std::move(filter);
    } else if (sees_word("is")) {
      target = test(std::move(target));
    } else if (sees_mark("(")) {
      auto call = make(ExpressionKind::call, now().place);
      add(*call, std::move(target));
      arguments(*call);
      target = std::move(call);
    } else {
      return target;
    }
  }
}

ExpressionPtr ExpressionParser::member(ExpressionPtr target) {
  const auto place = take().place;
  if (now().kind == TokenKind::integer) {  // list.0
    auto item = make(ExpressionKind::item, place);
    add(*item, std::move(target));
    add(*item, literal());
    return item;
  }
  auto attribute = make(ExpressionKind::attribute, place, name("the name of a member"));
  add(*attribute, std::move(target));
  return attribute;
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr target) {
  const auto place = take().place;
  std::array<ExpressionPtr, 3> bounds;
  std::size_t num_colons = 0;
  while (!sees_mark("]")) {
    if (sees_mark(":")) {
      if (++num_colons > 2) fail_here("a slice has at most two colons");
      take();
    } else if (bounds[num_colons] == nullptr) {
      bounds[num_colons] = expression();
    } else {
      fail_here("expected \"]\" here");
    }
  }
  take();
  const bool is_slice = num_colons > 0;
  if (!is_slice && bounds[0] == nullptr)
    fail_at(where_, place, "expected an index between [ and ]");
  auto item = make(is_slice ? ExpressionKind::slice : ExpressionKind::item, place);
  add(*item, std::move(target));
  for (std::size_t i = 0; i < (is_slice ? bounds.size() : 1); ++i) add(*item, std::move(bounds[i]));
  return item;
}

void ExpressionParser::arguments(Expression& call) {
  const Level level(*this);
  expect_mark("(");
  while (!takes_mark(")")) {
    const bool is_named = now().kind == TokenKind::name && at_ + 1 < tokens_.size() &&
                          tokens_[at_ + 1].kind == TokenKind::mark && tokens_[at_ + 1].text == "=";
    if (is_named) {
      call.words.push_back(name("the name of an argument"));
      expect_mark("=");
    } else if (!call.words.empty()) {
      fail_here("arguments without a name come before those with one");
    }
    if (sees_mark("*") || sees_mark("**")) fail_here("unpacked arguments are not understood");
    add(call, expression());
    if (takes_mark(")")) return;
    expect_mark(",");
  }
}

bool ExpressionParser::begins_argument() const {
  constexpr std::array<std::string_view, 6> kWords = {"else", "or", "and", "if", "is", "not"};
  if (now().kind == TokenKind::name) return std::ranges::find(kWords, now().text) == kWords.end();
  if (now().kind == TokenKind::mark) return sees_mark("[") || sees_mark("{");
  return now().kind == TokenKind::string || now().kind == TokenKind::integer ||
         now().kind == TokenKind::real;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr target) {
  const auto place = take().place;
  const bool is_negated = takes_word("not");
  auto whole = make(ExpressionKind::test, place, name("the name of a test"));
  add(*whole, std::move(target));
  if (sees_mark("(")) {
    arguments(*whole);
  } else if (begins_argument() && !sees_word("in")) {
    add(*whole, postfix(primary()));
  }
  if (!is_negated) return whole;
  auto negated = make(ExpressionKind::negation, place);
  add(*negated, std::move(whole));
  return negated;
}

}  // namespace therma::llm::jinja
