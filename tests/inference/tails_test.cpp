// SPDX-License-Identifier: Apache-2.0
// Tail probabilities against closed forms.
#include "therma/inference/tails.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace therma {
namespace {

TEST(NormalQuantile, InvertsTheErrorFunction) {
  for (const double p : {1e-20, 1e-4, 0.02, 0.3, 0.5, 0.7, 0.999, 1.0 - 1e-12}) {
    const double x = normal_quantile(p);
    const double tail = 0.5 * std::erfc(-x / std::numbers::sqrt2);
    EXPECT_NEAR(tail / p, 1.0, 1e-9) << p;
  }
  EXPECT_EQ(normal_quantile(0.0), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(normal_quantile(1.5)));
}

// One degree of freedom: Cauchy, P(|T| >= t) = 1 - 2/pi atan t. Two: 1 - t / sqrt(2 + t^2).
// Four, by integrating (1 + x^2/4)^(-5/2): 1 - u (3 - u^2) / 2 with u = t / sqrt(4 + t^2).
TEST(StudentTail, HasItsClosedFormsForOneTwoAndFourDegreesOfFreedom) {
  for (const double t : {0.1, 0.7, 1.0, 2.5, 30.0}) {
    EXPECT_NEAR(t_two_sided(t, 1.0), 2.0 / std::numbers::pi * std::atan(1.0 / t), 1e-13);
    EXPECT_NEAR(t_two_sided(-t, 2.0), 1.0 - t / std::sqrt(2.0 + t * t), 1e-13);
    const double u = t / std::sqrt(4.0 + t * t);
    EXPECT_NEAR(t_two_sided(t, 4.0), 1.0 - 0.5 * u * (3.0 - u * u), 1e-13);
  }
  EXPECT_TRUE(std::isnan(t_two_sided(std::nan(""), 3.0)));
}

TEST(StudentTail, BecomesNormalForManyDegreesOfFreedom) {
  EXPECT_NEAR(t_two_sided(3.0, 1e6) / std::erfc(3.0 / std::numbers::sqrt2), 1.0, 1e-4);
  EXPECT_NEAR(t_two_sided(3.0, 1e9) / std::erfc(3.0 / std::numbers::sqrt2), 1.0, 1e-6);
}

TEST(StudentTail, IsInvertedByItsBound) {
  for (const double df : {1.0, 3.0, 17.5, 1e4}) {
    for (const double p : {0.3, 1e-4, 1e-8}) {
      EXPECT_NEAR(t_two_sided(t_bound(p, df), df) / p, 1.0, 1e-8) << df << " " << p;
    }
  }
}

// Two over d: (1 + 2f/d)^(-d/2). One over d: Student's tail of sqrt(f).
TEST(FisherTail, HasItsClosedForms) {
  for (const double f : {0.2, 1.0, 4.0, 25.0}) {
    EXPECT_NEAR(f_above(f, 2.0, 7.0), std::pow(1.0 + 2.0 * f / 7.0, -3.5), 1e-13);
    EXPECT_NEAR(f_above(f, 1.0, 9.0), t_two_sided(std::sqrt(f), 9.0), 1e-13);
  }
  EXPECT_TRUE(std::isnan(f_above(std::nan(""), 2.0, 3.0)));
}

// Poisson with mean 5 has skewness 1/sqrt(5), kurtosis 1/5 and P(N >= 23) = 1 - sum_{k<23} e^-5
// 5^k/k! = 5e-9, where a normal law at z = 8.05 gives 4e-16.
TEST(NormalEquivalent, HoldsForCountsOfFewEvents) {
  double below = 0.0, term = std::exp(-5.0), tail = 0.0;
  for (int k = 0; k < 60; ++k, term *= 5.0 / k) (k < 23 ? below : tail) += term;
  const double w = normal_equivalent((23 - 5) / std::sqrt(5.0),
                                     {.skewness = 1.0 / std::sqrt(5.0), .kurtosis = 0.2});
  const double claimed = 0.5 * std::erfc(w / std::numbers::sqrt2);
  EXPECT_GT(claimed, 0.3 * tail);
  EXPECT_LT(claimed, 3.0 * tail);
}

TEST(NormalEquivalent, IsInvertedByStretching) {
  for (const Shape shape :
       {Shape{}, Shape{.skewness = 0.4}, Shape{.skewness = -2.0, .kurtosis = 9.0}}) {
    for (const double w : {2.0, 4.0, 9.0}) {
      EXPECT_NEAR(normal_equivalent(-stretched(w, shape), shape), w, 1e-6);
    }
  }
  EXPECT_NEAR(normal_equivalent(3.0, {}), 3.0, 1e-6);
  EXPECT_TRUE(std::isnan(normal_equivalent(std::nan(""), {})));
}

}  // namespace
}  // namespace therma
