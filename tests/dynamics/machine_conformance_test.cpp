// SPDX-License-Identifier: Apache-2.0
// Every row of the table of kernels, under every rule it takes, against one contract.
#include <gtest/gtest.h>

#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/lattice.hpp"

namespace therma {
namespace {

struct Case {
  std::string name;
  const KernelEntry* entry;
  Target target;
  MachineConfig config;
};

// A ring of four-state variables with a spin on each, joined in threes.
FactorModel mixed_ring() {
  FactorModel model;
  for (std::uint32_t i = 0; i < 12; ++i) {
    model.num_states.insert(model.num_states.end(), {4, 2});
    model.equalities.push_back({2 * i, (2 * i + 2) % 24, i % 3 == 0 ? -0.7 : 0.5});
    model.products.push_back({{2 * i + 1, (2 * i + 3) % 24, (2 * i + 5) % 24}, 0.6});
    model.tables.push_back({{2 * i, 2 * i + 1}, {0, 1, 0.5, 0, 0, 0.25, -0.5, 0}});
  }
  return model;
}

// Small targets of every kind; spins +-1 with integer couplings among them.
std::vector<std::pair<std::string, Target>> targets() {
  auto ring = testing::make_ring({.spins = 70, .coupling = 1.0});
  for (std::uint32_t i = 0; i < 70; i += 3) ring.couplings.push_back({i, (i + 9) % 70, -1.0});
  return {
      {"glass", std::make_shared<const IsingProgram>(testing::make_glass(24, 3))},
      {"ring", std::make_shared<const IsingProgram>(ring)},
      {"lattice", std::make_shared<const LatticeProgram>(LatticeModel{.shape = {40, 128}})},
      {"cubic",
       std::make_shared<const LatticeProgram>(LatticeModel{.shape = {4, 6, 10}, .bond_seed = 2})},
      {"quartic", std::make_shared<const QuarticProgram>(compile(testing::make_quartic(10, 2, 3)))},
      {"quadratic", std::make_shared<const QuadraticEnergy>(std::vector<double>{2.0, 0.5, 0.5, 1.0},
                                                            std::vector<double>{1.0, -1.0})},
      {"factors", std::make_shared<const FactorProgram>(mixed_ring())},
      {"own", AnyGradientEnergy(compile(testing::make_quartic(6, 2, 3)))},
  };
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto* entry : kernel_table()) {
    for (const auto& [target_name, target] : targets()) {
      for (std::size_t rule = 1; rule < enum_names(UpdateRule{}).size(); ++rule) {
        const MachineConfig config{.rule = static_cast<UpdateRule>(rule),
                                   .kernel = std::string(entry->name),
                                   .replicas = std::max(7U, 2 * entry->lanes)};
        if (!entry->refusal(target, config).empty()) continue;
        all.push_back(
            {fmt::format("{}_{}_{}", entry->name, enum_names(UpdateRule{})[rule], target_name),
             entry, target, config});
      }
    }
  }
  return all;
}

class Kernel : public ::testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] std::unique_ptr<Machine> make(std::uint64_t seed = 5) const {
    const auto& c = GetParam();
    return c.entry->make(c.target, c.config, {0, c.config.replicas}, Rng(seed));
  }
  // Every number of every replica.
  static std::vector<double> all_values(const Machine& machine) {
    std::vector<double> all;
    std::vector<double> values(machine.num_variables());
    for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) {
      machine.read(r, values);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }
  static std::vector<double> energies(const Machine& machine) {
    std::vector<double> out(machine.num_replicas());
    machine.energies(out, {});
    return out;
  }
  static constexpr double kBeta[] = {0.8};
};

TEST_P(Kernel, GivesTheSameBitsOnAnyNumberOfThreads) {
  const auto on = [&](unsigned threads) {
    const Pool pool(threads);
    auto machine = make();
    machine->advance(kBeta, 5, {.pool = &pool});
    return all_values(*machine);
  };
  const auto expected = on(1);
  for (const unsigned threads : {2U, 3U, 7U}) EXPECT_EQ(on(threads), expected);
}

TEST_P(Kernel, GivesOtherBitsForAnotherSeed) {
  const auto a = make(1), b = make(2);
  EXPECT_NE(all_values(*a), all_values(*b));
  for (auto* m : {a.get(), b.get()}) m->advance(kBeta, 3, {});
  EXPECT_NE(all_values(*a), all_values(*b));
}

TEST_P(Kernel, DependsOnNoEarlierRun) {
  auto a = make();
  a->advance(kBeta, 4, {});
  auto b = make();
  b->advance(kBeta, 4, {});
  EXPECT_EQ(all_values(*a), all_values(*b));
}

TEST_P(Kernel, MovesEachReplicaOnItsOwn) {
  auto machine = make();
  const auto n = static_cast<std::ptrdiff_t>(machine->num_variables());
  // Cold chains meet in the ground state now and then (1 in 200 chains of `glass` is there at any
  // time), but not four times in a row.
  std::vector<int> times_met(machine->num_replicas());
  for (int k = 0; k < 4; ++k) {
    machine->advance(kBeta, 1, {});
    const auto values = all_values(*machine);
    for (std::uint32_t r = 1; r < machine->num_replicas(); ++r) {
      times_met[r] +=
          std::equal(values.begin(), values.begin() + n, values.begin() + r * n) ? 1 : 0;
    }
  }
  for (std::uint32_t r = 1; r < machine->num_replicas(); ++r) EXPECT_LT(times_met[r], 4) << r;
}

TEST_P(Kernel, StepsOneByOneAsItStepsTogether) {
  auto together = make(), apart = make();
  together->advance(kBeta, 6, {});
  for (int k = 0; k < 6; ++k) apart->advance(kBeta, 1, {});
  EXPECT_EQ(all_values(*together), all_values(*apart));
}

TEST_P(Kernel, ContinuesFromACheckpointBitForBit) {
  auto machine = make();
  machine->advance(kBeta, 5, {});
  const auto checkpoint = machine->save();
  machine->advance(kBeta, 5, {});
  auto resumed = make();
  resumed->restore(checkpoint);
  EXPECT_EQ(resumed->save(), checkpoint);
  resumed->advance(kBeta, 5, {});
  EXPECT_EQ(all_values(*resumed), all_values(*machine));
  EXPECT_EQ(resumed->tally().updates, machine->tally().updates);
}

TEST_P(Kernel, RefusesACheckpointThatIsNotItsOwn) {
  const auto machine = make();
  const auto whole = machine->save();
  for (const auto& bytes : {std::string(), whole.substr(0, whole.size() - 1), whole + "x",
                            std::string(whole.size(), 'x')}) {
    EXPECT_THROW(make()->restore(bytes), Error);
  }
}

TEST_P(Kernel, SplitsAnEnsembleAtItsLanes) {
  const auto& c = GetParam();
  auto whole = make();
  whole->advance(kBeta, 4, {});
  const std::uint32_t first = c.entry->lanes;
  auto part = c.entry->make(c.target, c.config, {first, c.config.replicas - first}, Rng(5));
  part->advance(kBeta, 4, {});
  const auto expected = all_values(*whole);
  const auto skip = static_cast<std::ptrdiff_t>(first * whole->num_variables());
  EXPECT_EQ(all_values(*part), std::vector<double>(expected.begin() + skip, expected.end()));
}

TEST_P(Kernel, WritesWhatItReads) {
  auto machine = make();
  const auto n = machine->num_variables();
  std::vector<double> values(n), back(n);
  machine->read(1, values);
  machine->write(0, values);
  machine->read(0, back);
  EXPECT_EQ(values, back);
  const auto e = energies(*machine);
  EXPECT_NEAR(e[0], e[1], 1e-4 * std::max(1.0, std::abs(e[1])));
  EXPECT_NEAR(machine->mean_value(0), machine->mean_value(1), 1e-6);
}

// What a kernel keeps beside the state (fields, energies) must follow a write. Reals carry momenta
// and noise from step to step, which a write does not set.
TEST_P(Kernel, MovesOnFromWhatWasWritten) {
  if (!is_discrete(GetParam().target)) return;
  constexpr double kOtherBeta[] = {0.2};
  auto here = make(), there = make();
  here->advance(kBeta, 3, {});
  there->advance(kOtherBeta, 3, {});
  std::vector<double> values(here->num_variables());
  for (std::uint32_t r = 0; r < here->num_replicas(); ++r) {
    here->read(r, values);
    there->write(r, values);
  }
  here->advance(kBeta, 3, {});
  there->advance(kBeta, 3, {});
  EXPECT_EQ(all_values(*there), all_values(*here));
}

TEST_P(Kernel, ResamplesAllReplicasAtOnce) {
  auto machine = make();
  machine->advance(kBeta, 3, {});
  const auto before = all_values(*machine);
  const std::uint32_t count = machine->num_replicas();
  std::vector<std::uint32_t> parents(count);
  for (std::uint32_t r = 0; r < count; ++r) parents[r] = (r + 1) % count;  // a rotation: no order
  parents[2] = 0;                                                          // of copies gives it
  machine->resample(parents);
  const auto after = all_values(*machine);
  const auto n = static_cast<std::ptrdiff_t>(machine->num_variables());
  for (std::uint32_t r = 0; r < count; ++r) {
    EXPECT_TRUE(std::equal(after.begin() + r * n, after.begin() + (r + 1) * n,
                           before.begin() + parents[r] * n))
        << r;
  }
}

TEST_P(Kernel, TakesOneBetaForEachReplica) {
  auto one = make(), each = make();
  one->advance(kBeta, 4, {});
  const std::vector<double> betas(each->num_replicas(), kBeta[0]);
  each->advance(betas, 4, {});
  EXPECT_EQ(all_values(*one), all_values(*each));
}

TEST_P(Kernel, CountsItsUpdates) {
  auto machine = make();
  machine->advance(kBeta, 3, {});
  EXPECT_EQ(machine->tally().updates, 3 * machine->num_variables() * machine->num_replicas());
}

INSTANTIATE_TEST_SUITE_P(Table, Kernel, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

TEST(KernelTable, NamesWhatThereIs) {
  const Target target = AnyGradientEnergy(compile(testing::make_quartic(6, 2, 3)));
  try {
    (void)choose_kernel(target, {.kernel = "fastest"});
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("scalar"), std::string::npos) << e.what();
  }
  EXPECT_THROW((void)choose_kernel(target, {.rule = UpdateRule::heat_bath}), Error);
}

}  // namespace
}  // namespace therma
