// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/search.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/best_states.hpp"

namespace therma {
namespace {

using Values = std::vector<double>;

std::vector<double> energies_of(const BestStates& best) {
  std::vector<double> out;
  for (const auto& state : best.states()) out.push_back(state.energy);
  return out;
}

TEST(BestStates, KeepsTheLowestInOrder) {
  BestStates best(2);
  EXPECT_EQ(best.lowest_energy(), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(best.offer(3.0, Values{1, 1}));
  EXPECT_TRUE(best.offer(1.0, Values{1, -1}));
  EXPECT_TRUE(best.offer(2.0, Values{-1, -1}));
  EXPECT_FALSE(best.offer(2.5, Values{-1, 1}));
  EXPECT_EQ(energies_of(best), (std::vector<double>{1.0, 2.0}));
  EXPECT_EQ(best.states()[0].values, (Values{1, -1}));
}

TEST(BestStates, KeepsNoStateTwice) {
  BestStates best(3);
  EXPECT_TRUE(best.offer(1.0, Values{1, -1, 1}));
  EXPECT_FALSE(best.offer(1.0, Values{1, -1, 1}));
  EXPECT_TRUE(best.offer(1.0, Values{-1, 1, -1}));
  EXPECT_EQ(best.states().size(), 2U);
}

TEST(BestStates, FoldsMirrorImagesWhereAsked) {
  BestStates best(3, true);
  EXPECT_TRUE(best.offer(1.0, Values{1, -1, 1}));
  EXPECT_FALSE(best.offer(1.0, Values{-1, 1, -1}));
  EXPECT_TRUE(best.offer(1.0, Values{1, 1, -1}));
}

TEST(BestStates, PrefersTheFirstOfEqualEnergies) {
  BestStates best(1);
  EXPECT_TRUE(best.offer(1.0, Values{1}));
  EXPECT_FALSE(best.offer(1.0, Values{-1}));
  EXPECT_EQ(best.states()[0].values, Values{1});
}

TEST(BestStates, WantsNoEnergyThatIsNotANumber) {
  BestStates best(4);
  EXPECT_FALSE(best.offer(std::numeric_limits<double>::quiet_NaN(), Values{1}));
  EXPECT_TRUE(best.states().empty());
}

TEST(BestStates, ReadsFromAMachineWhatItWants) {
  const auto model = testing::make_glass(10, 3);
  const auto machine = testing::make_machine(testing::target_of(model), 40, 1);
  std::vector<double> energies(40);
  machine->energies(energies, {});
  BestStates best(5);
  best.offer_all(*machine, energies);
  std::ranges::sort(energies);
  ASSERT_EQ(best.states().size(), 5U);
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_DOUBLE_EQ(best.states()[k].energy, energies[k]);
    std::vector<Spin> spins(best.states()[k].values.begin(), best.states()[k].values.end());
    EXPECT_NEAR(energy(model, spins), energies[k], 1e-12);
  }
}

TEST(BestStates, ReturnFromACheckpoint) {
  BestStates best(3);
  best.offer(1.0, Values{1, -1});
  best.offer(0.5, Values{1, 1});
  BestStates back(3);
  back.restore(best.save());
  EXPECT_EQ(energies_of(back), energies_of(best));
  EXPECT_FALSE(back.offer(1.0, Values{1, -1}));
  const auto bytes = best.save();
  EXPECT_THROW(back.restore(bytes.substr(0, bytes.size() - 1)), Error);
  EXPECT_THROW(BestStates(2).restore(bytes), Error);
}

TEST(BestStates, WriteTheirStatesRoundAndRound) {
  const auto target = testing::target_of(testing::make_ring({.spins = 4}));
  const auto machine = testing::make_machine(target, 3, 1);
  write_states(*machine, std::vector<FoundState>{{0.0, {1, 1, 1, 1}}, {0.0, {1, -1, 1, -1}}});
  EXPECT_EQ(machine->mean_value(0), 1.0);
  EXPECT_EQ(machine->mean_value(1), 0.0);
  EXPECT_EQ(machine->mean_value(2), 1.0);
  EXPECT_THROW(write_states(*machine, {}), Error);
  EXPECT_THROW(write_states(*machine, std::vector<FoundState>{{0.0, {1, 1}}}), Error);
}

TEST(BestStates, RefuseToKeepNone) { EXPECT_THROW(BestStates(0), Error); }

}  // namespace
}  // namespace therma
