// SPDX-License-Identifier: Apache-2.0
// BAOAB against what is known exactly of it.
//
// Statistical thresholds are 5 standard errors of independent replicas: false alarms 6e-7 per
// comparison, below 1e-4 in all.
#include "therma/dynamics/baoab.hpp"

#include <gtest/gtest.h>

#include "tests/support/targets.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/run.hpp"
#include "therma/energy/harmonic.hpp"

namespace therma {
namespace {

using testing::make_quartic;

template <class E>
BaoabState after(const Baoab& kernel, const E& energy, std::vector<double> start, int steps) {
  auto s = init_baoab(energy, std::move(start));
  for (int k = 0; k < steps; ++k) kernel.step(energy, s, Rng(31));
  return s;
}
Moments squares_of(std::span<const double> numbers) {
  Moments squares;
  for (const double v : numbers) squares.add(v * v);
  return squares;
}

TEST(Baoab, HasNoBiasOfTheTrapsVarianceAtAnyStableStep) {
  // omega dt from 0.2 to 1.8 of the stable 2. The start at 0 is forgotten as e^{-friction t}.
  for (const double dt : {0.1, 0.5, 0.9}) {
    const HarmonicTrap trap{.stiffness = 4.0};
    const int steps = static_cast<int>(12.0 / dt);
    const auto s =
        after({.friction = 2.0, .kT = 0.7, .dt = dt}, trap, std::vector<double>(60'000), steps);
    const auto squares = squares_of(s.z);
    EXPECT_NEAR(squares.mean, 0.7 / 4.0, 5.0 * squares.error()) << dt;
    // Momenta at the ends of a step: <p^2> = kT (1 - (omega dt)^2 / 4), docs/theory/langevin.md.
    const auto kinetic = squares_of(s.p);
    const double expected = 0.7 * (1.0 - 4.0 * dt * dt / 4.0);
    EXPECT_NEAR(kinetic.mean, expected, 5.0 * kinetic.error()) << dt;
  }
}

TEST(Baoab, SharesTheEnergyEqually) {
  // <x_i dV/dx_i> = kT and <p_i^2> = kT; the bias at this step, (V'' dt^2) / 4 < 1e-3 for V'' = 10,
  // is below the errors.
  const auto v = compile(make_quartic(6, 1, 3));
  constexpr std::uint32_t kReplicas = 4000;
  const auto s =
      after({.friction = 2.0, .kT = 0.5, .dt = 0.02}, v, std::vector<double>(6 * kReplicas), 400);
  Moments virial, kinetic;
  for (std::size_t r = 0; r < kReplicas; ++r) {
    double x = 0.0, p = 0.0;
    for (std::size_t i = 6 * r; i < 6 * r + 6; ++i) {
      x += s.z[i] * s.gradient[i] / 6.0;
      p += s.p[i] * s.p[i] / 6.0;
    }
    virial.add(x);
    kinetic.add(p);
  }
  EXPECT_NEAR(virial.mean, 0.5, 5.0 * virial.error());
  EXPECT_NEAR(kinetic.mean, 0.5, 5.0 * kinetic.error());
}

TEST(Baoab, StartsWithMaxwellsMomenta) {
  const HarmonicTrap trap{.stiffness = 1.0};
  // One step of no length: what is left are the momenta drawn.
  const auto s = after({.kT = 0.3, .dt = 1e-12}, trap, std::vector<double>(60'000), 1);
  const auto kinetic = squares_of(s.p);
  EXPECT_NEAR(kinetic.mean, 0.3, 5.0 * kinetic.error());
}

TEST(Baoab, ConvergesInSecondOrderWithoutNoise) {
  // At kT = 0 the damped oscillator z'' = -z - g z' has z(1) = e^{-g/2} (cos w + sin(w) g / 2w),
  // w^2 = 1 - g^2/4, from z = 1 at rest. Halving dt divides the error by 4.
  const HarmonicTrap trap{.stiffness = 1.0};
  const double g = 0.8, w = std::sqrt(1.0 - g * g / 4.0);
  const double exact = std::exp(-g / 2.0) * (std::cos(w) + std::sin(w) * g / (2.0 * w));
  const auto error = [&](int steps) {
    const auto s = after({.friction = g, .kT = 0.0, .dt = 1.0 / steps}, trap, {1.0}, steps);
    return std::abs(s.z[0] - exact);
  };
  EXPECT_NEAR(error(20) / error(40), 4.0, 0.1);
  EXPECT_NEAR(error(40) / error(80), 4.0, 0.1);
}

TEST(Baoab, SamplesAQuarticUnitAtAModerateStep) {
  // <x^2> by quadrature. The bias is of order V'' dt^2 / 4 of it times the anharmonic share, below
  // 1e-2 of 0.15 at V'' = 4 and dt = 0.1; 5 errors are 5e-3.
  const auto v = compile(QuarticModel{.num_units = 1});
  double weights = 0.0, expected = 0.0;
  for (double x = -4.0; x <= 4.0; x += 1e-3) {
    const double weight = std::exp(-v.energy(std::vector<double>{x}) / 0.5);
    weights += weight;
    expected += weight * x * x;
  }
  expected /= weights;
  const auto s = after({.friction = 2.0, .kT = 0.5, .dt = 0.1}, v, std::vector<double>(60'000), 80);
  const auto squares = squares_of(s.z);
  EXPECT_NEAR(squares.mean, expected, 5.0 * squares.error());
}

TEST(Baoab, BalancesEnergyWorkAndHeatToRounding) {
  const auto v = compile(make_quartic(5, 1, 2));
  const Baoab kernel{.friction = 1.0, .kT = 0.5, .dt = 0.05};
  auto s = init_baoab(v, std::vector<double>(10, 0.3));
  kernel.step(v, s, Rng(4));  // draws the momenta
  const auto total = [&](std::uint32_t r) { return s.energy[r] + kinetic_energy(s.row(s.p, r)); };
  const double start[] = {total(0), total(1)};
  double work[2] = {}, heat[2] = {};
  for (int k = 0; k < 500; ++k) {
    const auto info = kernel.step(v, s, Rng(4));
    for (std::size_t r = 0; r < 2; ++r) {
      work[r] += info.work[r];
      heat[r] += info.heat[r];
      EXPECT_DOUBLE_EQ(info.entropy[r], info.heat[r] / 0.5);
    }
  }
  for (std::uint32_t r = 0; r < 2; ++r) {
    EXPECT_GT(std::abs(heat[r]), 0.01);
    EXPECT_NEAR(total(r) - start[r], work[r] - heat[r], 1e-11);
  }
}

TEST(Baoab, DoesWorkOfSecondOrderOnly) {
  // Kicks and drifts conserve the energy but for their step: halving dt divides the work's spread
  // per unit of time by about 4.
  const auto v = compile(make_quartic(5, 1, 2));
  const auto spread = [&](double dt) {
    const Baoab kernel{.friction = 1.0, .kT = 0.5, .dt = dt};
    auto s = init_baoab(v, std::vector<double>(5 * 2000, 0.3));
    std::vector<double> work(2000);
    for (int k = 0; k < static_cast<int>(2.0 / dt); ++k) {
      const auto info = kernel.step(v, s, Rng(4));
      for (std::size_t r = 0; r < work.size(); ++r) work[r] += info.work[r];
    }
    return std::sqrt(squares_of(work).mean);
  };
  const double ratio = spread(0.08) / spread(0.04);
  EXPECT_GT(ratio, 3.0);
  EXPECT_LT(ratio, 5.0);
}

TEST(Baoab, RunsUnderTheRunLoopWithItsObservers) {
  const HarmonicTrap trap{.stiffness = 2.0};
  auto s = init_baoab(trap, {0.5, -0.5});
  EnergyObserver energy;
  ThermoObserver thermo;
  const auto info =
      run(Baoab{.kT = 0.5, .dt = 0.1}, trap, s, Rng(4), {.samples = 50}, {}, energy, thermo);
  EXPECT_EQ(info.steps, 50U);
  EXPECT_EQ(energy.energy.size(), 2U);
  EXPECT_EQ(thermo.heat.size(), 2U);
}

}  // namespace
}  // namespace therma
