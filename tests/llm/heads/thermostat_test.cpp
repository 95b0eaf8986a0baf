// SPDX-License-Identifier: Apache-2.0
// Schedules over a text, and the thermostat against laws whose entropy is known.
#include "therma/llm/heads/thermostat.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"

namespace therma::llm {
namespace {

TEST(BetaPlan, HoldsOneBetaATokenOverPositions) {
  const BetaPlan plan{Schedule::linear(0.5, 1.5), true};
  EXPECT_EQ(plan.betas(0, 11, 16), std::vector<double>{0.5});
  EXPECT_EQ(plan.betas(5, 11, 16), std::vector<double>{1.0});
  EXPECT_EQ(plan.betas(10, 11, 16), std::vector<double>{1.5});
}

TEST(BetaPlan, RunsOverTheStepsOfEachRelaxation) {
  const BetaPlan plan{Schedule::linear(0.5, 1.5), false};
  EXPECT_EQ(plan.betas(7, 11, 3), (std::vector<double>{0.5, 1.0, 1.5}));
  EXPECT_EQ(BetaPlan{Schedule::constant(0.7)}.betas(7, 11, 3), std::vector<double>{0.7});
}

// A token up with probability 1 / (1 + exp(beta x)), and its field x, which is normal around 2.
struct Stream {
  explicit Stream(std::uint64_t seed) : rng(seed) {}
  TokenThermodynamics next(double beta) {
    const double x = 2.0 + 0.3 * rng.normal({.step = t});
    const double up = 1.0 / (1.0 + std::exp(beta * x)), down = 1.0 - up;
    const bool is_up = rng.child("token").uniform({.step = t++}) < up;
    return {.entropy = -up * std::log(up) - down * std::log(down),
            .log_probability = std::log(is_up ? up : down)};
  }
  Rng rng;
  std::uint64_t t = 0;
};

double mean_after(Thermostat thermostat, std::uint64_t seed, int warm_up, int count) {
  Stream stream(seed);
  double sum = 0.0;
  for (int t = -warm_up; t < count; ++t) {
    const auto token = stream.next(thermostat.beta());
    if (t >= 0) {
      sum += thermostat.held() == Held::entropy ? token.entropy : -token.log_probability;
    }
    thermostat.learn(token);
  }
  return sum / count;
}

// By eq. 9 the mean differs from the target by at most ln(beta_high / beta_low) / (gain n), for
// certain, as long as the bounds are not reached: here below 6 / (0.05 * 20000) = 0.006.
TEST(Thermostat, HoldsTheMeanEntropyOfAStationaryStream) {
  for (const double target : {0.1, 0.3, 0.5}) {
    EXPECT_NEAR(mean_after({Held::entropy, {.target = target}}, 1, 500, 20'000), target, 0.006);
  }
}

TEST(Thermostat, HoldsTheMeanSurprisalOfAStationaryStream) {
  for (const double target : {0.1, 0.3, 0.5}) {
    EXPECT_NEAR(mean_after({Held::surprisal, {.target = target}}, 2, 500, 20'000), target, 0.006);
  }
}

TEST(Thermostat, HeatsWhereThereIsTooLittleEntropyAndCoolsWhereThereIsTooMuch) {
  Thermostat thermostat(Held::entropy, {.target = 0.5, .gain = 0.1});
  thermostat.learn(0.2);
  EXPECT_NEAR(thermostat.beta(), std::exp(-0.03), 1e-15);
  thermostat.learn(1.2);
  EXPECT_NEAR(thermostat.beta(), std::exp(0.04), 1e-15);
  thermostat.learn(std::nan(""));
  EXPECT_NEAR(thermostat.beta(), std::exp(0.04), 1e-15);
}

// No law of two tokens has an entropy of 3 nats.
TEST(Thermostat, StaysInItsBoundsWhenTheTargetCannotBeReached) {
  Stream stream(3);
  Thermostat thermostat(Held::entropy, {.target = 3.0, .beta_low = 0.2});
  for (int t = 0; t < 1000; ++t) {
    thermostat.learn(stream.next(thermostat.beta()));
    EXPECT_GE(thermostat.beta(), 0.2 * (1 - 1e-15));
  }
  EXPECT_NEAR(thermostat.beta(), 0.2, 1e-15);
}

TEST(Thermostat, IsWrittenAsAQuantityAndItsTarget) {
  EXPECT_EQ(parse_thermostat("entropy=2.5").held(), Held::entropy);
  EXPECT_EQ(parse_thermostat("entropy=2.5").config().target, 2.5);
  EXPECT_EQ(parse_thermostat("surprisal=1").held(), Held::surprisal);
  for (const auto* const bad : {"", "entropy", "entropy=", "heat=1", "entropy=-1", "entropy=1x"}) {
    EXPECT_THROW((void)parse_thermostat(bad), Error) << bad;
  }
  EXPECT_THROW(Thermostat(Held::entropy, {.beta_start = 30.0}), Error);
}

}  // namespace
}  // namespace therma::llm
