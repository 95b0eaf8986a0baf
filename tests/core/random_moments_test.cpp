// SPDX-License-Identifier: Apache-2.0
// Random draws as samples: moments, frequencies and independence, at a fixed seed.
//
// Each test compares a z score with kLimit = 5: a fair generator fails one such comparison with
// probability 6e-7, the whole file (under 60 comparisons) with less than 4e-5.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "therma/core/random/rng.hpp"

namespace therma {
namespace {

constexpr double kLimit = 5.0;
constexpr std::uint32_t kNumDraws = 1'000'000;

// z score of the sample mean of `values`, whose exact mean and variance are given.
double z_of_mean(const std::function<double(std::uint32_t)>& value, double mean, double variance) {
  double sum = 0.0;
  for (std::uint32_t i = 0; i < kNumDraws; ++i) sum += value(i);
  return (sum / kNumDraws - mean) / std::sqrt(variance / kNumDraws);
}

// Chi-square of counts against equal frequencies, as a z score (Wilson and Hilferty 1931).
double z_of_equal_frequencies(const std::vector<std::uint32_t>& counts) {
  double total = 0.0;
  for (const auto count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  double chi2 = 0.0;
  for (const auto count : counts) chi2 += (count - expected) * (count - expected) / expected;
  const double freedom = static_cast<double>(counts.size()) - 1.0;
  const double spread = 2.0 / (9.0 * freedom);
  return (std::cbrt(chi2 / freedom) - (1.0 - spread)) / std::sqrt(spread);
}

// E u = 1/2, Var u = 1/12; E u^2 = 1/3, Var u^2 = 1/5 - 1/9.
TEST(Uniform, HasItsFirstTwoMoments) {
  const Rng rng(11);
  const auto u = [&](std::uint32_t i) { return rng.uniform({.site = i}); };
  EXPECT_LT(std::abs(z_of_mean(u, 0.5, 1.0 / 12.0)), kLimit);
  const auto square = [&](std::uint32_t i) { return u(i) * u(i); };
  EXPECT_LT(std::abs(z_of_mean(square, 1.0 / 3.0, 4.0 / 45.0)), kLimit);
}

TEST(Uniform, FillsAThousandBinsEvenly) {
  const Rng rng(12);
  std::vector<std::uint32_t> counts(1000);
  for (std::uint32_t i = 0; i < kNumDraws; ++i) {
    ++counts[static_cast<std::size_t>(rng.uniform({.step = i}) * 1000.0)];
  }
  EXPECT_LT(std::abs(z_of_equal_frequencies(counts)), kLimit);
}

// E x^n of a standard normal: 0, 1, 0, 3, 0, 15, 0, 105; Var x^n = E x^2n - (E x^n)^2.
TEST(Normal, HasItsFirstFourMomentsInBothHalvesOfAPair) {
  const Rng rng(13);
  const double means[] = {0.0, 1.0, 0.0, 3.0};
  const double variances[] = {1.0, 2.0, 15.0, 96.0};
  for (std::size_t half = 0; half < 2; ++half) {
    for (int n = 1; n <= 4; ++n) {
      const auto power = [&](std::uint32_t i) {
        return std::pow(rng.normal_pair({.site = i})[half], n);
      };
      const auto k = static_cast<std::size_t>(n - 1);
      EXPECT_LT(std::abs(z_of_mean(power, means[k], variances[k])), kLimit) << half << " " << n;
    }
  }
}

// P(|x| > 3) = erfc(3 / sqrt 2) = 0.0026998: the tails are there.
TEST(Normal, HasItsTails) {
  const Rng rng(14);
  const double p = std::erfc(3.0 / std::sqrt(2.0));
  const auto outside = [&](std::uint32_t i) {
    return std::abs(rng.normal({.site = i})) > 3.0 ? 1.0 : 0.0;
  };
  EXPECT_LT(std::abs(z_of_mean(outside, p, p * (1.0 - p))), kLimit);
}

TEST(Normal, TheTwoOfAPairAreUncorrelatedAlsoSquared) {
  const Rng rng(15);
  const auto product = [&](std::uint32_t i) {
    const auto x = rng.normal_pair({.site = i});
    return x[0] * x[1];
  };
  EXPECT_LT(std::abs(z_of_mean(product, 0.0, 1.0)), kLimit);
  const auto squares = [&](std::uint32_t i) {
    const auto x = rng.normal_pair({.site = i});
    return (x[0] * x[0] - 1.0) * (x[1] * x[1] - 1.0);  // variance 2 * 2
  };
  EXPECT_LT(std::abs(z_of_mean(squares, 0.0, 4.0)), kLimit);
}

// E = 1, Var = 1; E x^2 = 2, Var x^2 = 4! - 4.
TEST(Exponential, HasItsFirstTwoMoments) {
  Draws draws(Rng(16), 0, 0);
  EXPECT_LT(std::abs(z_of_mean([&](std::uint32_t) { return draws.exponential(); }, 1.0, 1.0)),
            kLimit);
  const auto square = [&](std::uint32_t) {
    const double x = draws.exponential();
    return x * x;
  };
  EXPECT_LT(std::abs(z_of_mean(square, 2.0, 20.0)), kLimit);
}

TEST(Below, GivesEveryNumberEquallyOften) {
  for (const std::uint32_t bound : {2U, 3U, 7U, 10U, 1000U}) {
    Draws draws(Rng(17), bound, 0);
    std::vector<std::uint32_t> counts(bound);
    for (std::uint32_t i = 0; i < kNumDraws; ++i) ++counts[draws.below(bound)];
    EXPECT_LT(std::abs(z_of_equal_frequencies(counts)), kLimit) << bound;
  }
}

// Taking 32 bits modulo 3 * 2^30 would give the lower third twice as often as the rest.
TEST(Below, IsEvenForBoundsNearTheWordSize) {
  constexpr std::uint32_t kThird = 1U << 30;
  Draws draws(Rng(18), 0, 0);
  std::vector<std::uint32_t> counts(3);
  for (std::uint32_t i = 0; i < kNumDraws; ++i) ++counts[draws.below(3 * kThird) / kThird];
  EXPECT_LT(std::abs(z_of_equal_frequencies(counts)), kLimit);
}

// The product of two independent centred uniforms has mean 0 and variance 1/144.
double z_of_correlation(const std::function<double(std::uint32_t)>& a,
                        const std::function<double(std::uint32_t)>& b) {
  return z_of_mean([&](std::uint32_t i) { return (a(i) - 0.5) * (b(i) - 0.5); }, 0.0, 1.0 / 144.0);
}

TEST(Streams, NeighboursInEveryDirectionAreUncorrelated) {
  const Rng rng(19);
  const auto here = [&](std::uint32_t i) { return rng.uniform({.step = i, .site = i}); };
  const std::function<double(std::uint32_t)> neighbours[] = {
      [&](std::uint32_t i) { return rng.uniform({.chain = 1, .step = i, .site = i}); },
      [&](std::uint32_t i) { return rng.uniform({.step = i + 1, .site = i}); },
      [&](std::uint32_t i) { return rng.uniform({.step = i, .site = i + 1}); },
      [&](std::uint32_t i) { return rng.uniform({.step = i, .site = i, .lane = 1}); },
      [&](std::uint32_t i) { return Rng(20).uniform({.step = i, .site = i}); },
  };
  for (std::size_t n = 0; n < std::size(neighbours); ++n) {
    EXPECT_LT(std::abs(z_of_correlation(here, neighbours[n])), kLimit) << "direction " << n;
  }
}

TEST(Streams, ChildrenAreUncorrelatedWithEachOtherAndTheirParent) {
  const Rng parent(21);
  const Rng streams[] = {parent, parent.child("a"), parent.child("b"), parent.child(0),
                         parent.child(1)};
  for (std::size_t i = 0; i < std::size(streams); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double z =
          z_of_correlation([&](std::uint32_t k) { return streams[i].uniform({.site = k}); },
                           [&](std::uint32_t k) { return streams[j].uniform({.site = k}); });
      EXPECT_LT(std::abs(z), kLimit) << i << " " << j;
    }
  }
}

// One draw from each of many children: keys derived in a row behave like draws in a row.
TEST(Streams, TheFirstDrawsOfNumberedChildrenFillBinsEvenly) {
  const Rng parent(22);
  std::vector<std::uint32_t> counts(64);
  for (std::uint64_t i = 0; i < kNumDraws; ++i) {
    ++counts[static_cast<std::size_t>(parent.child(i).uniform({}) * 64.0)];
  }
  EXPECT_LT(std::abs(z_of_equal_frequencies(counts)), kLimit);
}

}  // namespace
}  // namespace therma
