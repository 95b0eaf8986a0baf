// SPDX-License-Identifier: Apache-2.0
// Gumbel noise: its plain twin, the logarithms it stands for, its law.
#include "therma/llm/heads/noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/support/on_each_target.hpp"
#include "therma/llm/heads/noise_words.hpp"

namespace therma::llm {
namespace {

constexpr NoiseKey kKey{.seed = 7, .chain = 3, .position = 11};

std::vector<float> gumbels(const TokenNoise& noise, TokenId first, std::size_t count) {
  std::vector<float> out(count);
  noise.gumbels(first, out);
  return out;
}

TEST(TokenNoise, IsTheSameOnEachTargetAsItsPlainTwin) {
  const TokenNoise noise(kKey, 5);
  std::vector<std::uint32_t> twin;
  for (TokenId v = 0; v < 5000; ++v) twin.push_back(std::bit_cast<std::uint32_t>(noise.gumbel(v)));
  testing::on_each_target([&] {
    for (TokenId v = 0; const float g : gumbels(noise, 0, twin.size())) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(g), twin[v]) << v;
      ++v;
    }
  });
}

TEST(TokenNoise, DoesNotDependOnTheRangeThatIsAskedFor) {
  const TokenNoise noise(kKey);
  const auto all = gumbels(noise, 0, 400);
  testing::on_each_target([&] {
    for (TokenId first = 0; first < 40; ++first) {
      for (std::size_t count = 0; count < 80; ++count) {
        const auto part = gumbels(noise, first, count);
        ASSERT_TRUE(std::ranges::equal(part, std::span(all).subspan(first, count)));
      }
    }
  });
}

double exact_gumbel(std::uint32_t word) {
  const double u = (word + 0.5) * 0x1p-32;
  const double rest = (static_cast<double>(~word) + 0.5) * 0x1p-32;
  return -std::log(word >> 31 != 0 ? -std::log1p(-rest) : -std::log(u));
}

TEST(TokenNoise, IsAsCloseToTheLogarithmsAsItsHeaderSays) {
  const auto check = [](std::uint32_t word) {
    const double exact = exact_gumbel(word);
    ASSERT_NEAR(gumbel_of_word(word), exact, 0x1p-21 * std::max(1.0, std::abs(exact))) << word;
  };
  for (std::uint64_t word = 0; word < 0x100000000; word += 9973) {
    check(static_cast<std::uint32_t>(word));
  }
  for (int bit = 0; bit < 32; ++bit) {  // the ends and all powers of two, where exponents change
    for (const std::uint32_t off : {0U, 1U, 2U, 3U}) {
      const std::uint32_t word = (1U << bit) - off;
      check(word);
      check(~word);
    }
  }
}

TEST(TokenNoise, ReachesTwentyTwoNatsAndIsFiniteAtBothEnds) {
  EXPECT_NEAR(gumbel_of_word(0xFFFFFFFF), 33.0 * std::numbers::ln2, 1e-5);
  EXPECT_NEAR(gumbel_of_word(0), -std::log(33.0 * std::numbers::ln2), 1e-5);
}

// Kolmogorov's distance of n draws passes 2.4 / sqrt(n) with probability 2 exp(-2 * 2.4^2) = 2e-5.
TEST(TokenNoise, HasTheGumbelLaw) {
  constexpr std::size_t kDraws = 1 << 20;
  auto drawn = gumbels(TokenNoise(kKey), 0, kDraws);
  std::ranges::sort(drawn);
  double distance = 0.0;
  for (std::size_t i = 0; i < kDraws; ++i) {
    const double cumulated = std::exp(-std::exp(-static_cast<double>(drawn[i])));
    distance = std::max({distance, std::abs(cumulated - static_cast<double>(i) / kDraws),
                         std::abs(cumulated - static_cast<double>(i + 1) / kDraws)});
  }
  EXPECT_LT(distance, 2.4 / std::sqrt(static_cast<double>(kDraws)));
}

// The correlation of n independent pairs is normal with deviation 1 / sqrt(n); 5 deviations have
// probability 6e-7, and there are seven pairs.
TEST(TokenNoise, IsIndependentBetweenSeedsChainsPositionsStepsAndTokens) {
  constexpr std::size_t kDraws = 1 << 18;
  const auto base = gumbels(TokenNoise({1, 2, 3}, 4), 0, kDraws);
  const auto correlation = [&](const std::vector<float>& other) {
    const double mean = std::numbers::egamma, variance = std::pow(std::numbers::pi, 2) / 6.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < kDraws; ++i) sum += (base[i] - mean) * (other[i] - mean);
    return sum / (variance * kDraws);
  };
  const double limit = 5.0 / std::sqrt(static_cast<double>(kDraws));
  EXPECT_NEAR(correlation(base), 1.0, 0.05);
  EXPECT_LT(std::abs(correlation(gumbels(TokenNoise({2, 2, 3}, 4), 0, kDraws))), limit);
  EXPECT_LT(std::abs(correlation(gumbels(TokenNoise({1, 3, 3}, 4), 0, kDraws))), limit);
  EXPECT_LT(std::abs(correlation(gumbels(TokenNoise({1, 2, 4}, 4), 0, kDraws))), limit);
  EXPECT_LT(std::abs(correlation(gumbels(TokenNoise({1, 2, 3}, 5), 0, kDraws))), limit);
  EXPECT_LT(std::abs(correlation(gumbels(TokenNoise({1, 3, 2}, 4), 0, kDraws))), limit);
  EXPECT_LT(std::abs(correlation(gumbels(TokenNoise({1, 2, 3}, 4), 1, kDraws))), limit);
  EXPECT_LT(std::abs(correlation(gumbels(TokenNoise({1, 2, 3}, 4), 4, kDraws))), limit);
}

}  // namespace
}  // namespace therma::llm
