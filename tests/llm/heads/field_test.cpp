// SPDX-License-Identifier: Apache-2.0
// Token fields: penalties, biases and steering against their definitions.
#include "therma/llm/heads/field.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

float energy(const TokenField& field, TokenId token, float product) {
  return energy_of(&field, token, product);
}

TEST(TokenField, DividesPositiveLogitsOfRepeatedTokensAndMultipliesNegativeOnes) {
  const FieldBuilder builder(10, {.repeat_penalty = 2.0});
  const TokenId prompt[] = {7, 3, 7}, drawn[] = {1};
  const auto field = builder.field(prompt, drawn);
  EXPECT_EQ(field.repeated, (std::vector<TokenId>{1, 3, 7}));
  EXPECT_EQ(energy(field, 3, 5.0F), -2.5F);
  EXPECT_EQ(energy(field, 3, -5.0F), 10.0F);
  EXPECT_EQ(energy(field, 1, 5.0F), -2.5F);
  EXPECT_EQ(energy(field, 2, 5.0F), -5.0F);
}

// OpenAI: logit of j -= c(j) frequency + [c(j) > 0] presence.
TEST(TokenField, CountsOnlyDrawnTokensForPresenceAndFrequency) {
  const FieldBuilder builder(10, {.presence_penalty = 0.5, .frequency_penalty = 0.25});
  const TokenId prompt[] = {3, 3}, drawn[] = {4, 5, 4};
  const auto field = builder.field(prompt, drawn);
  EXPECT_EQ(energy(field, 3, 1.0F), -1.0F);
  EXPECT_EQ(energy(field, 4, 1.0F), -1.0F + 0.5F + 2 * 0.25F);
  EXPECT_EQ(energy(field, 5, 1.0F), -1.0F + 0.5F + 0.25F);
  EXPECT_TRUE(field.repeated.empty());
}

TEST(TokenField, LooksBackAsFarAsItIsTold) {
  const FieldBuilder builder(10,
                             {.repeat_penalty = 2.0, .presence_penalty = 1.0, .penalty_window = 3});
  const TokenId prompt[] = {1, 2}, drawn[] = {3, 4};
  const auto field = builder.field(prompt, drawn);
  EXPECT_EQ(field.repeated, (std::vector<TokenId>{2, 3, 4}));
  const TokenId longer[] = {5, 6, 7, 8};
  const auto later = builder.field(prompt, longer);
  EXPECT_EQ(later.repeated, (std::vector<TokenId>{6, 7, 8}));
  EXPECT_EQ(energy(later, 5, 1.0F), -1.0F);
  EXPECT_EQ(energy(later, 6, 2.0F), -1.0F + 1.0F);
}

TEST(TokenField, AddsBiasAndSteeringAndForbids) {
  FieldBuilder builder(10);
  builder.bias(2, 1.5);
  const TokenId text[] = {2, 4, 2};
  builder.steer(text, 2.0);
  builder.forbid(5);
  builder.bias(6, -std::numeric_limits<double>::infinity());
  builder.steer(std::vector<TokenId>{5}, 3.0);
  const auto field = builder.field({}, {});
  EXPECT_EQ(energy(field, 2, 1.0F), -4.5F);
  EXPECT_EQ(energy(field, 4, 1.0F), -3.0F);
  EXPECT_EQ(energy(field, 5, 1.0F), kInfinity);
  EXPECT_EQ(energy(field, 6, 1.0F), kInfinity);
  EXPECT_EQ(energy(field, 7, 1.0F), -1.0F);
}

TEST(TokenField, GivesARunOfTokensTheBitsOfEachAlone) {
  FieldBuilder builder(100,
                       {.repeat_penalty = 1.3, .presence_penalty = 0.7, .frequency_penalty = 0.1});
  builder.bias(41, 0.3);
  const TokenId drawn[] = {40, 41, 45, 45, 59, 3};
  const auto field = builder.field({}, drawn);
  std::vector<float> values(20), alone(20);
  for (std::uint32_t i = 0; i < 20; ++i) {
    values[i] = (static_cast<float>(i) - 7.3F) / 3.0F;
    alone[i] = energy_of(&field, 40 + i, values[i]);
  }
  products_to_energies(&field, 40, values);
  EXPECT_EQ(values, alone);
}

TEST(TokenField, RefusesTokensOutsideTheVocabularyAndNumbersThatAreNone) {
  FieldBuilder builder(10);
  EXPECT_THROW(builder.bias(10, 1.0), Error);
  EXPECT_THROW(builder.bias(1, std::numeric_limits<double>::quiet_NaN()), Error);
  EXPECT_THROW(builder.bias(1, std::numeric_limits<double>::infinity()), Error);
  EXPECT_THROW(FieldBuilder(10, {.repeat_penalty = 0.0}), Error);
}

TEST(Steering, IsWrittenAsATextAndItsNats) {
  EXPECT_EQ(parse_steer("sea=2.0").text, "sea");
  EXPECT_EQ(parse_steer("sea=2.0").nats, 2.0);
  EXPECT_EQ(parse_steer("a=b=-1").text, "a=b");
  EXPECT_EQ(parse_steer("a=b=-1").nats, -1.0);
  for (const auto* const bad : {"", "sea", "=2", "sea=", "sea=two", "sea=2x", "sea=inf"}) {
    EXPECT_THROW((void)parse_steer(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace therma::llm
