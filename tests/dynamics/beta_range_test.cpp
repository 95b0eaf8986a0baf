// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/search.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/beta_range.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/lattice.hpp"

namespace therma {
namespace {

BetaRange range_of(const IsingModel& model) { return beta_range(compile(model)); }

IsingModel scaled(IsingModel model, double factor) {
  for (auto& c : model.couplings) c.value *= factor;
  for (auto& h : model.fields) h *= factor;
  return model;
}

TEST(BetaRange, FollowsItsRuleOnATorusOfSigns) {
  // Four neighbours of +-1: changes are 0, 4 or 8 in size.
  const auto range = range_of(testing::plant_plaquettes(16, 1).model);
  EXPECT_DOUBLE_EQ(range.hot, std::log(2.0) / 8.0);
  EXPECT_DOUBLE_EQ(range.typical, std::log(1e4) / 4.0);
  EXPECT_DOUBLE_EQ(range.cold, std::log(1e4) / 4.0);
}

TEST(BetaRange, TakesQuantilesOfTheChangesThatAreNotZero) {
  std::vector<double> changes{0.0, 0.0};
  for (int k = 1; k <= 100; ++k) changes.push_back(k);  // ranks 5 and 50 from 0: 6 and 51
  const auto range = beta_range_of(changes);
  EXPECT_DOUBLE_EQ(range.hot, std::log(2.0) / 100.0);
  EXPECT_DOUBLE_EQ(range.typical, std::log(1e4) / 51.0);
  EXPECT_DOUBLE_EQ(range.cold, std::log(1e4) / 6.0);
}

TEST(BetaRange, ScalesInverselyWithAllCouplingsAndFields) {
  const auto model = testing::make_glass(40, 7);
  const auto one = range_of(model);
  for (const double factor : {1e-6, 0.37, 1024.0, 1e9}) {
    const auto other = range_of(scaled(model, factor));
    EXPECT_NEAR(other.hot * factor / one.hot, 1.0, 1e-12);
    EXPECT_NEAR(other.cold * factor / one.cold, 1.0, 1e-12);
  }
}

TEST(BetaRange, SeesFieldsAlone) {
  // One change of 2 h = 3 in size for every spin.
  const auto range = range_of({.num_spins = 5, .fields = std::vector<double>(5, -1.5)});
  EXPECT_DOUBLE_EQ(range.hot, std::log(2.0) / 3.0);
  EXPECT_DOUBLE_EQ(range.cold, std::log(1e4) / 3.0);
}

TEST(BetaRange, IsFiniteWithoutAnyCoupling) {
  for (const std::uint32_t spins : {0U, 1U, 100U}) {
    const auto range = range_of({.num_spins = spins});
    EXPECT_EQ(range.hot, 1.0);
    EXPECT_EQ(range.typical, 1.0);
    EXPECT_EQ(range.cold, 1.0);
  }
}

TEST(BetaRange, ReachesTheWeakSpinsOfWeightsOfManyMagnitudes) {
  // 40 separate pairs from 1e-6 to 1: the twentieth part of the changes lie at or below 2e-6 e^0.7.
  IsingModel model{.num_spins = 80};
  for (std::uint32_t k = 0; k < 40; ++k) {
    model.couplings.push_back({2 * k, 2 * k + 1, std::pow(10.0, -6.0 * k / 39.0)});
  }
  const auto range = range_of(model);
  EXPECT_DOUBLE_EQ(range.hot, std::log(2.0) / 2.0);
  EXPECT_GT(range.cold, std::log(1e4) / 1e-5);
  EXPECT_LE(range.cold, std::log(1e4) / 2e-6 * (1.0 + 1e-12));
}

TEST(BetaRange, IsNotStretchedByOneOddCoupling) {
  auto model = testing::plant_plaquettes(16, 1).model;
  model.couplings.push_back({0, 100, 1e-5});
  const auto range = range_of(model);
  EXPECT_NEAR(range.cold, std::log(1e4) / 4.0, 1e-4);
}

TEST(BetaRange, IgnoresWhatRoundingLeavesOfZero) {
  const auto range = beta_range_of(std::vector<double>{1e-17, 1.0, 2.0, 0.0});
  EXPECT_DOUBLE_EQ(range.cold, std::log(1e4) / 1.0);
}

TEST(BetaRange, IsTheSameForALatticeAndItsGraph) {
  const LatticeProgram lattice({.shape = {16, 16}, .coupling = 0.5, .bond_seed = 3, .field = 0.1});
  const auto one = beta_range(lattice);
  const auto other = range_of(lattice.to_ising());
  EXPECT_NEAR(one.hot, other.hot, 1e-12);
  EXPECT_NEAR(one.typical, other.typical, 1e-12);
  EXPECT_NEAR(one.cold, other.cold, 1e-12);
}

TEST(BetaRange, SeesFactorsOfAnyOrderAndNoClampedVariable) {
  // A product of three spins: turning any one changes the energy by 2 J. A Potts bond to a clamped
  // variable: leaving or meeting its state changes it by J, other moves by nothing.
  FactorModel model{.num_states = {2, 2, 2, 3, 3},
                    .products = {{{0, 1, 2}, 5.0}},
                    .equalities = {{3, 4, 4.0}},
                    .clamps = {{4, 1}}};
  const auto range = beta_range(FactorProgram(model));
  EXPECT_DOUBLE_EQ(range.hot, std::log(2.0) / 10.0);
  EXPECT_DOUBLE_EQ(range.typical, std::log(1e4) / 10.0);
  EXPECT_DOUBLE_EQ(range.cold, std::log(1e4) / 4.0);
}

TEST(BetaRange, RefusesReals) {
  const Target target =
      std::make_shared<const QuadraticEnergy>(std::vector<double>{1.0}, std::vector<double>{0.0});
  EXPECT_THROW((void)beta_range(target), Error);
}

TEST(BetaRange, MakesAScheduleFromEndToEnd) {
  const auto plain = default_schedule({.hot = 0.1, .typical = 2.1, .cold = 2.1});
  EXPECT_DOUBLE_EQ(plain.at(0, 3), 0.1);
  EXPECT_DOUBLE_EQ(plain.at(1, 3), 1.1);
  EXPECT_DOUBLE_EQ(plain.at(2, 3), 2.1);
  const auto bent = default_schedule({.hot = 0.1, .typical = 2.1, .cold = 21.0});
  EXPECT_DOUBLE_EQ(bent.at(0, 200), 0.1);
  EXPECT_DOUBLE_EQ(bent.at(159, 200), 2.1);
  EXPECT_DOUBLE_EQ(bent.at(199, 200), 21.0);
  for (std::uint64_t k = 1; k < 200; ++k) EXPECT_GE(bent.at(k, 200), bent.at(k - 1, 200));
  const auto unlike = default_schedule({.hot = 0.1, .typical = 100.0, .cold = 1000.0});
  EXPECT_DOUBLE_EQ(unlike.at(1, 3), 10.0);
}

}  // namespace
}  // namespace therma
