// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/dynamics/fluctuation.hpp"
#include "therma/dynamics/observables.hpp"

namespace therma {
namespace {

TEST(Moments, AreThoseOfTheNumbers) {
  Moments m;
  for (const double x : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) m.add(x);
  EXPECT_EQ(m.count, 8U);
  EXPECT_DOUBLE_EQ(m.mean, 5.0);
  EXPECT_DOUBLE_EQ(m.variance(), 32.0 / 7.0);
  EXPECT_DOUBLE_EQ(m.error(), std::sqrt(32.0 / 7.0 / 8.0));
}

TEST(Moments, MergeAsIfAddedTogether) {
  Moments all, left, right;
  const Rng rng(1);
  for (std::uint32_t i = 0; i < 100; ++i) {
    const double x = 1e6 + rng.normal({.site = i});
    all.add(x);
    (i < 37 ? left : right).add(x);
  }
  left.merge(right);
  left.merge({});
  EXPECT_EQ(left.count, all.count);
  EXPECT_NEAR(left.mean, all.mean, 1e-9);
  EXPECT_NEAR(left.variance(), all.variance(), 1e-8);
}

TEST(BlockedMean, FindsTheErrorOfACorrelatedStream) {
  // x' = a x + sqrt(1 - a^2) xi has unit variance and correlation (1 + a) / (1 - a) = 19, so that
  // the mean of N has the error sqrt(19 / N). 64 streams: the mean of their estimates is good to
  // 2 %, and biased low by the finite blocks by less than 5 %.
  constexpr double kA = 0.9;
  constexpr std::uint32_t kLength = 1 << 14, kStreams = 64;
  const Rng rng(3);
  Moments errors, means;
  for (std::uint32_t stream = 0; stream < kStreams; ++stream) {
    BlockedMean blocked;
    double x = rng.child("start").normal({.chain = stream});
    for (std::uint32_t i = 0; i < kLength; ++i) {
      x = kA * x + std::sqrt(1.0 - kA * kA) * rng.normal({.chain = stream, .site = i});
      blocked.add(x);
    }
    errors.add(blocked.error());
    means.add(blocked.mean());
  }
  const double expected = std::sqrt(19.0 / kLength);
  EXPECT_NEAR(errors.mean, expected, 0.15 * expected);
  // The spread of the means themselves, known to 1 / sqrt(2 * 63) = 9 %: 5 standard deviations.
  EXPECT_NEAR(std::sqrt(means.variance()), expected, 0.45 * expected);
}

TEST(BlockedMean, FindsNoCorrelationInIndependentNumbers) {
  BlockedMean blocked;
  const Rng rng(4);
  for (std::uint32_t i = 0; i < 10'000; ++i) blocked.add(rng.normal({.site = i}));
  EXPECT_NEAR(blocked.error(), 0.01, 0.005);
  EXPECT_GE(blocked.correlation(), 1.0);
  EXPECT_LT(blocked.correlation(), 2.25);
}

TEST(AcceptanceObserver, CountsFlipsPerProposal) {
  AcceptanceObserver acceptance;
  EXPECT_EQ(acceptance.rate(), 0.0);
  acceptance.on_step({}, {.proposals = 10, .flips = 3});
  acceptance.on_step({}, {.proposals = 10, .flips = 4});
  EXPECT_DOUBLE_EQ(acceptance.rate(), 0.35);
}

TEST(FreeEnergy, IsTheWorkWhereAllWorksAreEqual) {
  const std::vector<double> work(10, 3.0), back(20, -3.0);
  EXPECT_DOUBLE_EQ(jarzynski(work, 0.5).value, 3.0);
  EXPECT_EQ(jarzynski(work, 0.5).error, 0.0);
  EXPECT_NEAR(bennett(work, back, 0.5).value, 3.0, 1e-9);
}

TEST(FreeEnergy, SurvivesWorksFarAboveTheTemperature) {
  // e^{-W/kT} alone would be zero: -kT ln of the mean of e^{-1000} and e^{-2000} is 1000 + ln 2.
  EXPECT_DOUBLE_EQ(jarzynski(std::vector<double>{1000.0, 2000.0}, 1.0).value,
                   1000.0 + std::log(2.0));
}

TEST(FreeEnergy, RejectsTooFewWorksAndNoTemperature) {
  const std::vector<double> one = {1.0}, two = {1.0, 2.0};
  EXPECT_THROW((void)jarzynski(one, 1.0), Error);
  EXPECT_THROW((void)jarzynski(two, 0.0), Error);
  EXPECT_THROW((void)bennett(two, one, 1.0), Error);
}

}  // namespace
}  // namespace therma
