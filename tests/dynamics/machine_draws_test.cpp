// SPDX-License-Identifier: Apache-2.0
// That every row of the table of kernels draws apart for each replica, step and variable: at beta 0
// a step forgets the state, so that states show the draws alone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "tests/support/targets.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/energy/lattice.hpp"

namespace therma {
namespace {

struct Case {
  std::string name;
  const KernelEntry* entry;
  Target target;
  MachineConfig config;
};

std::vector<Case> cases() {
  auto ring = testing::make_ring({.spins = 90, .coupling = 1.0});
  ring.couplings.push_back({0, 45, -1.0});
  const std::pair<std::string, Target> targets[] = {
      {"ring", std::make_shared<const IsingProgram>(ring)},
      {"glass", std::make_shared<const IsingProgram>(testing::make_glass(96, 3))},
      {"lattice", std::make_shared<const LatticeProgram>(LatticeModel{.shape = {40, 128}})},
  };
  std::vector<Case> all;
  for (const auto* entry : kernel_table()) {
    for (const auto& [name, target] : targets) {
      const MachineConfig config{.rule = UpdateRule::heat_bath,
                                 .kernel = std::string(entry->name),
                                 .replicas = std::max(8U, 2 * entry->lanes)};
      if (!entry->refusal(target, config).empty()) continue;
      all.push_back({fmt::format("{}_{}", entry->name, name), entry, target, config});
    }
  }
  return all;
}

class MachineDraws : public ::testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] std::unique_ptr<Machine> make(std::uint64_t seed = 5) const {
    const auto& c = GetParam();
    return c.entry->make(c.target, c.config, {0, c.config.replicas}, Rng(seed));
  }
  // The states after one step at beta 0 from all spins up, [replica].
  static std::vector<std::vector<double>> drawn(Machine& machine) {
    std::vector<double> up(machine.num_variables(), 1.0);
    for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) machine.write(r, up);
    machine.advance(std::array{0.0}, 1, {});
    std::vector<std::vector<double>> states(machine.num_replicas(), up);
    for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) machine.read(r, states[r]);
    return states;
  }
  // Standard errors of the correlation between two sequences of fair signs.
  static double correlation_errors(std::span<const double> a, std::span<const double> b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return std::abs(sum) / std::sqrt(static_cast<double>(a.size()));
  }
};

// Two of some thousand states of 90 fair spins are equal with a probability below 1e-20.
TEST_P(MachineDraws, DifferBetweenReplicasStepsAndSeeds) {
  std::set<std::vector<double>> seen;
  std::size_t count = 0;
  for (const std::uint64_t seed : {1U, 2U}) {
    auto machine = make(seed);
    for (int step = 0; step < 3; ++step) {
      for (auto& state : drawn(*machine)) {
        seen.insert(std::move(state));
        ++count;
      }
    }
  }
  EXPECT_EQ(seen.size(), count);
}

// Pairs of neighbours, over 6 sequences a machine: 5.5 errors are passed by chance with less than
// 4e-8 each, 1e-5 in all.
TEST_P(MachineDraws, AreUncorrelatedBetweenNeighbours) {
  auto machine = make();
  const auto first = drawn(*machine), second = drawn(*machine);
  const std::size_t n = first[0].size();
  std::vector<double> a, b, later, next_replica, next_site, far_site;
  for (std::size_t r = 0; r + 1 < first.size(); ++r) {
    for (std::size_t i = 0; i + n / 2 < n; ++i) {
      a.push_back(first[r][i]);
      later.push_back(second[r][i]);
      next_replica.push_back(first[r + 1][i]);
      next_site.push_back(first[r][i + 1]);
      far_site.push_back(first[r][i + n / 2]);
    }
  }
  const std::vector<double> ones(a.size(), 1.0);
  EXPECT_LT(correlation_errors(a, ones), 5.5);
  EXPECT_LT(correlation_errors(a, later), 5.5);
  EXPECT_LT(correlation_errors(a, next_replica), 5.5);
  EXPECT_LT(correlation_errors(a, next_site), 5.5);
  EXPECT_LT(correlation_errors(a, far_site), 5.5);
}

TEST_P(MachineDraws, AreThoseOfTheChainWhereverItIs) {
  // The second half of an ensemble alone, from the same start.
  const auto& c = GetParam();
  auto whole = make();
  const std::uint32_t first = c.entry->lanes == 1 ? 4 : c.entry->lanes;
  auto part = c.entry->make(c.target, c.config, {first, c.config.replicas - first}, Rng(5));
  const auto all = drawn(*whole), some = drawn(*part);
  for (std::size_t r = 0; r < some.size(); ++r) EXPECT_EQ(some[r], all[first + r]) << r;
}

INSTANTIATE_TEST_SUITE_P(Table, MachineDraws, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace therma
