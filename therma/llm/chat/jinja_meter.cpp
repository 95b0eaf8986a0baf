// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/jinja_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "therma/llm/chat/jinja_lexer.hpp"
#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm::jinja {

void Meter::charge(Place place, std::uint64_t steps) {
  if (steps > left_)
    fail(place, fmt::format("rendering takes more than {} steps", options_.limits.steps));
  left_ -= steps;
}

void Meter::charge_bytes(Place place, std::size_t bytes) {
  if (bytes > most_bytes())
    fail(place, fmt::format("a text of more than {} bytes is refused", most_bytes()));
  charge(place, 1 + bytes / 16);
}

void Meter::charge_items(Place place, std::size_t count) { charge(place, 1 + count); }

Value Meter::text(Place place, std::string text) {
  charge_bytes(place, text.size());
  return text_value(std::move(text));
}

Value Meter::list(Place place, std::vector<Value> items, bool is_tuple) {
  charge_items(place, items.size());
  auto made = list_value(std::move(items), is_tuple);
  if (depth_of(made) > kMaxValueDepth) fail(place, "lists and mappings nested too deeply");
  return made;
}

Value Meter::dict(Place place, Dict members) {
  charge_items(place, members.size());
  auto made = dict_value(std::move(members));
  if (depth_of(made) > kMaxValueDepth) fail(place, "lists and mappings nested too deeply");
  return made;
}

bool Meter::same(Place place, const Value& a, const Value& b) {
  const bool is_same = equal(a, b, left_);
  charge(place);  // fails where the comparison ran out
  return is_same;
}

std::string Meter::shown(Place place, const Value& value) {
  std::string out;
  write_str(out, value, most_bytes());
  charge_bytes(place, out.size());
  return out;
}

void Meter::fail(Place place, std::string_view what) const { fail_at(where_, place, what); }

void Arguments::allow(const Meter& meter, std::initializer_list<std::string_view> names) const {
  if (given.size() > names.size()) {
    meter.fail(place, fmt::format("{} takes at most {} arguments, got {}", name, names.size(),
                                  given.size()));
  }
  for (const auto& [key, _] : named) {
    if (std::ranges::find(names, key) == names.end())
      meter.fail(place, fmt::format("{} has no argument named {}", name, key));
  }
}

const Value* Arguments::at(std::size_t index, std::string_view key) const noexcept {
  if (index < given.size()) return &given[index];
  const auto found = std::ranges::find(named, key, [](const auto& n) { return n.first; });
  return found == named.end() ? nullptr : &found->second;
}

std::optional<std::string> Arguments::text(const Meter& meter, std::size_t index,
                                           std::string_view key) const {
  const auto* value = at(index, key);
  if (value == nullptr || value->is<None>()) return std::nullopt;
  if (value->text() == nullptr) {
    meter.fail(place, fmt::format("{}: {} must be a string, got {}", name, key, kind_of(*value)));
  }
  return *value->text();
}

std::int64_t Arguments::integer(const Meter& meter, std::size_t index, std::string_view key,
                                std::int64_t fallback) const {
  const auto* value = at(index, key);
  if (value == nullptr || value->is<None>()) return fallback;
  if (!is_integer(*value)) {
    meter.fail(place,
               fmt::format("{}: {} must be a whole number, got {}", name, key, kind_of(*value)));
  }
  return integer_of(*value);
}

bool Arguments::flag(std::size_t index, std::string_view key) const {
  const auto* value = at(index, key);
  return value != nullptr && is_true(*value);
}

Arguments Arguments::rest(std::size_t count, std::string_view new_name) const {
  Arguments left{new_name, place, {}, named};
  const auto skipped = std::min(count, given.size());
  left.given.assign(given.begin() + static_cast<std::ptrdiff_t>(skipped), given.end());
  return left;
}

std::vector<Value> items_of(const Value& value, Place place, Meter& meter) {
  std::vector<Value> items;
  if (value.is<Undefined>()) return items;
  if (const auto* list = value.list()) {
    meter.charge_items(place, list->items.size());
    return list->items;
  }
  if (const auto* text = value.text()) {
    meter.charge_items(place, text->size());
    for (const char32_t c : code_points(*text))
      items.push_back(text_value(utf8(std::u32string(1, c))));
    return items;
  }
  if (const auto* dict = value.dict()) {
    meter.charge_items(place, dict->size());
    for (const auto& [key, _] : *dict) items.push_back(text_value(key));
    return items;
  }
  meter.fail(place, fmt::format("{} has no items to go through", kind_of(value)));
}

}  // namespace therma::llm::jinja
