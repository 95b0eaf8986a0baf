// SPDX-License-Identifier: Apache-2.0
// Chains of categories against enumeration, and against chains of spins.
//
// Counts are of independent chains. Chi-square over d + 1 cells has mean d and standard deviation
// sqrt(2 d); by Wilson and Hilferty (PNAS 17, 1931) its cube root is nearly normal, and the bounds
// below are at 4.5 standard deviations: 3.4e-6 for each side of each test.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/support/targets.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/energy/factor.hpp"

namespace therma {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A table, a three-spin product, Potts bonds: 2 * 3 * 4 * 2 = 48 states.
FactorModel mixed() {
  return {.num_states = {2, 3, 4, 2},
          .tables = {{{1, 0}, {0.0, 1.0, -0.5, 0.3, 0.8, -0.9}}, {{2}, {0.1, -0.4, 0.6, 0.0}}},
          .products = {{{0, 3}, 0.5}, {{3}, -0.3}},
          .equalities = {{1, 2, 0.9}}};
}

FactorModel three_spins() {
  return {.num_states = {2, 2, 2, 2},
          .products = {{{0, 1, 2}, 0.8}, {{1, 2, 3}, -0.6}, {{0}, 0.2}, {{0, 1, 2, 3}, 0.4}}};
}

FactorModel potts_ring() {
  FactorModel model{.num_states = {3, 3, 3, 3, 3}};
  for (std::uint32_t i = 0; i < 5; ++i) model.equalities.push_back({i, (i + 1) % 5, 0.8});
  return model;
}

std::size_t index_of(const FactorModel& model, std::span<const double> values) {
  std::size_t index = 0;
  for (std::size_t v = 0; v < values.size(); ++v) {
    const double state = model.num_states[v] == 2 ? (values[v] + 1.0) / 2.0 : values[v];
    index = index * model.num_states[v] + static_cast<std::size_t>(state);
  }
  return index;
}

// p of every state, 0 where a clamp is broken; at infinite beta the least energies share.
std::vector<double> enumerate(const FactorModel& model, double beta) {
  std::size_t count = 1;
  for (const auto q : model.num_states) count *= q;
  std::vector<double> energies(count), p(count);
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<Category> states(model.num_states.size());
    std::size_t rest = k;
    for (std::size_t v = states.size(); v-- > 0; rest /= model.num_states[v]) {
      states[v] = static_cast<Category>(rest % model.num_states[v]);
    }
    energies[k] = energy(model, states);
    for (const auto& clamp : model.clamps) {
      if (states[clamp.variable] != clamp.state) energies[k] = kInfinity;
    }
  }
  const double least = *std::ranges::min_element(energies);
  double sum = 0.0;
  for (std::size_t k = 0; k < count; ++k) {
    const double rise = energies[k] - least;
    p[k] = rise < 1e-12 ? 1.0 : (rise == kInfinity ? 0.0 : std::exp(-beta * rise));
    sum += p[k];
  }
  for (auto& value : p) value /= sum;
  return p;
}

constexpr std::uint32_t kChains = 8'000;

// Cube-root z-score of chi-square; cells expected below 10 times are counted together.
double z_score(const std::vector<double>& counts, const std::vector<double>& p, double chains) {
  double chi_square = 0.0, rare = 0.0, rare_p = 0.0, cells = 0.0;
  const auto add = [&](double n, double q) {
    chi_square += (n - chains * q) * (n - chains * q) / (chains * q);
    ++cells;
  };
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (p[k] == 0.0) {
      EXPECT_EQ(counts[k], 0.0) << k;
    } else if (chains * p[k] < 10.0) {
      rare += counts[k], rare_p += p[k];
    } else {
      add(counts[k], p[k]);
    }
  }
  if (rare_p * chains >= 10.0) add(rare, rare_p);
  const double d = cells - 1.0;
  return (std::cbrt(chi_square / d) - (1.0 - 2.0 / (9.0 * d))) / std::sqrt(2.0 / (9.0 * d));
}

std::unique_ptr<Machine> machine_for(const FactorModel& model, UpdateRule rule,
                                     std::uint32_t chains, std::uint64_t seed = 3) {
  const Target target = std::make_shared<const FactorProgram>(model);
  const MachineConfig config{.rule = rule, .replicas = chains};
  return choose_kernel(target, config).make(target, config, {0, chains}, Rng(seed));
}

std::vector<double> counts_of(const Machine& machine, const FactorModel& model, std::uint32_t first,
                              std::uint32_t last) {
  std::vector<double> counts(enumerate(model, 0.0).size(), 0.0);
  std::vector<double> values(machine.num_variables());
  for (std::uint32_t r = first; r < last; ++r) {
    machine.read(r, values);
    ++counts[index_of(model, values)];
  }
  return counts;
}

class Categories : public ::testing::TestWithParam<UpdateRule> {};

TEST_P(Categories, AreVisitedWithBoltzmannFrequencies) {
  for (const auto& model : {mixed(), three_spins(), potts_ring()}) {
    for (const double beta : {0.0, 0.7, 1.3}) {
      const auto machine = machine_for(model, GetParam(), kChains);
      machine->advance(std::vector<double>{beta}, 40, {});
      const double z =
          z_score(counts_of(*machine, model, 0, kChains), enumerate(model, beta), kChains);
      EXPECT_LT(std::abs(z), 4.5) << beta;
    }
  }
}

TEST_P(Categories, FollowTheConditionalLawOfWhatIsClamped) {
  auto model = mixed();
  model.clamps = {{1, 2}, {3, 1}};
  const auto machine = machine_for(model, GetParam(), kChains);
  machine->advance(std::vector<double>{0.9}, 40, {});
  EXPECT_LT(
      std::abs(z_score(counts_of(*machine, model, 0, kChains), enumerate(model, 0.9), kChains)),
      4.5);
  EXPECT_EQ(machine->tally().updates, 40U * 2 * kChains);  // two variables are free
}

TEST_P(Categories, TakeABetaForEachReplica) {
  const auto model = potts_ring();
  const auto machine = machine_for(model, GetParam(), 2 * kChains);
  std::vector<double> betas(2 * kChains, 0.3);
  std::fill(betas.begin() + kChains, betas.end(), 1.1);
  machine->advance(betas, 40, {});
  for (std::uint32_t half = 0; half < 2; ++half) {
    const auto counts = counts_of(*machine, model, half * kChains, (half + 1) * kChains);
    EXPECT_LT(std::abs(z_score(counts, enumerate(model, half == 0 ? 0.3 : 1.1), kChains)), 4.5);
  }
}

TEST_P(Categories, ReachTheLeastEnergiesAtZeroTemperature) {
  // One variable: its two least states share, the third is never taken.
  const FactorModel model{.num_states = {3}, .tables = {{{0}, {1.0, 0.0, 0.0}}}};
  const auto machine = machine_for(model, GetParam(), kChains);
  machine->advance(std::vector<double>{kInfinity}, 20, {});
  const auto counts = counts_of(*machine, model, 0, kChains);
  EXPECT_EQ(counts[0], 0.0);
  EXPECT_NEAR(counts[1], kChains / 2.0, 4.5 * std::sqrt(kChains / 4.0));
}

INSTANTIATE_TEST_SUITE_P(Rules, Categories,
                         ::testing::Values(UpdateRule::heat_bath, UpdateRule::metropolis),
                         [](const auto& one) {
                           return std::string(
                               enum_names(UpdateRule{})[static_cast<std::size_t>(one.param)]);
                         });

TEST(Factors, UpdateInTheOrderOfTheirBlocks) {
  // At zero temperature a chain of copies follows from its first variable in one sweep, if the
  // blocks go along it.
  FactorModel model{.num_states = {4, 4, 4, 4}, .clamps = {{0, 2}}};
  for (std::uint32_t i = 0; i < 3; ++i) {
    TableFactor copy{{i, i + 1}, std::vector<double>(16, 1.0)};
    for (std::size_t q = 0; q < 4; ++q) copy.energies[5 * q] = 0.0;
    // The one before it weighs more than the one after.
    for (auto& e : copy.energies) e *= 4.0 - i;
    model.tables.push_back(copy);
  }
  model.blocks = {{1}, {2}, {3}};
  const auto machine = machine_for(model, UpdateRule::heat_bath, 50);
  machine->advance(std::vector<double>{kInfinity}, 1, {});
  std::vector<double> values(4);
  for (std::uint32_t r = 0; r < 50; ++r) {
    machine->read(r, values);
    EXPECT_EQ(values, (std::vector<double>{2, 2, 2, 2}));
  }
}

TEST(Factors, SampleSpinsAsTheSpinProgramDoes) {
  const auto model = testing::make_glass(6, 4);
  const auto factors = to_factors(model);
  const auto machine = machine_for(factors, UpdateRule::heat_bath, kChains);
  machine->advance(std::vector<double>{0.8}, 30, {});
  std::vector<double> counts(64, 0.0), values(6);
  for (std::uint32_t r = 0; r < kChains; ++r) {
    machine->read(r, values);
    ++counts[testing::index_of(std::vector<Spin>(values.begin(), values.end()))];
  }
  EXPECT_LT(std::abs(z_score(counts, testing::enumerate_boltzmann(model, 0.8), kChains)), 4.5);
}

}  // namespace
}  // namespace therma
