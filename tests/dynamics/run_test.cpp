// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/run.hpp"
#include "therma/dynamics/tempering.hpp"

namespace therma {
namespace {

struct Counter {
  std::vector<std::uint64_t> steps = {};
  std::vector<std::uint64_t> samples = {};
  void on_step(const SpinState& s, const SpinInfo& /*info*/) { steps.push_back(s.step); }
  void on_sample(const SpinState& s) { samples.push_back(s.step); }
};

TEST(Run, SkipsTheWarmUpAndThinsTheSamples) {
  const auto program = compile(testing::make_ring({}));
  auto s = init_spins(program, Rng(1));
  Counter counter;
  const auto info = run(Gibbs{}, program, s, Rng(1),
                        {.warm_up = 3, .samples = 2, .steps_per_sample = 2}, {}, counter);
  EXPECT_EQ(counter.steps, (std::vector<std::uint64_t>{4, 5, 6, 7}));
  EXPECT_EQ(counter.samples, (std::vector<std::uint64_t>{5, 7}));
  EXPECT_EQ(info.steps, 7U);
  EXPECT_EQ(info.samples, 2U);
  EXPECT_FALSE(info.stopped);
}

// A user's own energy: any type that meets the concept.
struct FreeSpins {
  [[nodiscard]] std::uint32_t size() const { return 3; }
  [[nodiscard]] double local_field(std::span<const Spin> /*s*/, std::uint32_t site) const {
    return site;
  }
  [[nodiscard]] double energy(std::span<const Spin> s) const { return -1.0 * s[1] - 2.0 * s[2]; }
};
static_assert(SpinEnergy<FreeSpins>);

TEST(Run, TakesAUsersEnergyAndSeveralObservers) {
  auto s = init_spins(FreeSpins{}, Rng(1));
  Counter counter;
  AcceptanceObserver acceptance;
  EnergyObserver energy;
  run(Gibbs{.beta = 1.0}, FreeSpins{}, s, Rng(1), {.samples = 20'000}, {}, counter, acceptance,
      energy);
  EXPECT_EQ(counter.steps.size(), 20'000U);
  EXPECT_EQ(acceptance.proposals, 60'000U);
  // Independent spins: -h tanh(beta h) each. 5 standard errors: false alarms 6e-7.
  EXPECT_NEAR(energy.energy[0].mean(), -std::tanh(1.0) - 2.0 * std::tanh(2.0),
              5.0 * energy.energy[0].error());
}

struct StopAfter {
  std::stop_source& source;
  std::uint64_t steps;
  void on_step(const SpinState& s, const SpinInfo& /*info*/) const {
    if (s.step == steps) source.request_stop();
  }
};

TEST(Run, StopsBetweenStepsAndContinuesWhereItWas) {
  const auto program = compile(testing::make_glass(10, 2));
  auto whole = init_spins(program, Rng(1));
  auto parts = whole;
  run(Gibbs{}, program, whole, Rng(1), {.samples = 30}, {});
  std::stop_source source;
  Resources resources;
  resources.stop = source.get_token();
  const auto first =
      run(Gibbs{}, program, parts, Rng(1), {.samples = 30}, resources, StopAfter{source, 12});
  EXPECT_TRUE(first.stopped);
  EXPECT_EQ(first.samples, 12U);
  run(Gibbs{}, program, parts, Rng(1), {.samples = 30 - first.samples}, {});
  EXPECT_EQ(parts.spins, whole.spins);
}

TEST(Run, AnnealsByKernelsThatFollowTheStep) {
  // Beta 0 for ten steps, then infinite: the ring ends aligned with its field.
  const auto program = compile(testing::make_ring({.spins = 8, .coupling = 0.5, .field = 2.0}));
  auto s = init_spins(program, Rng(1));
  const Annealed kernel{[](std::uint64_t k) {
    return Gibbs{.beta = k < 10 ? 0.0 : std::numeric_limits<double>::infinity()};
  }};
  run(kernel, program, s, Rng(1), {.samples = 11}, {});
  EXPECT_EQ(s.spins, std::vector<Spin>(8, kUp));
}

TEST(Run, RunsALadderLikeAnyKernel) {
  const auto program = compile(testing::make_glass(10, 2));
  auto s = init_tempering(program, geometric_betas(0.1, 2.0, 4), Rng(1));
  const auto total_energy = [&] {
    double sum = 0.0;
    for (const auto& replica : s.replicas) sum += replica.energy;
    return sum;
  };
  const double start = total_energy();
  EnergyObserver energy;
  ThermoObserver thermo;
  const auto info =
      run(Tempering<Gibbs>{.sweeps = 2}, program, s, Rng(1), {.samples = 50}, {}, energy, thermo);
  EXPECT_EQ(info.steps, 50U);
  EXPECT_EQ(energy.energy[0].count(), 50U);
  EXPECT_EQ(s.replicas[0].step, 100U);
  // Swaps release no heat: that of the sweeps is the energy that all replicas lost.
  EXPECT_NEAR(start - total_energy(), thermo.heat[0], 1e-10);
}

TEST(Run, RejectsABadConfig) {
  const auto program = compile(testing::make_ring({}));
  auto s = init_spins(program, Rng(1));
  EXPECT_THROW(run(Gibbs{}, program, s, Rng(1), {.steps_per_sample = 0}, {}), Error);
}

}  // namespace
}  // namespace therma
