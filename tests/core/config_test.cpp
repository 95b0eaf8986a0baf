// SPDX-License-Identifier: Apache-2.0
// One field list drives checks, JSON, flags and help.
#include "therma/core/config.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace therma {
namespace {

enum class Colour { red, green, blue };
std::span<const std::string_view> enum_names(Colour) {
  static constexpr std::string_view kNames[] = {"red", "green", "blue"};
  return kNames;
}

struct SampleConfig {
  double beta = 1.0;
  double share = 0.5;
  double offset = 0.0;
  double floor = 0.0;
  std::uint32_t sweeps = 10;
  std::uint64_t seed = 1;
  bool is_warm = false;
  std::string name = "run";
  Colour colour = Colour::green;

  static void each_field(auto& self, auto&& field) {
    field("beta", self.beta, "inverse temperature", positive);
    field("share", self.share, "part of the whole", within(0, 1));
    field("offset", self.offset, "any number");
    field("floor", self.floor, "lowest value", non_negative);
    field("sweeps", self.sweeps, "passes", at_least(1));
    field("seed", self.seed, "seed of every draw");
    field("is_warm", self.is_warm, "starts from the last state");
    field("name", self.name, "title");
    field("colour", self.colour, "paint");
  }
};

// Sets one field from text; empty when accepted, otherwise the message.
std::string set_from_text(SampleConfig& config, std::string_view name, std::string_view text) {
  for (const auto& field : fields_of(config)) {
    if (field.name != name) continue;
    try {
      field.set(text);
      return "";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::invalid_argument);
      return e.what();
    }
  }
  return "no such field";
}
std::string refusal_of_text(std::string_view name, std::string_view text) {
  SampleConfig config;
  return set_from_text(config, name, text);
}
std::string refusal_of_json(std::string_view text) {
  try {
    const Json json = parse_json(text, "f");
    (void)config_from_json<SampleConfig>(JsonReader(json, "f"));
    return "";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::bad_data);
    return e.what();
  }
}

TEST(Rule, HoldsAtItsEndsAsWritten) {
  EXPECT_FALSE(positive.holds(0.0));
  EXPECT_TRUE(positive.holds(5e-324));
  EXPECT_TRUE(non_negative.holds(0.0));
  EXPECT_FALSE(non_negative.holds(-5e-324));
  EXPECT_TRUE(at_least(3).holds(3.0));
  EXPECT_FALSE(at_least(3).holds(2.999));
  EXPECT_TRUE(within(0, 1).holds(0.0));
  EXPECT_TRUE(within(0, 1).holds(1.0));
  EXPECT_FALSE(within(0, 1).holds(1.001));
  EXPECT_TRUE(any_value.holds(-1e300));
}

TEST(Rule, NothingHoldsForANumberThatIsNone) {
  for (const auto& rule : {any_value, positive, non_negative, at_least(1), within(0, 1)}) {
    EXPECT_FALSE(rule.holds(std::nan("")));
  }
}

TEST(Field, RefusesWithFieldRuleAndValue) {
  EXPECT_EQ(refusal_of_text("beta", "0"), "beta: must be > 0, got 0");
  EXPECT_EQ(refusal_of_text("share", "1.5"), "share: must be in [0, 1], got 1.5");
  EXPECT_EQ(refusal_of_text("floor", "-1"), "floor: must be >= 0, got -1");
  EXPECT_EQ(refusal_of_text("sweeps", "0"), "sweeps: must be >= 1, got 0");
  EXPECT_EQ(refusal_of_text("offset", "nan"), "offset: must be a number, got nan");
  EXPECT_EQ(refusal_of_text("colour", "pink"),
            "colour: must be one of red, green, blue, got \"pink\"");
  EXPECT_EQ(refusal_of_text("is_warm", "yes"), "is_warm: must be true or false, got \"yes\"");
}

TEST(Field, RefusesTextThatIsNotWhollyAValue) {
  for (const auto* text : {"", " ", "1 ", " 1", "1x", "0x10", "1,5", "--1"}) {
    EXPECT_NE(refusal_of_text("offset", text), "") << text;
  }
  for (const auto* text : {"", "-1", "1.0", "1e3", "4294967296", "+1"}) {
    EXPECT_NE(refusal_of_text("sweeps", text), "") << text;
  }
  EXPECT_NE(refusal_of_text("seed", "18446744073709551616"), "");
}

TEST(Field, ReadsEveryTypeFromText) {
  SampleConfig config;
  const std::pair<const char*, const char*> values[] = {
      {"beta", "inf"},          {"share", "0.25"},   {"offset", "-2e-3"},
      {"sweeps", "4294967295"}, {"is_warm", "true"}, {"seed", "18446744073709551615"},
      {"name", "zażółć"},       {"colour", "blue"},
  };
  for (const auto& [name, text] : values) EXPECT_EQ(set_from_text(config, name, text), "");
  EXPECT_TRUE(std::isinf(config.beta));
  EXPECT_EQ(config.share, 0.25);
  EXPECT_EQ(config.offset, -0.002);
  EXPECT_EQ(config.sweeps, 4294967295U);
  EXPECT_EQ(config.seed, ~std::uint64_t{0});
  EXPECT_TRUE(config.is_warm);
  EXPECT_EQ(config.name, "zażółć");
  EXPECT_EQ(config.colour, Colour::blue);
}

TEST(Checked, NamesTheFirstBadFieldOfAConfigBuiltInCode) {
  EXPECT_NO_THROW(checked(SampleConfig{}));
  try {
    checked(SampleConfig{.share = -1, .sweeps = 0});
    FAIL() << "accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_argument);
    EXPECT_STREQ(e.what(), "share: must be in [0, 1], got -1");
  }
}

TEST(ConfigJson, RefusesUnknownKeysWrongTypesAndBrokenRules) {
  EXPECT_EQ(refusal_of_json(R"({"sweeps": 5, "sweep": 6})"), "f: unknown key \"sweep\"");
  EXPECT_EQ(refusal_of_json(R"({"sweeps": "5"})"), "f.sweeps: must be a whole number, got \"5\"");
  EXPECT_EQ(refusal_of_json(R"({"sweeps": -1})"),
            "f.sweeps: must be a count in [0, 4294967295], got -1");
  EXPECT_EQ(refusal_of_json(R"({"sweeps": 0})"), "f.sweeps: must be >= 1, got 0");
  EXPECT_NE(refusal_of_json(R"({"is_warm": 1})"), "");
  EXPECT_NE(refusal_of_json(R"({"colour": "pink"})"), "");
  EXPECT_NE(refusal_of_json(R"({"colour": 1})"), "");
  EXPECT_NE(refusal_of_json(R"({"offset": null})"), "");
  EXPECT_NE(refusal_of_json(R"({"offset": "5"})"), "");
  EXPECT_NE(refusal_of_json("[]"), "");
}

TEST(ConfigJson, KeepsDefaultsForMissingKeys) {
  const Json json = parse_json(R"({"beta": 3})", "f");
  const auto config = config_from_json<SampleConfig>(JsonReader(json, "f"));
  EXPECT_EQ(config.beta, 3.0);
  EXPECT_EQ(config.sweeps, SampleConfig{}.sweeps);
}

TEST(ConfigJson, RoundTripsEveryConfigThroughJsonText) {
  rc::check("what is written is read back", [](double beta, std::uint64_t seed, bool is_warm) {
    SampleConfig config{.beta = std::isfinite(beta) && beta > 0 ? beta : HUGE_VAL,
                        .seed = seed,
                        .is_warm = is_warm,
                        .colour = static_cast<Colour>(seed % 3)};
    const Json json = parse_json(to_text(fields_to_json(fields_of(config))), "f");
    const auto read = config_from_json<SampleConfig>(JsonReader(json, "f"));
    RC_ASSERT(read.beta == config.beta);
    RC_ASSERT(read.seed == config.seed);
    RC_ASSERT(read.is_warm == config.is_warm);
    RC_ASSERT(read.colour == config.colour);
  });
}

TEST(Field, ShowsHelpWithRuleWordsAndCurrentValue) {
  SampleConfig config;
  const auto fields = fields_of(config);
  EXPECT_EQ(fields[0].help_text(), "inverse temperature (> 0) [1]");
  EXPECT_EQ(fields[1].help_text(), "part of the whole (in [0, 1]) [0.5]");
  EXPECT_EQ(fields[2].help_text(), "any number [0]");
  EXPECT_EQ(fields[6].help_text(), "starts from the last state [false]");
  EXPECT_EQ(fields[8].help_text(), "paint: red, green, blue [green]");
  EXPECT_EQ(fields[0].type(), "number");
  EXPECT_EQ(fields[4].type(), "count");
  EXPECT_EQ(fields[5].type(), "count");
  EXPECT_EQ(fields[6].type(), "flag");
  EXPECT_EQ(fields[7].type(), "text");
  EXPECT_EQ(fields[8].type(), "word");
}

}  // namespace
}  // namespace therma
