// SPDX-License-Identifier: Apache-2.0
// Frequencies of all states of small models against enumeration.
//
// Each count is of independent chains, so that it is binomial: z = (n - N p) / sqrt(N p (1 - p)).
// False alarms: up to 256 states against |z| < 5.5, each 3.8e-8 for a normal: below 1e-5 per test.
#include <gtest/gtest.h>

#include "tests/support/targets.hpp"
#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/metropolis.hpp"
#include "therma/dynamics/tempering.hpp"

namespace therma {
namespace {

using testing::enumerate_boltzmann;
using testing::index_of;
using testing::make_glass;
using testing::make_ring;

constexpr double kLargestZ = 5.5;

// States expected fewer than 25 times are counted together: the normal law fits their sum.
double max_z_score(const std::vector<std::uint64_t>& counts, const std::vector<double>& p) {
  double total = 0.0, worst = 0.0, rare = 0.0, rare_p = 0.0;
  for (const auto n : counts) total += static_cast<double>(n);
  const auto z = [&](double n, double q) {
    return std::abs(n - total * q) / std::sqrt(total * q * (1.0 - q));
  };
  for (std::size_t k = 0; k < p.size(); ++k) {
    const auto n = static_cast<double>(counts[k]);
    if (total * p[k] < 25.0) {
      rare += n;
      rare_p += p[k];
    } else {
      worst = std::max(worst, z(n, p[k]));
    }
  }
  return rare_p * total < 25.0 ? worst : std::max(worst, z(rare, rare_p));
}

struct Visits {
  std::uint64_t seed = 42;
  std::uint32_t chains = 100'000;
  std::uint32_t sweeps = 20;
};

// The last states of many chains from random starts.
template <class Kernel>
std::vector<std::uint64_t> visit_counts(const Kernel& kernel, const IsingProgram& program,
                                        const Visits& visits) {
  const Rng rng(visits.seed);
  std::vector<std::uint64_t> counts(std::size_t{1} << program.size());
  for (std::uint32_t chain = 0; chain < visits.chains; ++chain) {
    auto s = init_spins(program, rng, chain);
    for (std::uint32_t sweep = 0; sweep < visits.sweeps; ++sweep) kernel.step(program, s, rng);
    ++counts[index_of(s.spins)];
  }
  return counts;
}

TEST(Gibbs, VisitsASixSpinRingWithBoltzmannFrequencies) {
  const auto ring = make_ring({.spins = 6, .coupling = 0.7});
  const auto seen = visit_counts(Gibbs{.beta = 0.8}, compile(ring), {});
  EXPECT_LT(max_z_score(seen, enumerate_boltzmann(ring, 0.8)), kLargestZ);
}

TEST(Gibbs, VisitsAGlassWithFieldsWithBoltzmannFrequencies) {
  const auto glass = make_glass(8, 17);
  const auto seen = visit_counts(Gibbs{.beta = 0.9}, compile(glass), {});
  EXPECT_LT(max_z_score(seen, enumerate_boltzmann(glass, 0.9)), kLargestZ);
}

TEST(Metropolis, VisitsASixSpinRingWithBoltzmannFrequencies) {
  const auto ring = make_ring({.spins = 6, .coupling = 0.7});
  const auto seen = visit_counts(Metropolis{.beta = 0.8}, compile(ring), {.sweeps = 30});
  EXPECT_LT(max_z_score(seen, enumerate_boltzmann(ring, 0.8)), kLargestZ);
}

TEST(Metropolis, VisitsAGlassWithFieldsWithBoltzmannFrequencies) {
  const auto glass = make_glass(8, 17);
  const auto seen = visit_counts(Metropolis{.beta = 0.9}, compile(glass), {.sweeps = 30});
  EXPECT_LT(max_z_score(seen, enumerate_boltzmann(glass, 0.9)), kLargestZ);
}

TEST(Metropolis, MixesAtInfiniteTemperature) {
  const auto ring = make_ring({.spins = 4, .coupling = 0.7});
  const auto seen = visit_counts(Metropolis{.beta = 0.0}, compile(ring), {.sweeps = 10});
  EXPECT_LT(max_z_score(seen, enumerate_boltzmann(ring, 0.0)), kLargestZ);
}

TEST(Tempering, VisitsEveryRungOfAGlassWithBoltzmannFrequencies) {
  const auto glass = make_glass(8, 17);
  const auto program = compile(glass);
  const std::vector<double> betas = {0.2, 0.6, 1.2, 2.4};
  std::vector<std::vector<std::uint64_t>> counts(4, std::vector<std::uint64_t>(256));
  const Rng rng(7);
  for (std::uint32_t ladder = 0; ladder < 25'000; ++ladder) {
    auto s = init_tempering(program, betas, rng, 4 * ladder);
    for (int round = 0; round < 25; ++round) Tempering<Gibbs>{}.step(program, s, rng);
    for (std::size_t rung = 0; rung < 4; ++rung) {
      ++counts[rung][index_of(s.replicas[s.ladder.replica_on(rung)].spins)];
    }
  }
  for (std::size_t rung = 0; rung < 4; ++rung) {
    EXPECT_LT(max_z_score(counts[rung], enumerate_boltzmann(glass, betas[rung])), kLargestZ);
  }
}

TEST(Tempering, GivesTheSameBitsOnAnyNumberOfThreads) {
  const auto program = compile(make_glass(30, 1));
  const Rng rng(3);
  const auto run_on = [&](unsigned threads) {
    const Pool pool(threads);
    Resources resources;
    resources.pool = &pool;
    auto s = init_tempering(program, geometric_betas(0.1, 3.0, 9), rng);
    for (int round = 0; round < 50; ++round) {
      Tempering<Metropolis>{.sweeps = 2}.step(program, s, rng, resources);
    }
    std::vector<double> all(s.ladder.betas().begin(), s.ladder.betas().end());
    for (const auto& replica : s.replicas) {
      all.push_back(replica.energy);
      all.insert(all.end(), replica.spins.begin(), replica.spins.end());
    }
    for (std::size_t i = 0; i < 9; ++i) all.push_back(s.ladder.rung_of(i));
    return all;
  };
  const auto expected = run_on(1);
  EXPECT_EQ(run_on(2), expected);
  EXPECT_EQ(run_on(7), expected);
}

}  // namespace
}  // namespace therma
