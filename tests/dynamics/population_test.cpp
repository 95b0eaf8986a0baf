// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "tests/support/search.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/population.hpp"

namespace therma {
namespace {

struct Trial {
  IsingModel model = testing::make_glass(10, 6);
  PopulationConfig config = {.beta_end = 4.0, .sweeps = 4};
  std::uint32_t replicas = 400;
  std::uint64_t seed = 3;
};

PopulationResult anneal_of(const Trial& run, const Resources& resources = {}) {
  const auto machine = testing::make_machine(testing::target_of(run.model), run.replicas, run.seed);
  return population_anneal(*machine, run.config, Rng(run.seed), resources);
}

// ln Z(beta) - n ln 2, and the mean energy.
struct Exact {
  double log_z = 0.0;
  double energy = 0.0;
};
Exact exact_of(const IsingModel& model, double beta) {
  const auto energies = testing::all_energies(model);
  double sum = 0.0, weighted = 0.0;
  for (const double e : energies) {
    const double w = std::exp(-beta * (e - energies.front()));
    sum += w;
    weighted += w * e;
  }
  return {.log_z = std::log(sum / static_cast<double>(energies.size())) - beta * energies.front(),
          .energy = weighted / sum};
}

TEST(Population, EstimatesFreeEnergiesWithHonestErrors) {
  const Trial run;
  double worst = 0.0, squares = 0.0;
  constexpr int kRuns = 20;
  for (int k = 0; k < kRuns; ++k) {
    auto one = run;
    one.seed = static_cast<std::uint64_t>(100 + k);
    const auto last = anneal_of(one).points.back();
    EXPECT_EQ(last.beta, 4.0);
    const double z = (last.log_z - exact_of(run.model, 4.0).log_z) / last.log_z_error;
    worst = std::max(worst, std::abs(z));
    squares += z * z;
  }
  // The error is an upper estimate (eq. 5): 20 runs pass 5 of it with false alarms below 2e-5.
  EXPECT_LT(worst, 5.0);
  EXPECT_LT(squares / kRuns, 2.0);
  EXPECT_GT(squares / kRuns, 0.01);  // nor is it absurdly large
}

TEST(Population, FollowsTheMeanEnergyAllTheWay) {
  const Trial run{.replicas = 2000};
  const auto result = anneal_of(run);
  ASSERT_GT(result.points.size(), 5U);
  for (const auto& point : result.points) {
    const auto exact = exact_of(run.model, point.beta);
    EXPECT_NEAR(point.energy, exact.energy, 5.0 * point.energy_error + 1e-9) << point.beta;
    EXPECT_NEAR(point.log_z, exact.log_z, 5.0 * point.log_z_error + 1e-9) << point.beta;
  }
}

TEST(Population, StepsBetaByTheShareThatItKeeps) {
  const auto result = anneal_of({});
  double beta = 0.0;
  for (std::size_t k = 1; k < result.points.size(); ++k) {
    EXPECT_GT(result.points[k].beta, beta);
    beta = result.points[k].beta;
    EXPECT_GE(result.points[k].kept_fraction, 0.9 - 1e-6);
    if (k + 1 < result.points.size()) {
      EXPECT_LE(result.points[k].kept_fraction, 0.9 + 1e-6);
    }
  }
  EXPECT_EQ(result.sweeps, 4 * result.rounds);
}

TEST(Population, CountsFamilies) {
  const auto result = anneal_of({.replicas = 1000});
  EXPECT_EQ(result.points.front().family_size, 1.0);
  EXPECT_NEAR(result.points.front().num_families, 1000.0, 1e-6);
  double size = 1.0;
  for (const auto& point : result.points) {
    // exp of the entropy is at most the number of families, at least R / rho_t (Renyi's order).
    EXPECT_GE(point.num_families * point.family_size, 1000.0 - 1e-6);
    EXPECT_GE(point.family_size, size - 1e-9);  // selection only ever thins families out
    size = point.family_size;
  }
}

TEST(Population, JudgesItsEquilibrationByFamilies) {
  EXPECT_EQ(anneal_of({.replicas = 1500}).equilibration, Equilibration::reached);
  EXPECT_EQ(anneal_of({.config = {.beta_end = 40.0}, .replicas = 60}).equilibration,
            Equilibration::undecided);
  // A plunge from beta 0 to 60 in large steps with hardly a sweep between them.
  EXPECT_EQ(anneal_of({.model = testing::make_glass(60, 1),
                       .config = {.beta_end = 60.0, .kept_fraction = 0.05, .sweeps = 1},
                       .replicas = 1000})
                .equilibration,
            Equilibration::failed);
}

TEST(Population, FindsGroundStatesWhereGuessesDoNot) {
  const auto planted = testing::plant_plaquettes(8, 4);
  std::uint32_t solved = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto result =
        anneal_of({.model = planted.model,
                   .config = {.goal = {.target_energy = planted.lowest}, .beta_end = 2.0},
                   .replicas = 100,
                   .seed = seed});
    solved += result.reason == StopReason::target;
  }
  EXPECT_GE(solved, 7U);
  EXPECT_GT(testing::guessed_energies(compile(planted.model), 2000).front(), 0.7 * planted.lowest);
}

TEST(Population, GivesTheSameBitsOnAnyNumberOfThreadsAndOthersForAnotherSeed) {
  const Trial run{.replicas = 50};
  const auto expected = anneal_of(run);
  for (const unsigned threads : {2U, 7U}) {
    const Pool pool(threads);
    EXPECT_EQ(anneal_of(run, {.pool = &pool}).points.back().log_z, expected.points.back().log_z);
  }
  EXPECT_EQ(anneal_of(run).points.back().log_z, expected.points.back().log_z);
  auto other = run;
  other.seed = 4;
  EXPECT_NE(anneal_of(other).points.back().log_z, expected.points.back().log_z);
}

TEST(Population, StopsBetweenStepsAndReturnsWhatItHas) {
  const auto none = anneal_of({}, {.deadline = Deadline::after(0.0)});
  EXPECT_EQ(none.reason, StopReason::stopped);
  EXPECT_EQ(none.best.size(), 1U);
  EXPECT_EQ(none.points.size(), 1U);
  const auto some = anneal_of({.config = {.beta_end = 4.0, .rounds = 3}});
  EXPECT_EQ(some.rounds, 3U);
  EXPECT_LT(some.points.back().beta, 4.0);
}

TEST(Population, RefusesBetasThatDoNotGrow) {
  EXPECT_THROW((void)anneal_of({.config = {.beta_end = 1.0, .beta_start = 1.0}}), Error);
  EXPECT_THROW((void)anneal_of({.config = {.beta_end = std::numeric_limits<double>::infinity()}}),
               Error);
}

TEST(Population, TakesAnEnergyThatIsAllTheSame) {
  const auto result = anneal_of({.model = {.num_spins = 4, .offset = 2.0}});
  EXPECT_EQ(result.rounds, 1U);
  EXPECT_DOUBLE_EQ(result.points.back().log_z, -8.0);  // Z / 2^n = exp(-4 * 2)
}

TEST(SystematicResampling, GivesEachReplicaItsShareRoundedUpOrDown) {
  const std::vector<double> weights{0.5, 3.0, 0.0, 1.5, 1.0};  // of 6: shares times 5 replicas
  for (const double u : {0.0, 0.3, 0.77, 0.999}) {
    const auto parents = systematic_parents(weights, u);
    for (std::uint32_t r = 0; r < 5; ++r) {
      const auto copies = static_cast<double>(std::ranges::count(parents, r));
      const double share = weights[r] / 6.0 * 5.0;
      EXPECT_GE(copies, std::floor(share));
      EXPECT_LE(copies, std::ceil(share));
      if (copies > 0) {
        EXPECT_EQ(parents[r], r);  // who survives stays in place
      }
    }
  }
}

TEST(SystematicResampling, IsUnbiased) {
  const std::vector<double> weights{0.2, 0.7, 1.1};
  std::vector<double> copies(3, 0.0);
  constexpr int kDraws = 1000;  // u on a grid: the mean is exact to 1 / kDraws
  for (int k = 0; k < kDraws; ++k) {
    for (const auto r : systematic_parents(weights, (k + 0.5) / kDraws)) copies[r] += 1.0 / kDraws;
  }
  for (std::size_t r = 0; r < 3; ++r) EXPECT_NEAR(copies[r], weights[r] / 2.0 * 3.0, 3e-3);
}

TEST(LargestStep, KeepsWhatItIsAskedToAndNoMore) {
  // Two energies 0 and 1, half each: kept = (1 + w)^2 / (2 (1 + w^2)) with w = exp(-step).
  const std::vector<double> energies{0.0, 1.0};
  const double step = largest_step(energies, 0.8, 100.0);
  const double w = std::exp(-step);
  EXPECT_NEAR((1 + w) * (1 + w) / (2 * (1 + w * w)), 0.8, 1e-9);
  EXPECT_EQ(largest_step(energies, 0.8, 0.1), 0.1);
  EXPECT_EQ(largest_step(std::vector<double>{3.0, 3.0}, 0.8, 7.0), 7.0);
}

}  // namespace
}  // namespace therma
