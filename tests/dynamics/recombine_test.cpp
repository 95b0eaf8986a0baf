// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/search.hpp"
#include "therma/dynamics/recombine.hpp"
#include "therma/energy/instances.hpp"

namespace therma {
namespace {

TEST(Recombine, TakesTheBetterOfEachCluster) {
  // Two separate pairs: each state has one of them right.
  const auto program = compile({.num_spins = 4, .couplings = {{0, 1, 1.0}, {2, 3, 1.0}}});
  std::vector<Spin> state{1, 1, 1, -1};
  const std::vector<Spin> other{1, -1, 1, 1};
  EXPECT_EQ(take_better_clusters(program, state, other), -2.0);
  EXPECT_EQ(state, (std::vector<Spin>{1, 1, 1, 1}));
}

TEST(Recombine, CountsChangesExactlyAndNeverRises) {
  for (std::uint32_t trial = 0; trial < 50; ++trial) {
    auto model = testing::plant_plaquettes(8, trial).model;
    model.fields.assign(64, 0.0);
    for (std::uint32_t i = 0; i < 64; i += 5) model.fields[i] = 0.5;
    const auto program = compile(model);
    auto state = init_spins(program, Rng(1), trial).spins;
    const auto other = init_spins(program, Rng(2), trial).spins;
    const double before = program.energy(state);
    const double change = take_better_clusters(program, state, other);
    EXPECT_LE(change, 0.0);
    EXPECT_EQ(program.energy(state), before + change);  // halves: exact
    EXPECT_LE(program.energy(state), before);
    EXPECT_EQ(take_better_clusters(program, state, other), 0.0);  // nothing is left to take
  }
}

TEST(Recombine, LowersAResultAndSaysSo) {
  const Displacement rules[] = {{1, 0}};
  const auto program = compile(displacement_grid({.width = 24, .height = 24, .rules = rules}, 3));
  SearchResult result;
  for (std::uint32_t k = 0; k < 40; ++k) {  // a few greedy sweeps from random states
    auto state = init_spins(program, Rng(5), k).spins;
    for (std::uint32_t sweep = 0; sweep < 10; ++sweep) {
      for (std::uint32_t i = 0; i < program.size(); ++i) {
        if (state[i] * program.local_field(state, i) < 0.0) state[i] = static_cast<Spin>(-state[i]);
      }
    }
    result.best.push_back({program.energy(state), std::vector<double>(state.begin(), state.end())});
  }
  std::ranges::sort(result.best, {}, &FoundState::energy);
  const double before = result.best_energy();
  const Pool pool(3);
  auto again = result;
  recombine(program, result, {.num_best = 3, .fold_mirrors = true}, {.pool = &pool});
  EXPECT_TRUE(result.polished);
  EXPECT_EQ(result.best.size(), 3U);
  EXPECT_LT(result.best_energy(), before - 8.0);
  recombine(program, again, {.num_best = 3, .fold_mirrors = true}, {});
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(again.best[k].values, result.best[k].values);
}

TEST(Recombine, LeavesOneStateAsItIs) {
  const auto program = compile(testing::make_ring({.spins = 4}));
  SearchResult result;
  recombine(program, result, {}, {});
  EXPECT_TRUE(result.best.empty());
  result.best.push_back({0.0, {1, -1, -1, 1}});
  recombine(program, result, {}, {});
  EXPECT_EQ(result.best[0].values, (std::vector<double>{1, -1, -1, 1}));
}

}  // namespace
}  // namespace therma
