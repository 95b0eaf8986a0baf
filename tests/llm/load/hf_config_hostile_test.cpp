// SPDX-License-Identifier: Apache-2.0
// config.json and generation_config.json with one fault each.
#include <gtest/gtest.h>

#include "tests/llm/load/config_support.hpp"

namespace therma::llm {
namespace {

using namespace testing;

TEST(HostileConfig, WithASizeOutOfItsRangeIsRefusedByName) {
  for (const auto* const key :
       {"hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
        "intermediate_size", "vocab_size", "max_position_embeddings", "head_dim"}) {
    for (const auto* const value :
         {"0", "-1", "1.5", "1e30", "18446744073709551615", "4294967297", "\"8\"", "[8]", "true"}) {
      EXPECT_SAYS(refused({{key, value}}), "config.json." + std::string(key) + ": must be");
    }
  }
  for (const auto* const key : {"hidden_size", "num_hidden_layers", "vocab_size"}) {
    EXPECT_SAYS(refused({{key, ""}}), "\"" + std::string(key) + "\" is missing");
    EXPECT_SAYS(refused({{key, "null"}}), std::string(key) + ": must be");
  }
}

TEST(HostileConfig, WithHeadsThatDoNotDivideIsRefused) {
  EXPECT_SAYS(refused({{"num_attention_heads", "3"}}),
              "hidden_size: must be a multiple of num_attention_heads");
  EXPECT_SAYS(refused({{"num_attention_heads", "4"}, {"num_key_value_heads", "3"}}),
              "the number of attention heads must be a multiple of the number of key-value heads");
  EXPECT_SAYS(refused({{"head_dim", "5"}}), "the size of a head must be a multiple of 2");
}

TEST(HostileConfig, WithNumbersThatAreNoneOrOutOfRangeIsRefused) {
  for (const auto* const value : {"NaN", "Infinity", "-Infinity", "1e999"}) {
    EXPECT_SAYS(refused({{"rms_norm_eps", value}}), "not valid JSON");
    EXPECT_SAYS(refused({{"rope_theta", value}}), "not valid JSON");
  }
  for (const auto* const value : {"0", "-1e-6", "2.0"}) {
    EXPECT_SAYS(refused({{"rms_norm_eps", value}}), "the epsilon of the norms must be in");
  }
  for (const auto* const value : {"0", "-10000", "1e300"}) {
    EXPECT_SAYS(refused({{"rope_theta", value}}), "the base of the rotary embedding must be in");
  }
  for (const auto* const value : {"0", "-4", "1e300"}) {
    EXPECT_SAYS(
        refused({{"rope_scaling", "{\"type\":\"linear\",\"factor\":" + std::string(value) + "}"}}),
        "the factor of the rotary scaling must be in");
  }
  EXPECT_SAYS(refused({{"rope_scaling", R"({"type":"llama3","factor":8,"low_freq_factor":4,)"
                                        R"("high_freq_factor":4})"}}),
              "low_freq_factor must be below high_freq_factor");
  EXPECT_SAYS(refused({{"rope_scaling", R"({"type":"yarn","factor":8,"beta_slow":64})"}}),
              "beta_slow must be below beta_fast");
  EXPECT_SAYS(
      refused({{"rope_scaling", R"({"type":"yarn","original_max_position_embeddings":0})"}}),
      "\"factor\" is missing");
  EXPECT_SAYS(refused({{"rope_scaling", R"({"type":"yarn","factor":2,)"
                                        R"("original_max_position_embeddings":0})"}}),
              "the original context length must be in [1");
}

TEST(HostileConfig, WithLayerTypesOfAnotherLengthOrNameIsRefused) {
  const auto windowed = with(kQwen, {{"use_sliding_window", "true"}});
  EXPECT_SAYS(refused(with(windowed, {{"layer_types", "[]"}})),
              "must have num_hidden_layers = 1 elements, got 0");
  EXPECT_SAYS(refused(with(windowed, {{"layer_types", "[\"chunked_attention\"]"}})),
              "layer_types[0]: must be \"full_attention\" or \"sliding_attention\"");
}

TEST(HostileConfig, WithTokensOutOfRangeIsRefused) {
  for (const auto* const value : {"-1", "4194304", "\"</s>\"", "[1,-1]", "{}"}) {
    EXPECT_SAYS(refused({{"eos_token_id", value}}), "eos_token_id");
  }
  EXPECT_SAYS(refused({{"eos_token_id", "[" + std::string(128, '1') + "]"}}), "eos_token_id[0]");
}

TEST(HostileConfig, ThatIsNoConfigurationIsRefused) {
  for (const auto* const text : {"", "[]", "null", "{\"a\":1,\"a\":2}", "\xEF\xBB\xBF", "{{"}) {
    EXPECT_FALSE(refusal([&] { (void)parse_hf_config(text, "config.json"); }).empty());
  }
}

TEST(HostileGenerationConfig, WithNumbersOutOfRangeIsRefusedByName) {
  const auto refused_text = [](const std::string& text) {
    return refusal([&] { (void)parse_generation_config(text, "g"); });
  };
  EXPECT_SAYS(refused_text(R"({"temperature":-1})"), "g.temperature: must be in [0, 1000], got -1");
  EXPECT_SAYS(refused_text(R"({"top_p":1.5})"), "g.top_p: must be in [0, 1]");
  EXPECT_SAYS(refused_text(R"({"top_k":-1})"), "g.top_k: must be a count");
  EXPECT_SAYS(refused_text(R"({"repetition_penalty":0})"), "g.repetition_penalty: must be in");
  EXPECT_SAYS(refused_text(R"({"temperature":"hot"})"), "g.temperature: must be a number");
}

}  // namespace
}  // namespace therma::llm
