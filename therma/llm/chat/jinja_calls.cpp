// SPDX-License-Identifier: Apache-2.0
// Calls: methods, macros, and the functions that every template has.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "therma/llm/chat/jinja_evaluator.hpp"
#include "therma/llm/chat/jinja_level.hpp"

namespace therma::llm::jinja {
namespace {

constexpr std::int64_t kLongestRange = 100'000;  // as Jinja's sandbox

}  // namespace

Value Evaluator::call(const Expression& e) {
  const auto& callee = *e.parts[0];
  // A method is called on its value without becoming a value itself: messages name what is missing.
  if (callee.kind == ExpressionKind::attribute) {
    const auto self = evaluate(*callee.parts[0]);
    const bool is_plain = self.text() || self.list() || self.dict();
    const bool is_member = self.dict() && find(*self.dict(), callee.text) != nullptr;
    if (is_plain && (!is_member || has_method(self, callee.text)))
      return call_method(self, arguments_of(e, callee.text), meter_);
  }
  const auto target = evaluate(callee);
  if (!target.is<MethodPtr>()) {
    const auto name = callee.text.empty() ? std::string(kind_of(target)) : callee.text;
    meter_.fail(e.place, fmt::format("{} is no function that is understood", name));
  }
  const auto method = target.as<MethodPtr>();
  const auto arguments = arguments_of(e, method->name);
  if (method->macro != nullptr) return call_macro(*method->macro, arguments);
  if (method->self.is<LoopPtr>()) return loop_call(*method, arguments);
  if (!method->self.is<Undefined>()) return call_method(method->self, arguments, meter_);
  return call_function(*method, arguments);
}

Value Evaluator::call_function(const Method& function, const Arguments& arguments) {
  if (function.name == "range") return range(arguments);
  if (function.name == "strftime_now") return formatted_time(arguments, meter_);
  if (function.name == "raise_exception") {
    arguments.allow(meter_, {"message"});
    const auto* message = arguments.at(0, "message");
    const auto text = message ? meter_.shown(arguments.place, *message) : "";
    meter_.fail(arguments.place,
                fmt::format("the template refuses its messages: {}", text.substr(0, 1000)));
  }
  if (function.name == "namespace") return make_namespace(arguments);
  if (!arguments.given.empty()) meter_.fail(arguments.place, "dict takes named arguments only");
  Dict members;
  for (const auto& member : arguments.named) members.push_back(member);
  return meter_.dict(arguments.place, std::move(members));
}

Value Evaluator::make_namespace(const Arguments& arguments) {
  auto made = std::make_shared<Namespace>();
  for (const auto& given : arguments.given) {
    if (given.dict() == nullptr) meter_.fail(arguments.place, "namespace takes a mapping");
    for (const auto& [key, value] : *given.dict()) made->members[key] = value;
  }
  for (const auto& [key, value] : arguments.named) made->members[key] = value;
  meter_.charge(arguments.place, 10);
  namespaces_.push_back(made);
  return Value(made);
}

Value Evaluator::range(const Arguments& arguments) {
  arguments.allow(meter_, {"start", "stop", "step"});
  const bool has_start = arguments.given.size() > 1;
  const auto start = has_start ? arguments.integer(meter_, 0, "start", 0) : 0;
  const auto stop = arguments.integer(meter_, has_start ? 1 : 0, "stop", 0);
  const auto step = arguments.integer(meter_, 2, "step", 1);
  if (step == 0) meter_.fail(arguments.place, "range: the step must not be 0");
  std::vector<Value> items;
  for (auto at = start; step > 0 ? at < stop : at > stop;) {
    if (items.size() == static_cast<std::size_t>(kLongestRange))
      meter_.fail(arguments.place,
                  fmt::format("a range of more than {} numbers is refused", kLongestRange));
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return meter_.list(arguments.place, std::move(items));
}

Value Evaluator::call_macro(const Statement& macro, const Arguments& arguments) {
  const Level level(*this, arguments.place);
  const auto& names = macro.names;
  if (arguments.given.size() > names.size())
    meter_.fail(arguments.place, fmt::format("the macro {} takes {} arguments, got {}", macro.text,
                                             names.size(), arguments.given.size()));
  for (const auto& [key, _] : arguments.named)
    if (std::ranges::find(names, key) == names.end())
      meter_.fail(arguments.place,
                  fmt::format("the macro {} has no parameter {}", macro.text, key));
  const auto visible = std::exchange(visible_, scopes_.size());
  scopes_.emplace_back();
  const auto first_default = names.size() - macro.conditions.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto* given = arguments.at(i, names[i]);
    auto value = given != nullptr ? *given : Value(Undefined{names[i]});
    if (given == nullptr && i >= first_default)
      value = evaluate(*macro.conditions[i - first_default]);
    set(names[i], std::move(value));
  }
  auto flow = Flow::normal;
  auto text = printed(macro.bodies[0], arguments.place, flow);
  scopes_.pop_back();
  visible_ = visible;
  return text_value(std::move(text));
}

Value Evaluator::loop_call(const Method& method, const Arguments& arguments) {
  const auto& loop = *method.self.as<LoopPtr>();
  if (arguments.given.empty()) meter_.fail(arguments.place, "cycle needs values to choose from");
  return arguments.given[loop.index0 % arguments.given.size()];
}

Value loop_member(const LoopPtr& loop, std::string_view name) {
  const auto size = loop->items->items.size();
  const auto i = loop->index0;
  const auto number = [](std::size_t n) { return Value(static_cast<std::int64_t>(n)); };
  if (name == "index") return number(i + 1);
  if (name == "index0") return number(i);
  if (name == "revindex") return number(size - i);
  if (name == "revindex0") return number(size - i - 1);
  if (name == "first") return Value(i == 0);
  if (name == "last") return Value(i + 1 == size);
  if (name == "length") return number(size);
  if (name == "depth") return number(1);  // loops are not recursive
  if (name == "depth0") return number(0);
  if (name == "previtem" && i > 0) return loop->items->items[i - 1];
  if (name == "nextitem" && i + 1 < size) return loop->items->items[i + 1];
  if (name == "cycle")
    return Value(std::make_shared<const Method>(Method{"cycle", Value(loop), nullptr}));
  return Value(Undefined{std::string(name)});
}

Value formatted_time(const Arguments& arguments, Meter& meter) {
  arguments.allow(meter, {"format"});
  const auto format = arguments.text(meter, 0, "format").value_or("%Y-%m-%d");
  constexpr std::string_view kUnderstood = "YmdHMSBbAaypjIZ%-ef";
  for (auto at = format.find('%'); at != format.npos; at = format.find('%', at + 2)) {
    if (at + 1 == format.size() || kUnderstood.find(format[at + 1]) == kUnderstood.npos)
      meter.fail(arguments.place, "strftime_now: a format that is not understood");
  }
  const auto now = static_cast<std::time_t>(meter.options().now_s);
  std::tm parts{};
  std::array<char, 512> out{};
  if (format.size() > 100 || gmtime_r(&now, &parts) == nullptr)
    meter.fail(arguments.place, "strftime_now: a format of more than 100 bytes, or no such time");
  const auto length = std::strftime(out.data(), out.size(), format.c_str(), &parts);
  return meter.text(arguments.place, std::string(out.data(), length));
}

}  // namespace therma::llm::jinja
