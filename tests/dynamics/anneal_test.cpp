// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/search.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/anneal.hpp"
#include "therma/dynamics/beta_range.hpp"

namespace therma {
namespace {

AnnealResult anneal_of(const IsingModel& model, const AnnealConfig& config, std::uint64_t seed = 1,
                       std::uint32_t replicas = 32, const Resources& resources = {}) {
  const auto target = testing::target_of(model);
  const auto machine = testing::make_machine(target, replicas, seed);
  return anneal(*machine, config, default_schedule(beta_range(target)), resources);
}

double energy_of(const IsingModel& model, const FoundState& state) {
  return energy(model, std::vector<Spin>(state.values.begin(), state.values.end()));
}

TEST(Anneal, FindsGroundStatesByMostReplicasWhereGuessesDoNot) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto model = testing::make_glass(14, seed);
    const double ground = testing::all_energies(model).front();
    const auto result = anneal_of(model, {.sweeps = 400});
    EXPECT_NEAR(result.best_energy(), ground, 1e-9);
    EXPECT_NEAR(energy_of(model, result.best[0]), ground, 1e-9);
    EXPECT_GE(testing::share_at(result.replica_best, ground), 0.5);
    // Guesses: 32 of 2^14 states, one or two of which are it.
    EXPECT_LE(testing::share_at(testing::guessed_energies(compile(model), 32), ground), 1.0 / 32);
  }
}

TEST(Anneal, SolvesPlantedPlaquettes) {
  const auto planted = testing::plant_plaquettes(12, 5);
  ASSERT_EQ(energy(planted.model, planted.hidden), planted.lowest);
  const auto result = anneal_of(planted.model, {.sweeps = 1000, .quench = 8});
  EXPECT_EQ(result.best_energy(), planted.lowest);
  EXPECT_GE(testing::share_at(result.replica_best, planted.lowest), 0.2);
  EXPECT_GT(testing::guessed_energies(compile(planted.model), 1000).front(), 0.5 * planted.lowest);
}

TEST(Anneal, ReturnsTheBestStateAndNotTheLast) {
  const auto model = testing::make_glass(10, 4);
  const auto target = testing::target_of(model);
  const auto machine = testing::make_machine(target, 16, 1);
  // Cold in the third quarter, and infinitely hot in the last.
  const auto schedule = Schedule::list({0.1, 1.0, 20.0, 0.0});
  const auto result =
      anneal(*machine, {.sweeps = 400, .levels = 400, .look_every = 1}, schedule, {});
  const double ground = testing::all_energies(model).front();
  EXPECT_NEAR(result.best_energy(), ground, 1e-9);
  std::vector<double> last(16);
  machine->energies(last, {});
  EXPECT_GT(*std::ranges::min_element(last), ground + 1e-6);
}

TEST(Anneal, GivesTheSameBitsOnAnyNumberOfThreadsAndOthersForAnotherSeed) {
  const auto model = testing::plant_plaquettes(8, 2).model;
  const AnnealConfig config{.goal = {.num_best = 4}, .sweeps = 60, .anneals = 2};
  const auto expected = anneal_of(model, config);
  for (const unsigned threads : {2U, 3U, 7U}) {
    const Pool pool(threads);
    const auto other = anneal_of(model, config, 1, 32, {.pool = &pool});
    EXPECT_EQ(other.replica_best, expected.replica_best);
    ASSERT_EQ(other.best.size(), expected.best.size());
    for (std::size_t k = 0; k < other.best.size(); ++k) {
      EXPECT_EQ(other.best[k].values, expected.best[k].values);
    }
  }
  const auto again = anneal_of(model, config);  // depends on nothing that ran before
  EXPECT_EQ(again.best[0].values, expected.best[0].values);
  EXPECT_NE(anneal_of(model, config, 2).best[0].values, expected.best[0].values);
}

TEST(Anneal, IsReproducedByItsRoundsHoweverItEnded) {
  const auto model = testing::make_glass(30, 8);
  for (const std::uint64_t stop_after : {1U, 37U, 50U, 51U, 77U}) {
    std::stop_source source;
    std::uint64_t rounds = 0;
    Resources resources;
    resources.stop = source.get_token();
    resources.on_progress = [&](const Progress&) {
      if (++rounds == stop_after) source.request_stop();
    };
    const AnnealConfig config{.sweeps = 100, .levels = 50, .anneals = 0, .look_every = 7};
    const auto cut = anneal_of(model, config, 1, 8, resources);
    EXPECT_EQ(cut.reason, StopReason::stopped);
    EXPECT_EQ(cut.rounds, stop_after);
    auto counted = config;
    counted.rounds = cut.rounds;
    const auto again = anneal_of(model, counted, 1, 8);
    EXPECT_EQ(again.reason, StopReason::finished);
    EXPECT_EQ(again.replica_best, cut.replica_best);
    EXPECT_EQ(again.best[0].values, cut.best[0].values);
  }
}

TEST(Anneal, StopsAtATargetEnergy) {
  const auto planted = testing::plant_plaquettes(8, 2);
  const auto result =
      anneal_of(planted.model,
                {.goal = {.target_energy = planted.lowest + 8.0}, .sweeps = 100, .anneals = 0});
  EXPECT_EQ(result.reason, StopReason::target);
  EXPECT_LE(result.best_energy(), planted.lowest + 8.0);
}

TEST(Anneal, ReturnsWhatItHasAtADeadline) {
  const auto model = testing::plant_plaquettes(8, 2).model;
  const auto none = anneal_of(model, {.anneals = 0}, 1, 4, {.deadline = Deadline::after(0.0)});
  EXPECT_EQ(none.reason, StopReason::stopped);
  EXPECT_EQ(none.sweeps, 0U);
  ASSERT_EQ(none.best.size(), 1U);  // the state it began with
  EXPECT_EQ(energy_of(model, none.best[0]), none.best_energy());
  const auto some = anneal_of(model, {.anneals = 0}, 1, 4, {.deadline = Deadline::after(0.05)});
  EXPECT_EQ(some.reason, StopReason::stopped);
  EXPECT_GT(some.rounds, 0U);
  EXPECT_LE(some.best_energy(), none.best_energy());
}

TEST(Anneal, KeepsTheLowestDistinctStates) {
  const auto model = testing::make_signs(9, 4);
  const auto energies = testing::all_energies(model);  // in mirrored pairs
  // Warm: it wanders among the lowest states instead of resting in one.
  const auto lowest = [&](bool fold) {
    const auto machine = testing::make_machine(testing::target_of(model), 32, 1);
    return anneal(*machine,
                  {.goal = {.num_best = 12, .fold_mirrors = fold}, .sweeps = 1000, .look_every = 1},
                  Schedule::constant(0.2), {})
        .best;
  };
  const auto all = lowest(false), folded = lowest(true);
  ASSERT_EQ(all.size(), 12U);
  ASSERT_EQ(folded.size(), 12U);
  for (std::size_t k = 0; k < 12; ++k) {
    EXPECT_EQ(all[k].energy, energies[k]);
    EXPECT_EQ(folded[k].energy, energies[2 * k]);
    for (std::size_t j = 0; j < k; ++j) EXPECT_NE(all[j].values, all[k].values);
  }
}

TEST(Anneal, KeepsAWarmStartInMindAndCold) {
  const auto planted = testing::plant_plaquettes(16, 9);
  const auto target = testing::target_of(planted.model);
  const auto machine = testing::make_machine(target, 8, 1);
  write_states(*machine,
               std::vector<FoundState>{{0.0, {planted.hidden.begin(), planted.hidden.end()}}});
  const auto result =
      anneal(*machine, {.sweeps = 20, .skip = 0.9}, default_schedule(beta_range(target)), {});
  EXPECT_EQ(result.best_energy(), planted.lowest);
  EXPECT_LE(result.sweeps, 3U);
  std::vector<double> energies(8);
  machine->energies(energies, {});
  for (const double e : energies) EXPECT_LT(e, 0.9 * planted.lowest);  // still near it
}

TEST(Anneal, TakesAnInfiniteAndAZeroBeta) {
  const auto model = testing::make_glass(20, 3);
  const auto target = testing::target_of(model);
  const auto program = compile(model);
  const auto machine = testing::make_machine(target, 16, 1);
  const auto greedy = anneal(*machine, {.sweeps = 50}, Schedule::parse("inf"), {});
  std::vector<double> values(20);
  for (std::uint32_t r = 0; r < 16; ++r) {  // every replica rests in a local minimum
    machine->read(r, values);
    const std::vector<Spin> spins(values.begin(), values.end());
    for (std::uint32_t i = 0; i < 20; ++i) {
      EXPECT_GE(spins[i] * program.local_field(spins, i), 0.0);
    }
  }
  EXPECT_LT(greedy.best_energy(), 0.0);
  // At beta 0 nothing is sought: the mean of 16 x 10 guesses is 0 within 5 standard errors.
  double sum = 0.0, squares = 0.0;
  for (int k = 0; k < 10; ++k) {
    (void)anneal(*machine, {.sweeps = 2}, Schedule::constant(0.0), {});
    std::vector<double> energies(16);
    machine->energies(energies, {});
    for (const double e : energies) sum += e, squares += e * e;
  }
  EXPECT_LT(std::abs(sum / 160), 5.0 * std::sqrt(squares / 160 / 160));
}

TEST(Anneal, GrowsItsAnnealsAndSharesSweepsOutExactly) {
  const auto model = testing::make_ring({.spins = 6});
  const auto result =
      anneal_of(model, {.sweeps = 10, .levels = 7, .quench = 3, .anneals = 3, .growth = 2.0});
  EXPECT_EQ(result.sweeps, 10U + 20U + 40U + 3U * 3U);
  EXPECT_EQ(result.rounds, 21U);
  EXPECT_EQ(result.anneals, 3U);
}

TEST(Anneal, RefusesToRunForever) {
  const auto model = testing::make_ring({.spins = 6});
  EXPECT_THROW((void)anneal_of(model, {.anneals = 0}), Error);
  EXPECT_THROW((void)anneal_of(model, {.sweeps = 0}), Error);
}

}  // namespace
}  // namespace therma
