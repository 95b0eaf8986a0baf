// SPDX-License-Identifier: Apache-2.0
// Every row of the table of kernels against the law that its rule samples: enumeration for spins,
// closed forms for a quadratic energy. Replicas are independent, and one state of each is taken, so
// that the errors below are those of independent draws.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "tests/support/targets.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/energy/harmonic.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kSeed = 2026;
constexpr std::uint32_t kReplicas = 16384;
constexpr std::uint32_t kSpins = 6;
// Some 200 comparisons at 5 standard errors each, 80 of them one-sided: false alarms below 1e-4 in
// all.
constexpr double kMostErrors = 5.0;

struct Case {
  std::string name;
  const KernelEntry* entry;
  UpdateRule rule;
  IsingModel model;
};

// Whole numbers without fields, whole numbers with fields, and any numbers.
std::vector<std::pair<std::string, IsingModel>> spin_models() {
  auto ring = testing::make_ring({.spins = kSpins, .coupling = 1.0});
  ring.couplings.push_back({0, 2, -1.0});
  ring.couplings.push_back({1, 4, 2.0});
  auto pulled = ring;
  pulled.fields = {1.0, 0.0, -1.0, 0.0, 2.0, 0.0};
  pulled.offset = 3.0;
  return {{"ring", ring}, {"pulled", pulled}, {"glass", testing::make_glass(kSpins, 7)}};
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto* entry : kernel_table()) {
    for (const auto& [model_name, model] : spin_models()) {
      const Target target = std::make_shared<const IsingProgram>(model);
      for (const auto rule : {UpdateRule::heat_bath, UpdateRule::metropolis}) {
        if (!entry->refusal(target, {.rule = rule}).empty()) continue;
        const auto rule_name = enum_names(rule)[static_cast<std::size_t>(rule)];
        all.push_back(
            {fmt::format("{}_{}_{}", entry->name, rule_name, model_name), entry, rule, model});
      }
    }
  }
  return all;
}

// Standard errors between counts and probabilities: chi-square as a standard normal
// (Wilson and Hilferty, PNAS 17, 1931).
double chi_square_errors(std::span<const double> counts, std::span<const double> expected) {
  const auto total = [](std::span<const double> values) {
    double sum = 0.0;
    for (const double value : values) sum += value;
    return sum;
  };
  const double n = total(counts);
  // States of fewer than ten expected draws are one class.
  double chi2 = 0.0, rare_count = 0.0, rare = 0.0, classes = -1.0;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (n * expected[k] < 10.0) {
      rare_count += counts[k], rare += expected[k];
      continue;
    }
    chi2 += (counts[k] - n * expected[k]) * (counts[k] - n * expected[k]) / (n * expected[k]);
    classes += 1.0;
  }
  if (rare > 0.0) {
    chi2 += (rare_count - n * rare) * (rare_count - n * rare) / (n * rare);
    classes += 1.0;
  }
  const double spread = 2.0 / (9.0 * classes);
  return (std::cbrt(chi2 / classes) - (1.0 - spread)) / std::sqrt(spread);
}

class MachineLaw : public ::testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] std::unique_ptr<Machine> make() const {
    const auto& c = GetParam();
    const MachineConfig config{
        .rule = c.rule, .kernel = std::string(c.entry->name), .replicas = kReplicas};
    return c.entry->make(std::make_shared<const IsingProgram>(c.model), config, {0, kReplicas},
                         Rng(kSeed));
  }
  // How the replicas from first to end are spread over states against Boltzmann's law.
  void expect_boltzmann(const Machine& machine, std::uint32_t first, std::uint32_t end,
                        double beta) const {
    const auto expected = testing::enumerate_boltzmann(GetParam().model, beta);
    std::vector<double> counts(expected.size(), 0.0);
    std::vector<double> values(kSpins);
    std::vector<Spin> spins(kSpins);
    std::vector<double> energies(machine.num_replicas());
    machine.energies(energies, {});
    Moments measured;
    double mean = 0.0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
      mean += expected[k] * energy(GetParam().model, testing::spins_of(k, kSpins));
    }
    for (std::uint32_t r = first; r < end; ++r) {
      machine.read(r, values);
      for (std::uint32_t i = 0; i < kSpins; ++i) spins[i] = values[i] > 0.0 ? kUp : kDown;
      counts[testing::index_of(spins)] += 1.0;
      measured.add(energies[r]);
      ASSERT_NEAR(energies[r], energy(GetParam().model, spins), 1e-4) << r;
    }
    EXPECT_LT(chi_square_errors(counts, expected), kMostErrors) << "beta " << beta;
    EXPECT_NEAR(measured.mean, mean, kMostErrors * measured.error()) << "beta " << beta;
  }
};

// 30 steps at this beta forget the start to far below the errors.
TEST_P(MachineLaw, IsBoltzmanns) {
  auto machine = make();
  machine->advance(std::array{0.35}, 30, {});
  expect_boltzmann(*machine, 0, kReplicas, 0.35);
}

TEST_P(MachineLaw, HoldsForABetaOfEachReplicasOwn) {
  auto machine = make();
  std::vector<double> betas(kReplicas, 0.2);
  // Neighbours in a vector differ, so that lanes that were mixed up would show.
  for (std::uint32_t r = 1; r < kReplicas; r += 2) betas[r] = 0.6;
  machine->advance(betas, 50, {});
  std::vector<std::uint32_t> order(kReplicas);  // even replicas first
  for (std::uint32_t r = 0; r < kReplicas; ++r) {
    order[r % 2 * (kReplicas / 2) + r / 2] = r;
  }
  machine->resample(order);
  expect_boltzmann(*machine, 0, kReplicas / 2, 0.2);
  expect_boltzmann(*machine, kReplicas / 2, kReplicas, 0.6);
}

TEST_P(MachineLaw, IsUniformAtBetaZero) {
  auto machine = make();
  machine->advance(std::array{0.0}, 8, {});
  expect_boltzmann(*machine, 0, kReplicas, 0.0);
}

TEST_P(MachineLaw, OnlyEverFallsAtInfiniteBeta) {
  auto machine = make();
  std::vector<double> before(kReplicas), after(kReplicas);
  machine->energies(before, {});
  machine->advance(std::array{std::numeric_limits<double>::infinity()}, 12, {});
  machine->energies(after, {});
  for (std::uint32_t r = 0; r < kReplicas; ++r) ASSERT_LE(after[r], before[r] + 1e-4) << r;
}

INSTANTIATE_TEST_SUITE_P(Table, MachineLaw, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

// -- Reals
// -----------------------------------------------------------------------------------------

// V = x K x / 2 - b x in two dimensions, with mean K^-1 b. Covariances at dt,
// docs/theory/langevin.md: K^-1 kT is kept by Leimkuhler-Matthews, by MALA and by the positions of
// BAOAB; Euler steps have (K (1 - mu dt K / 2))^-1 kT.
struct RealCase {
  std::string name;
  const KernelEntry* entry;
  UpdateRule rule;
};

std::vector<double> kK{2.0, 0.5, 0.5, 1.0};
std::vector<double> kB{1.0, -1.0};
constexpr double kDt = 0.25;

Target quadratic() { return std::make_shared<const QuadraticEnergy>(kK, kB); }

std::vector<RealCase> real_cases() {
  std::vector<RealCase> all;
  for (const auto* entry : kernel_table()) {
    for (const auto rule : {UpdateRule::euler, UpdateRule::leimkuhler_matthews, UpdateRule::baoab,
                            UpdateRule::mala}) {
      if (!entry->refusal(quadratic(), {.rule = rule}).empty()) continue;
      const auto rule_name = enum_names(rule)[static_cast<std::size_t>(rule)];
      all.push_back({fmt::format("{}_{}", entry->name, rule_name), entry, rule});
    }
  }
  return all;
}

using Matrix = std::array<double, 4>;
Matrix product(const Matrix& a, const Matrix& b) {
  return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
          a[2] * b[1] + a[3] * b[3]};
}
Matrix inverse(const Matrix& a) {
  const double det = a[0] * a[3] - a[1] * a[2];
  return {a[3] / det, -a[1] / det, -a[2] / det, a[0] / det};
}

class RealLaw : public ::testing::TestWithParam<RealCase> {};

TEST_P(RealLaw, HasTheMeanAndTheCovarianceOfItsRule) {
  const auto& c = GetParam();
  const MachineConfig config{.rule = c.rule,
                             .kernel = std::string(c.entry->name),
                             .replicas = kReplicas,
                             .mu = 0.8,
                             .dt = kDt,
                             .friction = 1.5};
  auto machine = c.entry->make(quadratic(), config, {0, kReplicas}, Rng(kSeed));
  const double beta = 1.7;
  machine->advance(std::array{beta}, 70, {});

  const Matrix K{kK[0], kK[1], kK[2], kK[3]};
  Matrix stiffness = K;
  if (c.rule == UpdateRule::euler) {
    const double step = 0.5 * config.mu * kDt;
    stiffness = product(K, {1.0 - step * K[0], -step * K[1], -step * K[2], 1.0 - step * K[3]});
  }
  Matrix covariance = inverse(stiffness);
  for (double& value : covariance) value /= beta;
  const Matrix Kinv = inverse(K);
  const double mean[] = {Kinv[0] * kB[0] + Kinv[1] * kB[1], Kinv[2] * kB[0] + Kinv[3] * kB[1]};

  Moments x0, x1, x00, x01, x11;
  std::array<double, 2> x{};
  for (std::uint32_t r = 0; r < kReplicas; ++r) {
    machine->read(r, x);
    const double d0 = x[0] - mean[0], d1 = x[1] - mean[1];
    x0.add(d0), x1.add(d1), x00.add(d0 * d0), x01.add(d0 * d1), x11.add(d1 * d1);
  }
  EXPECT_NEAR(x0.mean, 0.0, kMostErrors * x0.error());
  EXPECT_NEAR(x1.mean, 0.0, kMostErrors * x1.error());
  EXPECT_NEAR(x00.mean, covariance[0], kMostErrors * x00.error());
  EXPECT_NEAR(x01.mean, covariance[1], kMostErrors * x01.error());
  EXPECT_NEAR(x11.mean, covariance[3], kMostErrors * x11.error());
}

INSTANTIATE_TEST_SUITE_P(Table, RealLaw, ::testing::ValuesIn(real_cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace therma
