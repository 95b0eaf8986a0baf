// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/jinja_sequences.hpp"

#include <algorithm>
#include <charconv>

#include "therma/llm/chat/jinja_functions.hpp"
#include "therma/llm/chat/jinja_operators.hpp"
#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm::jinja {
namespace {

Value member_named(const Value& value, std::string_view path, const FilterCall& call) {
  Value found = value;
  for (const auto& key : split(path, ".", -1)) {
    std::int64_t index = 0;
    const auto [end, fault] = std::from_chars(key.data(), key.data() + key.size(), index);
    const bool is_index = fault == std::errc{} && end == key.data() + key.size();
    found = item(found, is_index ? Value(index) : text_value(key), call.place(), call.meter);
  }
  return found;
}

}  // namespace

Value join(const FilterCall& call) {
  call.arguments.allow(call.meter, {"d", "attribute"});
  const auto separator = call.arguments.text(call.meter, 0, "d").value_or("");
  const auto attribute = call.arguments.text(call.meter, 1, "attribute");
  std::string out;
  bool is_first = true;
  for (const auto& part : call.items()) {
    if (!std::exchange(is_first, false)) out += separator;
    out += call.meter.shown(call.place(), attribute ? member_named(part, *attribute, call) : part);
    if (out.size() > call.meter.most_bytes()) break;
  }
  return call.meter.text(call.place(), std::move(out));
}

Value end_item(const FilterCall& call, bool is_first) {
  call.arguments.allow(call.meter, {});
  const auto items = call.items();
  if (items.empty()) return Value(Undefined{"an item of an empty sequence"});
  return is_first ? items.front() : items.back();
}

Value pairs(const FilterCall& call) {
  call.arguments.allow(call.meter, {});
  std::vector<Value> out;
  if (call.target.is<Undefined>()) return list_value({});
  if (call.target.dict() == nullptr) call.fail("needs a mapping");
  for (const auto& [key, value] : *call.target.dict())
    out.push_back(list_value({text_value(key), value}, true));
  return call.meter.list(call.place(), std::move(out));
}

Value sorted_pairs(const FilterCall& call) {
  const auto whole = pairs(call);
  auto items = whole.list()->items;
  std::ranges::stable_sort(items, {},
                           [](const Value& p) { return lower(*p.list()->items[0].text()); });
  return call.meter.list(call.place(), std::move(items));
}

Value map_items(const FilterCall& call) {
  const auto attribute =
      call.arguments.given.empty() ? call.arguments.text(call.meter, 0, "attribute") : std::nullopt;
  std::vector<Value> out;
  if (attribute) {
    call.arguments.allow(call.meter, {"attribute", "default"});
    const auto* otherwise = call.arguments.at(1, "default");
    for (const auto& value : call.items()) {
      out.push_back(member_named(value, *attribute, call));
      if (otherwise && out.back().is<Undefined>()) out.back() = *otherwise;
    }
    return call.meter.list(call.place(), std::move(out));
  }
  const auto name = call.arguments.text(call.meter, 0, "filter");
  if (!name) call.fail("needs the name of a filter, or attribute=");
  for (const auto& value : call.items())
    out.push_back(filtered(value, call.arguments.rest(1, *name), call.meter));
  return call.meter.list(call.place(), std::move(out));
}

// true.
Value chosen(const FilterCall& call, bool by_member, bool keeps) {
  const std::size_t num_before = by_member ? 1 : 0;
  const auto member = by_member ? call.arguments.text(call.meter, 0, "attribute") : std::nullopt;
  if (by_member && !member) call.fail("needs the name of a member");
  const auto test = call.arguments.text(call.meter, num_before, "test");
  std::vector<Value> out;
  for (const auto& value : call.items()) {
    const auto subject = member ? member_named(value, *member, call) : value;
    const bool passed =
        test ? passes(subject, call.arguments.rest(num_before + 1, *test), call.meter)
             : is_true(subject);
    if (passed == keeps) out.push_back(value);
  }
  return call.meter.list(call.place(), std::move(out));
}

Value reversed(const FilterCall& call) {
  call.arguments.allow(call.meter, {});
  auto items = call.items();
  std::ranges::reverse(items);
  if (call.target.text() == nullptr) return call.meter.list(call.place(), std::move(items));
  std::string out;
  for (const auto& c : items) out += *c.text();
  return call.meter.text(call.place(), std::move(out));
}

Value unique(const FilterCall& call) {
  call.arguments.allow(call.meter, {});
  std::vector<Value> out;
  for (const auto& value : call.items()) {
    const bool is_known = std::ranges::any_of(
        out, [&](const Value& other) { return call.meter.same(call.place(), other, value); });
    if (!is_known) out.push_back(value);
  }
  return call.meter.list(call.place(), std::move(out));
}

Value sorted(const FilterCall& call) {
  call.arguments.allow(call.meter, {"reverse", "case_sensitive", "attribute"});
  const auto attribute = call.arguments.text(call.meter, 2, "attribute");
  const bool is_reversed = call.arguments.flag(0, "reverse");
  const bool has_case = call.arguments.flag(1, "case_sensitive");
  auto items = call.items();
  const auto key = [&](const Value& value) {
    auto found = attribute ? member_named(value, *attribute, call) : value;
    return found.text() && !has_case ? text_value(lower(*found.text())) : found;
  };
  std::ranges::stable_sort(items, [&](const Value& a, const Value& b) {
    return holds("<", key(is_reversed ? b : a), key(is_reversed ? a : b), call.place(), call.meter);
  });
  return call.meter.list(call.place(), std::move(items));
}

Value extreme(const FilterCall& call, std::string_view order) {
  call.arguments.allow(call.meter, {});
  const auto items = call.items();
  if (items.empty()) return Value(Undefined{"an item of an empty sequence"});
  const auto* best = &items.front();
  for (const auto& value : items)
    if (holds(order, value, *best, call.place(), call.meter)) best = &value;
  return *best;
}

}  // namespace therma::llm::jinja
