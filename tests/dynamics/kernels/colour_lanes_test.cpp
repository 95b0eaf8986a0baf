// SPDX-License-Identifier: Apache-2.0
// The vector sweeps of colour_lanes against the site-by-site twin, on each target of this
// processor.
#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <limits>

#include "tests/support/targets.hpp"
#include "therma/dynamics/kernels/colour_lanes.hpp"
#include "therma/dynamics/kernels/colour_lanes_program.hpp"

namespace therma::kernels {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A torus with neighbours (1,0) and (2,1) by the four-fold orbit, degree 8.
IsingModel make_torus(std::uint32_t width, std::uint32_t height, bool gaussian, double unit = 1.0) {
  const Rng rng(6);
  IsingModel model{.num_spins = width * height};
  constexpr std::array<std::array<std::uint32_t, 2>, 2> kRules{{{1, 0}, {2, 1}}};
  for (std::uint32_t i = 0; i < model.num_spins; ++i) {
    const std::uint32_t x = i % width, y = i / width;
    for (std::uint32_t k = 0; k < 4; ++k) {
      const auto [a, b] = kRules[k / 2];
      const std::uint32_t dx = k % 2 == 0 ? a : width - b, dy = k % 2 == 0 ? b : a;
      const double w = gaussian ? rng.normal({.chain = k, .site = i})
                       : rng.bits({.chain = k, .site = i}) >> 63 != 0 ? unit
                                                                      : -unit;
      model.couplings.push_back({i, (x + dx) % width + (y + dy) % height * width, w});
    }
  }
  return model;
}

// A hub, a few spins of other degrees, fields, spins alone.
IsingModel make_star(std::uint32_t leaves, double unit) {
  IsingModel model{.num_spins = leaves + 5};
  model.fields.assign(model.num_spins, 0.0);
  model.fields[3] = unit;
  model.fields[leaves + 2] = -2.0 * unit;
  for (std::uint32_t k = 1; k <= leaves; ++k) model.couplings.push_back({0, k, -unit});
  for (std::uint32_t k = 1; k + 7 <= leaves; k += 3) model.couplings.push_back({k, k + 7, unit});
  return model;
}

class ColourLanes : public ::testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { choose(GetParam()); }
  void TearDown() override { choose(0); }
  static void choose(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }

  static std::vector<double> spins_after(const IsingModel& model, std::span<const double> betas,
                                         const ColourSweeps& sweeps) {
    const auto machine =
        make_colour_lanes(std::make_shared<const IsingProgram>(model), {3, 3}, Rng(7), sweeps);
    machine->advance(betas, 4, {});
    std::vector<double> all, values(model.num_spins);
    for (std::uint32_t r = 0; r < 3; ++r) {
      machine->read(r, values);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }
  static void expect_the_twins_bits(const IsingModel& model) {
    for (const double beta : {0.0, 0.05, 0.7, 3.0, 1e4, kInfinity}) {
      const std::vector betas{beta, 0.5 * beta, 0.3};
      EXPECT_EQ(spins_after(model, betas, {}), spins_after(model, betas, kSiteBySite)) << beta;
    }
  }
};

TEST_P(ColourLanes, AgreeOnATorusOfSmallIntegers) {
  expect_the_twins_bits(make_torus(70, 30, false, 0.3));
}
TEST_P(ColourLanes, AgreeOnATorusOfRealWeights) { expect_the_twins_bits(make_torus(70, 30, true)); }
TEST_P(ColourLanes, AgreeOnAnOddTorus) { expect_the_twins_bits(make_torus(45, 21, true)); }
TEST_P(ColourLanes, AgreeOnHubsOfAnyWeight) {
  for (const std::uint32_t leaves : {2U, 40U, 110U, 200U}) {  // narrow to 127 units, then wide
    expect_the_twins_bits(make_star(leaves, 0.1));
  }
}
TEST_P(ColourLanes, AgreeOnADenseGlass) { expect_the_twins_bits(testing::make_glass(70, 3)); }

INSTANTIATE_TEST_SUITE_P(Target, ColourLanes,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& target) { return hwy::TargetName(target.param); });

TEST(ColourLanesLayout, LoadsTheNeighboursOfARegularGraphAsTheyLie) {
  const auto layout = lay_out_by_colour(IsingProgram(make_torus(128, 64, false)));
  std::uint64_t whole = 0, gathers = 0;
  for (const auto& block : layout.blocks) {
    whole += block.num_runs + block.num_splits;
    gathers += block.num_gathers;
  }
  EXPECT_EQ(whole + gathers, 8 * layout.blocks.size());
  EXPECT_LT(gathers, whole / 20);
}

TEST(ColourLanesLayout, TakesInt8ForIntegersUpTo127) {
  EXPECT_TRUE(lay_out_by_colour(IsingProgram(make_star(110, 0.1))).narrow);
  EXPECT_FALSE(lay_out_by_colour(IsingProgram(make_star(130, 0.1))).narrow);
  EXPECT_FALSE(lay_out_by_colour(IsingProgram(make_torus(8, 8, true))).narrow);
}

// At infinite beta a lone spin follows its field.
TEST(ColourLanesLayout, KeepsSitesApartPastSixteenBits) {
  constexpr std::uint32_t kSpins = 70'000;
  IsingModel model{.num_spins = kSpins, .fields = std::vector<double>(kSpins)};
  for (std::uint32_t i = 0; i < kSpins; ++i) model.fields[i] = i * 2654435761U >> 31 ? 1.0 : -1.0;
  const auto machine =
      make_colour_lanes(std::make_shared<const IsingProgram>(model), {0, 1}, Rng(2));
  machine->advance(std::vector{kInfinity}, 1, {});
  std::vector<double> values(kSpins);
  machine->read(0, values);
  EXPECT_EQ(values, model.fields);
}

}  // namespace
}  // namespace therma::kernels
