// SPDX-License-Identifier: Apache-2.0
// Rotary embedding: angles, scalings at their known ends, and what rotation keeps.
#include "therma/llm/transformer/rope.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/llm/transformer/small_models.hpp"

namespace therma::llm {
namespace {

using namespace testing;

constexpr std::uint32_t kDim = 64, kContext = 2048;
constexpr double kTurn = 2.0 * std::numbers::pi;

RopeConfig scaled(RopeScaling scaling, double factor) {
  RopeConfig config;
  config.scaling = scaling;
  config.factor = factor;
  config.original_max_context = kContext;
  return config;
}

std::vector<double> frequencies(const RopeConfig& config, std::uint32_t length = 1) {
  return Rope(config, kDim, kContext).frequencies(length);
}

TEST(Rope, TurnsPairIByThetaToTheMinus2IOverDim) {
  const auto got = frequencies({});
  ASSERT_EQ(got.size(), kDim / 2);
  EXPECT_EQ(got[0], 1.0);
  EXPECT_NEAR(got[16], 0.01, 1e-15);  // 10000^(-1/2)
  EXPECT_NEAR(got[8], 0.1, 1e-15);    // 10000^(-1/4)
}

TEST(Rope, GivesCosinesAndSinesOfPositionTimesFrequency) {
  const Rope rope({}, kDim, kContext);
  std::vector<float> cosines(3 * kDim / 2), sines(3 * kDim / 2);
  rope.turns({.first = 100'000, .count = 3, .length = 100'003}, cosines.data(), sines.data());
  for (std::size_t p = 0; p < 3; ++p) {
    for (std::size_t i = 0; i < kDim / 2; ++i) {
      const double angle =
          (100'000.0 + static_cast<double>(p)) * std::pow(10'000.0, -static_cast<double>(i) / 32.0);
      EXPECT_NEAR(cosines[p * 32 + i], std::cos(angle), 1e-7);
      EXPECT_NEAR(sines[p * 32 + i], std::sin(angle), 1e-7);
    }
  }
}

// q . k after rotation depends on the distance of their positions alone.
TEST(Rope, LeavesProductsThatDependOnTheDistance) {
  for (const bool neighbours : {false, true}) {
    RopeConfig config;
    config.pairs_are_neighbours = neighbours;
    const Rope rope(config, kDim, kContext);
    const auto product = [&](std::uint32_t at_query, std::uint32_t at_key) {
      auto query = normal_values(kDim, 0.0, 1.0, 1), key = normal_values(kDim, 0.0, 1.0, 2);
      std::vector<float> cosines(kDim / 2), sines(kDim / 2);
      rope.turns({at_query, 1, 1}, cosines.data(), sines.data());
      rope.rotate(query.data(), cosines.data(), sines.data());
      rope.turns({at_key, 1, 1}, cosines.data(), sines.data());
      rope.rotate(key.data(), cosines.data(), sines.data());
      double sum = 0.0;
      for (std::size_t k = 0; k < kDim; ++k) sum += double{query[k]} * key[k];
      return sum;
    };
    EXPECT_NEAR(product(7, 3), product(1007, 1003), 1e-4);
    EXPECT_GT(std::fabs(product(7, 3) - product(7, 4)), 1e-2);
  }
}

TEST(Rope, TurnsNeighboursAsItTurnsHalvesOfTheReorderedHead) {
  RopeConfig config;
  const Rope halves(config, kDim, kContext);
  config.pairs_are_neighbours = true;
  const Rope neighbours(config, kDim, kContext);
  std::vector<float> cosines(kDim / 2), sines(kDim / 2);
  halves.turns({5, 1, 6}, cosines.data(), sines.data());
  auto head = normal_values(kDim, 0.0, 1.0, 1);
  std::vector<float> reordered(kDim);
  for (std::size_t i = 0; i < kDim / 2; ++i) {
    reordered[i] = head[2 * i], reordered[i + kDim / 2] = head[2 * i + 1];
  }
  neighbours.rotate(head.data(), cosines.data(), sines.data());
  halves.rotate(reordered.data(), cosines.data(), sines.data());
  for (std::size_t i = 0; i < kDim / 2; ++i) {
    EXPECT_EQ(reordered[i], head[2 * i]);
    EXPECT_EQ(reordered[i + kDim / 2], head[2 * i + 1]);
  }
}

TEST(LinearScaling, DividesEveryFrequency) {
  const auto plain = frequencies({}), got = frequencies(scaled(RopeScaling::linear, 4.0));
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_DOUBLE_EQ(got[i], plain[i] / 4.0);
}

// At L positions the base is theta (factor L / context - (factor - 1))^(dim / (dim - 2)): at twice
// the context and a factor of 3, that is 4^(64 / 62). The slowest pair then turns 4 times slower.
TEST(DynamicScaling, RaisesTheBaseBeyondTheContext) {
  const auto config = scaled(RopeScaling::dynamic, 3.0);
  EXPECT_EQ(frequencies(config, 10), frequencies({}));
  EXPECT_EQ(frequencies(config, kContext), frequencies({}));
  RopeConfig raised;
  raised.theta = 10'000.0 * std::pow(4.0, 64.0 / 62.0);
  const auto got = frequencies(config, 2 * kContext), expected = frequencies(raised);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i] / expected[i], 1.0, 1e-12);
  EXPECT_NEAR(got.back(), frequencies({}).back() / 4.0, 1e-12);
}

// Wavelengths below context / high_freq_factor stay, those above context / low_freq_factor grow by
// the factor; between them the share that stays is linear in context / wavelength.
TEST(Llama3Scaling, KeepsFastPairsAndSlowsSlowOnes) {
  const auto plain = frequencies({}), got = frequencies(scaled(RopeScaling::llama3, 8.0));
  int kept = 0, slowed = 0, between = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double turns = kContext * plain[i] / kTurn;
    if (turns > 4.0) {
      EXPECT_DOUBLE_EQ(got[i], plain[i]);
      ++kept;
    } else if (turns < 1.0) {
      EXPECT_DOUBLE_EQ(got[i], plain[i] / 8.0);
      ++slowed;
    } else {
      const double smooth = (turns - 1.0) / 3.0;
      EXPECT_DOUBLE_EQ(got[i], (1.0 - smooth) * plain[i] / 8.0 + smooth * plain[i]);
      ++between;
    }
  }
  EXPECT_GT(kept, 0);
  EXPECT_GT(slowed, 0);
  EXPECT_GT(between, 0);
}

// Pairs that turn 32 times or more within the context stay, those that turn less than once slow
// by the factor. Pair i turns context / (2 pi) theta^(-2 i / dim) times: 32 turns at i = 8.05,
// once at i = 20.1; the ramp goes from 8 to 21.
TEST(YarnScaling, IsALinearRampBetweenPairsThatTurnOftenAndSeldom) {
  const auto plain = frequencies({}), got = frequencies(scaled(RopeScaling::yarn, 4.0));
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - 8.0) / 13.0, 0.0, 1.0);
    EXPECT_NEAR(got[i], plain[i] * (ramp / 4.0 + 1.0 - ramp), 1e-15) << i;
  }
}

TEST(YarnScaling, MultipliesCosinesAndSinesByTheAttentionFactor) {
  auto config = scaled(RopeScaling::yarn, 4.0);
  std::vector<float> cosines(kDim / 2), sines(kDim / 2);
  Rope(config, kDim, kContext).turns({0, 1, 1}, cosines.data(), sines.data());
  EXPECT_NEAR(cosines[0], 0.1 * std::log(4.0) + 1.0, 1e-7);
  config.attention_factor = 0.75;
  Rope(config, kDim, kContext).turns({0, 1, 1}, cosines.data(), sines.data());
  EXPECT_EQ(cosines[5], 0.75F);
}

TEST(FrequencyDivisors, DivideEachPairsFrequency) {
  RopeConfig config;
  for (std::size_t i = 0; i < kDim / 2; ++i) {
    config.frequency_divisors.push_back(1.0F + static_cast<float>(i));
  }
  const auto plain = frequencies({}), got = frequencies(config);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_DOUBLE_EQ(got[i], plain[i] / (1.0 + static_cast<double>(i)));
  }
}

}  // namespace
}  // namespace therma::llm
