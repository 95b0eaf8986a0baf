// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/search.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/tabu.hpp"

namespace therma {
namespace {

std::vector<double> random_values(const IsingProgram& program, std::uint32_t chain) {
  const auto state = init_spins(program, Rng(7), chain);
  return {state.spins.begin(), state.spins.end()};
}

double energy_of(const IsingModel& model, std::span<const double> values) {
  return energy(model, std::vector<Spin>(values.begin(), values.end()));
}

// Downhill alone, from the same states: the control.
double greedy_energy(const IsingProgram& program, std::vector<double> values) {
  std::vector<Spin> spins(values.begin(), values.end());
  for (bool moved = true; moved;) {
    moved = false;
    for (std::uint32_t i = 0; i < program.size(); ++i) {
      if (spins[i] * program.local_field(spins, i) < 0.0) {
        spins[i] = static_cast<Spin>(-spins[i]);
        moved = true;
      }
    }
  }
  return program.energy(spins);
}

TEST(Tabu, FindsGroundStatesFromRandomOnesMoreOftenThanDescent) {
  const auto model = testing::make_glass(16, 5);
  const auto program = compile(model);
  const double ground = testing::all_energies(model).front();
  std::vector<double> found, descended;
  for (std::uint32_t chain = 0; chain < 50; ++chain) {
    const auto start = random_values(program, chain);
    const auto result = tabu_polish(program, start, {.flips = 3000}, Rng(1), chain, {});
    EXPECT_NEAR(result.best.energy, energy_of(model, result.best.values), 1e-12);
    EXPECT_LE(result.best.energy, greedy_energy(program, start) + 1e-9);
    found.push_back(result.best.energy);
    descended.push_back(greedy_energy(program, start));
  }
  EXPECT_GE(testing::share_at(found, ground), 0.9);
  EXPECT_LE(testing::share_at(descended, ground), 0.6);
}

TEST(Tabu, SolvesPlantedPlaquettesFromRandomStates) {
  const auto planted = testing::plant_plaquettes(8, 3);
  const auto program = compile(planted.model);
  std::vector<double> found;
  for (std::uint32_t chain = 0; chain < 20; ++chain) {
    found.push_back(
        tabu_polish(program, random_values(program, chain), {.flips = 50'000}, Rng(1), chain, {})
            .best.energy);
  }
  EXPECT_GE(testing::share_at(found, planted.lowest), 0.5);
}

TEST(Tabu, NeverLosesTheStateItBeganWith) {
  const auto planted = testing::plant_plaquettes(10, 3);
  const std::vector<double> hidden(planted.hidden.begin(), planted.hidden.end());
  const auto result = tabu_polish(compile(planted.model), hidden, {}, Rng(1), 0, {});
  EXPECT_EQ(result.best.energy, planted.lowest);
  EXPECT_FALSE(result.improved);
  EXPECT_GE(result.flips, 10'000U);
}

TEST(Tabu, KeepsItsBooksExactlyOverAMillionFlips) {
  // Weights that no double holds exactly: the energy is measured, not added up.
  auto model = testing::make_glass(40, 2);
  for (auto& c : model.couplings) c.value *= 1e6 / 3.0;
  const auto program = compile(model);
  const auto result = tabu_polish(program, random_values(program, 0),
                                  {.flips = 1'000'000, .patience = 1'000'000}, Rng(1), 0, {});
  EXPECT_GT(result.flips, 900'000U);
  const std::vector<Spin> spins(result.best.values.begin(), result.best.values.end());
  EXPECT_EQ(result.best.energy, program.energy(spins));
  for (std::uint32_t i = 0; i < program.size(); ++i) {  // the best of them is a local minimum
    EXPECT_GE(spins[i] * program.local_field(spins, i), 0.0);
  }
}

TEST(Tabu, PolishesAResultAndSaysSo) {
  const auto model = testing::make_signs(14, 3);
  const auto program = compile(model);
  SearchResult result;
  for (std::uint32_t chain = 0; chain < 3; ++chain) {
    auto values = random_values(program, chain);
    result.best.push_back({energy_of(model, values), std::move(values)});
  }
  std::ranges::sort(result.best, {}, &FoundState::energy);
  EXPECT_FALSE(result.polished);
  auto again = result;
  const Pool pool(2);
  tabu_polish(program, result, {.num_best = 3}, {}, Rng(1), {.pool = &pool});
  EXPECT_TRUE(result.polished);
  EXPECT_EQ(result.best_energy(), testing::all_energies(model).front());
  EXPECT_EQ(result.best.size(), 3U);
  tabu_polish(program, again, {.num_best = 3}, {}, Rng(1), {});
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(again.best[k].values, result.best[k].values);
}

TEST(Tabu, StopsWhenToldTo) {
  const auto program = compile(testing::make_glass(20, 2));
  const auto result = tabu_polish(program, random_values(program, 0), {.patience = 1U << 30},
                                  Rng(1), 0, {.deadline = Deadline::after(0.0)});
  EXPECT_LE(result.flips, 4096U);
}

TEST(Tabu, TakesTheSmallestSystems) {
  EXPECT_EQ(tabu_polish(compile({.num_spins = 0}), {}, {}, Rng(1), 0, {}).flips, 0U);
  const auto one = compile({.num_spins = 1, .fields = {1.0}});
  const std::vector<double> down{-1.0};
  EXPECT_EQ(tabu_polish(one, down, {}, Rng(1), 0, {}).best.energy, -1.0);
  const auto two = compile({.num_spins = 2, .couplings = {{0, 1, -1.0}}});
  EXPECT_EQ(tabu_polish(two, std::vector<double>{1.0, 1.0}, {}, Rng(1), 0, {}).best.energy, -1.0);
  EXPECT_THROW((void)tabu_polish(two, down, {}, Rng(1), 0, {}), Error);
}

}  // namespace
}  // namespace therma
