// SPDX-License-Identifier: Apache-2.0
// Which keywords are understood, and of what type their values are.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/llm/grammar/schema_keywords.hpp"
#include "therma/llm/grammar/schema_merge.hpp"

namespace therma::llm {
namespace {

enum class Form { any, flag, count, number, text, texts, type, schema, schemas, schema_map };

constexpr std::pair<std::string_view, Form> kForms[] = {
    {"$ref", Form::text},
    {"type", Form::type},
    {"enum", Form::any},
    {"const", Form::any},
    {"properties", Form::schema_map},
    {"required", Form::texts},
    {"additionalProperties", Form::schema},
    {"minProperties", Form::count},
    {"maxProperties", Form::count},
    {"items", Form::schema},
    {"prefixItems", Form::schemas},
    {"minItems", Form::count},
    {"maxItems", Form::count},
    {"uniqueItems", Form::flag},
    {"minLength", Form::count},
    {"maxLength", Form::count},
    {"pattern", Form::text},
    {"format", Form::text},
    {"minimum", Form::number},
    {"maximum", Form::number},
    {"exclusiveMinimum", Form::number},
    {"exclusiveMaximum", Form::number},
    {"anyOf", Form::schemas},
    {"oneOf", Form::schemas},
    {"allOf", Form::schemas},
    {"not", Form::schema},
};

bool is_schema(const Json& value) { return value.is_object() || value.is_boolean(); }

bool is_text(const Json& value) { return value.is_string(); }

// Empty where the value is as it must be, otherwise what it must be.
std::string_view demand(Form form, const Json& value) {
  const auto unless = [](bool is_right, std::string_view what) {
    return is_right ? std::string_view{} : what;
  };
  switch (form) {
    case Form::any:
      return {};
    case Form::flag:
      return unless(value.is_boolean(), "true or false");
    case Form::count:
      return unless(value.is_number() && value.get<double>() >= 0 &&
                        std::floor(value.get<double>()) == value.get<double>(),
                    "a count");
    case Form::number:
      return unless(value.is_number(), "a number");
    case Form::text:
      return unless(value.is_string(), "a string");
    case Form::texts:
      return unless(value.is_array() && std::ranges::all_of(value, is_text), "a list of strings");
    case Form::type:
      return unless(value.is_string() || (value.is_array() && std::ranges::all_of(value, is_text)),
                    "a string or a list of strings");
    case Form::schema:
      return unless(is_schema(value), "a schema");
    case Form::schemas:
      return unless(value.is_array() && !value.empty() && std::ranges::all_of(value, is_schema),
                    "a list of schemas");
    case Form::schema_map:
      return unless(value.is_object() && std::ranges::all_of(value, is_schema),
                    "an object of schemas");
  }
  return {};
}

}  // namespace

void check_keywords(const Json& schema, const std::string& place) {
  if (!is_schema(schema))
    fail(ErrorCode::bad_data, "{}: a schema must be an object, true or false", place);
  if (!schema.is_object()) return;
  for (const auto& [keyword, value] : schema.items()) {
    if (is_annotation(keyword)) continue;
    const auto known =
        std::ranges::find(kForms, keyword, [](const auto& row) { return row.first; });
    if (known == std::end(kForms))
      fail(ErrorCode::bad_data, "{}: the keyword \"{}\" is not understood", place,
           keyword.substr(0, 40));
    if (const auto what = demand(known->second, value); !what.empty())
      fail(ErrorCode::bad_data, "{}: {} must be {}", place, keyword, what);
  }
  if (schema.contains("enum") && (!schema["enum"].is_array() || schema["enum"].empty()))
    fail(ErrorCode::bad_data, "{}: enum must be a list of values", place);
}

std::vector<std::string> types_of(const Json& schema, const std::string& place) {
  constexpr std::string_view kTypes[] = {"object",  "array",   "string", "number",
                                         "integer", "boolean", "null"};
  std::vector<std::string> types;
  if (schema.contains("type")) {
    const auto& type = schema["type"];
    for (const auto& each : type.is_array() ? type : Json::array({type})) {
      types.push_back(each.get<std::string>());
      if (std::ranges::find(kTypes, types.back()) == std::end(kTypes))
        fail(ErrorCode::bad_data, "{}: there is no type \"{}\"", place, types.back().substr(0, 40));
    }
    return types;
  }
  const auto has = [&](std::initializer_list<std::string_view> keywords) {
    return std::ranges::any_of(keywords, [&](auto keyword) { return schema.contains(keyword); });
  };
  if (has({"properties", "required", "additionalProperties", "minProperties", "maxProperties",
           "not"}))
    types.emplace_back("object");
  if (has({"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}))
    types.emplace_back("array");
  if (has({"minLength", "maxLength", "pattern", "format"})) types.emplace_back("string");
  if (has({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}))
    types.emplace_back("number");
  return types;
}

}  // namespace therma::llm
