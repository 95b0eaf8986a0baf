// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/schema.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/llm/grammar/validator.hpp"
#include "therma/core/random/rng.hpp"

namespace therma::llm {
namespace {

// Draws in order.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint32_t round) : rng_(seed), round_(round) {}
  std::uint64_t below(std::uint64_t count) {
    return rng_.bits({.chain = round_, .step = next_++}) % count;
  }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <class List>
  auto of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  Rng rng_;
  std::uint32_t round_;
  std::uint64_t next_ = 0;
};

Json random_schema(Dice& dice, int depth) {
  constexpr std::string_view kPatterns[] = {"^a+$", "b", "^[a-c]{2,4}$", "^x|y$", "[0-9]"};
  switch (dice.below(depth > 0 ? 11 : 8)) {
    case 0:
      return {{"type", "null"}};
    case 1:
      return {{"type", Json::array({"boolean", "null"})}};
    case 2: {
      Json s = {{"type", "string"}};
      if (dice.one_in(2)) s["minLength"] = dice.below(4);
      if (dice.one_in(2)) s["maxLength"] = 4 + dice.below(dice.one_in(3) ? 200 : 8);
      return s;
    }
    case 3:
      return {{"type", "string"}, {"pattern", dice.of(kPatterns)}};
    case 4: {
      Json s = {{"type", "integer"}};
      const auto low = static_cast<std::int64_t>(dice.below(400)) - 200;
      if (dice.one_in(2)) s["minimum"] = low;
      if (dice.one_in(2)) s["maximum"] = low + static_cast<std::int64_t>(dice.below(300));
      return s;
    }
    case 5: {
      Json s = {{"type", "number"}};
      const double low = static_cast<double>(dice.below(4000)) / 16.0 - 125.0;
      if (dice.one_in(2)) s[dice.one_in(2) ? "minimum" : "exclusiveMinimum"] = low;
      if (dice.one_in(2))
        s[dice.one_in(2) ? "maximum" : "exclusiveMaximum"] =
            low + static_cast<double>(1 + dice.below(100)) / 8.0;
      return s;
    }
    case 6:
      return {{"enum", Json::array({"a", "ab", 1, 12, nullptr, Json::array({1, "x"})})}};
    case 7:
      return {{"const", Json{{"k", Json::array()}, {"é\"\n", 2}}}};
    case 8: {
      Json s = {{"type", "array"}, {"items", random_schema(dice, depth - 1)}};
      if (dice.one_in(3)) s["prefixItems"] = Json::array({random_schema(dice, depth - 1)});
      if (dice.one_in(2)) s["minItems"] = dice.below(3);
      if (dice.one_in(2)) s["maxItems"] = 2 + dice.below(4);
      return s;
    }
    case 9: {
      Json s = {{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
      for (const auto* key : {"a", "ab", "ż", "q\"k"}) {
        if (dice.one_in(3)) continue;
        s["properties"][key] = random_schema(dice, depth - 1);
        if (dice.one_in(2)) s["required"].push_back(key);
      }
      if (dice.one_in(2))
        s["additionalProperties"] = dice.one_in(2) ? Json(false) : random_schema(dice, depth - 1);
      if (dice.one_in(4)) s["maxProperties"] = s["required"].size() + dice.below(3);
      return s;
    }
    default:
      return {
          {"anyOf", Json::array({random_schema(dice, depth - 1), random_schema(dice, depth - 1)})}};
  }
}

// Whether the text is inside of a JSON string.
bool in_string(std::string_view text) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      inside = !inside;
    }
  }
  return inside;
}

// One of the bytes that bring a text to its end, where there is one.
char closing_byte(Dice& dice, const std::string& ways, bool is_inside) {
  if (is_inside) return ways.find('"') != ways.npos ? '"' : dice.of(ways);
  std::string closing;
  std::string plain;
  for (const char c : ways) {
    if (c == ']' || c == '}') closing += c;
    if (std::string_view("[{, \n").find(c) == std::string_view::npos) plain += c;
  }
  return dice.of(!closing.empty() ? closing : !plain.empty() ? plain : ways);
}

// A text that the schema admits, a byte at a time among those that are accepted; it is brought to
// an end once it is long.
std::string random_text(const CompiledGrammar& compiled, Dice& dice, std::size_t long_at) {
  Acceptor acceptor(compiled.grammar);
  std::string text;
  while (text.size() < 20'000) {
    const bool is_long = text.size() > long_at;
    if (acceptor.may_end() && (acceptor.must_end() || is_long || dice.one_in(3))) return text;
    std::string ways;
    for (int byte = 1; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      if (acceptor.accepts({&c, 1})) ways += c;
    }
    if (ways.empty()) ADD_FAILURE() << "a dead end after " << text;
    if (ways.empty()) return text;
    const bool closes = is_long || dice.one_in(8);
    text += closes ? closing_byte(dice, ways, in_string(text)) : dice.of(ways);
    if (!acceptor.advance({&text.back(), 1})) ADD_FAILURE() << "not taken: " << text;
  }
  ADD_FAILURE() << "no end of " << text.substr(0, 200);
  return text;
}

bool is_accepted(const CompiledGrammar& compiled, std::string_view text) {
  Acceptor acceptor(compiled.grammar);
  return acceptor.advance(text) && acceptor.may_end();
}

std::optional<CompiledGrammar> compiled_or_empty(const Json& schema) {
  try {
    return compile_schema(schema, "random");
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("no finite value"), std::string::npos) << e.what();
    return std::nullopt;  // for instance no number lies between the bounds
  }
}

TEST(Schema, EveryTextThatEndsIsJsonThatTheSchemaAdmits) {
  std::size_t num_texts = 0;
  for (std::uint32_t round = 0; round < 300; ++round) {
    Dice dice(11, round);
    const auto schema = random_schema(dice, 2);
    const auto compiled = compiled_or_empty(schema);
    if (!compiled) continue;
    for (int i = 0; i < 4; ++i, ++num_texts) {
      const auto text = random_text(*compiled, dice, 40);
      const auto value = Json::parse(text, nullptr, false);
      ASSERT_FALSE(value.is_discarded()) << schema << "\n" << text;
      ASSERT_TRUE(Validator(schema).holds(value)) << schema << "\n" << text;
    }
  }
  EXPECT_GT(num_texts, 1000U);
}

// Values made without the grammar, by guessing until the validator agrees.
Json random_value(Dice& dice, int depth) {
  constexpr std::string_view kTexts[] = {"",  "a", "aa", "ab",   "abc",
                                         "b", "x", "y1", "żółw", "a\"\n"};
  switch (dice.below(depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return dice.one_in(2);
    case 2:
      return static_cast<std::int64_t>(dice.below(500)) - 250;
    case 3:
      // never whole: integers are written without a point
      return static_cast<double>(2 * dice.below(4000) + 1) / 32.0 - 125.0;
    case 4:
    case 5:
      return dice.of(kTexts);
    case 6: {
      Json list = Json::array();
      for (auto n = dice.below(4); n > 0; --n) list.push_back(random_value(dice, depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (const auto* key : {"a", "ab", "ż", "q\"k"})  // in the order of the schemas
        if (dice.one_in(2)) object[key] = random_value(dice, depth - 1);
      if (dice.one_in(3)) object["zz"] = random_value(dice, depth - 1);
      return object;
    }
  }
}

// With the members that the schema lists first, as they are written while generating, and without
// keys that are not listed and need an escape, which are not.
Json listed_first(const Json& schema, const Json& value) {
  if (!value.is_object()) return value;
  const Json listed = schema.value("properties", Json::object());
  Json out = Json::object();
  for (const bool wants_listed : {true, false})
    for (const auto& [key, member] : value.items())
      if (listed.contains(key) == wants_listed && (wants_listed || key != "q\"k"))
        out[key] = member;
  return out;
}

TEST(Schema, ValuesAreAcceptedByteByByteWhereTheyAreValidAndRefusedWhereNot) {
  std::size_t num_valid = 0;
  std::size_t num_wrong = 0;
  for (std::uint32_t round = 0; round < 1500; ++round) {
    Dice dice(12, round);
    const auto schema = random_schema(dice, 1);
    std::optional<CompiledGrammar> compiled;
    try {
      compiled = compile_schema(schema, "random", {.allows_unlisted = true});
    } catch (const Error&) {
      continue;
    }
    for (int i = 0; i < 40; ++i) {
      const auto value = listed_first(schema, random_value(dice, 2));
      const bool is_valid = Validator(schema).holds(value);
      for (const auto& text : {value.dump(), value.dump(2)}) {
        ASSERT_EQ(is_accepted(*compiled, text), is_valid) << schema << "\n" << text;
        Acceptor acceptor(compiled->grammar);
        for (std::size_t at = 0; is_valid && at < text.size(); ++at) {
          ASSERT_TRUE(acceptor.accepts(std::string_view(text).substr(at)));
          ASSERT_TRUE(acceptor.advance(std::string_view(text).substr(at, 1)));
        }
      }
      ++(is_valid ? num_valid : num_wrong);
    }
  }
  EXPECT_GT(num_valid, 2000U);
  EXPECT_GT(num_wrong, 2000U);
}

TEST(Schema, ATextWithBytesChangedIsAcceptedOnlyWhereItIsStillValid) {
  std::size_t num_refused = 0;
  for (std::uint32_t round = 0; round < 300; ++round) {
    Dice dice(13, round);
    const auto schema = random_schema(dice, 2);
    const auto compiled = compiled_or_empty(schema);
    if (!compiled) continue;
    const auto text = random_text(*compiled, dice, 30);
    for (int i = 0; i < 20; ++i) {
      constexpr std::string_view kBytes = "\"{}[],:0123456789-.eabtrufnls \\\n\xc5\xbc";
      auto changed = text;
      const auto at = dice.below(changed.size());
      if (dice.one_in(2)) {
        changed[at] = dice.of(kBytes);
      } else {
        changed.erase(at, 1);
      }
      if (!is_accepted(*compiled, changed)) {
        ++num_refused;
        continue;
      }
      const auto value = Json::parse(changed, nullptr, false);
      ASSERT_FALSE(value.is_discarded()) << schema << "\n" << changed;
      ASSERT_TRUE(Validator(schema).holds(value)) << schema << "\n" << changed;
    }
  }
  EXPECT_GT(num_refused, 1000U);
}

TEST(Schema, TheSchemasOfTheProblemFilesGiveValidFiles) {
  std::size_t num_schemas = 0;
  for (const auto& file : std::filesystem::directory_iterator(
           std::filesystem::path(THERMA_SOURCE_DIR) / "data" / "schema")) {
    std::ifstream in(file.path());
    std::ostringstream contents;
    contents << in.rdbuf();
    const auto schema = parse_json(contents.str(), file.path().filename().string());
    const auto compiled = compile_schema(schema, file.path().filename().string());
    ++num_schemas;
    for (std::uint32_t round = 0; round < 10; ++round) {
      Dice dice(14, round);
      const auto text = random_text(compiled, dice, 300);
      const auto value = Json::parse(text, nullptr, false);
      ASSERT_FALSE(value.is_discarded()) << text;
      ASSERT_TRUE(Validator(schema).holds(value)) << file.path() << "\n" << text;
    }
  }
  EXPECT_GE(num_schemas, 6U);
}

TEST(Schema, ReferencesMayComeBackToWhereTheyAreUsed) {
  const auto schema = parse_json(
      R"({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "required": ["v"],
          "additionalProperties": false, "properties": {"v": {"type": "integer"},
          "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}}})",
      "schema");
  const auto compiled = compile_schema(schema, "schema");
  EXPECT_TRUE(
      is_accepted(compiled, R"({"v": 1, "children": [{"v": 2, "children": []}, {"v":3}]})"));
  EXPECT_FALSE(is_accepted(compiled, R"({"v": 1, "children": [{"w": 2}]})"));
}

TEST(Schema, OneOfSeveralKeysMeansExactlyOne) {
  const auto compiled = compile_schema(
      parse_json(R"({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}},
                     "oneOf": [{"required": ["a"]}, {"required": ["b"]}]})",
                 "schema"),
      "schema");
  EXPECT_TRUE(compiled.notices.empty());
  EXPECT_TRUE(is_accepted(compiled, R"({"a":null})"));
  EXPECT_TRUE(is_accepted(compiled, R"({"b":null})"));
  EXPECT_FALSE(is_accepted(compiled, R"({"a":null,"b":null})"));
  EXPECT_FALSE(is_accepted(compiled, R"({})"));
}

TEST(Schema, AllOfHoldsEveryPart) {
  const auto compiled =
      compile_schema(parse_json(R"({"allOf": [{"type": "number", "minimum": 2}, {"type": "integer"},
                               {"maximum": 10, "enum": [1, 5, 5.5, 11]}]})",
                                "schema"),
                     "schema");
  EXPECT_TRUE(is_accepted(compiled, "5"));
  for (const auto* wrong : {"1", "5.5", "11", "7"}) EXPECT_FALSE(is_accepted(compiled, wrong));
}

TEST(Schema, LongCountsAreKept) {
  const auto text = [](std::size_t n) { return "\"" + std::string(n, 'x') + "\""; };
  const auto compiled = compile_schema(
      parse_json(R"({"type": "string", "minLength": 500, "maxLength": 100000})", "s"), "s");
  EXPECT_FALSE(is_accepted(compiled, text(499)));
  EXPECT_TRUE(is_accepted(compiled, text(500)));
  EXPECT_TRUE(is_accepted(compiled, text(100'000)));
  EXPECT_FALSE(is_accepted(compiled, text(100'001)));
}

TEST(Schema, WholeNumbersBetweenBoundsAreExact) {
  for (const auto& [low, high] : {std::pair{-13, 7}, {0, 0}, {-250, -95}, {99, 1001}, {1, 9}}) {
    const auto compiled =
        compile_schema({{"type", "integer"}, {"minimum", low}, {"maximum", high}}, "s");
    for (int n = -1200; n <= 1200; ++n)
      ASSERT_EQ(is_accepted(compiled, std::to_string(n)), n >= low && n <= high) << n;
  }
}

TEST(Schema, AnyJsonIsAnyJson) {
  const auto compiled = compile_any_json();
  EXPECT_TRUE(is_accepted(compiled, R"({"a": [1, -2.5e3, true, null, "\u00e9\n"], "b": {}})"));
  for (const auto* wrong : {"", "{", "01", "[1,]", "{\"a\"}", "tru", "'a'", "\"\\x\"", "1 2"})
    EXPECT_FALSE(is_accepted(compiled, wrong)) << wrong;
  for (std::uint32_t round = 0; round < 50; ++round) {
    Dice dice(15, round);
    const auto text = random_text(compiled, dice, 60);
    EXPECT_FALSE(Json::parse(text, nullptr, false).is_discarded()) << text;
  }
}

}  // namespace
}  // namespace therma::llm
