// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "therma/core/error.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/ornstein_uhlenbeck.hpp"

namespace therma {
namespace {

using Matrix = std::vector<double>;

Matrix product(const Matrix& a, const Matrix& b, bool transpose_b = false) {
  const auto n = static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(a.size()))));
  Matrix out(a.size(), 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t k = 0; k < n; ++k) {
        out[i * n + j] += a[i * n + k] * (transpose_b ? b[j * n + k] : b[k * n + j]);
      }
    }
  }
  return out;
}

void expect_near(const Matrix& got, const Matrix& expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance);
}

// Neither symmetric nor normal; eigenvalues 1, 2, 0.5.
const LinearDiffusion kNotNormal{.drift = {1.0, 5.0, -2.0, 0.0, 2.0, 3.0, 0.0, 0.0, 0.5},
                                 .diffusion = {0.5, 0.1, 0.0, 0.1, 0.3, 0.05, 0.0, 0.05, 0.2}};

TEST(LinearDiffusion, SolvesTheLyapunovEquation) {
  const auto C = stationary_covariance(kNotNormal);
  const auto AC = product(kNotNormal.drift, C), CA = product(C, kNotNormal.drift, true);
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_NEAR(AC[i] + CA[i], 2.0 * kNotNormal.diffusion[i], 1e-12);
}

TEST(LinearDiffusion, KeepsItsStationaryCovarianceAtAnyStep) {
  // C = P C P^T + S: holds only if propagator, covariance of the step and C all fit.
  const auto C = stationary_covariance(kNotNormal);
  for (const double dt : {1e-3, 0.3, 5.0, 2000.0}) {
    const LinearStepper stepper(kNotNormal, dt);
    auto kept = product(product(stepper.propagator(), C), stepper.propagator(), true);
    for (std::size_t i = 0; i < 9; ++i) kept[i] += stepper.step_covariance()[i];
    expect_near(kept, C, 1e-10);
  }
}

TEST(LinearDiffusion, JoinsTwoShortStepsToALongOne) {
  const LinearStepper half(kNotNormal, 0.4), whole(kNotNormal, 0.8);
  expect_near(product(half.propagator(), half.propagator()), whole.propagator(), 1e-12);
  auto joined =
      product(product(half.propagator(), half.step_covariance()), half.propagator(), true);
  for (std::size_t i = 0; i < 9; ++i) joined[i] += half.step_covariance()[i];
  expect_near(joined, whole.step_covariance(), 1e-12);
}

TEST(LinearDiffusion, IsTheTrapInOneDimension) {
  const double a = 1.7, D = 0.6, dt = 0.4;
  const LinearStepper stepper({.drift = {a}, .diffusion = {D}}, dt);
  EXPECT_NEAR(stepper.propagator()[0], std::exp(-a * dt), 1e-14);
  EXPECT_NEAR(stepper.step_covariance()[0], D / a * (1.0 - std::exp(-2.0 * a * dt)), 1e-14);
}

TEST(LinearDiffusion, SamplesItsStationaryCovariance) {
  // 5 standard errors, nine entries: false alarms below 1e-5.
  const auto C = stationary_covariance(kNotNormal);
  const LinearStepper stepper(kNotNormal, 3.0);
  constexpr std::size_t kReplicas = 50'000;
  std::vector<double> x(3 * kReplicas);
  for (std::uint64_t step = 0; step < 10; ++step) stepper.step(x, 0, step, Rng(13));
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      Moments products;
      for (std::size_t r = 0; r < kReplicas; ++r) products.add(x[3 * r + i] * x[3 * r + j]);
      EXPECT_NEAR(products.mean, C[3 * i + j], 5.0 * products.error());
    }
  }
}

TEST(LinearDiffusion, ProducesTheEntropyOfTheClosedForms) {
  // Rotation with unit D: 2 g^2 / k.
  const double k = 1.3, g = 0.7;
  EXPECT_NEAR(entropy_production_rate({.drift = {k, -g, g, k}, .diffusion = {1, 0, 0, 1}}),
              2.0 * g * g / k, 1e-12);
  // Gyrator: K = [[k1, u], [u, k2]] with a temperature for each coordinate.
  const double k1 = 2.0, k2 = 1.5, u = 0.8, t1 = 1.0, t2 = 0.4;
  EXPECT_NEAR(entropy_production_rate({.drift = {k1, u, u, k2}, .diffusion = {t1, 0, 0, t2}}),
              u * u * (t1 - t2) * (t1 - t2) / ((k1 + k2) * t1 * t2), 1e-12);
  // At one temperature nothing flows.
  EXPECT_NEAR(entropy_production_rate({.drift = {k1, u, u, k2}, .diffusion = {t1, 0, 0, t1}}), 0.0,
              1e-12);
}

TEST(LinearDiffusion, RejectsDriftsThatEscapeAndBadShapes) {
  EXPECT_THROW((void)stationary_covariance({.drift = {-1.0}, .diffusion = {1.0}}), Error);
  EXPECT_THROW((void)stationary_covariance({.drift = {1.0, 2.0}, .diffusion = {1.0, 2.0}}), Error);
  EXPECT_THROW((void)stationary_covariance({.drift = {1, 0, 0, 1}, .diffusion = {1, 1, 0, 1}}),
               Error);
  EXPECT_THROW((void)entropy_production_rate({.drift = {1.0}, .diffusion = {0.0}}), Error);
  EXPECT_THROW(LinearStepper({.drift = {1.0}, .diffusion = {1.0}}, 0.0), Error);
}

TEST(ExactTrap, HasTheTrapsVarianceAtAnyStep) {
  const HarmonicTrap trap{.stiffness = 2.0, .centre = 1.0};
  auto s = init_langevin(trap, std::vector<double>(100'000));
  const ExactTrap kernel{.mu = 0.5, .kT = 0.6, .dt = 3.0};
  for (int k = 0; k < 8; ++k) kernel.step(trap, s, Rng(17));
  Moments z, squares;
  for (const double value : s.z) {
    z.add(value);
    squares.add((value - 1.0) * (value - 1.0));
  }
  EXPECT_NEAR(z.mean, 1.0, 5.0 * z.error());
  EXPECT_NEAR(squares.mean, 0.3, 5.0 * squares.error());
}

TEST(ExactTrap, BalancesTheBoltzmannLawStepByStep) {
  // ln k(z→z')/k(z'→z) from the Gaussian density of the step itself equals heat / kT.
  const HarmonicTrap trap{.stiffness = 1.5, .centre = -0.2};
  const ExactTrap kernel{.mu = 2.0, .kT = 0.8, .dt = 0.3};
  const double decay = std::exp(-2.0 * 1.5 * 0.3);
  const double variance = 0.8 / 1.5 * (1.0 - decay * decay);
  const auto log_step = [&](double from, double to) {
    const double miss = to + 0.2 - (from + 0.2) * decay;
    return -miss * miss / (2.0 * variance);
  };
  auto s = init_langevin(trap, {1.0, -2.0});
  for (int k = 0; k < 50; ++k) {
    const auto before = s.z;
    const auto info = kernel.step(trap, s, Rng(2));
    for (std::size_t r = 0; r < 2; ++r) {
      EXPECT_NEAR(info.entropy[r], log_step(before[r], s.z[r]) - log_step(s.z[r], before[r]),
                  1e-12);
      EXPECT_DOUBLE_EQ(info.entropy[r], info.heat[r] / 0.8);
    }
  }
}

}  // namespace
}  // namespace therma
