// SPDX-License-Identifier: Apache-2.0
// Bit-sliced chains against enumeration.
//
// Replicas are independent, so that counts of states are multinomial and Pearson's sum is
// chi-square with k degrees of freedom; (X/k)^(1/3) is normal with mean 1 - 2/9k and variance 2/9k
// (Wilson and Hilferty, 1931). A test fails above 4.5 sigma: false alarms 3.4e-6 each, below 1e-4
// in this file.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/targets.hpp"
#include "therma/dynamics/kernels/bit_sliced.hpp"

namespace therma::kernels {
namespace {

constexpr double kMostSigmas = 4.5;

// Standard deviations by which Pearson's sum exceeds its mean; rare states counted together.
double excess(const std::vector<std::uint64_t>& counts, const std::vector<double>& p) {
  double total = 0.0, sum = 0.0, rare = 0.0, rare_p = 0.0, cells = 0.0;
  for (const auto n : counts) total += static_cast<double>(n);
  const auto add = [&](double n, double q) {
    sum += (n - total * q) * (n - total * q) / (total * q);
    cells += 1.0;
  };
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (total * p[k] < 10.0) {
      rare += static_cast<double>(counts[k]);
      rare_p += p[k];
    } else {
      add(static_cast<double>(counts[k]), p[k]);
    }
  }
  if (total * rare_p >= 10.0) add(rare, rare_p);
  if (cells < 2.0) return 0.0;
  const double freedom = cells - 1.0, spread = 2.0 / (9.0 * freedom);
  return (std::cbrt(sum / freedom) - (1.0 - spread)) / std::sqrt(spread);
}

// States of replicas first, first + stride, ...
std::vector<std::uint64_t> state_counts(const Machine& machine, std::uint32_t first = 0,
                                        std::uint32_t stride = 1) {
  std::vector<std::uint64_t> counts(std::size_t{1} << machine.num_variables());
  std::vector<double> values(machine.num_variables());
  for (std::uint32_t r = first; r < machine.num_replicas(); r += stride) {
    machine.read(r, values);
    ++counts[testing::index_of(std::vector<Spin>(values.begin(), values.end()))];
  }
  return counts;
}

std::unique_ptr<Machine> settled(const IsingModel& model, std::span<const double> betas,
                                 std::uint32_t replicas = 64 * 512) {
  auto machine = make_bit_sliced(std::make_shared<const IsingProgram>(model), {0, replicas},
                                 Rng(21), best_sliced_kernels());
  machine->advance(betas, 60, {});
  return machine;
}

// Eight spins, all pairs coupled by `unit` times +-1 or by larger weights; one spin alone.
IsingModel complete(double unit, int largest, bool fields) {
  IsingModel model{.num_spins = 8};
  const Rng rng(4);
  if (fields) model.fields = {unit, 0.0, -2.0 * unit, 0.0, unit, 0.0, 0.0, 3.0 * unit};
  for (std::uint32_t i = 0; i < 7; ++i) {
    for (std::uint32_t j = i + 1; j < 7; ++j) {
      const double w = 1.0 + std::floor(rng.uniform({.chain = i, .site = j}) * largest);
      model.couplings.push_back({i, j, unit * ((i + j) % 3 == 0 ? w : -w)});
    }
  }
  return model;
}

TEST(BitSlicedLaw, VisitsStatesWithBoltzmannFrequencies) {
  for (const auto& model :
       {complete(1.0, 1, false), complete(0.3, 1, true), complete(0.1, 9, true)}) {
    for (const double beta : {0.15, 0.6}) {
      const auto machine = settled(model, std::vector{beta});
      EXPECT_LT(excess(state_counts(*machine), testing::enumerate_boltzmann(model, beta)),
                kMostSigmas);
    }
  }
}

TEST(BitSlicedLaw, WouldNotFitAnotherBeta) {  // the power of the test above
  const auto model = complete(0.3, 1, true);
  const auto machine = settled(model, std::vector{0.6});
  EXPECT_GT(excess(state_counts(*machine), testing::enumerate_boltzmann(model, 0.66)), kMostSigmas);
}

TEST(BitSlicedLaw, GivesEachLaneTheLawOfItsOwnBeta) {
  const auto model = complete(0.3, 1, true);
  std::vector<double> betas(64 * 512);
  constexpr double kLadder[] = {0.0, 0.2, 0.5, 0.9};
  for (std::size_t r = 0; r < betas.size(); ++r) betas[r] = kLadder[r % 4];
  const auto machine = settled(model, betas);
  for (std::uint32_t k = 0; k < 4; ++k) {
    EXPECT_LT(excess(state_counts(*machine, k, 4), testing::enumerate_boltzmann(model, kLadder[k])),
              kMostSigmas);
  }
}

TEST(BitSlicedLaw, IsUniformAtBetaZero) {
  const auto machine = settled(complete(1.0, 3, true), std::vector{0.0});
  EXPECT_LT(excess(state_counts(*machine), std::vector<double>(256, 1.0 / 256.0)), kMostSigmas);
}

// At infinite beta a spin follows its field; a chain of spins that agree stays as it is, and a spin
// without field is a coin.
TEST(BitSlicedLaw, FollowsTheFieldAtInfiniteBeta) {
  IsingModel model{.num_spins = 3, .couplings = {{0, 1, 1.0}}, .fields = {-1.0, 0.0, 0.0}};
  const auto machine = settled(model, std::vector{std::numeric_limits<double>::infinity()}, 8192);
  const auto counts = state_counts(*machine);
  EXPECT_EQ(counts[0] + counts[4], 8192U);
  EXPECT_LT(excess({counts[0], counts[4]}, {0.5, 0.5}), kMostSigmas);
}

// A hub of 200 leaves without fields: given the hub, leaves are independent with mean
// s tanh(beta J), so that the mean of hub times leaf is tanh(beta J).
TEST(BitSlicedLaw, FollowsAHubOfTwoHundredLeaves) {
  constexpr std::uint32_t kLeaves = 200, kReplicas = 4096;
  IsingModel model{.num_spins = kLeaves + 1};
  for (std::uint32_t k = 1; k <= kLeaves; ++k) model.couplings.push_back({0, k, -0.5});
  const double beta = 0.2, mean = std::tanh(beta * 0.5);
  const auto machine = settled(model, std::vector{beta}, kReplicas);
  std::vector<double> values(kLeaves + 1), energies(kReplicas);
  machine->energies(energies, {});
  double sum = 0.0;
  for (const double e : energies) sum -= e / 0.5;
  const double draws = double{kLeaves} * kReplicas;
  EXPECT_NEAR(sum / draws, mean, kMostSigmas * std::sqrt((1.0 - mean * mean) / draws));
}

// Sites that share their last planes must not share their fate: spins of one class without
// couplings are independent coins of their own probabilities.
TEST(BitSlicedLaw, KeepsSitesThatShareRandomPlanesIndependent) {
  IsingModel model{.num_spins = 8, .fields = std::vector<double>(8, 1.0)};
  const double beta = 0.55;
  auto machine = make_bit_sliced(std::make_shared<const IsingProgram>(model), {0, 64 * 512}, Rng(8),
                                 best_sliced_kernels());
  std::vector<std::uint64_t> counts(256);
  for (int k = 0; k < 20; ++k) {
    machine->advance(std::vector{beta}, 1, {});
    const auto more = state_counts(*machine);
    for (std::size_t state = 0; state < 256; ++state) counts[state] += more[state];
  }
  EXPECT_LT(excess(counts, testing::enumerate_boltzmann(model, beta)), kMostSigmas);
}

}  // namespace
}  // namespace therma::kernels
