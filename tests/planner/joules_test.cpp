// SPDX-License-Identifier: Apache-2.0
#include "therma/planner/joules.hpp"

#include <gtest/gtest.h>

namespace therma::planner {
namespace {

constexpr EnergyProfile kProfile;

TEST(Joules, PureLanguageModelAnswerCosts7500Millijoules) {
  // 2500 tokens x 3 mJ
  EXPECT_NEAR(model_joules(kProfile, kPureLlmAnswer), 7.5, 1e-12);
}

TEST(Joules, HybridAnswerCosts3600MillijoulesAndSaves52Percent) {
  // 700 x 3 mJ + 5000 x 0.3 mJ = 2.1 J + 1.5 J; 1 - 3.6 / 7.5 = 0.52
  const Work hybrid{.llm_tokens = 700, .digital_steps = 5000};
  EXPECT_NEAR(model_joules(kProfile, hybrid), 3.6, 1e-12);
  EXPECT_NEAR(saved_share(kProfile, hybrid), 0.52, 1e-12);
}

TEST(Joules, AnalogAnswerCosts2150MillijoulesAndSaves71Percent) {
  // 700 x 3 mJ + 5000 x 0.01 mJ = 2.1 J + 0.05 J; 1 - 2.15 / 7.5 = 0.71333...
  const Work analog{.llm_tokens = 700, .analog_steps = 5000};
  EXPECT_NEAR(model_joules(kProfile, analog), 2.15, 1e-12);
  EXPECT_NEAR(saved_share(kProfile, analog), 1.0 - 2.15 / 7.5, 1e-12);
}

TEST(Joules, BreakEvenIsWhereTheModelPricesMeet) {
  // (7.5 - 2.1) J / 0.3 mJ = 18,000 steps
  EXPECT_NEAR(break_even_steps(kProfile, 700), 18'000, 1e-6);
  const Work at_break_even{.llm_tokens = 700, .digital_steps = 18'000};
  EXPECT_NEAR(saved_share(kProfile, at_break_even), 0.0, 1e-12);
}

TEST(Joules, BreakEvenIsZeroWhenTheTokensAloneCostMore) {
  EXPECT_EQ(break_even_steps(kProfile, 2501), 0.0);
}

TEST(Joules, SavingsTurnNegativeWhenTheWorkCostsMore) {
  EXPECT_LT(saved_share(kProfile, {.digital_steps = 25'001}), 0.0);
}

TEST(Joules, EstimateIsARangeAroundItsCentre) {
  const auto estimate = estimate_joules(2.0);
  EXPECT_LT(estimate.low, estimate.central);
  EXPECT_LT(estimate.central, estimate.high);
  EXPECT_NEAR(estimate_joules(4.0).central, 2.0 * estimate.central, 1e-12);
}

}  // namespace
}  // namespace therma::planner
