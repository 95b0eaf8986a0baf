// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/gradient_check.hpp"
#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/energy/penalties.hpp"

namespace therma {
namespace {

static_assert(GradientEnergy<Penalties>);

// phi = max(0, z_0 + z_1 - 1)^2: the sum may not exceed 1.
PenaltyTerm sum_at_most_one() {
  return {.name = "capacity",
          .evaluate =
              [](std::span<const double> z, double weight, std::span<double> g) {
                const double excess = std::max(0.0, z[0] + z[1] - 1.0);
                if (!g.empty()) {
                  g[0] += weight * 2.0 * excess;
                  g[1] += weight * 2.0 * excess;
                }
                return excess * excess;
              },
          .weight = 3.0};
}

// phi = -z_0 - 2 z_1: to be made large, so an objective.
PenaltyTerm profit() {
  return {.name = "profit",
          .evaluate =
              [](std::span<const double> z, double weight, std::span<double> g) {
                if (!g.empty()) {
                  g[0] -= weight;
                  g[1] -= 2.0 * weight;
                }
                return -z[0] - 2.0 * z[1];
              },
          .weight = 0.5,
          .is_constraint = false};
}

TEST(Penalties, SumTheirTermsWithWeights) {
  const Penalties v(2, {sum_at_most_one(), profit()});
  const std::vector<double> z = {2.0, 1.5};
  // Excess 2.5: 3 * 6.25 - 0.5 * (2 + 3).
  EXPECT_DOUBLE_EQ(v.energy(z), 16.25);
  std::vector<double> g(2), phi(2);
  EXPECT_DOUBLE_EQ(v.energy_and_gradient(z, g), 16.25);
  EXPECT_DOUBLE_EQ(g[0], 3.0 * 5.0 - 0.5);
  EXPECT_DOUBLE_EQ(g[1], 3.0 * 5.0 - 1.0);
  v.values(z, phi);
  EXPECT_DOUBLE_EQ(phi[v.index_of("capacity")], 6.25);
  EXPECT_DOUBLE_EQ(phi[v.index_of("profit")], -5.0);
}

TEST(Penalties, HaveTheGradientOfTheirEnergy) {
  const Penalties v(2, {sum_at_most_one(), profit()});
  const Rng rng(11);
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto z = rng.normal_pair({.site = i});
    EXPECT_LT(testing::gradient_error(v, z), 1e-8);
  }
}

TEST(Penalties, RaiseTheWeightsOfViolatedConstraintsOnly) {
  Penalties v(2, {sum_at_most_one(), profit()});
  const DualAscent rule{.rate = 0.1};
  v.ascend(std::vector<double>{6.25, -5.0}, rule);
  EXPECT_DOUBLE_EQ(v.weights()[0], 3.0 + 0.1 * 6.25);
  EXPECT_DOUBLE_EQ(v.weights()[1], 0.5);
  v.ascend(std::vector<double>{0.0, 7.0}, rule);
  EXPECT_DOUBLE_EQ(v.weights()[0], 3.0 + 0.1 * 6.25);
}

TEST(Penalties, LowerTheWeightsOfSatisfiedConstraintsDownToTheirLimit) {
  Penalties v(2, {sum_at_most_one()});
  const DualAscent rule{.rate = 10.0, .tolerance = 0.2, .weight_min = 0.5, .weight_max = 4.0};
  v.ascend(std::vector<double>{0.0}, rule);
  EXPECT_DOUBLE_EQ(v.weights()[0], 3.0 - 2.0);
  v.ascend(std::vector<double>{0.0}, rule);
  EXPECT_DOUBLE_EQ(v.weights()[0], 0.5);
  v.ascend(std::vector<double>{100.0}, rule);
  EXPECT_DOUBLE_EQ(v.weights()[0], 4.0);
}

TEST(Penalties, KeepTheWeightsOfACopyApart) {
  Penalties v(2, {sum_at_most_one()});
  Penalties copy = v;
  copy.set_weight(0, 9.0);
  EXPECT_DOUBLE_EQ(v.weights()[0], 3.0);
  EXPECT_DOUBLE_EQ(copy.weights()[0], 9.0);
}

TEST(Penalties, FindTheSaddlePointOfAConvexProblemByDualAscent) {
  // Minimise (z - 2)^2 where phi = max(0, z - 1) should rest at 0.05: there z = 1.05, and the
  // multiplier balances the force, lambda = 2 (2 - 1.05) = 1.9.
  Penalties v(1, {{.name = "objective",
                   .evaluate =
                       [](std::span<const double> z, double weight, std::span<double> g) {
                         if (!g.empty()) g[0] += weight * 2.0 * (z[0] - 2.0);
                         return (z[0] - 2.0) * (z[0] - 2.0);
                       },
                   .is_constraint = false},
                  {.name = "limit",
                   .evaluate =
                       [](std::span<const double> z, double weight, std::span<double> g) {
                         if (!g.empty() && z[0] > 1.0) g[0] += weight;
                         return std::max(0.0, z[0] - 1.0);
                       },
                   .weight = 0.0}});
  std::vector<double> z = {0.0}, g(1), phi(2);
  for (int i = 0; i < 60'000; ++i) {
    v.gradient(z, g);
    z[0] -= 1e-3 * g[0];
    v.values(z, phi);
    v.ascend(phi, {.rate = 0.01, .tolerance = 0.05});
  }
  EXPECT_NEAR(z[0], 1.05, 1e-3);
  EXPECT_NEAR(v.weights()[1], 1.9, 1e-2);
}

TEST(Penalties, RejectBadTermsInOneSentence) {
  const auto message = [](std::vector<PenaltyTerm> terms) {
    try {
      (void)Penalties(2, std::move(terms));
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message({profit(), profit()}), "penalty terms: two are named profit");
  EXPECT_EQ(message({{.name = "empty"}}), "penalty term empty: has no function");
  auto negative = profit();
  negative.weight = -1.0;
  EXPECT_EQ(message({negative}), "weight of profit: must be finite and >= 0, got -1");
}

}  // namespace
}  // namespace therma
