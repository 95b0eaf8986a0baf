// SPDX-License-Identifier: Apache-2.0
#include "therma/energy/instances.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"

namespace therma {
namespace {

using testing::spins_of;

// Degrees of a model without double edges, and a check that it has none.
std::vector<std::size_t> degrees(const IsingModel& model) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  std::vector<std::size_t> degree(model.num_spins, 0);
  for (const auto& c : model.couplings) {
    EXPECT_NE(c.i, c.j);
    EXPECT_TRUE(seen.insert(std::minmax(c.i, c.j)).second) << c.i << " " << c.j;
    ++degree[c.i], ++degree[c.j];
  }
  return degree;
}

double mean_square(const IsingModel& model) {
  double sum = 0.0;
  for (const auto& c : model.couplings) sum += c.value * c.value;
  return sum / static_cast<double>(model.couplings.size());
}

bool all_have(const std::vector<std::size_t>& degree, std::size_t expected) {
  return std::ranges::all_of(degree, [&](std::size_t d) { return d == expected; });
}

TEST(Instances, CouplesEveryPairOfAnSkGlassWithVarianceOneOverN) {
  const auto model = sk_glass(200, 3);
  EXPECT_TRUE(all_have(degrees(model), 199));
  // 19900 squares of N(0, 1): relative error of the mean sqrt(2 / 19900) = 0.01; 4.5 of them.
  EXPECT_NEAR(mean_square(model) * 200, 1.0, 0.045);
  EXPECT_TRUE(model.fields.empty());
}

TEST(Instances, GivesACubeSixNeighboursAndBothSigns) {
  const auto model = glass_3d(5, 1);
  EXPECT_TRUE(all_have(degrees(model), 6));
  EXPECT_DOUBLE_EQ(mean_square(model), 1.0);
  double sum = 0.0;
  for (const auto& c : model.couplings) sum += c.value;
  EXPECT_LT(std::abs(sum), 4.5 * std::sqrt(375.0));  // 375 fair signs: 7e-6
}

TEST(Instances, GivesAFerromagnetItsGroundEnergy) {
  const auto model = ferromagnet_2d(4);
  EXPECT_TRUE(all_have(degrees(model), 4));
  EXPECT_DOUBLE_EQ(energy(model, spins_of(0xFFFF, 16)), -32.0);  // two bonds a site
  EXPECT_DOUBLE_EQ(energy(ferromagnet_2d(2), spins_of(0xF, 4)), -8.0);
}

TEST(Instances, BuildsRegularGraphsOfAnyDegree) {
  for (const auto& [n, degree] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
           {500, 12}, {500, 3}, {9, 4}, {9, 8}, {8, 7}, {10, 6}, {2, 1}, {5, 2}, {7, 0}, {1, 0}}) {
    const auto model = random_regular(n, degree, 5);
    EXPECT_EQ(model.num_spins, n);
    EXPECT_TRUE(all_have(degrees(model), degree)) << n << " " << degree;
  }
}

TEST(Instances, DrawsEachOfTheThreePairingsOfFourSpinsAlikeOften) {
  std::vector<int> counts(4, 0);
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    for (const auto& c : random_regular(4, 1, seed).couplings) {
      if (std::min(c.i, c.j) == 0) ++counts[std::max(c.i, c.j)];
    }
  }
  // 3000 draws, standard deviation sqrt(3000 * 1/3 * 2/3) = 25.8; 4.5 of them, 2e-5 in all.
  for (int partner = 1; partner < 4; ++partner) EXPECT_NEAR(counts[partner], 1000, 116);
}

TEST(Instances, TurnsEachDisplacementFourTimes) {
  const Displacement rules[] = {{1, 0}, {2, 1}};
  const auto model = displacement_grid({.width = 7, .height = 6, .rules = rules}, 1);
  EXPECT_TRUE(all_have(degrees(model), 8));
  std::set<std::uint32_t> of_origin;
  for (const auto& c : model.couplings) {
    if (c.i == 0) of_origin.insert(c.j);
    if (c.j == 0) of_origin.insert(c.i);
  }
  // (1,0) (0,1) (-1,0) (0,-1); (2,1) (-1,2) (-2,-1) (1,-2), as y * 7 + x on 7 x 6.
  EXPECT_EQ(of_origin, (std::set<std::uint32_t>{1, 7, 6, 35, 9, 20, 40, 29}));
}

TEST(Instances, GivesTheZ1GridDegreeSixteen) {
  const auto program = compile(z1_grid(1));
  EXPECT_EQ(program.size(), 576U * 468U);
  EXPECT_EQ(program.num_couplings(), 8U * 576 * 468);
  EXPECT_EQ(program.couplings().columns(1000).size(), 16U);
}

TEST(Instances, PlantsAGroundState) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const auto planted = planted_loops(random_regular(12, 4, seed), 1.0, seed);
    EXPECT_NEAR(energy(planted.model, planted.ground_state), planted.ground_energy, 1e-12);
    double least = 0.0;
    for (std::size_t k = 0; k < 4096; ++k) {
      least = std::min(least, energy(planted.model, spins_of(k, 12)));
    }
    EXPECT_NEAR(least, planted.ground_energy, 1e-12);
    EXPECT_LT(planted.ground_energy, -2.0);
  }
}

TEST(Instances, FrustratesWhatItPlants) {
  const auto planted = planted_loops(glass_3d(4, 1), 0.7, 2);
  int broken = 0;
  for (const auto& c : planted.model.couplings) {
    broken += c.value * planted.ground_state[c.i] * planted.ground_state[c.j] < 0.0;
  }
  EXPECT_GT(broken, 10);
}

TEST(Instances, ArePureFunctionsOfTheirSeed) {
  const auto values = [](const IsingModel& model) {
    std::vector<double> all;
    for (const auto& c : model.couplings) all.insert(all.end(), {1.0 * c.i, 1.0 * c.j, c.value});
    return all;
  };
  EXPECT_EQ(values(random_regular(50, 4, 1)), values(random_regular(50, 4, 1)));
  EXPECT_NE(values(random_regular(50, 4, 1)), values(random_regular(50, 4, 2)));
  EXPECT_NE(values(sk_glass(10, 1)), values(sk_glass(10, 2)));
  EXPECT_NE(values(glass_3d(3, 1)), values(glass_3d(3, 2)));
}

TEST(Instances, RefusesSizesThatWouldFillTheMemory) {
  const auto message = [](auto make) {
    try {
      (void)make();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::invalid_argument);
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message([] { return sk_glass(4'000'000'000, 1); }),
            "sk_glass: asks for 8e+18 couplings, at most 67108864 are built");
  EXPECT_NE(message([] { return glass_3d(4'000'000'000, 1); }), "accepted");
  EXPECT_NE(message([] { return ferromagnet_2d(1'000'000); }), "accepted");
  EXPECT_NE(message([] { return random_regular(1'000'000, 1000, 1); }), "accepted");
  EXPECT_EQ(message([] { return random_regular(5, 3, 1); }),
            "random_regular: spins times degree must be even, got 5 times 3");
  EXPECT_EQ(message([] { return random_regular(5, 5, 1); }),
            "random_regular: degree must be below the 5 spins, got 5");
  EXPECT_EQ(message([] { return glass_3d(1, 1); }), "glass_3d: side must be >= 2, got 1");
  static constexpr Displacement kRules[] = {{2, 0}};
  EXPECT_EQ(
      message([] { return displacement_grid({.width = 4, .height = 9, .rules = kRules}, 1); }),
      "displacement (2, 0): its turn (-2, 0) joins a site to itself or to a neighbour it has "
      "already, on a periodic grid of 4 x 9");
}

}  // namespace
}  // namespace therma
