// SPDX-License-Identifier: Apache-2.0
// Chains of colour_lanes against enumeration.
//
// Chains are independent, so that z = (n - N p) / sqrt(N p (1 - p)) of each state is nearly normal
// where N p > 25, as all are here. 256 states against |z| < 5.5, each 3.8e-8: false alarms below
// 1e-5 a law, 1e-4 in this file.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/targets.hpp"
#include "therma/dynamics/kernels/colour_lanes.hpp"

namespace therma::kernels {
namespace {

constexpr double kLargestZ = 5.5;
constexpr std::uint32_t kChains = 12'000;

double largest_z(const IsingModel& model, double law_beta, std::span<const double> betas,
                 std::uint32_t first = 0, std::uint32_t stride = 1) {
  const auto machine =
      make_colour_lanes(std::make_shared<const IsingProgram>(model), {0, kChains}, Rng(31));
  machine->advance(betas, 30, {});
  const auto p = testing::enumerate_boltzmann(model, law_beta);
  std::vector<double> counts(p.size()), values(model.num_spins);
  double total = 0.0, worst = 0.0;
  for (std::uint32_t r = first; r < kChains; r += stride, total += 1.0) {
    machine->read(r, values);
    counts[testing::index_of(std::vector<Spin>(values.begin(), values.end()))] += 1.0;
  }
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (total * p[k] < 25.0) continue;
    worst = std::max(worst,
                     std::abs(counts[k] - total * p[k]) / std::sqrt(total * p[k] * (1.0 - p[k])));
  }
  return worst;
}

IsingModel integers() {
  return {
      .num_spins = 7,
      .couplings = {{0, 1, 0.6}, {1, 2, -0.3}, {2, 3, 0.9}, {3, 0, 0.3}, {4, 1, -0.6}, {4, 2, 0.3}},
      .fields = {0.3, 0.0, -0.3, 0.0, 0.6, 0.3, 0.0}};
}

TEST(ColourLanesLaw, VisitsStatesWithBoltzmannFrequencies) {
  for (const double beta : {0.1, 0.8}) {
    EXPECT_LT(largest_z(integers(), beta, std::vector{beta}), kLargestZ);
    EXPECT_LT(largest_z(testing::make_glass(6, 4), beta, std::vector{beta}), kLargestZ);
  }
}

TEST(ColourLanesLaw, WouldNotFitAnotherBeta) {  // the power of the test above
  EXPECT_GT(largest_z(integers(), 1.2, std::vector{0.8}), kLargestZ);
  EXPECT_GT(largest_z(testing::make_glass(6, 4), 1.2, std::vector{0.8}), kLargestZ);
}

TEST(ColourLanesLaw, GivesEachChainTheLawOfItsOwnBeta) {
  std::vector<double> betas(kChains);
  for (std::uint32_t r = 0; r < kChains; ++r) betas[r] = r % 2 == 0 ? 0.0 : 0.7;
  EXPECT_LT(largest_z(integers(), 0.0, betas, 0, 2), kLargestZ);
  EXPECT_LT(largest_z(testing::make_glass(6, 4), 0.7, betas, 1, 2), kLargestZ);
}

// A lone spin of field h is up with probability 1 / (1 + exp(-2 beta h)), which one byte of a draw
// cannot tell; 2 million spins see 2^-8 of a bias of 5e-4 by 4.5 sigma.
TEST(ColourLanesLaw, DrawsFinerThanItsFirstBits) {
  constexpr std::uint32_t kSpins = 100'000, kSweeps = 20;
  for (const double second : {1.0, std::sqrt(2.0)}) {  // int8, then int16
    IsingModel model{.num_spins = kSpins, .fields = std::vector<double>(kSpins, 1.0)};
    model.fields[0] = second;
    const double beta = 1.1, up = 1.0 / (1.0 + std::exp(-2.0 * beta));
    const auto machine =
        make_colour_lanes(std::make_shared<const IsingProgram>(model), {0, 1}, Rng(5));
    double sum = 0.0;
    for (std::uint32_t k = 0; k < kSweeps; ++k) {
      machine->advance(std::vector{beta}, 1, {});
      sum += machine->mean_value(0);
    }
    const double draws = double{kSpins} * kSweeps;
    EXPECT_NEAR(sum / kSweeps, 2.0 * up - 1.0, 4.5 * 2.0 * std::sqrt(up * (1.0 - up) / draws));
  }
}

}  // namespace
}  // namespace therma::kernels
