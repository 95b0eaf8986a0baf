// SPDX-License-Identifier: Apache-2.0
// Filters: what may follow |.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "therma/llm/chat/jinja_functions.hpp"
#include "therma/llm/chat/jinja_operators.hpp"
#include "therma/llm/chat/jinja_sequences.hpp"
#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm::jinja {
namespace {

using Call = FilterCall;

Value plain(const Call& call, std::string (*change)(std::string_view)) {
  call.arguments.allow(call.meter, {});
  return call.meter.text(call.place(), change(call.shown()));
}

Value trim(const Call& call) {
  call.arguments.allow(call.meter, {"chars"});
  const auto chars = call.arguments.text(call.meter, 0, "chars");
  const auto text = call.shown();
  if (chars) call.meter.charge(call.place(), 1 + text.size() * chars->size() / 16);
  return call.meter.text(call.place(), strip(text, Side::both, chars));
}

Value to_json(const Call& call) {
  call.arguments.allow(call.meter, {"indent", "ensure_ascii", "separators", "sort_keys"});
  JsonLayout layout;
  layout.indent = static_cast<int>(
      std::clamp<std::int64_t>(call.arguments.integer(call.meter, 0, "indent", -1), -1, 16));
  if (layout.indent >= 0) layout.item_separator = ",";
  layout.ascii = call.arguments.flag(1, "ensure_ascii");
  layout.sorted = call.arguments.flag(3, "sort_keys");
  if (const auto* pair = call.arguments.at(2, "separators"); pair && !pair->is<None>()) {
    const auto* both = pair->list();
    if (!both || both->items.size() != 2 || !both->items[0].text() || !both->items[1].text())
      call.fail("needs two strings as separators");
    layout.item_separator = *both->items[0].text();
    layout.key_separator = *both->items[1].text();
  }
  std::string out;
  if (!write_json(out, call.target, layout, call.meter.most_bytes()))
    call.fail(fmt::format("cannot write {} as JSON", kind_of(call.target)));
  return call.meter.text(call.place(), std::move(out));
}

Value length(const Call& call) {
  call.arguments.allow(call.meter, {});
  const auto& value = call.target;
  std::size_t size = 0;
  if (const auto* text = value.text()) {
    call.meter.charge_bytes(call.place(), text->size());
    size = num_code_points(*text);
  } else if (value.list() || value.dict()) {
    size = value.list() ? value.list()->items.size() : value.dict()->size();
  } else if (!value.is<Undefined>()) {
    call.fail(fmt::format("cannot be taken of {}", kind_of(value)));
  }
  return Value(static_cast<std::int64_t>(size));
}

Value fallback(const Call& call) {
  call.arguments.allow(call.meter, {"default_value", "boolean"});
  const bool is_missing =
      call.arguments.flag(1, "boolean") ? !is_true(call.target) : call.target.is<Undefined>();
  if (!is_missing) return call.target;
  const auto* value = call.arguments.at(0, "default_value");
  return value != nullptr ? *value : text_value("");
}

Value to_integer(const Call& call) {
  call.arguments.allow(call.meter, {"default"});
  const auto otherwise = call.arguments.integer(call.meter, 0, "default", 0);
  if (is_integer(call.target)) return Value(integer_of(call.target));
  double real = NAN;
  if (call.target.is<double>()) real = call.target.as<double>();
  if (call.target.text() != nullptr) {
    const auto text = strip(*call.target.text(), Side::both);
    const auto* begin = text.data() + (text.starts_with('+') ? 1 : 0);
    const auto* end = text.data() + text.size();
    std::int64_t value = 0;
    if (const auto read = std::from_chars(begin, end, value); read.ptr == end && begin != end)
      return Value(value);
    if (const auto read = std::from_chars(begin, end, real); read.ptr != end) real = NAN;
  }
  return Value(std::abs(real) < 9e18 ? static_cast<std::int64_t>(real) : otherwise);
}

Value to_real(const Call& call) {
  call.arguments.allow(call.meter, {"default"});
  if (is_number(call.target)) return Value(number_of(call.target));
  const auto* otherwise = call.arguments.at(0, "default");
  double real = otherwise && is_number(*otherwise) ? number_of(*otherwise) : 0.0;
  if (call.target.text() != nullptr) {
    const auto text = strip(*call.target.text(), Side::both);
    double read = 0.0;
    if (std::from_chars(text.data(), text.data() + text.size(), read).ptr ==
            text.data() + text.size() &&
        !text.empty())
      real = read;
  }
  return Value(real);
}

Value replace(const Call& call) {
  call.arguments.allow(call.meter, {"old", "new", "count"});
  const auto from = call.arguments.text(call.meter, 0, "old");
  const auto to = call.arguments.text(call.meter, 1, "new");
  if (!from || !to) call.fail("needs what to replace and by what");
  const auto most = call.arguments.integer(call.meter, 2, "count", -1);
  const auto text = call.shown();
  const auto hits = from->empty() ? text.size() + 1 : split(text, *from, -1).size() - 1;
  if (!to->empty() && hits > call.meter.most_bytes() / to->size())
    call.fail("would make a text that is too long");
  return call.meter.text(call.place(), replaced(text, *from, *to, most));
}

Value indented(const Call& call) {
  call.arguments.allow(call.meter, {"width", "first", "blank"});
  const auto width = call.arguments.integer(call.meter, 0, "width", 4);
  if (width < 0 || width > 64) call.fail("takes a width of 0 to 64");
  const std::string indent(static_cast<std::size_t>(width), ' ');
  std::string out;
  bool is_first = true;
  for (const auto& line : split(call.shown(), "\n", -1)) {
    if (!is_first) out += '\n';
    const bool is_shifted = is_first ? call.arguments.flag(1, "first")
                                     : !line.empty() || call.arguments.flag(2, "blank");
    if (is_shifted) out += indent;
    out += line;
    is_first = false;
  }
  return call.meter.text(call.place(), std::move(out));
}

Value magnitude(const Call& call) {
  call.arguments.allow(call.meter, {});
  if (!is_number(call.target)) call.fail("needs a number");
  return number_of(call.target) < 0 ? with_sign("-", call.target, call.place(), call.meter)
                                    : call.target;
}

using Run = Value (*)(const Call&);

constexpr std::pair<std::string_view, Run> kFilters[] = {
    {"abs", magnitude},
    {"capitalize", [](const Call& c) { return plain(c, capitalize); }},
    {"count", length},
    {"d", fallback},
    {"default", fallback},
    {"dictsort", sorted_pairs},
    {"first", [](const Call& c) { return end_item(c, true); }},
    {"float", to_real},
    {"indent", indented},
    {"int", to_integer},
    {"items", pairs},
    {"join", join},
    {"last", [](const Call& c) { return end_item(c, false); }},
    {"length", length},
    {"list", [](const Call& c) { return c.meter.list(c.place(), c.items()); }},
    {"lower", [](const Call& c) { return plain(c, lower); }},
    {"map", map_items},
    {"max", [](const Call& c) { return extreme(c, ">"); }},
    {"min", [](const Call& c) { return extreme(c, "<"); }},
    {"reject", [](const Call& c) { return chosen(c, false, false); }},
    {"rejectattr", [](const Call& c) { return chosen(c, true, false); }},
    {"replace", replace},
    {"reverse", reversed},
    {"safe", [](const Call& c) { return c.target; }},
    {"select", [](const Call& c) { return chosen(c, false, true); }},
    {"selectattr", [](const Call& c) { return chosen(c, true, true); }},
    {"sort", sorted},
    {"string", [](const Call& c) { return text_value(c.shown()); }},
    {"title", [](const Call& c) { return plain(c, title); }},
    {"tojson", to_json},
    {"trim", trim},
    {"unique", unique},
    {"upper", [](const Call& c) { return plain(c, upper); }},
};

}  // namespace

Value filtered(const Value& target, const Arguments& arguments, Meter& meter) {
  meter.charge(arguments.place);
  const auto row =
      std::ranges::find(kFilters, arguments.name, [](const auto& entry) { return entry.first; });
  if (row == std::end(kFilters))
    meter.fail(arguments.place, fmt::format("the filter \"{}\" is not understood", arguments.name));
  return row->second({target, arguments, meter});
}

}  // namespace therma::llm::jinja
