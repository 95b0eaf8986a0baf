// SPDX-License-Identifier: Apache-2.0
// Schemas that are malformed, not understood or hostile: each an error that says why.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "therma/llm/grammar/schema.hpp"

namespace therma::llm {
namespace {

struct Refused {
  std::string schema;
  std::string says;
};

std::string nested_arrays(int levels) {
  std::string out = "true";
  for (int i = 0; i < levels; ++i) out = R"({"items": )" + out + "}";
  return out;
}

// Each definition names the next one twice: 2^60 readings.
std::string doubling() {
  std::string out = R"({"$ref": "#/$defs/d0", "$defs": {)";
  for (int i = 0; i < 60; ++i) {
    const auto next = "{\"$ref\": \"#/$defs/d" + std::to_string(i + 1) + "\"}";
    out += "\"d" + std::to_string(i) + R"(": {"anyOf": [)" + next + ", {\"title\": \"t\", " +
           next.substr(1) + "]}, ";
  }
  return out + R"("d60": {"type": "string"}}})";
}

TEST(SchemaErrors, EachIsRefusedAndSaysWhy) {
  const Refused all[] = {
      {R"({"type": "string", "contentEncoding": "base64"})", "\"contentEncoding\""},
      {R"({"patternProperties": {}})", "\"patternProperties\""},
      {R"({"if": true})", "\"if\""},
      {R"({"properties": {"a": {"dependentRequired": {}}}})", "\"dependentRequired\""},
      {R"({"multipleOf": 3})", "\"multipleOf\""},
      {R"({"type": "text"})", "no type \"text\""},
      {R"({"type": 3})", "type must be"},
      {R"([])", "a schema must be"},
      {R"({"items": [true]})", "items must be a schema"},
      {R"({"minLength": -1})", "minLength must be a count"},
      {R"({"minLength": 1.5})", "minLength must be a count"},
      {R"({"enum": []})", "enum must be"},
      {R"({"anyOf": []})", "anyOf must be"},
      {R"({"required": [1]})", "required must be"},
      {R"({"not": {"type": "string"}})", "not is understood only"},
      {R"({"$ref": "http://example.org/a"})", "a place in this schema"},
      {R"({"$ref": "#/$defs/a"})", "which is not there"},
      {R"({"$ref": "#/~5"})", "which is not there"},
      {R"s({"type": "string", "pattern": "(?=a)"})s", "not understood"},
      {R"s({"type": "string", "pattern": "(a|b)*a(a|b){16}"})s", "states"},
      {R"({"type": "number", "minimum": 1e300})", "10^18"},
      {R"(false)", "no finite value"},
      {R"({"type": "string", "minLength": 3, "maxLength": 2})", "no finite value"},
      {R"({"type": "array", "minItems": 3, "maxItems": 2})", "no finite value"},
      {R"({"type": "integer", "minimum": 3, "maximum": 2})", "no finite value"},
      {R"({"type": "object", "required": ["a"], "additionalProperties": false})",
       "no finite value"},
      {R"({"allOf": [{"type": "string"}, {"type": "null"}]})", ""},
      // References that come back to themselves.
      {R"({"$ref": "#"})", "without end"},
      {R"({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})",
       "without end"},
      {R"({"anyOf": [{"$ref": "#"}, {"type": "null"}]})", ""},
      {R"({"allOf": [{"$ref": "#"}]})", ""},
      {R"({"type": "array", "minItems": 1, "items": {"$ref": "#"}})", "no finite value"},
      {R"({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}})",
       "no finite value"},
      {doubling(), "readings"},
      {R"({"type": "object", "minProperties": 1000000})", "too many properties"},
      {R"({"type": "string", "pattern": "a{9999}{9999}"})", ""},
  };
  for (const auto& each : all) {
    try {
      (void)compile_schema(parse_json(each.schema, "schema"), "schema");
      ADD_FAILURE() << each.schema;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data) << each.schema;
      EXPECT_NE(std::string(e.what()).find(each.says), std::string::npos) << each.schema << "\n"
                                                                          << e.what();
    }
  }
}

TEST(SchemaErrors, DeepSchemasAreReadToTheDepthThatJsonHas) {
  EXPECT_NO_THROW((void)compile_schema(parse_json(nested_arrays(60), "schema"), "schema"));
  Json deep = true;
  for (int i = 0; i < 1000; ++i) deep = Json{{"items", std::move(deep)}};
  EXPECT_THROW((void)compile_schema(deep, "schema"), Error);
}

TEST(SchemaErrors, WhatIsNotHeldIsNoticed) {
  const auto compiled = compile_schema(
      parse_json(R"({"type": "array", "uniqueItems": true, "items": {"type": "string",
                     "format": "date"}})",
                 "schema"),
      "schema");
  ASSERT_EQ(compiled.notices.size(), 2U);
  EXPECT_NE(compiled.notices[0].find("uniqueItems"), std::string::npos);
  EXPECT_NE(compiled.notices[1].find("format"), std::string::npos);
}

}  // namespace
}  // namespace therma::llm
