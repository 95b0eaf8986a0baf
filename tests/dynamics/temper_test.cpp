// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/search.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/beta_range.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/temper.hpp"

namespace therma {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Counts the states of small systems.
class StateCounter final : public SampleObserver {
 public:
  explicit StateCounter(std::uint32_t size) : counts(std::size_t{1} << size), size_(size) {}
  void on_sample(const Machine& machine, std::span<const double> energies, double beta) override {
    std::vector<double> values(size_);
    for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) {
      machine.read(r, values);
      ++counts[testing::index_of(std::vector<Spin>(values.begin(), values.end()))];
      energy.add(energies[r]);
    }
    betas.push_back(beta);
    replicas = machine.num_replicas();
  }
  [[nodiscard]] std::string save() const override { return {}; }
  void restore(std::string_view /*bytes*/) override {}

  std::vector<double> counts;
  BlockedMean energy;
  std::vector<double> betas;
  std::uint32_t replicas = 0;

 private:
  std::uint32_t size_;
};

struct Trial {
  IsingModel model = testing::make_glass(8, 6);
  TemperConfig config = {};
  std::vector<double> betas = {0.2, 6.0};
  std::uint32_t replicas = 16;
  std::uint64_t seed = 3;
};

TemperResult temper_of(const Trial& run, const Resources& resources = {},
                       std::span<SampleObserver* const> observers = {}) {
  const auto machine = testing::make_machine(testing::target_of(run.model), run.replicas, run.seed);
  return temper(*machine, run.config, run.betas, Rng(run.seed), resources, observers);
}

TEST(Temper, SamplesTheColdestRungsByTheBoltzmannLaw) {
  // Two ladders of eight; at beta 6 a lone chain of this glass would stay in one valley.
  StateCounter counter(8);
  SampleObserver* const observers[] = {&counter};
  const auto result =
      temper_of({.config = {.rungs = 8, .sweeps_per_round = 2, .warm_up = 256, .rounds = 20'256}},
                {}, observers);
  EXPECT_EQ(result.ladders, 2U);
  EXPECT_EQ(counter.replicas, 2U);
  EXPECT_EQ(counter.betas.size(), 20'000U);
  EXPECT_EQ(counter.betas.front(), 6.0);
  const auto model = testing::make_glass(8, 6);
  const auto law = testing::enumerate_boltzmann(model, 6.0);
  double mean = 0.0, distance = 0.0;
  for (std::size_t k = 0; k < law.size(); ++k) {
    mean += law[k] * energy(model, testing::spins_of(k, 8));
    distance += 0.5 * std::abs(counter.counts[k] / 40'000 - law[k]);
  }
  // Blocked standard errors, good to some 15 %: 6 of them are 5 at the least, false alarms 6e-7.
  EXPECT_NEAR(counter.energy.mean(), mean, 6.0 * counter.energy.error());
  EXPECT_LT(counter.energy.error(), 0.01 * std::abs(mean));
  // 40,000 samples of a few dozen states that matter: 0.02 is their noise with correlations of ten.
  EXPECT_LT(distance, 0.03);
}

TEST(Temper, EvensOutRejectionsAndGoesRoundAtTheIdealRate) {
  const auto result = temper_of({.model = testing::make_signs(16, 3),
                                 .config = {.sweeps_per_round = 4, .warm_up = 1024, .rounds = 9024},
                                 .betas = {0.02, 1.5},
                                 .replicas = 12});
  ASSERT_EQ(result.betas.size(), 12U);
  const double mean = result.barrier / 11.0;
  for (std::size_t pair = 0; pair < 11; ++pair) {
    EXPECT_NEAR(1.0 - result.swaps.rate(pair), mean, 0.5 * mean + 0.03) << pair;
  }
  EXPECT_EQ(result.suggested_rungs, static_cast<std::uint32_t>(std::ceil(2 * result.barrier)) + 1);
  EXPECT_GT(result.swaps.round_trips, 100U);
  // Energies do not quite decorrelate in a round: some slower than eq. 3 has it, never faster.
  EXPECT_GT(result.round_trip_rate, 0.4 * result.ideal_round_trip_rate);
  EXPECT_LT(result.round_trip_rate, 1.1 * result.ideal_round_trip_rate);
}

TEST(Temper, FindsGroundStatesByEveryLadderWhereGuessesDoNot) {
  const auto planted = testing::plant_plaquettes(10, 4);
  std::uint32_t solved = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto result =
        temper_of({.model = planted.model,
                   .config = {.goal = {.target_energy = planted.lowest}, .rounds = 600},
                   .betas = {0.1, 3.0},
                   .replicas = 12,
                   .seed = seed});
    solved += result.reason == StopReason::target;
    EXPECT_EQ(result.reason == StopReason::target, result.best_energy() == planted.lowest);
  }
  EXPECT_GE(solved, 7U);
  EXPECT_GT(testing::guessed_energies(compile(planted.model), 5000).front(), 0.5 * planted.lowest);
}

TEST(Temper, GivesTheSameBitsOnAnyNumberOfThreadsAndOthersForAnotherSeed) {
  const Trial run{.config = {.goal = {.num_best = 3}, .rungs = 4, .warm_up = 16, .rounds = 40}};
  const auto expected = temper_of(run);
  const auto same = [&](const TemperResult& other) {
    return other.betas == expected.betas && other.swaps.accepted == expected.swaps.accepted &&
           other.best[2].values == expected.best[2].values;
  };
  for (const unsigned threads : {2U, 3U, 7U}) {
    const Pool pool(threads);
    EXPECT_TRUE(same(temper_of(run, {.pool = &pool})));
  }
  EXPECT_TRUE(same(temper_of(run)));
  auto other = run;
  other.seed = 4;
  EXPECT_FALSE(same(temper_of(other)));
}

// Pairs bound so tightly (e^-400 for a flip) that only draws for swaps tell two ladders with the
// same states apart. Swaps of neighbours have chances well between 0 and 1, so that equal orders in
// all of 50 rounds have a chance far below 1e-4.
TEST(Temper, DrawsSwapsForEachLadderApart) {
  constexpr std::uint32_t kRungs = 4, kPairs = 8;
  IsingModel model{.num_spins = 2 * kPairs};
  model.fields.assign(2 * kPairs, 0.3);
  for (std::uint32_t p = 0; p < kPairs; ++p) model.couplings.push_back({2 * p, 2 * p + 1, 100.0});
  const auto machine = testing::make_machine(testing::target_of(model), 2 * kRungs, 1);
  for (std::uint32_t r = 0; r < 2 * kRungs; ++r) {
    std::vector<double> values(2 * kPairs, -1.0);
    for (std::uint32_t i = 0; i < 4 * (r % kRungs); ++i) values[i] = 1.0;
    machine->write(r, values);
  }
  const double betas[] = {2.0, 3.0};
  Temper run(*machine, {.rungs = kRungs}, betas, Rng(1));
  bool differ = false;
  for (int round = 0; round < 50; ++round) {
    run.round({});
    for (std::uint32_t r = 0; r < kRungs; ++r) {
      EXPECT_EQ(run.energies()[r], run.energies()[r + kRungs]);  // frozen
      differ |= run.ladders()[0].replica_on(r) != run.ladders()[1].replica_on(r);
    }
  }
  EXPECT_TRUE(differ);
}

TEST(Temper, ContinuesFromACheckpointBitForBit) {
  const auto target = testing::target_of(testing::make_glass(12, 2));
  const TemperConfig config{.rungs = 4, .warm_up = 32};
  const double betas[] = {0.1, 3.0};
  const auto machine = testing::make_machine(target, 8, 1);
  Temper run(*machine, config, betas, Rng(1));
  for (int k = 0; k < 20; ++k) run.round({});
  const auto bytes = run.save(), machine_bytes = machine->save();
  const auto other_machine = testing::make_machine(target, 8, 1);
  other_machine->restore(machine_bytes);
  Temper other(*other_machine, config, betas, Rng(1));
  other.restore(bytes);
  EXPECT_EQ(other.save(), bytes);
  for (int k = 0; k < 20; ++k) run.round({}), other.round({});
  EXPECT_EQ(other.save(), run.save());
  EXPECT_EQ(other_machine->save(), machine->save());
  EXPECT_THROW(other.restore(bytes.substr(1)), Error);
  EXPECT_THROW(other.restore(bytes.substr(0, bytes.size() - 8)), Error);
}

TEST(Temper, TakesAnInfiniteAndAZeroBeta) {
  const auto model = testing::make_glass(12, 2);
  const auto result = temper_of({.model = model,
                                 .config = {.warm_up = 64, .rounds = 400},
                                 .betas = {0.0, 0.5, 1.0, 2.0, 4.0, kInfinity},
                                 .replicas = 6});
  EXPECT_EQ(result.betas.front(), 0.0);
  EXPECT_EQ(result.betas.back(), kInfinity);
  EXPECT_TRUE(std::ranges::is_sorted(result.betas));
  EXPECT_NEAR(result.best_energy(), testing::all_energies(model).front(), 1e-9);
}

TEST(Temper, StopsBetweenRoundsAndReturnsWhatItHas) {
  const auto result = temper_of({}, {.deadline = Deadline::after(0.0)});
  EXPECT_EQ(result.reason, StopReason::stopped);
  EXPECT_EQ(result.rounds, 1U);
  EXPECT_EQ(result.best.size(), 1U);
  EXPECT_THROW((void)temper_of({}), Error);  // nothing would end it
}

TEST(Temper, PicksItsRungsAndRefusesWhatDoesNotFit) {
  EXPECT_EQ(temper_of({.config = {.rounds = 1}, .replicas = 16}).betas.size(), 16U);
  EXPECT_EQ(temper_of({.config = {.rounds = 1}, .replicas = 96}).betas.size(), 32U);
  EXPECT_EQ(temper_of({.config = {.rounds = 1}, .replicas = 1}).betas.size(), 1U);
  EXPECT_THROW((void)temper_of({.config = {.rungs = 5, .rounds = 1}}), Error);
  EXPECT_THROW((void)temper_of({.config = {.rounds = 1}, .betas = {1.0, 2.0, 3.0}}), Error);
  EXPECT_THROW((void)temper_of({.config = {.rounds = 1}, .betas = {2.0, 1.0}}), Error);
}

}  // namespace
}  // namespace therma
