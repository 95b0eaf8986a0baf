// SPDX-License-Identifier: Apache-2.0
// Dense spins against their plain twins, on every target, and against enumeration.
#include "therma/dynamics/kernels/dense_spins.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/on_each_target.hpp"
#include "tests/support/targets.hpp"
#include "therma/core/resources.hpp"
#include "therma/dynamics/kernels/dense_spins_chain.hpp"
#include "therma/dynamics/kernels/kernels.hpp"

namespace therma {
namespace {

using kernels::kDenseChain;
using kernels::kDenseSpins;
using testing::on_each_target;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// All pairs, couplings -3 ... 3, whole fields: no float sum is rounded.
IsingModel whole_glass(std::uint32_t spins) {
  IsingModel model{.num_spins = spins};
  for (std::uint32_t i = 0; i < spins; ++i) {
    model.fields.push_back(static_cast<double>(i % 5) - 2.0);
    for (std::uint32_t j = i + 1; j < spins; ++j) {
      const auto draw = Rng(9).bits({.chain = i, .site = j}) % 7;
      model.couplings.push_back({i, j, static_cast<double>(draw) - 3.0});
    }
  }
  return model;
}
std::unique_ptr<Machine> make(const KernelEntry& entry, const IsingModel& model,
                              std::uint32_t replicas, std::uint64_t seed = 1) {
  return entry.make(std::make_shared<const IsingProgram>(model), {.replicas = replicas},
                    {0, replicas}, Rng(seed));
}
std::vector<double> values(const Machine& machine, std::uint32_t replica) {
  std::vector<double> out(machine.num_variables());
  machine.read(replica, out);
  return out;
}
// Hot, typical, cold and greedy, in turn.
std::vector<double> mixed_betas(std::size_t replicas) {
  std::vector<double> betas(replicas);
  for (std::size_t r = 0; r < replicas; ++r) {
    const double choices[] = {0.0, 0.01, 0.05, 0.3, 4.0, kInfinity};
    betas[r] = choices[r % 6];
  }
  return betas;
}

// 70 replicas, the last group not full; 150 spins, the last block not full.
TEST(DenseSpins, GiveTheirTwinsBitsForWholeNumbersOnEachTarget) {
  const auto model = whole_glass(150);
  const auto program = compile(model);
  const auto betas = mixed_betas(70);
  const auto check = [&](const KernelEntry& entry, const auto& twin_sweep) {
    std::vector<std::vector<Spin>> expected;
    const auto start = make(entry, model, 70);
    for (std::uint32_t r = 0; r < 70; ++r) {
      const auto from = values(*start, r);
      std::vector<Spin> spins(from.begin(), from.end());
      for (std::uint64_t step = 0; step < 4; ++step) {
        twin_sweep(program, betas[r], Rng(1).ars_key(), r, step, spins);
      }
      expected.push_back(spins);
    }
    on_each_target([&] {
      auto machine = make(entry, model, 70);
      machine->advance(betas, 4, {});
      for (std::uint32_t r = 0; r < 70; ++r) {
        const auto end = values(*machine, r);
        EXPECT_TRUE(std::ranges::equal(end, expected[r])) << entry.name << " " << r;
      }
    });
  };
  check(kDenseSpins, kernels::sweep_chain_plain);
  check(kDenseChain, kernels::sweep_single_chain_plain);
}

TEST(DenseSpins, FollowTheirTwinsForFloatCouplingsUntilARoundingDecides) {
  // A decision differs where 2 beta (f - f') moves its probability past u: 1e-7 each, in 64 x 100
  // x 3 = 2e4 decisions; one would be a false alarm of 2e-3, two of 2e-6. Asked: at most one
  // replica differs.
  const auto model = testing::make_glass(100, 4);
  const auto program = compile(model);
  const double beta = 1.0;
  const auto check = [&](const KernelEntry& entry, const auto& twin_sweep) {
    auto machine = make(entry, model, 64);
    std::vector<std::vector<Spin>> twins;
    for (std::uint32_t r = 0; r < 64; ++r) {
      const auto from = values(*machine, r);
      twins.emplace_back(from.begin(), from.end());
    }
    machine->advance({&beta, 1}, 3, {});
    int different = 0;
    for (std::uint32_t r = 0; r < 64; ++r) {
      for (std::uint64_t step = 0; step < 3; ++step) {
        twin_sweep(program, beta, Rng(1).ars_key(), r, step, twins[r]);
      }
      different += !std::ranges::equal(values(*machine, r), twins[r]);
    }
    EXPECT_LE(different, 1) << entry.name;
  };
  check(kDenseSpins, kernels::sweep_chain_plain);
  check(kDenseChain, kernels::sweep_single_chain_plain);
}

TEST(DenseSpins, VisitStatesWithBoltzmannsFrequencies) {
  // 8 spins, 12,800 independent replicas after 25 sweeps from random starts at beta = 0.8, where
  // the slowest mode of this glass is gone. Chi-square over states with 5 expected visits or more,
  // the rest together; z by Wilson and Hilferty above 5: false alarm 3e-7.
  const auto model = testing::make_glass(8, 11);
  const auto p = testing::enumerate_boltzmann(model, 0.8);
  constexpr std::uint32_t kReplicas = 12'800;
  for (const auto* entry : {&kDenseSpins, &kDenseChain}) {
    auto machine = make(*entry, model, kReplicas);
    const double beta = 0.8;
    machine->advance({&beta, 1}, 25, {});
    std::vector<double> seen(p.size());
    for (std::uint32_t r = 0; r < kReplicas; ++r) {
      const auto v = values(*machine, r);
      seen[testing::index_of(std::vector<Spin>(v.begin(), v.end()))] += 1.0;
    }
    double chi2 = 0.0, rest_seen = 0.0, rest_expected = 0.0;
    int degrees = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      const double expected = kReplicas * p[k];
      if (expected < 5.0) {
        rest_seen += seen[k];
        rest_expected += expected;
        continue;
      }
      chi2 += (seen[k] - expected) * (seen[k] - expected) / expected;
      ++degrees;
    }
    chi2 +=
        (rest_seen - rest_expected) * (rest_seen - rest_expected) / std::max(rest_expected, 1.0);
    const double spread = 2.0 / (9.0 * degrees);
    const double z = (std::cbrt(chi2 / degrees) - (1.0 - spread)) / std::sqrt(spread);
    EXPECT_LT(z, 5.0) << entry->name;
    EXPECT_GT(degrees, 50);
  }
}

TEST(DenseSpins, KeepTheirFieldsThroughManySweeps) {
  // 150 sweeps, two refreshes: energies from kept fields against the program's own. The bound of
  // dense_spins.hpp for one field, 64 x 100 roundings of 2^-25 |f| each way at random, times
  // sqrt(100) spins: 3e-5.
  const auto model = testing::make_glass(100, 5);
  const auto program = compile(model);
  for (const auto* entry : {&kDenseSpins, &kDenseChain}) {
    auto machine = make(*entry, model, 64);
    const double beta = 0.7;
    machine->advance({&beta, 1}, 150, {});
    std::vector<double> energies(64);
    machine->energies(energies, {});
    for (std::uint32_t r = 0; r < 64; ++r) {
      const auto v = values(*machine, r);
      EXPECT_NEAR(energies[r], program.energy(std::vector<Spin>(v.begin(), v.end())), 3e-5);
    }
  }
}

TEST(DenseSpins, GiveTheSameBitsWhenThreadsShareTheMultiply) {
  const auto model = testing::make_glass(520, 6);  // large enough to be shared
  const double beta = 0.9;
  const auto on = [&](unsigned threads) {
    const Pool pool(threads);
    auto machine = make(kDenseSpins, model, 64);
    machine->advance({&beta, 1}, 2, {.pool = &pool});
    return machine->save();
  };
  const auto expected = on(1);
  EXPECT_EQ(on(3), expected);
}

TEST(DenseSpins, LeaveOtherReplicasAloneWhenOneIsWritten) {
  const auto model = testing::make_glass(80, 7);
  const double beta = 0.9;
  auto a = make(kDenseSpins, model, 64), b = make(kDenseSpins, model, 64);
  for (auto* m : {a.get(), b.get()}) m->advance({&beta, 1}, 3, {});
  a->write(5, std::vector<double>(80, 1.0));
  for (auto* m : {a.get(), b.get()}) m->advance({&beta, 1}, 20, {});
  for (std::uint32_t r = 0; r < 64; ++r) EXPECT_EQ(values(*a, r) == values(*b, r), r != 5) << r;
}

TEST(DenseSpins, CountTheSpinsThatTurnOver) {
  const auto model = testing::make_glass(70, 8);
  const double beta = 0.5;
  for (const auto* entry : {&kDenseSpins, &kDenseChain}) {
    auto machine = make(*entry, model, 10);
    std::uint64_t flips = 0;
    for (int k = 0; k < 5; ++k) {
      std::vector<std::vector<double>> before;
      for (std::uint32_t r = 0; r < 10; ++r) before.push_back(values(*machine, r));
      machine->advance({&beta, 1}, 1, {});
      for (std::uint32_t r = 0; r < 10; ++r) {
        const auto after = values(*machine, r);
        for (std::size_t i = 0; i < 70; ++i) flips += after[i] != before[r][i];
      }
    }
    EXPECT_EQ(machine->tally().changes, flips) << entry->name;
  }
}

TEST(DenseSpins, DecideByAllBitsWhereAFewCannot) {
  // u = (w + rest / 2^64) / 2^32 against 1 / (1 + e^{-2 beta f}): at w = 0 the rest decides.
  const double p = 0x1p-40, field = 0.5 * std::log(p / (1.0 - p));
  EXPECT_TRUE(kernels::settle_spin(0, std::uint64_t{1} << 55, 1.0, field));   // u = 2^-41
  EXPECT_FALSE(kernels::settle_spin(0, std::uint64_t{1} << 57, 1.0, field));  // u = 2^-39
  EXPECT_TRUE(kernels::settle_spin(0x7fffffff, 0, kInfinity, 0.0));
  EXPECT_FALSE(kernels::settle_spin(0x80000000, 0, kInfinity, 0.0));
  EXPECT_TRUE(kernels::settle_spin(0xffffffff, 0, kInfinity, 1e-30));
}

TEST(DenseSpins, RefuseWhatTheyCannotHold) {
  const auto reason = [](const KernelEntry& entry, const IsingModel& model, UpdateRule rule) {
    return entry.refusal(std::make_shared<const IsingProgram>(model), {.rule = rule});
  };
  for (const auto* entry : {&kDenseSpins, &kDenseChain}) {
    const IsingModel wide{.num_spins = 20'000};
    EXPECT_NE(reason(*entry, wide, UpdateRule::heat_bath).find("16384"), std::string::npos);
    const IsingModel strong{.num_spins = 2, .couplings = {{0, 1, 1e35}}};
    EXPECT_NE(reason(*entry, strong, UpdateRule::heat_bath), "");
    const IsingModel plain{.num_spins = 2, .couplings = {{0, 1, 1.0}}};
    EXPECT_EQ(reason(*entry, plain, UpdateRule::heat_bath), "");
    EXPECT_NE(reason(*entry, plain, UpdateRule::metropolis), "");
  }
}

TEST(DenseSpins, AreChosenForDenseGlassesByTheNumberOfReplicas) {
  const Target glass = std::make_shared<const IsingProgram>(testing::make_glass(80, 2));
  EXPECT_EQ(choose_kernel(glass, {.replicas = 64}).name, "dense_spins");
  EXPECT_EQ(choose_kernel(glass, {.replicas = 1}).name, "dense_chain");
  const Target whole = std::make_shared<const IsingProgram>(whole_glass(80));
  EXPECT_EQ(choose_kernel(whole, {.replicas = 64}).name, "dense_chain");
  const Target ring =
      std::make_shared<const IsingProgram>(testing::make_ring({.spins = 80, .coupling = 0.3}));
  EXPECT_NE(choose_kernel(ring, {.replicas = 64}).name.substr(0, 5), "dense");
}

}  // namespace
}  // namespace therma
