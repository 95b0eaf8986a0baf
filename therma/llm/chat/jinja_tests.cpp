// SPDX-License-Identifier: Apache-2.0
// Tests: what may follow `is`.
#include <fmt/format.h>

#include <algorithm>

#include "therma/llm/chat/jinja_functions.hpp"
#include "therma/llm/chat/jinja_operators.hpp"
#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm::jinja {
namespace {

using Check = bool (*)(const Value&);

constexpr std::pair<std::string_view, Check> kKinds[] = {
    {"defined", [](const Value& v) { return !v.is<Undefined>(); }},
    {"undefined", [](const Value& v) { return v.is<Undefined>(); }},
    {"none", [](const Value& v) { return v.is<None>(); }},
    {"string", [](const Value& v) { return v.text() != nullptr; }},
    {"mapping", [](const Value& v) { return v.dict() != nullptr; }},
    {"iterable",
     [](const Value& v) { return v.is<Undefined>() || v.text() || v.list() || v.dict(); }},
    {"sequence",
     [](const Value& v) { return v.is<Undefined>() || v.text() || v.list() || v.dict(); }},
    {"number", is_number},
    {"integer", [](const Value& v) { return v.is<std::int64_t>(); }},
    {"float", [](const Value& v) { return v.is<double>(); }},
    {"boolean", [](const Value& v) { return v.is<bool>(); }},
    {"true", [](const Value& v) { return v.is<bool>() && v.as<bool>(); }},
    {"false", [](const Value& v) { return v.is<bool>() && !v.as<bool>(); }},
    {"callable", [](const Value& v) { return v.is<MethodPtr>(); }},
};

constexpr std::pair<std::string_view, std::string_view> kOrders[] = {
    {"equalto", "=="},    {"eq", "=="}, {"ne", "!="}, {"lt", "<"},  {"lessthan", "<"}, {"gt", ">"},
    {"greaterthan", ">"}, {"ge", ">="}, {"le", "<="}, {"in", "in"}, {"sameas", "=="},
};

bool is_divisible(const Value& target, std::int64_t by, const Arguments& arguments, Meter& meter) {
  const auto rest = calculate("%", target, Value(by), arguments.place, meter);
  return number_of(rest) == 0.0;
}

bool is_cased(const Value& target, bool wants_upper, const Arguments& arguments, Meter& meter) {
  const auto text = meter.shown(arguments.place, target);
  return upper(text) != lower(text) && text == (wants_upper ? upper(text) : lower(text));
}

}  // namespace

bool passes(const Value& target, const Arguments& arguments, Meter& meter) {
  const auto name = arguments.name;
  const auto first = [](const auto& row) { return row.first; };
  if (const auto kind = std::ranges::find(kKinds, name, first); kind != std::end(kKinds)) {
    arguments.allow(meter, {});
    return kind->second(target);
  }
  if (const auto order = std::ranges::find(kOrders, name, first); order != std::end(kOrders)) {
    arguments.allow(meter, {"other"});
    const auto* other = arguments.at(0, "other");
    if (other == nullptr)
      meter.fail(arguments.place, fmt::format("the test {} needs something to compare to", name));
    return holds(order->second, target, *other, arguments.place, meter);
  }
  if (name == "divisibleby") {
    arguments.allow(meter, {"num"});
    return is_divisible(target, arguments.integer(meter, 0, "num", 0), arguments, meter);
  }
  arguments.allow(meter, {});
  if (name == "even") return is_divisible(target, 2, arguments, meter);
  if (name == "odd") return !is_divisible(target, 2, arguments, meter);
  if (name == "upper") return is_cased(target, true, arguments, meter);
  if (name == "lower") return is_cased(target, false, arguments, meter);
  meter.fail(arguments.place, fmt::format("the test \"{}\" is not understood", name));
}

}  // namespace therma::llm::jinja
