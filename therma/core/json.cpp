// SPDX-License-Identifier: Apache-2.0
// The only place that instantiates the JSON parser.
#include "therma/core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace therma {
namespace {

// Line and column, both from 1, of a byte offset.
std::pair<std::size_t, std::size_t> locate(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, std::min(byte, text.size()));
  const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
  const auto newline = before.rfind('\n');
  const auto column =
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return {line, std::max<std::size_t>(column, 1)};
}

std::string shown(const Json& json) {
  auto text = json.is_structured() ? std::string(json.type_name())
                                   : json.dump(-1, ' ', false, Json::error_handler_t::replace);
  constexpr std::size_t kLongest = 40;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  return text;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  std::vector<std::set<std::string, std::less<>>> open_objects;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (depth >= kMaxJsonDepth) {
        fail(ErrorCode::bad_data, "{}: nested deeper than {} levels", where, kMaxJsonDepth);
      }
    }
    if (event == Event::object_start) open_objects.emplace_back();
    if (event == Event::object_end) open_objects.pop_back();
    if (event == Event::key) {
      if (const auto [_, is_new] = open_objects.back().insert(parsed.get<std::string>()); !is_new) {
        fail(ErrorCode::bad_data, "{}: the key {} appears twice in one object", where,
             shown(parsed));
      }
    }
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::parse_error& e) {
    const auto [line, column] = locate(text, e.byte == 0 ? 0 : e.byte - 1);
    std::string_view what = e.what();
    if (const auto cut = what.rfind("syntax error"); cut != std::string_view::npos)
      what.remove_prefix(cut);
    fail(ErrorCode::bad_data, "{}:{}:{}: not valid JSON: {}", where, line, column, what);
  } catch (const Json::exception& e) {
    fail(ErrorCode::bad_data, "{}: not valid JSON: {}", where, e.what());
  }
}

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool JsonReader::has(std::string_view key) const {
  require_object();
  return json_.contains(key);
}

JsonReader JsonReader::at(std::string_view key) const {
  require_object();
  const auto found = json_.find(key);
  if (found == json_.end()) fail(ErrorCode::bad_data, "{}: \"{}\" is missing", path_, key);
  return {*found, fmt::format("{}.{}", path_, key)};
}

JsonReader JsonReader::at(std::size_t index) const {
  if (index >= array_size()) expected(fmt::format("an array of more than {} elements", index));
  return {json_[index], fmt::format("{}[{}]", path_, index)};
}

std::size_t JsonReader::array_size() const {
  if (!json_.is_array()) expected("an array");
  return json_.size();
}

void JsonReader::require_object() const {
  if (!json_.is_object()) expected("an object");
}

void JsonReader::allow_keys(std::initializer_list<std::string_view> keys) const {
  require_object();
  for (const auto& [key, _] : json_.items()) {
    if (std::ranges::find(keys, key) == keys.end()) {
      fail(ErrorCode::bad_data, "{}: unknown key \"{}\"; known are {}", path_, key,
           fmt::join(keys, ", "));
    }
  }
}

double JsonReader::number() const {
  if (!json_.is_number()) expected("a number");
  const auto value = json_.get<double>();
  if (!std::isfinite(value)) expected("a finite number");
  return value;
}

std::int64_t JsonReader::integer() const {
  constexpr double kLargest = 0x1.0p53;
  const double value = number();
  if (value != std::floor(value) || std::abs(value) > kLargest) expected("a whole number");
  return static_cast<std::int64_t>(value);
}

bool JsonReader::boolean() const {
  if (!json_.is_boolean()) expected("true or false");
  return json_.get<bool>();
}

std::string JsonReader::string() const {
  if (!json_.is_string()) expected("a string");
  return json_.get<std::string>();
}

double JsonReader::number_or(std::string_view key, double fallback) const {
  return has(key) ? at(key).number() : fallback;
}

void JsonReader::expected(std::string_view what) const {
  fail(ErrorCode::bad_data, "{}: must be {}, got {}", path_, what, shown(json_));
}

void JsonReader::reject(std::string_view why) const {
  fail(ErrorCode::bad_data, "{}: {}", path_, why);
}

}  // namespace therma
