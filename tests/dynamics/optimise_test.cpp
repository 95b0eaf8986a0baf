// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/search.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/optimise.hpp"
#include "therma/energy/harmonic.hpp"

namespace therma {
namespace {

constexpr OptimiseMethod kMethods[] = {OptimiseMethod::anneal, OptimiseMethod::temper,
                                       OptimiseMethod::population, OptimiseMethod::bifurcation};

TEST(Optimise, FindsPlantedEnergiesByEveryMethodWhereGuessesDoNot) {
  const auto planted = testing::plant_plaquettes(8, 7);
  for (const auto method : kMethods) {
    std::uint32_t solved = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const auto result = optimise(testing::target_of(planted.model),
                                   {.goal = {.target_energy = planted.lowest},
                                    .method = method,
                                    .kernel = "scalar",
                                    .replicas = 32,
                                    .rounds = 1200},
                                   seed, {});
      solved += result.reason == StopReason::target;
      EXPECT_EQ(result.method, method);
      EXPECT_EQ(result.is_sampler, method != OptimiseMethod::bifurcation);
      EXPECT_FALSE(result.polished);
    }
    EXPECT_GE(solved, 4U) << static_cast<int>(method);
  }
  EXPECT_GT(testing::guessed_energies(compile(planted.model), 5000).front(), 0.7 * planted.lowest);
}

TEST(Optimise, IsTheSameOnAnyNumberOfThreadsAndSaysItIsPolished) {
  const auto target = testing::target_of(testing::make_signs(24, 2));
  const auto run = [&](unsigned threads, std::uint64_t seed) {
    const Pool pool(threads);
    return optimise(target,
                    {.goal = {.num_best = 3, .fold_mirrors = true},
                     .kernel = "scalar",
                     .rounds = 200,
                     .polish = true},
                    seed, {.pool = &pool});
  };
  const auto expected = run(1, 1);
  EXPECT_TRUE(expected.polished);
  EXPECT_EQ(expected.method, OptimiseMethod::anneal);
  EXPECT_EQ(expected.kernel, "scalar");
  ASSERT_EQ(expected.best.size(), 3U);
  for (const unsigned threads : {2U, 3U, 7U}) {
    const auto other = run(threads, 1);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(other.best[k].values, expected.best[k].values);
  }
}

TEST(Optimise, ReturnsWhatItHasAtADeadline) {
  const auto target = testing::target_of(testing::make_signs(24, 2));
  for (const auto method : kMethods) {
    const auto result = optimise(target, {.method = method, .kernel = "scalar"}, 1,
                                 {.deadline = Deadline::after(0.02)});
    EXPECT_EQ(result.reason, StopReason::stopped);
    EXPECT_EQ(result.best.size(), 1U);
  }
}

TEST(Optimise, RefusesRealsAndRunsWithoutEnd) {
  const Target reals =
      std::make_shared<const QuadraticEnergy>(std::vector<double>{1.0}, std::vector<double>{0.0});
  EXPECT_THROW((void)optimise(reals, {.rounds = 1}, 1, {}), Error);
  EXPECT_THROW((void)optimise(testing::target_of(testing::make_signs(4, 1)), {}, 1, {}), Error);
}

}  // namespace
}  // namespace therma
