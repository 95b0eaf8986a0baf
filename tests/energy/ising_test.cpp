// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"

namespace therma {
namespace {

using testing::make_glass;
using testing::make_ring;
using testing::spins_of;

static_assert(SpinEnergy<IsingProgram>);

TEST(Ising, GivesARingItsKnownEnergies) {
  const auto ring = compile(make_ring({.spins = 6, .coupling = 0.7, .field = 0.1}));
  // All up: -6 * 0.7 - 6 * 0.1. One turned over: two bonds and two fields change sign.
  EXPECT_DOUBLE_EQ(ring.energy(spins_of(0b111111, 6)), -4.8);
  EXPECT_DOUBLE_EQ(ring.energy(spins_of(0b111110, 6)), -4.8 + 4 * 0.7 + 2 * 0.1);
  EXPECT_EQ(ring.num_couplings(), 6U);
}

TEST(Ising, CompilesToTheEnergyOfTheDescription) {
  auto model = make_glass(8, 5);
  model.offset = 2.5;
  const auto program = compile(model);
  for (std::size_t k = 0; k < 256; ++k) {
    const auto spins = spins_of(k, 8);
    EXPECT_NEAR(program.energy(spins), energy(model, spins), 1e-12);
  }
}

TEST(Ising, HasLocalFieldsThatPredictEveryFlip) {
  const auto model = make_glass(8, 6);
  const auto program = compile(model);
  for (std::size_t k = 0; k < 256; ++k) {
    auto spins = spins_of(k, 8);
    for (std::uint32_t site = 0; site < 8; ++site) {
      const double predicted = 2.0 * spins[site] * program.local_field(spins, site);
      const double before = energy(model, spins);
      spins[site] = static_cast<Spin>(-spins[site]);
      EXPECT_NEAR(energy(model, spins) - before, predicted, 1e-12);
      spins[site] = static_cast<Spin>(-spins[site]);
    }
  }
}

TEST(Ising, AddsUpPairsGivenTwiceAndDropsThoseThatCancel) {
  const auto program = compile(IsingModel{
      .num_spins = 3,
      .couplings = {{0, 1, 1.0}, {1, 0, 0.5}, {1, 2, 2.0}, {2, 1, -2.0}},
  });
  EXPECT_EQ(program.num_couplings(), 1U);
  EXPECT_DOUBLE_EQ(program.energy(spins_of(0b111, 3)), -1.5);
}

TEST(Ising, ColoursSpinsSoThatNoClassHoldsCoupledOnes) {
  for (const auto& model :
       {make_ring({.spins = 7}), make_glass(9, 1), IsingModel{.num_spins = 4}}) {
    const auto program = compile(model);
    std::set<std::uint32_t> seen;
    for (std::size_t colour = 0; colour < program.num_colours(); ++colour) {
      const auto members = program.colour_class(colour);
      for (const auto site : members) {
        EXPECT_TRUE(seen.insert(site).second);
        for (const auto neighbour : program.couplings().columns(site)) {
          EXPECT_EQ(std::ranges::count(members, neighbour), 0);
        }
      }
    }
    EXPECT_EQ(seen.size(), program.size());
  }
}

TEST(Ising, ColoursAnEvenRingWithTwoColoursAndAnOddOneWithThree) {
  EXPECT_EQ(compile(make_ring({.spins = 6})).num_colours(), 2U);
  EXPECT_EQ(compile(make_ring({.spins = 7})).num_colours(), 3U);
  EXPECT_EQ(compile(make_glass(9, 1)).num_colours(), 9U);
  EXPECT_EQ(compile(IsingModel{.num_spins = 4}).num_colours(), 1U);
  EXPECT_EQ(compile(IsingModel{}).num_colours(), 0U);
}

TEST(Ising, RejectsBadModelsInOneSentence) {
  const auto message = [](const IsingModel& model) {
    try {
      (void)compile(model);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data);
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message({.num_spins = 3, .couplings = {{0, 3, 1.0}}}),
            "coupling 0: joins 0 and 3, but there are 3 spins");
  EXPECT_EQ(message({.num_spins = 3, .couplings = {{0, 1, 1.0}, {2, 2, 1.0}}}),
            "coupling 1: joins 2 to itself; two different spins were expected");
  EXPECT_EQ(message({.num_spins = 3, .couplings = {{0, 1, kNan}}}),
            "coupling 0: must be a finite number, got nan");
  EXPECT_EQ(message({.num_spins = 3, .fields = {1.0}}), "field: must be 3 numbers or none, got 1");
  EXPECT_EQ(message({.num_spins = 1, .fields = {kNan}}),
            "field 0: must be a finite number, got nan");
}

}  // namespace
}  // namespace therma
