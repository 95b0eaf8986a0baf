// SPDX-License-Identifier: Apache-2.0
// Enumeration and elimination against definitions, closed forms and transfer matrices.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/support/targets.hpp"
#include "tests/support/torus.hpp"
#include "therma/core/error.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/inference/elimination.hpp"
#include "therma/inference/enumerate.hpp"

namespace therma {
namespace {

using testing::make_glass;
using testing::make_grid;
using testing::make_ring;

Target target_of(const IsingModel& model) {
  return std::make_shared<const IsingProgram>(compile(model));
}

// Potts-like tables of 1 to 3 variables with 1 to 4 states; every value random.
DiscreteModel random_model(std::uint32_t variables, std::uint64_t seed) {
  const Rng rng(seed);
  DiscreteModel model;
  for (std::uint32_t v = 0; v < variables; ++v) {
    model.states.push_back(1 + static_cast<std::uint32_t>(4.0 * rng.uniform({.site = v})));
  }
  model.tables.push_back({.energies = {0.7}});
  for (std::uint32_t t = 0; t < 2 * variables; ++t) {
    EnergyTable table;
    std::size_t size = 1;
    for (std::uint32_t k = 0; k <= t % 3; ++k) {
      const auto v = (t * 5 + k * (1 + t % 2)) % variables;
      if (std::ranges::count(table.variables, v) != 0) continue;
      table.variables.push_back(v);
      size *= model.states[v];
    }
    for (std::uint32_t k = 0; k < size; ++k) {
      table.energies.push_back(rng.normal({.chain = 1, .step = t, .site = k}));
    }
    model.tables.push_back(table);
  }
  return model;
}

TEST(Enumeration, EqualsTheDefinition) {
  const auto glass = make_glass(9, 3);
  const auto exact = enumerate(target_of(glass), 0.8);
  const auto expected = testing::enumerate_boltzmann(glass, 0.8);
  ASSERT_EQ(exact.probabilities.size(), expected.size());
  double energy_mean = 0.0, magnetisation = 0.0;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const auto spins = testing::spins_of(k, 9);
    EXPECT_NEAR(exact.probabilities[k], expected[k], 1e-14);
    EXPECT_NEAR(exact.energies[k], energy(glass, spins), 1e-12);
    energy_mean += expected[k] * energy(glass, spins);
    for (const Spin s : spins) magnetisation += expected[k] * s / 9.0;
  }
  EXPECT_NEAR(exact.mean_energy, energy_mean, 1e-12);
  EXPECT_NEAR(exact.mean_value, magnetisation, 1e-12);
}

// Ring: Z = (2 cosh K)^n + (2 sinh K)^n.
TEST(Enumeration, HasTheRingsClosedForm) {
  const auto exact = enumerate(target_of(make_ring({.spins = 10, .coupling = 0.7})), 0.5);
  const double K = 0.35;
  EXPECT_NEAR(exact.log_z,
              std::log(std::pow(2 * std::cosh(K), 10) + std::pow(2 * std::sinh(K), 10)), 1e-12);
}

TEST(Enumeration, SurvivesLowTemperatures) {
  const auto exact = enumerate(target_of(make_ring({.spins = 8, .coupling = 50.0})), 100.0);
  EXPECT_NEAR(exact.log_z, 8 * 5000.0 + std::log(2.0), 1e-9);  // two ground states
  EXPECT_NEAR(exact.probabilities[0], 0.5, 1e-12);
}

TEST(Enumeration, RefusesWhatDoesNotFitInOneSentence) {
  EXPECT_THROW((void)enumerate(target_of(make_ring({.spins = 25})), 1.0), Error);
  EXPECT_THROW((void)enumerate(target_of(make_ring({.spins = 5})), std::nan("")), Error);
  EXPECT_THROW((void)enumerate(target_of(make_ring({.spins = 5})), INFINITY), Error);
  const Target reals = std::make_shared<const QuadraticEnergy>(std::vector<double>{1.0});
  EXPECT_THROW((void)enumerate(reals, 1.0), Error);
}

void expect_equal(const Elimination& found, const Enumeration& exact, const DiscreteModel& model) {
  EXPECT_NEAR(found.log_z(), exact.log_z, 1e-11);
  EXPECT_NEAR(found.mean_energy(), exact.mean_energy, 1e-11);
  EXPECT_NEAR(found.mean_value(), exact.mean_value, 1e-12);
  std::vector<std::vector<double>> marginals, joints;
  for (const auto states : model.states) marginals.emplace_back(states, 0.0);
  for (const auto& table : model.tables) joints.emplace_back(table.energies.size(), 0.0);
  for (std::size_t k = 0; k < exact.probabilities.size(); ++k) {
    std::vector<std::uint32_t> x;
    std::size_t rest = k;
    for (const auto states : model.states) {
      x.push_back(static_cast<std::uint32_t>(rest % states));
      rest /= states;
    }
    for (std::size_t v = 0; v < x.size(); ++v) marginals[v][x[v]] += exact.probabilities[k];
    for (std::size_t t = 0; t < model.tables.size(); ++t) {
      std::size_t index = 0, stride = 1;
      for (const auto v : model.tables[t].variables) {
        index += stride * x[v];
        stride *= model.states[v];
      }
      joints[t][index] += exact.probabilities[k];
    }
  }
  for (std::uint32_t v = 0; v < model.states.size(); ++v) {
    for (std::uint32_t x = 0; x < model.states[v]; ++x) {
      EXPECT_NEAR(found.marginal(v)[x], marginals[v][x], 1e-12);
    }
  }
  for (std::size_t t = 0; t < joints.size(); ++t) {
    const auto joint = found.table_marginal(t);
    for (std::size_t k = 0; k < joint.size(); ++k) EXPECT_NEAR(joint[k], joints[t][k], 1e-12);
  }
}

TEST(Elimination, EqualsEnumerationOnModelsOfManyStates) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto model = random_model(9, seed);
    expect_equal(Elimination(model, 1.3), enumerate(model, 1.3), model);
  }
}

TEST(Elimination, EqualsEnumerationOnSpins) {
  for (const double beta : {0.0, 0.6, 30.0}) {
    const auto model = discrete_model(target_of(make_glass(9, 4)));
    expect_equal(Elimination(model, beta), enumerate(model, beta), model);
  }
}

// An open chain without fields: Z = 2 (2 cosh K)^(n-1), <E> = -(n-1) J tanh K.
TEST(Elimination, KeepsItsDigitsOnAChainOfHundredThousandSpins) {
  constexpr std::uint32_t n = 100'000;
  IsingModel chain{.num_spins = n};
  for (std::uint32_t i = 0; i + 1 < n; ++i) chain.couplings.push_back({i, i + 1, 1.5});
  for (const double beta : {0.01, 1.0, 100.0}) {
    const Elimination found(target_of(chain), beta);
    const double K = 1.5 * beta;
    const double expected = std::log(2.0) + (n - 1) * (K + std::log1p(std::exp(-2.0 * K)));
    EXPECT_NEAR(found.log_z() / expected, 1.0, 1e-14);
    EXPECT_NEAR(found.mean_energy() / (-1.5 * (n - 1) * std::tanh(K)), 1.0, 1e-12);
    EXPECT_EQ(found.width(), 1U);
    EXPECT_NEAR(found.marginal(n / 2)[1], 0.5, 1e-12);
  }
}

// Any tree without fields has a chain's law in its bonds: Z = 2^n prod cosh K_ij. A field at the
// root multiplies Z by cosh(beta h), and a spin d bonds away has mean tanh(beta h) prod tanh K.
TEST(Elimination, HasTheClosedFormOfATree) {
  constexpr std::uint32_t n = 5000;
  const Rng rng(6);
  IsingModel tree{.num_spins = n};
  std::vector<double> mean(n);
  const double beta = 0.9, h = 0.8;
  double log_z = n * std::log(2.0) + std::log(std::cosh(beta * h));
  mean[0] = std::tanh(beta * h);
  for (std::uint32_t i = 1; i < n; ++i) {
    const auto parent = static_cast<std::uint32_t>(rng.uniform({.site = i}) * std::min(i, 40U));
    const double J = rng.normal({.chain = 1, .site = i});
    tree.couplings.push_back({parent, i, J});
    log_z += std::log(std::cosh(beta * J));
    mean[i] = mean[parent] * std::tanh(beta * J);
  }
  tree.fields.assign(n, 0.0);
  tree.fields[0] = h;
  const Elimination found(target_of(tree), beta);
  EXPECT_EQ(found.width(), 1U);
  EXPECT_NEAR(found.log_z() / log_z, 1.0, 1e-13);
  for (std::uint32_t i = 0; i < n; i += 97) {
    EXPECT_NEAR(found.marginal(i)[1] - found.marginal(i)[0], mean[i], 1e-12);
  }
}

TEST(Elimination, EqualsTheTransferMatrixOnACylinder) {
  constexpr std::uint32_t width = 6, length = 40;
  IsingModel model{.num_spins = width * length};
  for (std::uint32_t r = 0; r < length; ++r) {
    for (std::uint32_t c = 0; c < width; ++c) {
      model.couplings.push_back({r * width + c, r * width + (c + 1) % width, 1.0});
      if (r + 1 < length) model.couplings.push_back({r * width + c, (r + 1) * width + c, 1.0});
    }
  }
  const Elimination found(target_of(model), 0.44);
  EXPECT_NEAR(found.log_z() / testing::cylinder_log_z(width, length, 0.44), 1.0, 1e-13);
  EXPECT_LE(found.width(), width + 1);
}

// Reference values to seven decimals, energy per site of 16 x 16 (docs/theory/elimination.md).
TEST(TorusOracle, HasTheKnownEnergiesOfSixteenBySixteen) {
  const double critical = 0.5 * std::log(1.0 + std::sqrt(2.0));
  EXPECT_NEAR(testing::torus_energy(16, 16, 0.3) / 256, -0.7045327, 6e-8);
  EXPECT_NEAR(testing::torus_energy(16, 16, critical) / 256, -1.4530649, 6e-8);
  EXPECT_NEAR(testing::torus_energy(16, 16, 0.5) / 256, -1.7455307, 6e-8);
}

TEST(Elimination, EqualsTheTorusOracle) {
  for (const double beta : {0.3, 0.5}) {
    const Elimination found(target_of(make_grid(7, 7, true)), beta);
    EXPECT_NEAR(found.log_z(), static_cast<double>(testing::torus_log_z(7, 7, beta)), 1e-10);
    EXPECT_NEAR(found.mean_energy(), testing::torus_energy(7, 7, beta), 1e-7);
  }
}

TEST(Elimination, SolvesATwelveByTwelveGrid) {
  auto grid = make_grid(12, 12, false);
  const Rng rng(8);
  for (auto& c : grid.couplings) c.value = rng.normal({.chain = c.i, .site = c.j});
  const Elimination found(target_of(grid), 2.0);
  EXPECT_LE(found.width(), 16U);
  // d ln Z / d beta = -<E>: five points at h = 1e-3, error of order h^4 and 1e-12 / h.
  const auto log_z = [&](double beta) { return Elimination(target_of(grid), beta).log_z(); };
  const double h = 1e-3;
  const double slope =
      (8 * (log_z(2 + h) - log_z(2 - h)) - (log_z(2 + 2 * h) - log_z(2 - 2 * h))) / (12 * h);
  EXPECT_NEAR(-slope, found.mean_energy(), 1e-6);
}

TEST(Elimination, RefusesADenseModelInOneSentenceAtOnce) {
  try {
    const Elimination found(target_of(make_glass(400, 1)), 1.0);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_argument);
    EXPECT_NE(std::string(e.what()).find("67108864"), std::string::npos) << e.what();
  }
  EXPECT_THROW(Elimination(target_of(make_ring({.spins = 9})), 1.0, {.max_entries = 40}), Error);
}

// 200,000 independent samples of 256 states; |z| < 5.5, 3.8e-8 each: below 1e-5.
TEST(Elimination, SamplesExactly) {
  const auto glass = make_glass(8, 17);
  const Elimination found(target_of(glass), 0.9);
  const auto p = testing::enumerate_boltzmann(glass, 0.9);
  std::vector<double> counts(p.size(), 0.0);
  constexpr std::uint32_t kSamples = 200'000;
  std::vector<std::uint32_t> x(8), again(8);
  for (std::uint32_t k = 0; k < kSamples; ++k) {
    found.sample(Rng(5), k, x);
    std::size_t index = 0;
    for (std::size_t v = 0; v < 8; ++v) index |= static_cast<std::size_t>(x[v]) << v;
    counts[index] += 1.0;
  }
  found.sample(Rng(5), kSamples - 1, again);
  EXPECT_EQ(x, again);
  double rare = 0.0, rare_p = 0.0;
  const auto z = [&](double n, double q) {
    return std::abs(n - kSamples * q) / std::sqrt(kSamples * q * (1 - q));
  };
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (kSamples * p[k] < 25.0) {
      rare += counts[k];
      rare_p += p[k];
    } else {
      EXPECT_LT(z(counts[k], p[k]), 5.5);
    }
  }
  if (kSamples * rare_p >= 25.0) {
    EXPECT_LT(z(rare, rare_p), 5.5);
  }
}

TEST(DiscreteModel, HasTheEnergiesOfItsFactors) {
  FactorModel model{.num_states = {3, 2, 4, 2}, .offset = 0.6};
  model.equalities.push_back({2, 0, 0.8});
  model.tables.push_back({{1, 0}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.7}});
  model.products.push_back({{1, 3}, 0.9});
  model.products.push_back({{3}, -0.4});
  const auto tables = discrete_model(model);
  check(tables);
  for (std::uint32_t k = 0; k < 48; ++k) {
    const std::vector<std::uint32_t> x = {k % 3, k / 3 % 2, k / 6 % 4, k / 24};
    const std::vector<Category> states(x.begin(), x.end());
    EXPECT_NEAR(energy(tables, x), energy(model, states), 1e-14);
  }
  model.clamps.push_back({.variable = 0, .state = 1});
  EXPECT_THROW((void)discrete_model(model), Error);
}

TEST(DiscreteModel, RefusesBadTables) {
  EXPECT_THROW(check({.states = {2}, .tables = {{.variables = {1}, .energies = {0, 0}}}}), Error);
  EXPECT_THROW(check({.states = {2}, .tables = {{.variables = {0}, .energies = {0}}}}), Error);
  EXPECT_THROW(check({.states = {2}, .tables = {{.variables = {0}, .energies = {0, NAN}}}}), Error);
  EXPECT_THROW(check({.states = {2}, .tables = {{.variables = {0, 0}, .energies = {0, 0, 0, 0}}}}),
               Error);
  EXPECT_THROW(check({.states = {0}}), Error);
}

}  // namespace
}  // namespace therma
