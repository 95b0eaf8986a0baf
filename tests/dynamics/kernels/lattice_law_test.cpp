// SPDX-License-Identifier: Apache-2.0
// The law that lattice_bits samples, against exact conditionals, enumeration and Kaufman's torus.
//
// False alarms: every |z| here is held to 5.5, 3.8e-8 for a normal; means over 64 independent
// replicas follow Student's t with 63 degrees of freedom, 7e-7. Below 1e-4 for the file.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>

#include "tests/support/ising_torus.hpp"
#include "tests/support/targets.hpp"
#include "therma/dynamics/kernels/lattice_bits.hpp"
#include "therma/dynamics/observables.hpp"

namespace therma::kernels {
namespace {

constexpr double kLargestZ = 5.5;

std::unique_ptr<Machine> make(const LatticeModel& model, std::uint32_t replicas,
                              std::uint64_t seed) {
  return make_lattice_machine(std::make_shared<const LatticeProgram>(model), {0, replicas},
                              Rng(seed), *lattice_backends().front());
}

// After a sweep the spins of colour 1 are draws given their neighbours, which came first: counts of
// up spins by local field, each binomial. Returns the largest |z| against the exact conditional at
// `beta`.
double largest_conditional_z(const LatticeModel& model, double beta_sampled, double beta) {
  const LatticeProgram program(model);
  auto machine = make(model, 1, 99);
  machine->advance({&beta_sampled, 1}, 3, {});
  std::vector<double> spins(program.size());
  machine->read(0, spins);
  const auto listed = program.to_ising();
  std::vector<double> fields(program.size(), model.field);
  for (const auto& bond : listed.couplings) {
    fields[bond.i] += bond.value * spins[bond.j];
    fields[bond.j] += bond.value * spins[bond.i];
  }
  struct Count {
    double visits = 0.0, up = 0.0;
  };
  std::map<double, Count> by_field;
  for (std::uint32_t site = 0; site < program.size(); ++site) {
    if (program.layout().place(site).colour != 1) continue;
    auto& count = by_field[std::round(1e6 * fields[site]) * 1e-6];
    ++count.visits;
    count.up += spins[site] > 0.0;
  }
  double largest = 0.0;
  for (const auto& [field, count] : by_field) {
    const double p = 1.0 / (1.0 + std::exp(-2.0 * beta * field));
    const double deviation = std::abs(count.up - count.visits * p);
    const double sigma = std::sqrt(count.visits * p * (1.0 - p));
    if (count.visits * p * (1.0 - p) > 25.0) largest = std::max(largest, deviation / sigma);
  }
  return largest;
}

// 2^20 sites, half of them of colour 1: some 10^5 decisions at each level, so that odds of 0.15
// that are off by 6 % are seen at eight standard deviations or more.
TEST(LatticeLaw, DrawsEverySpinFromItsConditional) {
  const double beta = 0.4;
  const LatticeModel models[] = {
      {.shape = {1024, 1024}},
      {.shape = {512, 1024}, .coupling = -0.8},
      {.shape = {512, 1024}, .bond_seed = 1},
      {.shape = {512, 2048}, .coupling = 0.6, .field = 0.5},
      {.shape = {512, 1000}, .bond_seed = 2, .field = -0.25},
      {.shape = {64, 64, 128}, .coupling = 0.5},
      {.shape = {64, 128, 64}, .bond_seed = 3},
      {.shape = {64, 64, 256}, .coupling = 0.5, .field = 1.0},
      {.shape = {64, 64, 32}, .bond_seed = 4, .field = 1.0},
  };
  for (const auto& model : models) EXPECT_LT(largest_conditional_z(model, beta, beta), kLargestZ);
}

TEST(LatticeLaw, FindsThresholdsOfAnotherTemperature) {
  for (const LatticeModel& model :
       {LatticeModel{.shape = {1024, 1024}}, LatticeModel{.shape = {64, 64, 128}, .coupling = 0.5},
        LatticeModel{.shape = {512, 2048}, .coupling = 0.6, .field = 0.5}}) {
    EXPECT_GT(largest_conditional_z(model, 0.4 * 1.06, 0.4), kLargestZ);
  }
}

TEST(LatticeLaw, HasThresholdsExactToTheLastBit) {
  for (const double beta : {0.0, 0.1, 0.44, 3.0, std::numeric_limits<double>::infinity()}) {
    const auto square = lattice_levels(LatticeProgram({.shape = {4, 4}, .coupling = -1.5}), beta);
    for (unsigned l = 0; l < 2; ++l) {
      const long double p =
          1.0L / (1.0L + std::exp(2.0L * static_cast<long double>(beta) * 1.5L * (2 * l + 2)));
      EXPECT_NEAR(std::ldexp(static_cast<double>(square.threshold[l]), -49), static_cast<double>(p),
                  std::ldexp(1.0, -49));
    }
    const auto cubic =
        lattice_levels(LatticeProgram({.shape = {4, 4, 4}, .coupling = 1.0, .field = 2.0}), beta);
    for (unsigned up = 0; up < 7; ++up) {
      const double field = 2.0 * up - 6.0 + 2.0;
      const double p = field == 0.0 ? 0.5 : 1.0 / (1.0 + std::exp(2.0 * beta * std::abs(field)));
      EXPECT_NEAR(std::ldexp(static_cast<double>(cubic.threshold[up]), -49), p,
                  std::ldexp(1.0, -49));
      EXPECT_EQ((cubic.up >> up & 1U) != 0, field > 0.0);
    }
  }
}

// Energies per variable of independent replicas: their mean, and its error from their scatter.
struct Estimate {
  double mean = 0.0;
  double error = 0.0;
};
struct Run {
  double beta = 1.0;
  std::uint64_t burn_in = 1000;
  std::uint32_t samples = 500;
  std::uint64_t thin = 4;
  bool ordered_start = false;  // a quench from a random start can freeze into stripes
};
Estimate energy_per_spin(Machine& machine, const Run& run) {
  const double n = static_cast<double>(machine.num_variables());
  if (run.ordered_start) {
    const std::vector<double> up(machine.num_variables(), 1.0);
    for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) machine.write(r, up);
  }
  machine.advance({&run.beta, 1}, run.burn_in, {});
  std::vector<double> energies(machine.num_replicas()), sums(machine.num_replicas(), 0.0);
  for (std::uint32_t k = 0; k < run.samples; ++k) {
    machine.advance({&run.beta, 1}, run.thin, {});
    machine.energies(energies, {});
    for (std::size_t r = 0; r < sums.size(); ++r) sums[r] += energies[r];
  }
  Moments moments;
  for (const double sum : sums) moments.add(sum / run.samples / n);
  return {moments.mean, moments.error()};
}
double z_of(const Estimate& estimate, double exact) {
  return std::abs(estimate.mean - exact) / estimate.error;
}

TEST(Torus, GivesTheEnergiesOfEnumeration) {
  const auto model = LatticeProgram({.shape = {4, 4}}).to_ising();
  for (const double beta : {0.2, testing::kCriticalBeta, 0.7}) {
    const auto p = testing::enumerate_boltzmann(model, beta);
    double mean = 0.0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      mean += p[k] * energy(model, testing::spins_of(k, 16)) / 16.0;
    }
    EXPECT_NEAR(testing::torus_energy_per_spin(4, 4, beta), mean, 1e-8);
  }
}

TEST(Torus, GivesThePublishedEnergiesOfSixteenByFixteen) {
  EXPECT_NEAR(testing::torus_energy_per_spin(16, 16, 0.3), -0.7045327, 1e-7);
  EXPECT_NEAR(testing::torus_energy_per_spin(16, 16, testing::kCriticalBeta), -1.4530649, 1e-7);
  EXPECT_NEAR(testing::torus_energy_per_spin(16, 16, 0.5), -1.7455307, 1e-7);
}

TEST(LatticeLaw, HasTheEnergyOfTheFiniteTorus) {
  for (const double beta : {0.3, testing::kCriticalBeta, 0.5}) {
    auto machine = make({.shape = {16, 16}}, 64, 7);
    const auto found = energy_per_spin(*machine, {.beta = beta, .ordered_start = true});
    EXPECT_LT(z_of(found, testing::torus_energy_per_spin(16, 16, beta)), kLargestZ) << beta;
    EXPECT_LT(found.error, 3e-3);
  }
}

// The antiferromagnet is the same up to a sign on one colour.
TEST(LatticeLaw, HasTheEnergyOfTheFiniteTorusWithNegativeCouplings) {
  auto machine = make({.shape = {16, 16}, .coupling = -1.0}, 64, 8);
  const auto found = energy_per_spin(*machine, {.beta = 0.3});
  EXPECT_LT(z_of(found, testing::torus_energy_per_spin(16, 16, 0.3)), kLargestZ);
}

// At the critical point dE/dbeta per spin of the 16^2 torus is about -9: one percent in beta moves
// the energy by 0.04, more than ten errors of the runs above.
TEST(LatticeLaw, FindsATemperatureOffByOnePercent) {
  auto machine = make({.shape = {16, 16}}, 64, 7);
  const auto found =
      energy_per_spin(*machine, {.beta = 1.01 * testing::kCriticalBeta, .ordered_start = true});
  EXPECT_GT(z_of(found, testing::torus_energy_per_spin(16, 16, testing::kCriticalBeta)), kLargestZ);
}

TEST(LatticeLaw, HasTheEnergyOfSmallCubicLattices) {
  for (const LatticeModel& model :
       {LatticeModel{.shape = {2, 2, 4}, .coupling = 0.3},
        LatticeModel{.shape = {4, 2, 2}, .field = 0.4},
        LatticeModel{.shape = {2, 4, 2}, .coupling = 0.6, .bond_seed = 5},
        LatticeModel{.shape = {2, 2, 4}, .coupling = 0.4, .bond_seed = 6, .field = 0.7}}) {
    const auto listed = LatticeProgram(model).to_ising();
    const auto p = testing::enumerate_boltzmann(listed, 0.6);
    double exact = 0.0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      exact += p[k] * energy(listed, testing::spins_of(k, 16)) / 16.0;
    }
    auto machine = make(model, 64, 9);
    EXPECT_LT(z_of(energy_per_spin(*machine, {.beta = 0.6, .burn_in = 100, .samples = 200}), exact),
              kLargestZ);
  }
}

TEST(LatticeLaw, AgreesWithTheScalarKernelOnAGlass) {
  const LatticeModel model{.shape = {10, 12}, .bond_seed = 11};
  auto machine = make(model, 64, 10);
  const Target listed = std::make_shared<const IsingProgram>(LatticeProgram(model).to_ising());
  const auto scalar = kScalar.make(listed, {}, {0, 64}, Rng(10));
  const auto a = energy_per_spin(*machine, {.beta = 0.6, .burn_in = 300, .samples = 200});
  const auto b = energy_per_spin(*scalar, {.beta = 0.6, .burn_in = 300, .samples = 200});
  EXPECT_LT(std::abs(a.mean - b.mean), kLargestZ * std::hypot(a.error, b.error));
}

// Ordered start below the critical temperature; the correlation length is about two sites, so that
// 512^2 has no trace of its edges. |m| by blocks of a correlated run.
TEST(LatticeLaw, HasOnsagersMagnetisation) {
  for (const double beta : {0.48, 0.6}) {
    auto machine = make({.shape = {512, 512}}, 1, 3);
    machine->write(0, std::vector<double>(512 * 512, 1.0));
    machine->advance({&beta, 1}, 2000, {});
    BlockedMean m;
    for (int k = 0; k < 4000; ++k) {
      machine->advance({&beta, 1}, 2, {});
      m.add(machine->mean_value(0));
    }
    EXPECT_LT(std::abs(m.mean() - testing::onsager_magnetisation(beta)), kLargestZ * m.error());
    EXPECT_LT(m.error(), 3e-4);
  }
}

// At an infinite temperature a sweep's spins are random bits as drawn, 128 to a block: 2^25 sites
// are 2^17 blocks of each colour. No two words of one colour are equal, 65,536 blocks apart or not
// (2^19 words of 64 bits: odds of 2^-27).
TEST(LatticeDraws, RepeatNoWordPast65536Blocks) {
  const double beta = 0.0;
  auto machine = make({.shape = {4096, 8192}}, 1, 5);
  machine->advance({&beta, 1}, 1, {});
  const auto bytes = machine->save();
  std::vector<std::uint64_t> words((std::size_t{1} << 25) / 64);
  std::memcpy(words.data(), bytes.data() + bytes.size() - 8 * words.size(), 8 * words.size());
  std::ranges::sort(words);
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
}

TEST(LatticeMachine, TakesOneBitPerSpin) {
  const LatticeProgram program({.shape = {31624, 31624}});
  EXPECT_GE(program.size(), 1'000'000'000U);
  EXPECT_LT(lattice_machine_bytes(program), 200'000'000U);  // of the 512 MB of a whole process
}

TEST(LatticeMachine, IsChosenForLatticesAndRefusesOtherRules) {
  const Target lattice = std::make_shared<const LatticeProgram>(LatticeModel{.shape = {4, 4}});
  EXPECT_EQ(choose_kernel(lattice, {}).name, "lattice_bits");
  EXPECT_EQ(kLatticeBits.refusal(lattice, {.rule = UpdateRule::metropolis}),
            "has the heat bath alone");
  const Target spins = std::make_shared<const IsingProgram>(testing::make_ring({}));
  EXPECT_EQ(kLatticeBits.refusal(spins, {}), "needs a periodic lattice");
}

}  // namespace
}  // namespace therma::kernels
