// SPDX-License-Identifier: Apache-2.0
// Explicit transition matrices of every spin kernel, read off the kernel's own code.
#include <gtest/gtest.h>

#include "tests/support/transition_matrix.hpp"
#include "therma/dynamics/exchange.hpp"
#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/metropolis.hpp"

namespace therma {
namespace {

using testing::advance;
using testing::balance_error;
using testing::enumerate_boltzmann;
using testing::make_glass;
using testing::make_ring;
using testing::Matrix;
using testing::multiply;
using testing::site_matrix;

// Probabilities are below 1 and each is good to a few ulp.
constexpr double kRounding = 1e-14;

template <class Kernel>
class SpinKernel : public ::testing::Test {};
using Kernels = ::testing::Types<Gibbs, Metropolis>;
TYPED_TEST_SUITE(SpinKernel, Kernels);

TYPED_TEST(SpinKernel, BalancesEverySingleSpinUpdate) {
  for (const auto& model : {make_ring({.spins = 4, .field = 0.2}), make_glass(5, 3)}) {
    const auto program = compile(model);
    for (const double beta : {0.0, 0.3, 1.1}) {
      const auto pi = enumerate_boltzmann(model, beta);
      for (std::uint32_t site = 0; site < program.size(); ++site) {
        const auto p = site_matrix(TypeParam{.beta = beta}, program, site);
        EXPECT_LT(balance_error(pi, p, p), kRounding);
      }
    }
  }
}

TYPED_TEST(SpinKernel, ReversesASweepByVisitingSitesInReverseOrder) {
  const auto model = make_glass(5, 4);
  const auto program = compile(model);
  const auto pi = enumerate_boltzmann(model, 0.8);
  Matrix forward = site_matrix(TypeParam{.beta = 0.8}, program, 0);
  Matrix backward = forward;
  for (std::uint32_t site = 1; site < program.size(); ++site) {
    const auto next = site_matrix(TypeParam{.beta = 0.8}, program, site);
    forward = multiply(forward, next);
    backward = multiply(next, backward);
  }
  EXPECT_LT(balance_error(pi, forward, backward), kRounding);
  // The sweep alone does not balance: the check can fail.
  EXPECT_GT(balance_error(pi, forward, forward), 1e-4);
  const auto after = advance(pi, forward);
  for (std::size_t k = 0; k < pi.size(); ++k) EXPECT_NEAR(after[k], pi[k], kRounding);
}

TEST(Gibbs, StepsThroughTheProgramsOrderWithOneUniformPerSite) {
  const auto program = compile(make_glass(6, 9));
  const Rng rng(21);
  auto s = init_spins(program, rng, 3);
  auto expected = s;
  const Gibbs gibbs{.beta = 0.7};
  for (int sweep = 0; sweep < 20; ++sweep) {
    gibbs.step(program, s, rng);
    SpinInfo info;
    for (const auto site : program.sweep_order()) {
      const double u = rng.uniform({.chain = 3, .step = expected.step, .site = site});
      gibbs.update(program, expected, site, u, info);
    }
    ++expected.step;
    ASSERT_EQ(s.spins, expected.spins);
  }
}

TEST(Gibbs, FollowsTheFieldAtInfiniteBeta) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(up_probability(kInfinite, 0.1), 1.0);
  EXPECT_EQ(up_probability(kInfinite, -0.1), 0.0);
  EXPECT_EQ(up_probability(kInfinite, 0.0), 0.5);
  EXPECT_EQ(acceptance(kInfinite, 0.1), 0.0);
  EXPECT_EQ(acceptance(kInfinite, 0.0), 1.0);
  const auto program = compile(make_glass(8, 2));
  auto s = init_spins(program, Rng(1));
  for (int sweep = 0; sweep < 50; ++sweep) {
    const auto info = Gibbs{.beta = kInfinite}.step(program, s, Rng(1));
    EXPECT_GE(info.heat, 0.0);
  }
  for (std::uint32_t site = 0; site < 8; ++site) {
    EXPECT_GE(s.spins[site] * program.local_field(s.spins, site), 0.0);
  }
}

TEST(Exchange, BalancesTheJointLawOfTwoTemperatures) {
  const auto model = make_glass(4, 8);
  const double hot = 0.4, cold = 1.3;
  const auto pi_hot = enumerate_boltzmann(model, hot), pi_cold = enumerate_boltzmann(model, cold);
  for (std::size_t i = 0; i < pi_hot.size(); ++i) {
    for (std::size_t j = 0; j < pi_hot.size(); ++j) {
      const double e_i = energy(model, testing::spins_of(i, 4));
      const double e_j = energy(model, testing::spins_of(j, 4));
      const double there = swap_probability({hot, e_i}, {cold, e_j});
      const double back = swap_probability({hot, e_j}, {cold, e_i});
      EXPECT_NEAR(pi_hot[i] * pi_cold[j] * there, pi_hot[j] * pi_cold[i] * back, kRounding);
      EXPECT_EQ(std::max(there, back), 1.0);
    }
  }
}

TEST(SpinKernels, KeepTheEnergyAndReleaseTheDifferenceAsHeat) {
  const auto program = compile(make_glass(8, 12));
  const Rng rng(5);
  const auto check = [&](const auto& kernel) {
    auto s = init_spins(program, rng);
    double heat = 0.0;
    const double start = s.energy;
    for (int sweep = 0; sweep < 1000; ++sweep) {
      const auto info = kernel.step(program, s, rng);
      heat += info.heat;
      EXPECT_DOUBLE_EQ(info.entropy, 0.9 * info.heat);
      EXPECT_EQ(info.proposals, 8U);
    }
    EXPECT_NEAR(s.energy, program.energy(s.spins), 1e-10);
    EXPECT_NEAR(start - s.energy, heat, 1e-10);
  };
  check(Gibbs{.beta = 0.9});
  check(Metropolis{.beta = 0.9});
}

}  // namespace
}  // namespace therma
