// SPDX-License-Identifier: Apache-2.0
// Statements of a template as they run.
#include "therma/llm/chat/jinja_evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "therma/llm/chat/jinja_level.hpp"

namespace therma::llm::jinja {

Evaluator::Evaluator(Dict globals, Meter& meter) : meter_(meter), scopes_(1) {
  for (auto& member : globals) scopes_[0].push_back(std::move(member));
}

Evaluator::~Evaluator() {
  for (const auto& each : namespaces_) each->members.clear();
}

std::string Evaluator::render(const Body& body) {
  (void)run(body);
  return std::move(out_);
}

const Value* Evaluator::variable(std::string_view name) const {
  const auto in = [&](const Scope& scope) -> const Value* {
    const auto at = std::ranges::find(scope, name, [](const auto& v) { return v.first; });
    return at == scope.end() ? nullptr : &at->second;
  };
  for (std::size_t i = scopes_.size(); i-- > visible_;)
    if (const auto* found = in(scopes_[i])) return found;
  return in(scopes_[0]);
}

void Evaluator::set(const std::string& name, Value value) {
  auto& scope = scopes_.back();
  const auto at = std::ranges::find(scope, name, [](const auto& v) { return v.first; });
  if (at != scope.end()) {
    at->second = std::move(value);
  } else {
    scope.emplace_back(name, std::move(value));
  }
}

void Evaluator::print(Place place, const Value& value) {
  out_ += meter_.shown(place, value);
  if (out_.size() > meter_.most_bytes())
    meter_.fail(place, fmt::format("more than {} bytes of output", meter_.most_bytes()));
}

Evaluator::Flow Evaluator::run(const Body& body) {
  for (const auto& statement : body)
    if (const auto flow = run(*statement); flow != Flow::normal) return flow;
  return Flow::normal;
}

Evaluator::Flow Evaluator::run(const Statement& statement) {
  const Level level(*this, statement.place);
  switch (statement.kind) {
    case StatementKind::text:
      print(statement.place, text_value(statement.text));
      break;
    case StatementKind::output:
      print(statement.place, evaluate(*statement.expression));
      break;
    case StatementKind::branches:
      return branches(statement);
    case StatementKind::loop:
      return loop(statement);
    case StatementKind::assign:
      assign(statement);
      break;
    case StatementKind::macro:
      set(statement.text,
          Value(std::make_shared<const Method>(Method{statement.text, Value{}, &statement})));
      break;
    case StatementKind::go_on:
      return Flow::go_on;
    case StatementKind::leave:
      return Flow::leave;
    case StatementKind::assign_body: {
      auto flow = Flow::normal;
      auto text = printed(statement.bodies[0], statement.place, flow);
      set(statement.names[0], text_value(std::move(text)));
      return flow;
    }
    case StatementKind::group: {
      if (statement.text.empty()) return run(statement.bodies[0]);
      auto flow = Flow::normal;
      const auto text = text_value(printed(statement.bodies[0], statement.place, flow));
      print(statement.place, filtered(text, {statement.text, statement.place, {}, {}}, meter_));
      return flow;
    }
  }
  return Flow::normal;
}

// What a body prints, instead of printing it; its variables are its own.
std::string Evaluator::printed(const Body& body, Place place, Flow& flow) {
  auto before = std::exchange(out_, {});
  scopes_.emplace_back();
  flow = run(body);
  scopes_.pop_back();
  meter_.charge_bytes(place, out_.size());
  return std::exchange(out_, std::move(before));
}

Evaluator::Flow Evaluator::branches(const Statement& statement) {
  for (std::size_t i = 0; i < statement.bodies.size(); ++i) {
    const bool is_taken =
        i >= statement.conditions.size() || is_true(evaluate(*statement.conditions[i]));
    if (is_taken) return run(statement.bodies[i]);
  }
  return Flow::normal;
}

void Evaluator::bind(const std::vector<std::string>& names, const Value& value, Place place) {
  if (names.size() == 1) return set(names[0], value);
  const auto parts = items_of(value, place, meter_);
  if (parts.size() != names.size()) {
    meter_.fail(place, fmt::format("{} values cannot be taken apart into {} variables",
                                   parts.size(), names.size()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) set(names[i], parts[i]);
}

void Evaluator::assign(const Statement& statement) {
  auto value = evaluate(*statement.expression);
  if (statement.text.empty()) return bind(statement.names, value, statement.place);
  const auto* target = variable(statement.text);
  if (target == nullptr || !target->is<NamespacePtr>()) {
    meter_.fail(statement.place,
                fmt::format("{} is no namespace: its members cannot be set", statement.text));
  }
  target->as<NamespacePtr>()->members[statement.names[0]] = std::move(value);
}

// The items that pass the loop's own condition.
std::vector<Value> Evaluator::loop_items(const Statement& statement) {
  auto items = items_of(evaluate(*statement.expression), statement.place, meter_);
  if (statement.conditions.empty()) return items;
  std::vector<Value> kept;
  for (auto& item : items) {
    scopes_.emplace_back();
    bind(statement.names, item, statement.place);
    if (is_true(evaluate(*statement.conditions[0]))) kept.push_back(std::move(item));
    scopes_.pop_back();
  }
  return kept;
}

Evaluator::Flow Evaluator::loop(const Statement& statement) {
  const auto list = meter_.list(statement.place, loop_items(statement)).as<ListPtr>();
  if (list->items.empty())
    return statement.bodies.size() > 1 ? run(statement.bodies[1]) : Flow::normal;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    meter_.charge(statement.place);
    scopes_.emplace_back();
    bind(statement.names, list->items[i], statement.place);
    set("loop", Value(std::make_shared<const Loop>(Loop{list, i})));
    const auto flow = run(statement.bodies[0]);
    scopes_.pop_back();
    if (flow == Flow::leave) break;
  }
  return Flow::normal;
}

}  // namespace therma::llm::jinja
