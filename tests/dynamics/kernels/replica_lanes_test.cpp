// SPDX-License-Identifier: Apache-2.0
// Replica lanes against the plain twin, bit for bit, on every target of this processor; against
// enumeration; and the bound on their thresholds over all arguments.
#include "therma/dynamics/kernels/replica_lanes.hpp"
#include "therma/core/cpu.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <cstring>
#include <limits>

#include "tests/support/targets.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/energy/instances.hpp"

namespace therma {
namespace {

using namespace kernels::lanes;  // NOLINT: the parts under test

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Runs `body` once for each Highway target this processor has, then resets.
template <class Body>
void on_each_target(Body&& body) {
  const std::int64_t all = hwy::SupportedTargets();
  for (std::int64_t rest = all; rest != 0; rest &= rest - 1) {
    const std::int64_t target = rest & -rest;
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// Degrees from 0 to n - 1, weights over three decades, fields on some.
IsingModel uneven(std::uint32_t n) {
  const Rng rng(5);
  IsingModel model{.num_spins = n};
  for (std::uint32_t i = 0; i + 1 < n; ++i) {
    for (std::uint32_t j = i + 1; j + 1 < n; j += i == 0 ? 1 : 1 + i % 11) {
      const double size = std::exp(3.0 * rng.child("size").uniform({.chain = i, .site = j}));
      model.couplings.push_back({i, j, 0.2 * size * rng.normal({.chain = i, .site = j})});
    }
    model.fields.push_back(i % 3 == 0 ? rng.child("fields").normal({.site = i}) : 0.0);
  }
  model.fields.push_back(0.0);  // the last spin is alone
  return model;
}

std::vector<IsingModel> models() {
  return {random_regular(60, 12, 1), uneven(90), glass_3d(4, 2), testing::make_glass(24, 3),
          IsingModel{.num_spins = 3}};
}

std::shared_ptr<const IsingProgram> share(const IsingModel& model) {
  return std::make_shared<const IsingProgram>(model);
}

std::unique_ptr<Machine> machine_for(const IsingModel& model, UpdateRule rule,
                                     std::uint32_t replicas = kLanes, std::uint64_t seed = 7) {
  const MachineConfig config{.rule = rule, .kernel = "replica_lanes", .replicas = replicas};
  const Target target = share(model);
  return choose_kernel(target, config).make(target, config, {0, replicas}, Rng(seed));
}

std::vector<Spin> spins_of(const Machine& machine) {
  const std::uint64_t n = machine.num_variables();
  std::vector<Spin> spins(n * machine.num_replicas());
  std::vector<double> values(n);
  for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) {
    machine.read(r, values);
    for (std::size_t i = 0; i < n; ++i) {
      spins[i * machine.num_replicas() + r] = values[i] > 0 ? kUp : kDown;
    }
  }
  return spins;
}

std::vector<double> ladder() {
  std::vector<double> betas(kLanes);
  for (std::uint32_t r = 0; r < kLanes; ++r) betas[r] = 0.01 * std::exp(0.15 * r);  // to 126
  betas[0] = 0.0;
  betas[63] = kInfinity;
  return betas;
}

TEST(ReplicaLanes, GivesTheBitsOfItsTwinOnEveryTarget) {
  for (const auto& model : models()) {
    const auto program = compile(model);
    for (const auto rule : {LaneRule::heat_bath, LaneRule::metropolis}) {
      for (const auto& betas : std::vector<std::vector<double>>{
               {0.0}, {0.3}, {1.0}, {20.0}, {1e6}, {kInfinity}, ladder()}) {
        const auto start = machine_for(
            model, rule == LaneRule::heat_bath ? UpdateRule::heat_bath : UpdateRule::metropolis);
        const auto archive = start->save();
        auto expected = spins_of(*start);
        for (std::uint64_t step = 0; step < 3; ++step) {
          twin_sweep(rule, program, Rng(7), 0, step, betas, expected);
        }
        on_each_target([&] {
          start->restore(archive);
          start->advance(betas, 3, {});
          EXPECT_EQ(spins_of(*start), expected)
              << program.size() << " spins, beta " << betas[0] << ", rule " << int(rule);
        });
      }
    }
  }
}

TEST(ReplicaLanes, DrawsTheSameBitsWithAndWithoutAesInstructions) {
  const auto key = Rng(3).ars_key();
  const BitsPlace place{.round_keys = ars_round_keys(key), .block = 5, .step = 0xABCD12345678};
  constexpr std::uint32_t kVisits = 5;
  alignas(32) std::uint8_t bits[kVisits * kVisitBytes];
  const auto expect_blocks = [&] {
    for (std::uint32_t v = 0; v < kVisits; ++v) {
      for (std::uint32_t plane = 0; plane < 8; ++plane) {
        const auto block = ars_block({1000 + v, 5, 0x12345678, 0xABCD0000 | plane}, key);
        EXPECT_EQ(std::memcmp(bits + v * kVisitBytes + 16 * plane, block.data(), 16), 0);
      }
    }
  };
  on_each_target([&] {
    fill_bits(place, 1000, kVisits, bits);
    expect_blocks();
  });
  if (!cpu_runs_vaes()) GTEST_SKIP() << "this processor has no 256-bit AES instructions";
  std::memset(bits, 0, sizeof bits);
  fill_bits_vaes(place.round_keys[0].data(), 5, place.step, 1000, kVisits, bits);
  expect_blocks();
}

TEST(ReplicaLanes, KeepsThresholdsWithinTheirBoundForEveryArgument) {
  for (const auto rule : {LaneRule::heat_bath, LaneRule::metropolis}) {
    const auto& table = threshold_table(rule);
    for (std::uint32_t t = 0; t <= kLargestReduced; ++t) {
      const double x = t / 2048.0;
      const double exact = rule == LaneRule::heat_bath ? 65536.0 / (1.0 + std::exp2(x)) - 32768.0
                                                       : 32768.0 * std::exp2(-x);
      ASSERT_LE(std::abs(threshold(table, static_cast<std::uint16_t>(t)) - exact), table.error)
          << t;
    }
    EXPECT_LE(table.error, 64);  // 2^-10 of the range: beyond it too much goes to the referee
  }
}

TEST(ReplicaLanes, MeasuresEnergiesByDefinition) {
  for (auto model : models()) {
    model.offset = 1.5;
    const auto program = compile(model);
    double scale = 1.0;
    for (const auto& c : model.couplings) scale += std::abs(c.value);
    const auto machine = machine_for(model, UpdateRule::heat_bath, 100);
    machine->advance(std::vector<double>{0.5}, 2, {});
    std::vector<double> energies(100), values(program.size());
    on_each_target([&] {
      machine->energies(energies, {});
      for (std::uint32_t r = 0; r < 100; ++r) {
        machine->read(r, values);
        const std::vector<Spin> spins(values.begin(), values.end());
        EXPECT_NEAR(energies[r], program.energy(spins), 1e-7 * scale) << r;
      }
    });
  }
}

TEST(ReplicaLanes, MeasuresWholeCouplingsExactly) {
  const auto model = glass_3d(4, 2);
  const auto machine = machine_for(model, UpdateRule::heat_bath);
  std::vector<double> energies(kLanes), values(64);
  machine->energies(energies, {});
  for (std::uint32_t r = 0; r < kLanes; ++r) {
    machine->read(r, values);
    EXPECT_EQ(energies[r], energy(model, std::vector<Spin>(values.begin(), values.end())));
  }
}

// Counts of the final states of independent chains against enumeration: chi-square with 255
// degrees of freedom, its mean 255 and standard deviation 22.6. 400 is beyond 1e-8 (normal
// approximation of its cube root, Wilson and Hilferty).
TEST(ReplicaLanes, VisitsAGlassWithBoltzmannFrequencies) {
  const auto model = testing::make_glass(8, 17);
  constexpr std::uint32_t kReplicas = 64 * 400;
  for (const auto rule : {UpdateRule::heat_bath, UpdateRule::metropolis}) {
    for (const double beta : {0.0, 0.6}) {
      const auto machine = machine_for(model, rule, kReplicas);
      machine->advance(std::vector<double>{beta}, 30, {});
      const auto spins = spins_of(*machine);
      std::vector<double> counts(256, 0.0);
      for (std::uint32_t r = 0; r < kReplicas; ++r) {
        std::size_t index = 0;
        for (std::size_t i = 0; i < 8; ++i)
          index |= std::size_t{spins[i * kReplicas + r] == kUp} << i;
        ++counts[index];
      }
      const auto p = testing::enumerate_boltzmann(model, beta);
      double chi_square = 0.0;
      for (std::size_t k = 0; k < 256; ++k) {
        const double expected = kReplicas * p[k];
        chi_square += (counts[k] - expected) * (counts[k] - expected) / expected;
      }
      EXPECT_LT(chi_square, 400.0) << beta;
      EXPECT_GT(chi_square, 150.0) << beta;  // and not too good to be true, 1e-7
    }
  }
}

TEST(ReplicaLanes, FollowsFieldsAtZeroTemperatureAndTossesCoinsWithoutOne) {
  // Spin 0 has a field, spin 1 none.
  const auto machine =
      machine_for({.num_spins = 2, .fields = {-1e-9, 0.0}}, UpdateRule::heat_bath, 6400);
  machine->advance(std::vector<double>{kInfinity}, 1, {});
  const auto spins = spins_of(*machine);
  int up = 0;
  for (std::uint32_t r = 0; r < 6400; ++r) {
    EXPECT_EQ(spins[r], kDown);
    up += spins[6400 + r] == kUp;
  }
  EXPECT_NEAR(up, 3200, 4.5 * 40);  // binomial, standard deviation 40: 7e-6
}

TEST(ReplicaLanes, SplitsOnlyAtItsLanes) {
  const Target target = share(glass_3d(3, 1));
  const MachineConfig config{.kernel = "replica_lanes", .replicas = 64};
  EXPECT_THROW((void)choose_kernel(target, config).make(target, config, {32, 64}, Rng(1)), Error);
}

TEST(ReplicaLanes, IsTakenForManyReplicasOfASparseGraph) {
  const Target sparse = share(random_regular(300, 6, 1));
  EXPECT_EQ(choose_kernel(sparse, {.replicas = 64}).name, "replica_lanes");
  EXPECT_NE(choose_kernel(sparse, {.replicas = 1}).name, "replica_lanes");
}

}  // namespace
}  // namespace therma
