// SPDX-License-Identifier: Apache-2.0
// JSON in: limits, places in messages, hostile input; JSON out.
#include "therma/core/json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>

namespace therma {
namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

// The message of the Error{bad_data} that the call throws; other outcomes fail the test.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
    ADD_FAILURE() << "accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::bad_data);
    return e.what();
  }
  return "";
}
std::string refusal(std::string_view text) {
  return message_of([&] { (void)parse_json(text, "f"); });
}
bool starts_with(std::string_view text, std::string_view start) { return text.starts_with(start); }

TEST(ParseJson, KeepsTheOrderOfKeys) {
  EXPECT_EQ(parse_json(R"({"b": 1, "a": {"d": 2, "c": 3}})", "f").dump(),
            R"({"b":1,"a":{"d":2,"c":3}})");
}

TEST(ParseJson, AcceptsItsDepthAndRefusesOneMore) {
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  const auto objects = [](std::size_t depth) {
    return repeated(R"({"a":)", depth) + "1" + repeated("}", depth);
  };
  EXPECT_NO_THROW((void)parse_json(nested(64), "f"));
  EXPECT_NO_THROW((void)parse_json(objects(64), "f"));
  EXPECT_EQ(refusal(nested(65)), "f:1:65: nested deeper than 64 levels");
  EXPECT_EQ(refusal(objects(65)), "f:1:321: nested deeper than 64 levels");  // 64 * 5 + 1
}

TEST(ParseJson, SurvivesHostileNesting) {
  EXPECT_EQ(refusal(repeated("[", 100'000)), "f:1:65: nested deeper than 64 levels");
  EXPECT_EQ(refusal(repeated("{\"a\":[", 100'000)), "f:1:193: nested deeper than 64 levels");
  EXPECT_TRUE(starts_with(refusal(repeated("]", 100'000)), "f:1:1: not valid JSON"));
}

TEST(ParseJson, NamesThePlaceOfADuplicateKey) {
  EXPECT_EQ(refusal("{\"id\": 1,\n \"id\": 2}"),
            "f:2:5: the key \"id\" appears twice in one object");
  EXPECT_TRUE(starts_with(refusal(R"({"a": {"b": 1, "c": 2, "b": 3}})"), "f:1:"));
}

// A builder that looks through the object before it adds a key takes a minute here.
TEST(ParseJson, ReadsAnObjectOfAQuarterMillionKeysInTheirOrder) {
  std::string text = "{";
  for (int key = 0; key < 250'000; ++key) text += fmt::format("\"{}\": {},", key, key);
  const auto json = parse_json(text + "\"last\": null}", "f");
  ASSERT_EQ(json.size(), 250'001);
  int expected = 0;
  for (const auto& [key, value] : json.items()) {
    if (expected == 250'000) break;
    ASSERT_EQ(value.get<int>(), expected) << key;
    ++expected;
  }
  EXPECT_TRUE(json.back().is_null());
}

TEST(ParseJson, TellsKeysApartByObject) {
  EXPECT_NO_THROW((void)parse_json(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})", "f"));
}

// The escape spells the same key.
TEST(ParseJson, SeesThroughEscapesInDuplicateKeys) {
  EXPECT_NE(refusal(R"({"a": 1, "\u0061": 2})").find("twice"), std::string::npos);
}

TEST(ParseJson, NamesLineAndColumnOfASyntaxError) {
  EXPECT_TRUE(starts_with(refusal("{\n  \"a\": 1,\n  \"b\" 2\n}"), "f:3:7: not valid JSON: "));
  EXPECT_TRUE(starts_with(refusal("[1, 2"), "f:1:6: not valid JSON: "));
  EXPECT_TRUE(starts_with(refusal(""), "f:1:1: not valid JSON: "));
  EXPECT_TRUE(starts_with(refusal("[1]\nx"), "f:2:1: not valid JSON: "));
}

TEST(ParseJson, RefusesTrailingTextCommentsAndNumbersOutOfRange) {
  for (const auto* text : {"1 2", "{} {}", "[1,]", "{\"a\":1,}", "// x\n1", "01", "+1", ".5", "1.",
                           "0x10", "NaN", "Infinity", "1e999", "-1e999", "'a'", "\"a", "nul"}) {
    EXPECT_FALSE(refusal(text).empty()) << text;
  }
}

TEST(ParseJson, ReadsUtf8AndRefusesWhatIsNotUtf8) {
  EXPECT_EQ(parse_json(R"("zażółć 😀 \u017c \ud83d\ude00")", "f").get<std::string>(),
            "zażółć 😀 ż 😀");
  EXPECT_EQ(parse_json("\xEF\xBB\xBF[1]", "f").dump(), "[1]");  // a byte order mark is skipped
  for (const std::string text : {"\"\xFF\"", "\"\xC3\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"",
                                 "\"\xF4\x90\x80\x80\"", R"("\ud800")", R"("\u12")"}) {
    EXPECT_FALSE(refusal(text).empty()) << text;
  }
}

TEST(ParseJson, AcceptsNothingElseWhateverTheBytes) {
  rc::check("random bytes parse or throw Error{bad_data}", [](const std::string& bytes) {
    try {
      const Json json = parse_json(bytes, "f");
      RC_ASSERT(parse_json(to_text(json), "f") == json);
    } catch (const Error& e) {
      RC_ASSERT(e.code() == ErrorCode::bad_data);
    }
  });
}

TEST(ToText, ReplacesInvalidUtf8InsteadOfThrowing) {
  EXPECT_EQ(to_text(Json("a\xFF")), "\"a\xEF\xBF\xBD\"\n");
}

TEST(JsonReader, NamesThePathOfAWrongValue) {
  const Json json = parse_json(R"({"tasks": [{"id": "t1"}, {"id": 7}], "n": 2.5})", "f");
  const JsonReader root(json, "f");
  EXPECT_EQ(root.at("tasks").at(0).at("id").string(), "t1");
  EXPECT_EQ(message_of([&] { (void)root.at("tasks").at(1).at("id").string(); }),
            "f.tasks[1].id: must be a string, got 7");
  EXPECT_EQ(message_of([&] { (void)root.at("machines"); }), "f: \"machines\" is missing");
  EXPECT_EQ(message_of([&] { (void)root.at("n").integer(); }),
            "f.n: must be a whole number, got 2.5");
  EXPECT_EQ(message_of([&] { (void)root.at("n").at("x"); }), "f.n: must be an object, got 2.5");
  EXPECT_EQ(message_of([&] { (void)root.at("tasks").at(2); }),
            "f.tasks: must be an array of more than 2 elements, got array");
}

TEST(JsonReader, RefusesKeysOutsideTheList) {
  const Json json = parse_json(R"({"id": 1, "durration": 2})", "f");
  EXPECT_EQ(message_of([&] {
              JsonReader(json, "f").allow_keys({"id", "duration"});
            }),
            "f: unknown key \"durration\"; known are id, duration");
}

TEST(JsonReader, ReadsWholeNumbersUpToTheLastExactDouble) {
  const auto integer = [](const char* text) {
    const Json json = parse_json(text, "f");
    return JsonReader(json, "f").integer();
  };
  EXPECT_EQ(integer("9007199254740992"), std::int64_t{1} << 53);
  EXPECT_EQ(integer("-9007199254740992"), -(std::int64_t{1} << 53));
  EXPECT_EQ(integer("3.0"), 3);
  EXPECT_EQ(integer("1e3"), 1000);
  for (const auto* text : {"9007199254740993", "-9007199254740993", "18446744073709551615", "1e300",
                           "0.5", "true", "\"1\"", "null"}) {
    EXPECT_NE(message_of([&] { (void)integer(text); }), "") << text;
  }
}

TEST(JsonReader, ReadsCountsOverAll64Bits) {
  const auto count = [](const char* text, std::uint64_t most) {
    const Json json = parse_json(text, "f");
    return JsonReader(json, "f").count(most);
  };
  EXPECT_EQ(count("18446744073709551615", ~std::uint64_t{0}), ~std::uint64_t{0});
  EXPECT_EQ(count("7.0", 7), 7U);
  EXPECT_EQ(message_of([&] { (void)count("8", 7); }), "f: must be a count in [0, 7], got 8");
  EXPECT_EQ(message_of([&] { (void)count("-1", 7); }), "f: must be a count in [0, 7], got -1");
  EXPECT_NE(message_of([&] { (void)count("18446744073709551616", ~std::uint64_t{0}); }), "");
}

TEST(JsonReader, ShortensLongValuesInMessages) {
  const Json json(std::string(1000, 'x'));
  EXPECT_LT(message_of([&] { (void)JsonReader(json, "f").number(); }).size(), 100U);
}

}  // namespace
}  // namespace therma
