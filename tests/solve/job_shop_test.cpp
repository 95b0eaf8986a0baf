// SPDX-License-Identifier: Apache-2.0
// Job shops searched whole: right on tiny ones, the same on any number of threads.
#include "therma/solve/job_shop.hpp"

#include <gtest/gtest.h>

#include "tests/problems/job_shop_support.hpp"

namespace therma::solve {
namespace {

using job_shop::Model;
using job_shop::Op;
using job_shop::Time;

// The makespan of the starts; checks that jobs and machines run one operation at a time.
Time verified_makespan(const Model& m, const std::vector<Time>& starts) {
  Time makespan = 0;
  for (Op a = 0; a < m.num_ops(); ++a) {
    EXPECT_GE(starts[a], 0);
    makespan = std::max(makespan, starts[a] + m.duration[a]);
    if (m.job_after[a] != m.num_ops()) {
      EXPECT_LE(starts[a] + m.duration[a], starts[m.job_after[a]]);
    }
    for (Op b = 0; b < a; ++b) {
      if (m.machine[a] != m.machine[b]) continue;
      EXPECT_TRUE(starts[a] + m.duration[a] <= starts[b] || starts[b] + m.duration[b] <= starts[a]);
    }
  }
  return makespan;
}

TEST(JobShopSearch, FindsAndProvesTheOptimumOfTinyShops) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Model m = job_shop::random_shop(seed, 3, 3, 3);
    const auto outcome = search_job_shop(m, {.rounds = 50, .patience = 500, .seed = seed}, {});
    EXPECT_EQ(outcome.best().makespan, job_shop::brute_force_optimum(m)) << seed;
    EXPECT_TRUE(outcome.is_optimal()) << seed;
    EXPECT_EQ(verified_makespan(m, outcome.best().starts), outcome.best().makespan);
  }
}

TEST(JobShopSearch, SolvesFt06) {
  const auto outcome = search_job_shop(job_shop::ft06(), {.rounds = 50, .seed = 1}, {});
  EXPECT_EQ(outcome.best().makespan, 55);
  EXPECT_TRUE(outcome.is_optimal());
  EXPECT_LT(outcome.rounds, 50U);  // it stops when the bound is met
}

TEST(JobShopSearch, ReplicasAreAllSchedulesOfTheirMakespan) {
  const Model m = job_shop::ft06();
  for (const auto& replica : search_job_shop(m, {.rounds = 2, .seed = 2}, {}).replicas) {
    EXPECT_EQ(verified_makespan(m, replica.starts), replica.makespan);
  }
}

TEST(JobShopSearch, GivesTheSameBitsOnOneTwoAndSevenThreads) {
  const Model m = job_shop::random_shop(8, 10, 5, 6, 50);
  const JobShopConfig config{.replicas = 7, .single_move_replicas = 3, .rounds = 5, .seed = 4};
  const auto alone = search_job_shop(m, config, {});
  for (const unsigned threads : {2U, 7U}) {
    const Pool pool(threads);
    const auto together = search_job_shop(m, config, {.pool = &pool});
    EXPECT_EQ(together.winner, alone.winner);
    EXPECT_EQ(together.rounds, alone.rounds);
    EXPECT_EQ(together.lower_bound, alone.lower_bound);
    EXPECT_EQ(together.proof_nodes, alone.proof_nodes);
    EXPECT_EQ(together.tabu_evaluations, alone.tabu_evaluations);
    for (std::size_t i = 0; i < alone.replicas.size(); ++i) {
      EXPECT_EQ(together.replicas[i].starts, alone.replicas[i].starts);
      EXPECT_EQ(together.replicas[i].heat, alone.replicas[i].heat);
      EXPECT_EQ(together.replicas[i].entropy_production, alone.replicas[i].entropy_production);
    }
  }
}

TEST(JobShopSearch, IsNeverWorseThanItsWarmStart) {
  const Model m = job_shop::ft06();
  const auto good = search_job_shop(m, {.rounds = 20, .seed = 1}, {}).best();
  const std::vector<std::vector<Time>> warm{good.starts};
  Resources stopped;
  stopped.deadline = Deadline::after(0);
  const auto outcome = search_job_shop(
      m, {.replicas = 2, .single_move_replicas = 1, .patience = 1, .seed = 3}, stopped, warm);
  EXPECT_LE(outcome.best().makespan, good.makespan);
}

TEST(JobShopSearch, ReportsEntropyProductionWithoutCompoundMoves) {
  const auto outcome = search_job_shop(
      job_shop::ft06(), {.replicas = 4, .single_move_replicas = 4, .rounds = 3, .seed = 1}, {});
  for (const auto& replica : outcome.replicas) {
    EXPECT_TRUE(replica.entropy_production.has_value());
  }
  EXPECT_EQ(outcome.tabu_evaluations, 0U);
}

}  // namespace
}  // namespace therma::solve
