// SPDX-License-Identifier: Apache-2.0
// Expressions of a template as they are evaluated.
#include <fmt/format.h>

#include <algorithm>

#include "therma/llm/chat/jinja_evaluator.hpp"
#include "therma/llm/chat/jinja_level.hpp"
#include "therma/llm/chat/jinja_operators.hpp"

namespace therma::llm::jinja {
namespace {

constexpr std::string_view kFunctions[] = {"namespace", "raise_exception", "range", "strftime_now",
                                           "dict"};

Value function_named(std::string_view name) {
  if (std::ranges::find(kFunctions, name) == std::end(kFunctions))
    return Value(Undefined{std::string(name)});
  return Value(std::make_shared<const Method>(Method{std::string(name), Value{}, nullptr}));
}

}  // namespace

Value Evaluator::evaluate(const Expression& e) {
  const Level level(*this, e.place);
  const auto part = [&](std::size_t i) { return evaluate(*e.parts[i]); };
  switch (e.kind) {
    case ExpressionKind::literal:
      return e.value;
    case ExpressionKind::name: {
      const auto* found = variable(e.text);
      return found != nullptr ? *found : function_named(e.text);
    }
    case ExpressionKind::list:
    case ExpressionKind::tuple:
      return collection(e);
    case ExpressionKind::mapping:
      return mapping(e);
    case ExpressionKind::negation:
      return Value(!is_true(part(0)));
    case ExpressionKind::sign:
      return with_sign(e.text, part(0), e.place, meter_);
    case ExpressionKind::arithmetic: {
      const auto left = part(0);
      return calculate(e.text, left, part(1), e.place, meter_);
    }
    case ExpressionKind::concat:
      return concatenation(e);
    case ExpressionKind::comparison:
      return Value(comparison(e));
    case ExpressionKind::both: {
      auto left = part(0);
      return is_true(left) ? part(1) : left;
    }
    case ExpressionKind::either: {
      auto left = part(0);
      return is_true(left) ? left : part(1);
    }
    case ExpressionKind::conditional:
      if (is_true(part(1))) return part(0);
      return e.parts[2] != nullptr ? part(2) : Value(Undefined{"the value without else"});
    case ExpressionKind::attribute:
      return attribute(e);
    case ExpressionKind::item:
      return subscript(e);
    case ExpressionKind::slice:
      return slice_of(e);
    case ExpressionKind::call:
      return call(e);
    case ExpressionKind::filter: {
      const auto target = part(0);
      return filtered(target, arguments_of(e, e.text), meter_);
    }
    case ExpressionKind::test: {
      const auto target = part(0);
      return Value(passes(target, arguments_of(e, e.text), meter_));
    }
  }
  return Value{};
}

Value Evaluator::collection(const Expression& e) {
  std::vector<Value> items;
  for (const auto& part : e.parts) items.push_back(evaluate(*part));
  return meter_.list(e.place, std::move(items), e.kind == ExpressionKind::tuple);
}

Value Evaluator::mapping(const Expression& e) {
  Dict members;
  for (std::size_t i = 0; i < e.parts.size(); i += 2) {
    const auto key = evaluate(*e.parts[i]);
    if (key.text() == nullptr) meter_.fail(e.place, "the keys of a mapping must be strings");
    auto value = evaluate(*e.parts[i + 1]);
    const auto at = std::ranges::find(members, *key.text(), [](const auto& m) { return m.first; });
    if (at != members.end()) {
      at->second = std::move(value);
    } else {
      members.emplace_back(*key.text(), std::move(value));
    }
  }
  return meter_.dict(e.place, std::move(members));
}

Value Evaluator::concatenation(const Expression& e) {
  std::string out;
  for (const auto& part : e.parts) {
    out += meter_.shown(e.place, evaluate(*part));
    if (out.size() > meter_.most_bytes()) break;
  }
  return meter_.text(e.place, std::move(out));
}

bool Evaluator::comparison(const Expression& e) {
  auto left = evaluate(*e.parts[0]);
  for (std::size_t i = 0; i < e.words.size(); ++i) {
    auto right = evaluate(*e.parts[i + 1]);
    if (!holds(e.words[i], left, right, e.place, meter_)) return false;
    left = std::move(right);
  }
  return true;
}

Value Evaluator::attribute(const Expression& e) {
  const auto target = evaluate(*e.parts[0]);
  if (target.is<Undefined>()) {
    meter_.fail(e.place, fmt::format("{} is undefined: it has no member {}",
                                     target.as<Undefined>().name, e.text));
  }
  if (target.is<LoopPtr>()) return loop_member(target.as<LoopPtr>(), e.text);
  if (target.is<NamespacePtr>()) {
    const auto& members = target.as<NamespacePtr>()->members;
    const auto at = members.find(e.text);
    return at != members.end() ? at->second : Value(Undefined{e.text});
  }
  if (has_method(target, e.text))
    return Value(std::make_shared<const Method>(Method{e.text, target, nullptr}));
  return item(target, text_value(e.text), e.place, meter_);
}

Value Evaluator::subscript(const Expression& e) {
  const auto target = evaluate(*e.parts[0]);
  const auto key = evaluate(*e.parts[1]);
  if (key.text() != nullptr && key.text()->starts_with('_') && target.dict() == nullptr)
    meter_.fail(e.place, fmt::format("the name {} is refused: it begins with '_'", *key.text()));
  if (target.is<NamespacePtr>())
    meter_.fail(e.place, "members of a namespace are written with '.'");
  return item(target, key, e.place, meter_);
}

Value Evaluator::slice_of(const Expression& e) {
  const auto bound = [&](std::size_t i) {
    return e.parts[i] != nullptr ? evaluate(*e.parts[i]) : Value{};
  };
  const auto target = evaluate(*e.parts[0]);
  return slice(target, {bound(1), bound(2), bound(3)}, e.place, meter_);
}

Arguments Evaluator::arguments_of(const Expression& e, std::string_view name) {
  Arguments arguments{name, e.place, {}, {}};
  const auto first_named = e.parts.size() - e.words.size();
  for (std::size_t i = 1; i < e.parts.size(); ++i) {
    auto value = evaluate(*e.parts[i]);
    if (i < first_named) {
      arguments.given.push_back(std::move(value));
    } else {
      arguments.named.emplace_back(e.words[i - first_named], std::move(value));
    }
  }
  return arguments;
}

}  // namespace therma::llm::jinja
