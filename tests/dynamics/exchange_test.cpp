// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/dynamics/exchange.hpp"

namespace therma {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

TEST(Exchange, SwapsSurelyWhenTheColdReplicaWouldGainEnergy) {
  EXPECT_EQ(swap_probability({1.0, -5.0}, {2.0, -3.0}), 1.0);
  // (1 - 2)(-3 + 5) = -2.
  EXPECT_DOUBLE_EQ(swap_probability({1.0, -3.0}, {2.0, -5.0}), std::exp(-2.0));
  EXPECT_DOUBLE_EQ(swap_probability({2.0, -5.0}, {1.0, -3.0}), std::exp(-2.0));
}

TEST(Exchange, TakesAnInfiniteBeta) {
  EXPECT_EQ(swap_probability({1.0, -3.0}, {kInfinite, -5.0}), 0.0);
  EXPECT_EQ(swap_probability({1.0, -5.0}, {kInfinite, -3.0}), 1.0);
  EXPECT_EQ(swap_probability({1.0, -5.0}, {kInfinite, -5.0}), 1.0);
  EXPECT_EQ(swap_probability({kInfinite, -5.0}, {kInfinite, -3.0}), 1.0);
}

TEST(Ladder, PairsEvenRungsInEvenRoundsAndOddOnesInOddRounds) {
  Ladder ladder({0.1, 0.2, 0.3, 0.4, 0.5});
  const std::vector<double> equal(5, 1.0);  // equal energies always swap
  EXPECT_EQ(ladder.exchange(equal, Rng(1)), 2U);
  EXPECT_EQ(ladder.replica_on(0), 1U);
  EXPECT_EQ(ladder.replica_on(1), 0U);
  EXPECT_EQ(ladder.replica_on(4), 4U);
  EXPECT_EQ(ladder.exchange(equal, Rng(1)), 2U);
  EXPECT_EQ(ladder.replica_on(2), 0U);
  EXPECT_EQ(ladder.replica_on(4), 2U);
  EXPECT_EQ(ladder.rung_of(0), 2U);
  EXPECT_DOUBLE_EQ(ladder.beta_of(0), 0.3);
  EXPECT_EQ(ladder.statistics().attempts, (std::vector<std::uint64_t>{1, 1, 1, 1}));
  EXPECT_EQ(ladder.statistics().accepted, (std::vector<std::uint64_t>{1, 1, 1, 1}));
}

TEST(Ladder, CarriesEveryReplicaRoundAtFullSpeedWhenAllSwapsSucceed) {
  // Non-reversible pairing is a conveyor belt of 2 n = 8 rounds: 80 rounds are ten trips for each
  // of four replicas, less the first, incomplete one of those that start in the middle or cold.
  Ladder ladder({0.1, 0.2, 0.3, 0.4});
  const std::vector<double> equal(4, 0.0);
  for (int round = 0; round < 80; ++round) ladder.exchange(equal, Rng(1));
  EXPECT_GE(ladder.statistics().round_trips, 4U * 8U);
  EXPECT_LE(ladder.statistics().round_trips, 4U * 10U);
}

TEST(Ladder, CountsNoRoundTripWithoutTheColdEnd) {
  // The pair at the cold end never swaps: replica 2 has a far lower energy.
  Ladder ladder({0.1, 0.2, 10.0});
  for (int round = 0; round < 100; ++round) {
    ladder.exchange(std::vector<double>{0.0, 0.0, -1000.0}, Rng(1));
  }
  EXPECT_EQ(ladder.statistics().round_trips, 0U);
  EXPECT_EQ(ladder.statistics().accepted[1], 0U);
  EXPECT_EQ(ladder.statistics().rate(0), 1.0);
  EXPECT_EQ(ladder.statistics().barrier(), 1.0);
}

TEST(Ladder, SwapsAsOftenAsTheProbabilitySays) {
  Ladder ladder({1.0, 2.0});
  constexpr int kRounds = 40'000;
  for (int round = 0; round < kRounds; ++round) {
    // The replica on the cold rung is always the lower by ln 2: swaps happen half the time.
    std::vector<double> energies(2);
    energies[ladder.replica_on(0)] = std::log(2.0);
    ladder.exchange(energies, Rng(4));
  }
  const double n = kRounds / 2.0;  // even rounds pair (0, 1); odd rounds have no pair
  EXPECT_EQ(ladder.statistics().attempts[0], static_cast<std::uint64_t>(n));
  EXPECT_NEAR(ladder.statistics().rate(0), 0.5, 1e-12);
  // 5 standard deviations of a binomial: false alarms 6e-7.
  EXPECT_NEAR(static_cast<double>(ladder.statistics().accepted[0]), n / 2, 5 * std::sqrt(n / 4));
}

TEST(Ladder, SpacesBetasInEqualRatios) {
  const auto betas = geometric_betas(0.1, 10.0, 5);
  ASSERT_EQ(betas.size(), 5U);
  EXPECT_DOUBLE_EQ(betas.front(), 0.1);
  EXPECT_DOUBLE_EQ(betas[2], 1.0);
  EXPECT_DOUBLE_EQ(betas.back(), 10.0);
  EXPECT_EQ(geometric_betas(0.1, 10.0, 1), std::vector<double>{10.0});
}

TEST(Ladder, EqualisesRatesByInterpolatingTheBarrier) {
  // Rejections 0.6 and 0.2 over [0, 1] and [1, 2]: half of 0.8 is reached at 2/3 of the first.
  const auto betas = equalised_betas(std::vector<double>{0.0, 1.0, 2.0}, std::vector{0.4, 0.8});
  EXPECT_DOUBLE_EQ(betas[0], 0.0);
  EXPECT_NEAR(betas[1], 2.0 / 3.0, 1e-15);
  EXPECT_DOUBLE_EQ(betas[2], 2.0);
  // Nothing rejected: nothing to learn.
  EXPECT_EQ(equalised_betas(std::vector<double>{0.0, 1.0, 2.0}, std::vector{1.0, 1.0}),
            (std::vector<double>{0.0, 1.0, 2.0}));
}

TEST(Ladder, RejectsBetasOutOfOrder) {
  EXPECT_THROW(Ladder({}), Error);
  EXPECT_THROW(Ladder({0.2, 0.1}), Error);
  EXPECT_THROW(Ladder({-0.2, 0.1}), Error);
  EXPECT_THROW(Ladder({0.1, std::numeric_limits<double>::quiet_NaN()}), Error);
  EXPECT_THROW((void)geometric_betas(0.0, 1.0, 3), Error);
  Ladder ladder({0.1, 0.2});
  EXPECT_THROW(ladder.set_betas({0.1}), Error);
}

}  // namespace
}  // namespace therma
