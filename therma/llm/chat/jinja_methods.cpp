// SPDX-License-Identifier: Apache-2.0
// Methods of strings, lists and mappings; those that would change a value are refused.
#include <fmt/format.h>

#include <algorithm>

#include "therma/llm/chat/jinja_functions.hpp"
#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm::jinja {
namespace {

struct Call {
  const Value& self;
  const Arguments& arguments;
  Meter& meter;

  const std::string& text() const { return *self.text(); }
  Place place() const { return arguments.place; }
};

Value texts(const Call& call, const std::vector<std::string>& parts) {
  std::vector<Value> items;
  for (const auto& part : parts) items.push_back(text_value(part));
  return call.meter.list(call.place(), std::move(items));
}

Value plain(const Call& call, std::string (*change)(std::string_view)) {
  call.arguments.allow(call.meter, {});
  return call.meter.text(call.place(), change(call.text()));
}

Value stripped(const Call& call, Side side) {
  call.arguments.allow(call.meter, {"chars"});
  const auto chars = call.arguments.text(call.meter, 0, "chars");
  if (chars) call.meter.charge(call.place(), 1 + call.text().size() * chars->size() / 16);
  return call.meter.text(call.place(), strip(call.text(), side, chars));
}

Value split_up(const Call& call) {
  call.arguments.allow(call.meter, {"sep", "maxsplit"});
  const auto separator = call.arguments.text(call.meter, 0, "sep");
  const auto most = call.arguments.integer(call.meter, 1, "maxsplit", -1);
  if (separator && separator->empty())
    call.meter.fail(call.place(), "split: sep must not be empty");
  call.meter.charge_items(call.place(), call.text().size());
  return texts(call,
               separator ? split(call.text(), *separator, most) : split_blanks(call.text(), most));
}

Value replace_text(const Call& call) {
  call.arguments.allow(call.meter, {"old", "new", "count"});
  return filtered(call.self, call.arguments, call.meter);
}

// startswith and endswith take a string or a tuple of them.
Value has_affix(const Call& call, bool at_start) {
  call.arguments.allow(call.meter, {"affix"});
  const auto* affix = call.arguments.at(0, "affix");
  const auto matches = [&](const Value& candidate) {
    if (candidate.text() == nullptr) call.meter.fail(call.place(), "expected a string to look for");
    return at_start ? call.text().starts_with(*candidate.text())
                    : call.text().ends_with(*candidate.text());
  };
  if (affix == nullptr) call.meter.fail(call.place(), "expected a string to look for");
  if (affix->list() == nullptr) return Value(matches(*affix));
  return Value(std::ranges::any_of(affix->list()->items, matches));
}

Value without_affix(const Call& call, bool at_start) {
  call.arguments.allow(call.meter, {"affix"});
  const auto affix = call.arguments.text(call.meter, 0, "affix").value_or("");
  std::string_view text = call.text();
  if (at_start && text.starts_with(affix)) text.remove_prefix(affix.size());
  if (!at_start && text.ends_with(affix)) text.remove_suffix(affix.size());
  return call.meter.text(call.place(), std::string(text));
}

Value position(const Call& call) {
  call.arguments.allow(call.meter, {"sub"});
  const auto part = call.arguments.text(call.meter, 0, "sub").value_or("");
  call.meter.charge_bytes(call.place(), call.text().size());
  const auto at = call.text().find(part);
  if (at == std::string::npos) return Value(std::int64_t{-1});
  const auto before = std::string_view(call.text()).substr(0, at);
  return Value(static_cast<std::int64_t>(num_code_points(before)));
}

Value occurrences(const Call& call) {
  call.arguments.allow(call.meter, {"sub"});
  const auto part = call.arguments.text(call.meter, 0, "sub").value_or("");
  call.meter.charge_bytes(call.place(), call.text().size());
  const auto count =
      part.empty() ? num_code_points(call.text()) + 1 : split(call.text(), part, -1).size() - 1;
  return Value(static_cast<std::int64_t>(count));
}

Value joined(const Call& call) {
  call.arguments.allow(call.meter, {"iterable"});
  const auto* items = call.arguments.at(0, "iterable");
  if (items == nullptr) call.meter.fail(call.place(), "join needs a list");
  std::string out;
  bool is_first = true;
  for (const auto& part : items_of(*items, call.place(), call.meter)) {
    if (part.text() == nullptr) call.meter.fail(call.place(), "join: every item must be a string");
    call.meter.charge_bytes(call.place(), out.size() / 64 + part.text()->size());
    if (!std::exchange(is_first, false)) out += call.text();
    out += *part.text();
    if (out.size() > call.meter.most_bytes()) break;
  }
  return call.meter.text(call.place(), std::move(out));
}

Value is_made_of_digits(const Call& call) {
  call.arguments.allow(call.meter, {});
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return Value(!call.text().empty() && std::ranges::all_of(call.text(), is_digit));
}

using Run = Value (*)(const Call&);

constexpr std::pair<std::string_view, Run> kOfTexts[] = {
    {"strip", [](const Call& c) { return stripped(c, Side::both); }},
    {"lstrip", [](const Call& c) { return stripped(c, Side::left); }},
    {"rstrip", [](const Call& c) { return stripped(c, Side::right); }},
    {"split", split_up},
    {"splitlines",
     [](const Call& c) {
       c.arguments.allow(c.meter, {});
       c.meter.charge_items(c.place(), c.text().size());
       return texts(c, split_lines(c.text()));
     }},
    {"startswith", [](const Call& c) { return has_affix(c, true); }},
    {"endswith", [](const Call& c) { return has_affix(c, false); }},
    {"removeprefix", [](const Call& c) { return without_affix(c, true); }},
    {"removesuffix", [](const Call& c) { return without_affix(c, false); }},
    {"upper", [](const Call& c) { return plain(c, upper); }},
    {"lower", [](const Call& c) { return plain(c, lower); }},
    {"title", [](const Call& c) { return plain(c, title); }},
    {"capitalize", [](const Call& c) { return plain(c, capitalize); }},
    {"replace", replace_text},
    {"find", position},
    {"count", occurrences},
    {"join", joined},
    {"isdigit", is_made_of_digits},
};

Value pairs(const Call& call) {
  call.arguments.allow(call.meter, {});
  return filtered(call.self, call.arguments, call.meter);
}

Value keys(const Call& call) {
  call.arguments.allow(call.meter, {});
  return call.meter.list(call.place(), items_of(call.self, call.place(), call.meter));
}

Value values(const Call& call) {
  call.arguments.allow(call.meter, {});
  std::vector<Value> items;
  for (const auto& [_, value] : *call.self.dict()) items.push_back(value);
  return call.meter.list(call.place(), std::move(items));
}

Value member_or(const Call& call) {
  call.arguments.allow(call.meter, {"key", "default"});
  const auto* key = call.arguments.at(0, "key");
  call.meter.charge(call.place(), 1 + call.self.dict()->size() / 16);
  const auto* found =
      key != nullptr && key->text() ? find(*call.self.dict(), *key->text()) : nullptr;
  if (found != nullptr) return *found;
  const auto* fallback = call.arguments.at(1, "default");
  return fallback != nullptr ? *fallback : Value(None{});
}

constexpr std::pair<std::string_view, Run> kOfDicts[] = {
    {"items", pairs}, {"keys", keys}, {"values", values}, {"get", member_or}};

Value index_of(const Call& call, bool wants_count) {
  call.arguments.allow(call.meter, {"value"});
  const auto* wanted = call.arguments.at(0, "value");
  const auto& items = call.self.list()->items;
  std::int64_t count = 0;
  for (std::size_t i = 0; wanted != nullptr && i < items.size(); ++i) {
    if (!call.meter.same(call.place(), items[i], *wanted)) continue;
    if (!wants_count) return Value(static_cast<std::int64_t>(i));
    ++count;
  }
  if (!wants_count) call.meter.fail(call.place(), "index: the value is not in the list");
  return Value(count);
}

constexpr std::pair<std::string_view, Run> kOfLists[] = {
    {"index", [](const Call& c) { return index_of(c, false); }},
    {"count", [](const Call& c) { return index_of(c, true); }},
};

Run method_of(const Value& value, std::string_view name) noexcept {
  const auto in = [&](const auto& table) -> Run {
    const auto row = std::ranges::find(table, name, [](const auto& entry) { return entry.first; });
    return row == std::end(table) ? nullptr : row->second;
  };
  if (value.text() != nullptr) return in(kOfTexts);
  if (value.dict() != nullptr) return in(kOfDicts);
  return value.list() != nullptr ? in(kOfLists) : nullptr;
}

}  // namespace

bool has_method(const Value& value, std::string_view name) noexcept {
  return method_of(value, name) != nullptr;
}

Value call_method(const Value& self, const Arguments& arguments, Meter& meter) {
  constexpr std::string_view kChanging[] = {
      "append",  "extend", "insert",  "pop",  "remove", "sort",       "clear",
      "reverse", "update", "popitem", "copy", "format", "setdefault", "format_map"};
  if (const auto run = method_of(self, arguments.name)) return run({self, arguments, meter});
  if (std::ranges::find(kChanging, arguments.name) != std::end(kChanging)) {
    meter.fail(arguments.place, fmt::format("the method {} is refused: a template changes no value",
                                            arguments.name));
  }
  meter.fail(arguments.place,
             fmt::format("{} has no method \"{}\"", kind_of(self), arguments.name));
}

}  // namespace therma::llm::jinja
