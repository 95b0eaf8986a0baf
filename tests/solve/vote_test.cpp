// SPDX-License-Identifier: Apache-2.0
#include "therma/solve/vote.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace therma::solve {
namespace {

// Replica 2 has the lowest objective, replica 1 the least entropy, replicas 0 and 3 agree.
const std::vector<Ballot> kBallots = {
    {.objective = 12, .entropy_production = 5.0, .canonical = "a", .imbalance = 1},
    {.objective = 13, .entropy_production = 2.0, .canonical = "b", .imbalance = 3},
    {.objective = 11, .entropy_production = 9.0, .canonical = "c", .imbalance = 2},
    {.objective = 12, .entropy_production = 6.0, .canonical = "a", .imbalance = 0},
};

TEST(Vote, EnergyPicksTheLowestObjective) { EXPECT_EQ(vote(kBallots, Vote::energy).winner, 2U); }

TEST(Vote, EntropyPicksTheLeastEntropyProduction) {
  EXPECT_EQ(vote(kBallots, Vote::entropy).winner, 1U);
}

TEST(Vote, MajorityPicksTheMostCommonSolutionAndItsFirstReplica) {
  const auto verdict = vote(kBallots, Vote::majority);
  EXPECT_EQ(verdict.winner, 0U);
  EXPECT_DOUBLE_EQ(verdict.agreement, 0.5);
}

TEST(Vote, CombinedAddsTheThreeRanks) {
  // ranks (objective, entropy, majority): 0: 1+1+0 = 2; 1: 3+0+2 = 5; 2: 0+3+2 = 5; 3: 1+2+0 = 3
  EXPECT_EQ(vote(kBallots, Vote::combined).winner, 0U);
}

TEST(Vote, BestBreaksTiesOfTheObjectiveByBalance) {
  const std::vector<Ballot> tied = {{.objective = 12, .imbalance = 2},
                                    {.objective = 12, .imbalance = 1}};
  EXPECT_EQ(vote(tied, Vote::best).winner, 1U);
  EXPECT_EQ(vote(tied, Vote::energy).winner, 0U);
}

TEST(Vote, RefusesEntropyWhereItIsUnknown) {
  const std::vector<Ballot> compound = {{.objective = 12}};
  EXPECT_THROW((void)vote(compound, Vote::entropy), Error);
  EXPECT_THROW((void)vote(compound, Vote::combined), Error);
  EXPECT_EQ(vote(compound, Vote::energy).agreement, 1.0);
}

TEST(Vote, RefusesAnEmptyBallotBox) { EXPECT_THROW((void)vote({}, Vote::energy), Error); }

}  // namespace
}  // namespace therma::solve
