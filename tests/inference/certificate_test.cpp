// SPDX-License-Identifier: Apache-2.0
// Certificates of healthy and of faulty runs.
//
// Each gate fails a healthy run with a chance below 1e-4, seven of them judge: 7e-4 for a run (the
// slow test certificate_power_test measures both). Seeds are fixed. A healthy batch of 20 may hold
// one alarm at most: two have a chance of 190 (7e-4)^2 = 9e-5. Faults below are of a size that is
// found with a chance beyond 1 - 1e-5 in each run (6 standard errors and more), so that all runs
// must be rejected; weaker ones are in the power test.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/inference/certified_runs.hpp"
#include "tests/inference/faulty_machines.hpp"
#include "tests/support/torus.hpp"
#include "therma/core/error.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/lattice.hpp"
#include "therma/energy/quartic.hpp"

namespace therma {
namespace {

using testing::certify;
using testing::fault;
using testing::make_glass;
using testing::make_ring;
using testing::Stuck;
using testing::tally;
using testing::Tally;
using testing::target_of;
using testing::Trial;

constexpr MachineConfig kEight{.kernel = "scalar", .replicas = 8};

Target ring() { return target_of(make_ring({.spins = 10, .coupling = 0.7})); }

Target trap() {  // stiffnesses 1 ... 4, two coordinates coupled
  std::vector<double> K(16, 0.0);
  for (std::size_t i = 0; i < 4; ++i) K[5 * i] = 1.0 + static_cast<double>(i);
  K[1] = K[4] = 0.3;
  return std::make_shared<const QuadraticEnergy>(K);
}

Trial ring_run() { return {.target = ring(), .beta = 0.5, .machine = kEight}; }
Trial trap_run() {
  return {.target = trap(),
          .beta = 2.0,
          .machine = {.kernel = "scalar", .replicas = 8, .dt = 0.1},
          .burn_in = 200,
          .thin = 5};
}

void expect_healthy(const Tally& seen, int runs) {
  EXPECT_LE(seen.rejected, 1) << seen.text();
  EXPECT_GE(seen.converged, runs - 2) << seen.text();  // the rest: undecided for want of samples
}
void expect_found(const Trial& run, const std::string& gate, int runs = 5) {
  const auto seen = tally(run, 1, runs);
  EXPECT_EQ(seen.rejected, runs) << seen.text();
  const auto by = seen.failed.find(gate);
  EXPECT_EQ(by == seen.failed.end() ? 0 : by->second, runs) << gate << ": " << seen.text();
}

TEST(Certificate, PassesHealthySpins) { expect_healthy(tally(ring_run(), 1, 20), 20); }

TEST(Certificate, PassesASingleHealthyChainAndSaysWhatItCannotKnow) {
  Trial run{.target = ring(),
            .beta = 0.5,
            .machine = {.kernel = "scalar", .replicas = 1},
            .samples = 8000};
  expect_healthy(tally(run, 1, 10), 10);
  const auto certificate = certify(run);
  EXPECT_NE(certificate.sentence.find("one chain"), std::string::npos) << certificate.sentence;
  EXPECT_EQ(certificate.find("independence")->verdict, GateVerdict::not_applicable);
}

TEST(Certificate, PassesHealthyReals) {
  expect_healthy(tally(trap_run(), 1, 10), 10);
  EXPECT_EQ(certify(trap_run()).find("total_variation")->verdict, GateVerdict::not_applicable);
}

TEST(Certificate, TakesTheKnownBiasOfAnEulerStepOff) {
  Trial run{
      .target = std::make_shared<const QuarticProgram>(compile(testing::make_quartic(6, 2, 3))),
      .beta = 2.0,
      .machine = {.rule = UpdateRule::euler, .kernel = "scalar", .replicas = 8, .dt = 0.01},
      .burn_in = 200,
      .thin = 10};
  expect_healthy(tally(run, 1, 5), 5);
  const auto sentence = certify(run).find("beta")->sentence;
  EXPECT_NE(sentence.find("time step"), std::string::npos) << sentence;
  // On a trap of stiffness 4 a step of 0.1 adds mu k dt / 2 = 20 % to its temperature, eq. 4 of
  // docs/theory/langevin.md: more than any certificate should let pass.
  Trial coarse = trap_run();
  coarse.machine.rule = UpdateRule::euler;
  expect_found(coarse, "beta", 2);
}

// Enumerated: total variation between the laws at 0.79 and 0.5 is 0.25.
TEST(Certificate, RejectsARingSampledAtBeta079InsteadOf05) {
  Trial run = ring_run();
  run.beta_at = [](double) { return 0.79; };
  expect_found(run, "total_variation", 10);
  expect_found(run, "beta", 10);
}

TEST(Certificate, RejectsWrongTemperatures) {
  for (const double factor : {0.4, 0.8, 1.2, 1.6}) {
    Trial run = ring_run();
    run.beta_at = [=](double) { return 0.5 * factor; };
    expect_found(run, "beta", 3);
    Trial reals = trap_run();
    reals.beta_at = [=](double) { return 2.0 * factor; };
    expect_found(reals, "beta", 2);
  }
}

// The conditionals still know: beta_eff is the true one within the interval of 95 % (4 of 5 seeds
// at least: fewer has a chance of 2 %, but all five lie within the gate's own, 1e-4, interval).
TEST(Certificate, MeasuresTheTemperatureThatWasSampled) {
  int within = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Trial run = ring_run();
    run.beta_at = [](double) { return 0.8; };
    run.seed = seed;
    const auto certificate = certify(run);
    within += certificate.beta_interval.contains(0.8);
    EXPECT_TRUE(certificate.find("beta")->interval.contains(0.8));
    EXPECT_FALSE(certificate.find("beta")->interval.contains(0.5));
  }
  EXPECT_GE(within, 3);
}

TEST(Certificate, RejectsAFactorOfTwoInTheCouplings) {
  Trial run = ring_run();
  run.sampled = target_of(make_ring({.spins = 10, .coupling = 1.4}));
  expect_found(run, "beta", 3);
}

TEST(Certificate, RejectsAFactorOfTwoInASingleCoupling) {
  auto model = make_ring({.spins = 10, .coupling = 0.7});
  model.couplings[3].value *= 2.0;
  Trial run = ring_run();
  run.sampled = target_of(model);
  expect_found(run, "sites", 3);
}

TEST(Certificate, RejectsABiasedThreshold) {
  Trial run = ring_run();
  run.sampled = target_of(make_ring({.spins = 10, .coupling = 0.7, .field = 0.15}));
  expect_found(run, "balance", 3);
}

TEST(Certificate, RejectsASiteThatIsNeverUpdated) {
  Trial run = ring_run();
  run.fault = fault<Stuck>(Stuck::kAll, 4U);
  expect_found(run, "movement", 3);
  Trial reals = trap_run();
  reals.fault = fault<Stuck>(Stuck::kAll, 2U);
  expect_found(reals, "movement", 2);
}

TEST(Certificate, RejectsAReplicaThatNeverMoves) {
  Trial run = ring_run();
  run.fault = fault<Stuck>(3U, Stuck::kAll);
  expect_found(run, "movement", 3);
  expect_found(run, "agreement", 3);
  Trial single = ring_run();
  single.machine.replicas = 1;
  single.fault = fault<Stuck>(0U, Stuck::kAll);
  expect_found(single, "movement", 2);
}

// A magnet of 16 spins, every pair coupled, far below its critical temperature: it keeps its side.
TEST(Certificate, RejectsAChainInTheOtherWell) {
  IsingModel magnet{.num_spins = 16};
  for (std::uint32_t i = 0; i < 16; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) magnet.couplings.push_back({j, i, 0.1});
  }
  Trial run{.target = target_of(magnet), .beta = 1.6, .machine = kEight};
  run.fault = fault<testing::Trapped>();
  expect_found(run, "agreement", 3);
  run.machine.replicas = 1;  // alone in its well: its states give it away
  expect_found(run, "total_variation", 2);
}

TEST(Certificate, RejectsAnAnnealedRun) {
  Trial run = ring_run();
  run.beta_at = [](double share) { return 0.3 + 0.4 * share; };  // said to be 0.5 throughout
  expect_found(run, "stationarity", 3);
}

TEST(Certificate, RejectsATemperatureThatIsSaidToChange) {
  Certifier certifier(ring(), kEight);
  auto machine = choose_kernel(ring(), kEight).make(ring(), kEight, {.count = 8}, Rng(1));
  std::vector<double> energies(8);
  for (int k = 0; k < 20; ++k) {
    machine->advance(std::vector{0.5}, 1, {});
    machine->energies(energies, {});
    certifier.on_sample(*machine, energies, k < 10 ? 0.5 : 0.6);
  }
  EXPECT_EQ(certifier.finish().verdict, CertificateVerdict::not_converged);
  EXPECT_EQ(certifier.finish().find("fixed_beta")->verdict, GateVerdict::fail);
}

TEST(Certificate, RejectsReplicasThatShareTheirRandomness) {
  Trial run = ring_run();
  run.fault = fault<testing::Duplicates>();
  expect_found(run, "independence", 3);
  run.fault = fault<testing::Meeting>(std::uint64_t{4});
  expect_found(run, "independence", 3);
  Trial reals = trap_run();
  reals.fault = fault<testing::Duplicates>();
  expect_found(reals, "independence", 2);
}

TEST(Certificate, RejectsWhatIsNotANumber) {
  Trial run = ring_run();
  run.fault = fault<testing::Broken>(std::uint64_t{517});
  const auto certificate = certify(run);
  EXPECT_EQ(certificate.verdict, CertificateVerdict::not_converged);
  for (const auto& name : {"finite", "independence", "stationarity", "agreement", "autocorrelation",
                           "effective_samples"}) {
    EXPECT_EQ(certificate.find(name)->verdict, GateVerdict::fail) << name;
  }
}

TEST(Certificate, IsUndecidedAboutTooFewSamples) {
  for (const std::uint64_t samples : {1, 2, 5, 40}) {
    for (Trial run : {ring_run(), trap_run()}) {
      run.samples = samples;
      const auto certificate = certify(run);
      EXPECT_EQ(certificate.verdict, CertificateVerdict::undecided) << certificate.sentence;
      EXPECT_EQ(certificate.sentence.find("Undecided: "), 0U);
    }
  }
  EXPECT_EQ(Certifier(ring(), kEight).finish().verdict, CertificateVerdict::undecided);
}

// Greedy chains end in states that may well differ: that is found, and is no false alarm.
TEST(Certificate, PassesNeitherGreedyRunsNorFrozenOnes) {
  Trial greedy = ring_run();
  greedy.beta = INFINITY;
  EXPECT_NE(certify(greedy).verdict, CertificateVerdict::converged);
  EXPECT_EQ(certify(greedy).find("fixed_beta")->verdict, GateVerdict::undecided);
  Trial frozen{.target = target_of(make_ring({.spins = 30, .coupling = 1.0, .field = 2.0})),
               .beta = 20.0,
               .machine = kEight};
  EXPECT_EQ(certify(frozen).verdict, CertificateVerdict::undecided);
}

// Excited with a chance of 1/(1 + 3 e^4) = 0.6 %: 1.2 of 200 samples of a chain, so that some of
// the 2016 pairs of chains meet in all they show.
TEST(Certificate, TakesRareEnergiesThatMeetForChance) {
  const IsingModel triangle{.num_spins = 3,
                            .couplings = {{0, 1, -1.0}, {1, 2, -1.0}, {0, 2, -1.0}}};
  Trial run{
      .target = target_of(triangle), .beta = 1.0, .machine = {.kernel = "scalar", .replicas = 64}};
  for (const std::uint64_t samples : {200, 1000}) {
    run.samples = samples;
    EXPECT_LE(tally(run, 1, 5).rejected, 0) << samples;
  }
  run.samples = 1000;
  run.machine.replicas = 512;
  run.beta = 1.5;  // 0.8 events of a chain
  EXPECT_EQ(tally(run, 1, 2).rejected, 0);
}

// Ten samples of a chain do not show how long it remembers, however many chains there are.
TEST(Certificate, IsUndecidedAboutManyShortChains) {
  Trial run{.target = std::make_shared<const LatticeProgram>(LatticeModel{.shape = {16, 16}}),
            .beta = 0.3,
            .machine = {.replicas = 512},
            .burn_in = 500};
  for (const std::uint64_t samples : {5, 10, 15, 25, 40}) {
    run.samples = samples;
    const auto seen = tally(run, 1, 2);
    EXPECT_EQ(seen.undecided, 2) << samples << ": " << seen.text();
  }
}

TEST(Certificate, WorksAtBetaZero) {
  Trial run = ring_run();
  run.beta = 0.0;
  EXPECT_EQ(certify(run).verdict, CertificateVerdict::converged) << certify(run).sentence;
}

TEST(Certificate, ContinuesFromACheckpointBitForBit) {
  const auto target = ring();
  auto machine = choose_kernel(target, kEight).make(target, kEight, {.count = 8}, Rng(1));
  Certifier whole(target, kEight), second(target, kEight);
  std::vector<double> energies(8);
  const auto go_on = [&](Certifier& certifier, int samples) {
    for (int k = 0; k < samples; ++k) {
      machine->advance(std::vector{0.5}, 1, {});
      machine->energies(energies, {});
      certifier.on_sample(*machine, energies, 0.5);
    }
  };
  go_on(whole, 300);
  second.restore(whole.save());
  const auto at = machine->save();
  go_on(whole, 300);
  machine->restore(at);
  go_on(second, 300);
  EXPECT_EQ(whole.save(), second.save());
  EXPECT_EQ(whole.finish().sentence, second.finish().sentence);
  const auto bytes = whole.save();
  for (const std::size_t cut : {std::size_t{3}, bytes.size() / 2, bytes.size() - 1}) {
    EXPECT_THROW(second.restore(std::string_view(bytes).substr(0, cut)), Error);
  }
  EXPECT_THROW(Certifier(trap(), kEight).restore(bytes), Error);
}

// Scores read off the packed lattice are those of the same model bond by bond.
TEST(SiteScores, AreTheSameForALatticeAndItsListOfBonds) {
  for (const auto& shape :
       {std::vector<std::uint64_t>{6, 4}, std::vector<std::uint64_t>{4, 2, 6}}) {
    const auto lattice = std::make_shared<const LatticeProgram>(
        LatticeModel{.shape = shape, .coupling = 0.7, .bond_seed = 5, .field = 0.2});
    const auto packed = make_site_scores(lattice, {});
    const auto listed = make_site_scores(target_of(lattice->to_ising()), {});
    std::vector<double> values(lattice->size());
    std::vector<std::uint32_t> sites(values.size());
    for (std::uint32_t i = 0; i < values.size(); ++i) {
      values[i] = Rng(3).uniform({.site = i}) < 0.5 ? -1.0 : 1.0;
      sites[i] = i;
    }
    std::vector<SiteScore> a(sites.size()), b(sites.size());
    packed->evaluate(values, 0.6, sites, a);
    listed->evaluate(values, 0.6, sites, b);
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_NEAR(a[i].score, b[i].score, 1e-12) << i;
      EXPECT_NEAR(a[i].residual, b[i].residual, 1e-12) << i;
    }
  }
}

// The mean energy of 16 x 16 against the closed form: within 5 standard errors, 6e-7.
TEST(Certificate, PassesALatticeWhoseEnergyIsKaufmans) {
  Trial trial{.target = std::make_shared<const LatticeProgram>(LatticeModel{.shape = {16, 16}}),
              .beta = 0.3,
              .machine = {.replicas = 8},
              .burn_in = 100,
              .samples = 600,
              .thin = 3};
  const auto certificate = certify(trial);
  EXPECT_EQ(certificate.verdict, CertificateVerdict::converged) << certificate.sentence;
  const auto& energy = certificate.observables.front();
  EXPECT_NEAR(energy.mean, testing::torus_energy(16, 16, 0.3), 5.0 * energy.standard_error);
  trial.beta_at = [](double) { return 0.33; };
  expect_found(trial, "beta", 2);
}

// A Potts ring of six variables with three states, one bond of a table, one spin in a product.
TEST(Certificate, JudgesModelsOfManyStates) {
  FactorModel model{.num_states = {3, 3, 3, 3, 3, 2}};
  for (std::uint32_t v = 0; v < 5; ++v) model.equalities.push_back({v, (v + 1) % 5, 0.8});
  model.tables.push_back({{0, 5}, {0.0, 0.4, -0.3, 0.1, 0.2, 0.0}});
  model.products.push_back({{5}, 0.3});
  Trial trial{.target = std::make_shared<const FactorProgram>(compile(model)),
              .beta = 1.0,
              .machine = kEight};
  expect_healthy(tally(trial, 1, 8), 8);
  EXPECT_EQ(certify(trial).find("total_variation")->verdict, GateVerdict::pass);
  trial.beta_at = [](double) { return 1.3; };
  expect_found(trial, "beta", 3);
  trial.beta_at = {};
  trial.fault = fault<Stuck>(Stuck::kAll, 2U);
  expect_found(trial, "movement", 2);
}

TEST(TraceStore, KeepsLongRunsInBoundedMemory) {
  TraceStore points(TraceStore::Keeps::points, 2, 64), means(TraceStore::Keeps::means, 1, 64);
  double total = 0.0;
  for (int k = 0; k < 4096; ++k) {
    points.wants_next() ? points.add(std::vector{1.0 * k, -1.0 * k}) : points.skip();
    means.add(std::vector{1.0 * k});
    total += k;
  }
  EXPECT_LT(points.rows(), 64U);
  const auto kept = points.columns(1, 1);
  for (std::size_t r = 0; r < kept.size(); ++r) {
    EXPECT_EQ(kept[r], -static_cast<double>(r * points.stride()));
  }
  EXPECT_DOUBLE_EQ(mean_of(means.columns(0, 1)), total / 4096);
}

}  // namespace
}  // namespace therma
