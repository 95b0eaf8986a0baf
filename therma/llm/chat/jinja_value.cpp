// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/jinja_value.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace therma::llm::jinja {

Value text_value(std::string text) {
  return Value(std::make_shared<const std::string>(std::move(text)));
}

Value list_value(std::vector<Value> items, bool is_tuple) {
  std::uint32_t depth = 0;
  for (const auto& item : items) depth = std::max(depth, depth_of(item));
  return Value(std::make_shared<const List>(List{std::move(items), is_tuple, depth + 1}));
}

Value dict_value(Dict members) {
  std::uint32_t depth = 0;
  for (const auto& [_, item] : members) depth = std::max(depth, depth_of(item));
  members.depth = depth + 1;
  return Value(std::make_shared<const Dict>(std::move(members)));
}

std::uint32_t depth_of(const Value& value) noexcept {
  if (const auto* list = value.list()) return list->depth;
  if (const auto* dict = value.dict()) return dict->depth;
  if (const auto* loop = std::get_if<LoopPtr>(&value.data)) return (*loop)->items->depth + 1;
  if (const auto* method = std::get_if<MethodPtr>(&value.data))
    return depth_of((*method)->self) + 1;
  return 0;
}

Value from_json(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value(json.get<bool>());
    case Json::value_t::number_integer:
      return Value(json.get<std::int64_t>());
    case Json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      if (number > std::uint64_t{INT64_MAX}) return Value(static_cast<double>(number));
      return Value(static_cast<std::int64_t>(number));
    }
    case Json::value_t::number_float:
      return Value(json.get<double>());
    case Json::value_t::string:
      return text_value(json.get<std::string>());
    case Json::value_t::array: {
      std::vector<Value> items;
      for (const auto& item : json) items.push_back(from_json(item));
      return list_value(std::move(items));
    }
    case Json::value_t::object: {
      Dict dict;
      for (const auto& [key, item] : json.items()) dict.emplace_back(key, from_json(item));
      return dict_value(std::move(dict));
    }
    default:
      return Value(None{});
  }
}

const Value* find(const Dict& dict, std::string_view key) noexcept {
  const auto at = std::ranges::find(dict, key, [](const auto& member) { return member.first; });
  return at == dict.end() ? nullptr : &at->second;
}

bool is_integer(const Value& value) noexcept {
  return value.is<bool>() || value.is<std::int64_t>();
}

bool is_number(const Value& value) noexcept { return is_integer(value) || value.is<double>(); }

std::int64_t integer_of(const Value& value) {
  return value.is<bool>() ? std::int64_t{value.as<bool>()} : value.as<std::int64_t>();
}

double number_of(const Value& value) {
  return value.is<double>() ? value.as<double>() : static_cast<double>(integer_of(value));
}

bool is_true(const Value& value) {
  if (value.is<Undefined>() || value.is<None>()) return false;
  if (is_number(value)) return number_of(value) != 0.0;
  if (const auto* text = value.text()) return !text->empty();
  if (const auto* list = value.list()) return !list->items.empty();
  if (const auto* dict = value.dict()) return !dict->empty();
  return true;
}

namespace {

bool equal_lists(const List& a, const List& b, std::uint64_t& budget) {
  return a.is_tuple == b.is_tuple &&
         std::ranges::equal(a.items, b.items,
                            [&](const Value& x, const Value& y) { return equal(x, y, budget); });
}

bool equal_dicts(const Dict& a, const Dict& b, std::uint64_t& budget) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const auto& member) {
           const auto* other = find(b, member.first);
           budget -= std::min<std::uint64_t>(budget, b.size());
           return other != nullptr && equal(member.second, *other, budget);
         });
}

}  // namespace

bool equal(const Value& a, const Value& b, std::uint64_t& budget) {
  if (budget == 0) return false;
  --budget;
  if (is_number(a) && is_number(b)) {
    return is_integer(a) && is_integer(b) ? integer_of(a) == integer_of(b)
                                          : number_of(a) == number_of(b);
  }
  if (a.data.index() != b.data.index()) return false;
  if (const auto* text = a.text()) return *text == *b.text();
  if (const auto* list = a.list()) return list == b.list() || equal_lists(*list, *b.list(), budget);
  if (const auto* dict = a.dict()) return dict == b.dict() || equal_dicts(*dict, *b.dict(), budget);
  if (a.is<NamespacePtr>()) return a.as<NamespacePtr>() == b.as<NamespacePtr>();
  if (a.is<LoopPtr>()) return a.as<LoopPtr>() == b.as<LoopPtr>();
  if (a.is<MethodPtr>()) return a.as<MethodPtr>() == b.as<MethodPtr>();
  return true;  // both undefined, or both none
}

std::string_view kind_of(const Value& value) {
  constexpr std::string_view kNames[] = {
      "undefined", "none",      "a boolean",   "a number",        "a number",   "a string",
      "a list",    "a mapping", "a namespace", "the loop object", "a function",
  };
  return kNames[value.data.index()];
}

}  // namespace therma::llm::jinja
