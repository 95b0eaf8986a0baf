// SPDX-License-Identifier: Apache-2.0
// Langevin steps against what is known exactly of them.
//
// Statistical thresholds are 5 standard errors of the estimator: false alarms 6e-7 per comparison,
// below 1e-4 in all. Errors are those of independent replicas.
#include <gtest/gtest.h>

#include "tests/support/gradient_check.hpp"
#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/core/resources.hpp"
#include "therma/dynamics/mala.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/run.hpp"
#include "therma/dynamics/trajectory.hpp"
#include "therma/energy/harmonic.hpp"

namespace therma {
namespace {

using testing::make_quartic;

// The variance of z over replicas after enough steps to forget the start at 0.
template <class Kernel>
Moments squares_after(const Kernel& kernel, const HarmonicTrap& trap, std::uint32_t replicas,
                      std::uint32_t steps) {
  auto s = init_langevin(trap, std::vector<double>(replicas));
  for (std::uint32_t k = 0; k < steps; ++k) kernel.step(trap, s, Rng(31));
  Moments squares;
  for (const double z : s.z) squares.add((z - trap.centre) * (z - trap.centre));
  return squares;
}

TEST(EulerMaruyama, HasTheKnownBiasOfTheTrapsVariance) {
  // (kT/k) / (1 - mu k dt / 2), docs/theory/langevin.md eq. 4.
  struct Case {
    double mu, kT, k, dt;
  };
  for (const auto& c :
       {Case{1.0, 1.0, 1.0, 0.5}, Case{2.0, 0.3, 1.5, 0.2}, Case{0.5, 2.0, 4.0, 0.6}}) {
    const HarmonicTrap trap{.stiffness = c.k, .centre = 0.4};
    // The memory of the start decays by (1 - mu k dt)^2 per step: 40 steps leave less than 1e-6.
    const auto squares =
        squares_after(EulerMaruyama{.mu = c.mu, .kT = c.kT, .dt = c.dt}, trap, 50'000, 40);
    const double expected = c.kT / c.k / (1.0 - c.mu * c.k * c.dt / 2.0);
    EXPECT_NEAR(squares.mean, expected, 5.0 * squares.error());
    // The bias is seen: without it the same comparison fails.
    EXPECT_GT(std::abs(squares.mean - c.kT / c.k), 10.0 * squares.error());
  }
}

TEST(LeimkuhlerMatthews, HasNoBiasOfTheTrapsVariance) {
  const HarmonicTrap trap{.stiffness = 2.0, .centre = -1.0};
  const auto squares =
      squares_after(LeimkuhlerMatthews{.mu = 1.0, .kT = 0.7, .dt = 0.4}, trap, 100'000, 40);
  EXPECT_NEAR(squares.mean, 0.7 / 2.0, 5.0 * squares.error());
}

TEST(LeimkuhlerMatthews, SharesTheEnergyEquallyInACoupledSystem) {
  // <x_i dV/dx_i> = kT for each coordinate, at any stable dt since V is quadratic.
  const QuadraticEnergy v({2.0, 0.5, 0.0, 0.5, 1.0, -0.3, 0.0, -0.3, 1.5});
  constexpr std::uint32_t kReplicas = 50'000;
  auto s = init_langevin(v, std::vector<double>(3 * kReplicas));
  const LeimkuhlerMatthews kernel{.mu = 1.0, .kT = 0.4, .dt = 0.3};
  for (int k = 0; k < 60; ++k) kernel.step(v, s, Rng(5));
  for (std::size_t i = 0; i < 3; ++i) {
    Moments virial;
    for (std::size_t r = 0; r < kReplicas; ++r) virial.add(s.z[3 * r + i] * s.gradient[3 * r + i]);
    EXPECT_NEAR(virial.mean, 0.4, 5.0 * virial.error());
  }
}

TEST(LeimkuhlerMatthews, SharesTheEnergyEquallyBetweenQuarticUnits) {
  // The bias is of order (mu V'' dt)^2 kT, 1e-3 for V'' = 10, where the error is 6e-3.
  const auto v = compile(make_quartic(6, 1, 3));
  constexpr std::uint32_t kReplicas = 4000;
  auto s = init_langevin(v, std::vector<double>(6 * kReplicas));
  const LeimkuhlerMatthews kernel{.mu = 1.0, .kT = 0.5, .dt = 0.005};
  for (int k = 0; k < 500; ++k) kernel.step(v, s, Rng(6));
  Moments virial;
  for (std::size_t r = 0; r < kReplicas; ++r) {
    double mean = 0.0;
    for (std::size_t i = 0; i < 6; ++i) mean += s.z[6 * r + i] * s.gradient[6 * r + i] / 6.0;
    virial.add(mean);
  }
  EXPECT_NEAR(virial.mean, 0.5, 5.0 * virial.error());
  EXPECT_LT(virial.error(), 0.007);
}

TEST(Mala, SamplesAQuarticUnitExactlyAtALargeStep) {
  // <x^2> under e^{-V/kT}, V = x^2 + x^4, by quadrature; V'' dt is 1 and more, where Euler is far
  // off.
  const auto v = compile(QuarticModel{.num_units = 1});
  double weights = 0.0, expected = 0.0;
  for (double x = -4.0; x <= 4.0; x += 1e-3) {
    const double weight = std::exp(-v.energy(std::vector<double>{x}) / 0.5);
    weights += weight;
    expected += weight * x * x;
  }
  expected /= weights;
  const auto squares_of = [&](const auto& kernel) {
    auto s = init_langevin(v, std::vector<double>(50'000));
    for (int k = 0; k < 40; ++k) kernel.step(v, s, Rng(14));
    Moments squares;
    for (const double x : s.z) squares.add(x * x);
    return squares;
  };
  const auto mala = squares_of(Mala{.kT = 0.5, .dt = 0.1});
  EXPECT_NEAR(mala.mean, expected, 5.0 * mala.error());
  const auto euler = squares_of(EulerMaruyama{.kT = 0.5, .dt = 0.1});
  EXPECT_GT(std::abs(euler.mean - expected), 10.0 * euler.error());
}

TEST(Mala, KeepsRejectedReplicasWhereTheyWere) {
  const auto v = compile(QuarticModel{.num_units = 2});
  auto s = init_langevin(v, std::vector<double>(40, 0.7));
  std::uint64_t moved = 0, accepted = 0;
  for (int k = 0; k < 20; ++k) {
    const auto before = s;
    const auto info = Mala{.kT = 1.0, .dt = 0.3}.step(v, s, Rng(15));
    accepted += info.accepted;
    for (std::uint32_t r = 0; r < s.num_replicas(); ++r) {
      const bool stays = std::ranges::equal(s.position(r), before.position(r));
      moved += !stays;
      EXPECT_EQ(stays, info.heat[r] == 0.0);
      EXPECT_EQ(s.energy[r], v.energy(s.position(r)));
      EXPECT_DOUBLE_EQ(info.heat[r], before.energy[r] - s.energy[r]);
    }
  }
  EXPECT_EQ(moved, accepted);
  EXPECT_GT(accepted, 40U);
  EXPECT_LT(accepted, 360U);
}

TEST(EulerMaruyama, FollowsTheSamePathWhenEnergyTemperatureAndTimeScale) {
  // (V, kT, dt) -> (4 V, 4 kT, dt / 4): powers of two, so that even the bits are the same.
  auto model = make_quartic(10, 2, 8);
  const auto v = compile(model);
  model.quadratic *= 4.0;
  model.quartic *= 4.0;
  for (auto& b : model.biases) b *= 4.0;
  for (auto& c : model.couplings) c.value *= 4.0;
  const auto scaled = compile(model);
  const auto check = [&](auto kernel) {
    auto a = init_langevin(v, std::vector<double>(30, 0.1));
    auto b = init_langevin(scaled, std::vector<double>(30, 0.1));
    auto scaled_kernel = kernel;
    scaled_kernel.kT *= 4.0;
    scaled_kernel.dt /= 4.0;
    for (int k = 0; k < 100; ++k) {
      kernel.step(v, a, Rng(9));
      scaled_kernel.step(scaled, b, Rng(9));
    }
    EXPECT_EQ(a.z, b.z);
  };
  check(EulerMaruyama{.kT = 0.3, .dt = 0.01});
  check(LeimkuhlerMatthews{.kT = 0.3, .dt = 0.01});
}

TEST(EulerMaruyama, ReportsTheLogRatioOfItsOwnTransitionDensities) {
  // On a trap the Euler chain is reversible under N(0, s^2) with its own, biased variance, so that
  // ln k(z→z')/k(z'→z) = (z^2 - z'^2) / 2 s^2 on every single step.
  const HarmonicTrap trap{.stiffness = 1.5};
  const EulerMaruyama kernel{.mu = 2.0, .kT = 0.8, .dt = 0.3};
  const double variance = 0.8 / 1.5 / (1.0 - 2.0 * 1.5 * 0.3 / 2.0);
  auto s = init_langevin(trap, {1.0, -0.5, 0.2, 3.0});
  for (int k = 0; k < 50; ++k) {
    const auto before = s.z;
    const auto info = kernel.step(trap, s, Rng(2));
    for (std::size_t r = 0; r < 4; ++r) {
      const double expected = (before[r] * before[r] - s.z[r] * s.z[r]) / (2.0 * variance);
      EXPECT_NEAR(info.entropy[r], expected, 1e-12);
    }
  }
}

TEST(EulerMaruyama, DescendsWithoutNoiseAtZeroTemperature) {
  const HarmonicTrap trap{.stiffness = 1.0};
  auto s = init_langevin(trap, {1.0});
  const auto info = EulerMaruyama{.kT = 0.0, .dt = 0.25}.step(trap, s, Rng(1));
  EXPECT_EQ(s.z[0], 0.75);
  EXPECT_EQ(info.heat[0], 0.5 - 0.5 * 0.75 * 0.75);
  EXPECT_TRUE(info.entropy.empty());
}

TEST(Langevin, BalancesEnergyWorkAndHeatToRounding) {
  const auto check = [](const auto& kernel) {
    const auto protocol = [](std::uint64_t k) {
      const double t = 0.01 * static_cast<double>(k + 1);
      return HarmonicTrap{.stiffness = 1.0 + t, .centre = std::sin(3.0 * t), .dimension = 2};
    };
    auto s = init_langevin(HarmonicTrap{.dimension = 2}, {0.5, 0.1, -1.0, 2.0});
    const auto start = s.energy;
    ThermoObserver thermo;
    run(Driven<std::remove_cvref_t<decltype(kernel)>>{kernel}, protocol, s, Rng(4),
        {.samples = 500}, {}, thermo);
    for (std::size_t r = 0; r < 2; ++r) {
      EXPECT_GT(std::abs(thermo.work[r]), 0.01);
      EXPECT_NEAR(s.energy[r] - start[r], thermo.work[r] - thermo.heat[r], 1e-12);
    }
  };
  check(EulerMaruyama{.kT = 0.5, .dt = 0.01});
  check(LeimkuhlerMatthews{.kT = 0.5, .dt = 0.01});
}

TEST(Langevin, GivesTheSameBitsForAnySplitOverThreads) {
  const auto v = compile(make_quartic(5, 1, 2));
  constexpr std::uint32_t kReplicas = 14;
  std::vector<double> start(5 * kReplicas);
  for (std::size_t i = 0; i < start.size(); ++i) start[i] = 0.01 * static_cast<double>(i);
  const auto split_over = [&](unsigned threads, const auto& kernel) {
    const Pool pool(threads);
    Resources resources;
    resources.pool = &pool;
    const std::uint32_t block = kReplicas / threads;
    std::vector<double> end(start.size());
    resources.for_each(threads, [&](std::size_t b) {
      const auto first = static_cast<std::uint32_t>(b) * block;
      const auto from = start.begin() + first * 5;
      auto s = init_langevin(v, std::vector<double>(from, from + block * 5), first);
      run(kernel, v, s, Rng(8), {.samples = 100}, {});
      std::ranges::copy(s.z, end.begin() + first * 5);
    });
    return end;
  };
  const auto check = [&](const auto& kernel) {
    const auto expected = split_over(1, kernel);
    EXPECT_EQ(split_over(2, kernel), expected);
    EXPECT_EQ(split_over(7, kernel), expected);
  };
  check(EulerMaruyama{.dt = 0.01});
  check(LeimkuhlerMatthews{.dt = 0.01});
}

TEST(Langevin, ContinuesFromACopyOfItsState) {
  const auto v = compile(make_quartic(5, 1, 2));
  const LeimkuhlerMatthews kernel{.dt = 0.01};
  auto s = init_langevin(v, std::vector<double>(10, 0.3));
  for (int k = 0; k < 10; ++k) kernel.step(v, s, Rng(8));
  auto copy = s;
  for (int k = 0; k < 10; ++k) kernel.step(v, s, Rng(8));
  for (int k = 0; k < 10; ++k) kernel.step(v, copy, Rng(8));
  EXPECT_EQ(s.z, copy.z);
}

TEST(Langevin, RunsTheTrajectoryOfAConfig) {
  const auto v = compile(make_quartic(5, 1, 2));
  const LangevinConfig config{.mu = 0.5, .kT = 0.2, .dt = 0.02, .n_steps = 30, .dimension = 5};
  auto s = init_langevin(v, std::vector<double>(10, 0.3));
  auto expected = s;
  ThermoObserver thermo;
  const auto info = run_trajectory<EulerMaruyama>(config, v, s, Rng(8), {}, thermo);
  for (int k = 0; k < 30; ++k) {
    EulerMaruyama{.mu = 0.5, .kT = 0.2, .dt = 0.02}.step(v, expected, Rng(8));
  }
  EXPECT_EQ(info.steps, 30U);
  EXPECT_EQ(s.z, expected.z);
  EXPECT_EQ(thermo.heat.size(), 2U);
  EXPECT_THROW(run_trajectory<EulerMaruyama>({.dimension = 4}, v, s, Rng(8), {}), Error);
}

TEST(Langevin, CoolsDownUnderASchedule) {
  // From kT = 1 to 0 in a trap: all that is left is far below the start's spread.
  const HarmonicTrap trap;
  auto s = init_langevin(trap, std::vector<double>(1000, 1.0));
  const Annealed cooling{[](std::uint64_t k) {
    const double kT = 1.0 - static_cast<double>(k) / 1000.0;
    return EulerMaruyama{.kT = kT, .dt = 0.05};
  }};
  run(cooling, trap, s, Rng(3), {.samples = 1000}, {});
  Moments squares;
  for (const double z : s.z) squares.add(z * z);
  // Quasi-static: kT lags by the relaxation time 1/2 of the squares, 0.02 per unit of time: 0.01.
  EXPECT_NEAR(squares.mean, 0.01, 0.003);
}

TEST(Langevin, RejectsBadConfigsAndStartingPoints) {
  EXPECT_THROW(checked(LangevinConfig{.dt = 0.0}), Error);
  EXPECT_THROW(checked(LangevinConfig{.kT = -1.0}), Error);
  EXPECT_THROW(checked(LangevinConfig{.mu = 0.0}), Error);
  EXPECT_NO_THROW(checked(LangevinConfig{.kT = 0.0}));
  EXPECT_THROW((void)init_langevin(HarmonicTrap{.dimension = 2}, {1.0, 2.0, 3.0}), Error);
  EXPECT_THROW((void)init_langevin(HarmonicTrap{}, {}), Error);
}

}  // namespace
}  // namespace therma
