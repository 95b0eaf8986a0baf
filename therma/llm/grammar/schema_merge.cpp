// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/schema_merge.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/llm/grammar/schema_keywords.hpp"

namespace therma::llm {
namespace {

constexpr std::size_t kMaxAlternatives = 256;

Json list_of(const Json& value) { return value.is_array() ? value : Json::array({value}); }

Json intersection(const Json& a, const Json& b) {
  Json out = Json::array();
  for (const auto& item : a)
    if (std::ranges::find(b, item) != b.end()) out.push_back(item);
  return out;
}

// A whole number is a number.
Json common_types(const Json& a, const Json& b) {
  Json out = intersection(list_of(a), list_of(b));
  const auto has = [](const Json& list, std::string_view type) {
    return std::ranges::find(list, type) != list.end();
  };
  const bool one_way = has(list_of(a), "integer") && has(list_of(b), "number");
  const bool other_way = has(list_of(a), "number") && has(list_of(b), "integer");
  if ((one_way || other_way) && !has(out, "integer") && !has(out, "number"))
    out.push_back("integer");
  return out;
}

Json union_of(const Json& a, const Json& b) {
  Json out = a;
  for (const auto& item : b)
    if (std::ranges::find(out, item) == out.end()) out.push_back(item);
  return out;
}

Json both_of(const Json& a, const Json& b) {
  if (a == b) return a;
  return {{"allOf", Json::array({a, b})}};
}

Json every_pair(const Json& a, const Json& b, const std::string& place) {
  if (a.size() * b.size() > kMaxAlternatives)
    fail(ErrorCode::bad_data, "{}: more than {} alternatives", place, kMaxAlternatives);
  Json out = Json::array();
  for (const auto& x : a)
    for (const auto& y : b) out.push_back(both_of(x, y));
  return out;
}

// Properties of b that a, which allows no others than its own, does not list are gone.
void close_properties(const Json& a, Json& b) {
  const auto closed = a.find("additionalProperties");
  if (closed == a.end() || *closed != false || !b.contains("properties")) return;
  const auto own = a.value("properties", Json::object());
  for (auto& [key, schema] : b["properties"].items())
    if (!own.contains(key)) schema = false;
}

Json combined(const std::string& keyword, const Json& a, const Json& b, const std::string& place) {
  constexpr std::array<std::string_view, 5> kLeast = {"minimum", "exclusiveMinimum", "minLength",
                                                      "minItems", "minProperties"};
  constexpr std::array<std::string_view, 5> kMost = {"maximum", "exclusiveMaximum", "maxLength",
                                                     "maxItems", "maxProperties"};
  if (a == b) return a;
  if (keyword == "type") return common_types(a, b);
  if (keyword == "required") return union_of(a, b);
  if (keyword == "enum") return intersection(a, b);
  if (keyword == "items" || keyword == "additionalProperties") return both_of(a, b);
  if (keyword == "anyOf" || keyword == "oneOf") return every_pair(a, b, place);
  if (keyword == "not") return {{"anyOf", Json::array({a, b})}};
  if (keyword == "uniqueItems") return true;
  if (std::ranges::find(kLeast, keyword) != kLeast.end())
    return a.get<double>() > b.get<double>() ? a : b;
  if (std::ranges::find(kMost, keyword) != kMost.end())
    return a.get<double>() < b.get<double>() ? a : b;
  if (keyword == "properties") {
    Json out = a;
    for (const auto& [key, schema] : b.items())
      out[key] = out.contains(key) ? both_of(out[key], schema) : schema;
    return out;
  }
  if (keyword == "allOf") {
    Json out = a;
    for (const auto& schema : b) out.push_back(schema);
    return out;
  }
  fail(ErrorCode::bad_data, "{}: two demands of {} cannot be combined", place, keyword);
}

}  // namespace

bool is_annotation(std::string_view keyword) noexcept {
  constexpr std::array<std::string_view, 13> kAnnotations = {
      "$schema",    "$id",      "$comment",  "$defs",   "definitions", "title",  "description",
      "deprecated", "readOnly", "writeOnly", "default", "examples",    "$anchor"};
  return std::ranges::find(kAnnotations, keyword) != kAnnotations.end();
}

Json merged(const Json& a, const Json& b, const std::string& place) {
  if (a == false || b == false) return false;
  if (a == true) return b;
  if (b == true) return a;
  check_keywords(a, place);
  check_keywords(b, place);
  if (!a.is_object() || !b.is_object())
    fail(ErrorCode::bad_data, "{}: a schema must be an object, true or false", place);
  Json left = a;
  Json right = b;
  close_properties(a, right);
  close_properties(b, left);
  for (const auto& [keyword, value] : right.items()) {
    if (is_annotation(keyword)) continue;
    left[keyword] = left.contains(keyword) ? combined(keyword, left[keyword], value, place) : value;
  }
  return left;
}

Json dereferenced(const Json& schema, const Json& document, const std::string& place) {
  constexpr int kMostSteps = 64;
  Json out = schema;
  for (int step = 0; out.is_object() && out.contains("$ref"); ++step) {
    const auto& reference = out["$ref"];
    if (!reference.is_string() || !reference.get<std::string>().starts_with('#'))
      fail(ErrorCode::bad_data, "{}: $ref must name a place in this schema, such as #/$defs/name",
           place);
    if (step == kMostSteps)
      fail(ErrorCode::bad_data, "{}: $ref leads from one to the next without end", place);
    const auto name = reference.get<std::string>();
    const Json* target = nullptr;
    try {
      const Json::json_pointer pointer(name.substr(1));
      if (document.contains(pointer)) target = &document.at(pointer);
    } catch (const Json::exception&) {
      target = nullptr;
    }
    if (target == nullptr)
      fail(ErrorCode::bad_data, "{}: $ref names {}, which is not there", place, name.substr(0, 80));
    out.erase("$ref");
    out = merged(out, *target, place);
  }
  return out;
}

std::vector<std::string> forbidden_keys(const Json& schema, const std::string& place) {
  std::vector<std::string> keys;
  if (!schema.contains("not")) return keys;
  const auto collect = [&](const auto& self, const Json& part) -> void {
    const bool is_choice = part.is_object() && part.size() == 1 && part.contains("anyOf");
    const bool is_key = part.is_object() && part.size() == 1 && part.contains("required") &&
                        part["required"].is_array() && part["required"].size() == 1 &&
                        part["required"][0].is_string();
    if (is_key) return keys.push_back(part["required"][0].template get<std::string>());
    if (!is_choice || !part["anyOf"].is_array())
      fail(ErrorCode::bad_data,
           "{}: not is understood only of {{\"required\": [key]}} and anyOf of such", place);
    for (const auto& each : part["anyOf"]) self(self, each);
  };
  collect(collect, schema["not"]);
  return keys;
}

}  // namespace therma::llm
