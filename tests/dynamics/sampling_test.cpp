// SPDX-License-Identifier: Apache-2.0
#include "therma/dynamics/sampling.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/targets.hpp"
#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/observers.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kSeed = 11;
const MachineConfig kMachine{.kernel = "scalar", .replicas = 5};

Target glass() { return std::make_shared<const IsingProgram>(testing::make_glass(12, 3)); }
Target network() {
  return std::make_shared<const QuarticProgram>(compile(testing::make_quartic(6, 2, 3)));
}

std::unique_ptr<Machine> make(const Target& target, std::uint64_t seed = kSeed) {
  return choose_kernel(target, kMachine).make(target, kMachine, {0, kMachine.replicas}, Rng(seed));
}

std::vector<double> energies_of(const Machine& machine) {
  std::vector<double> out(machine.num_replicas());
  machine.energies(out, {});
  return out;
}

std::vector<double> values_of(const Machine& machine) {
  std::vector<double> all;
  std::vector<double> values(machine.num_variables());
  for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) {
    machine.read(r, values);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

// A machine that counts what is asked of it.
class Counting final : public Machine {
 public:
  explicit Counting(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
  mutable int num_energies = 0;
  std::uint64_t num_steps = 0;
  std::vector<double> betas_seen = {};  // [advance]

  [[nodiscard]] std::uint64_t num_variables() const noexcept override {
    return machine_->num_variables();
  }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override {
    return machine_->num_replicas();
  }
  void advance(std::span<const double> betas, std::uint64_t steps, const Resources& r) override {
    num_steps += steps;
    betas_seen.push_back(betas[0]);
    machine_->advance(betas, steps, r);
  }
  void energies(std::span<double> out, const Resources& r) const override {
    ++num_energies;
    machine_->energies(out, r);
  }
  void read(std::uint32_t r, std::span<double> out) const override { machine_->read(r, out); }
  void write(std::uint32_t r, std::span<const double> in) override { machine_->write(r, in); }
  void resample(std::span<const std::uint32_t> parents) override { machine_->resample(parents); }
  [[nodiscard]] MachineTally tally() const noexcept override { return machine_->tally(); }
  [[nodiscard]] std::string save() const override { return machine_->save(); }
  void restore(std::string_view bytes) override { machine_->restore(bytes); }

 private:
  std::unique_ptr<Machine> machine_;
};

// Everything a run can say, to be compared bit for bit.
struct Outcome {
  SamplingResult result;
  std::vector<std::string> observers;
  std::vector<double> values;
  std::string machine;
};

// A run with all standard observers.
Outcome run(const Target& target, const SamplingConfig& config, const Schedule& beta,
            const Resources& resources, const Checkpointing& checkpointing = {}) {
  auto machine = make(target);
  EnergyTrace energies;
  MeanTrace means;
  StateRecorder<float> states(*machine, config.num_samples(), 1'000'000);
  LowestStates lowest(3);
  SampleObserver* const observers[] = {&energies, &means, &states, &lowest};
  Outcome out;
  out.result = sample(*machine, config, beta, observers, resources, checkpointing);
  for (const auto* observer : observers) out.observers.push_back(observer->save());
  out.values = values_of(*machine);
  out.machine = machine->save();
  return out;
}

void expect_same(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(a.result.steps, b.result.steps);
  EXPECT_EQ(a.result.samples, b.result.samples);
  EXPECT_EQ(a.result.stopped, b.result.stopped);
  EXPECT_EQ(a.result.energies, b.result.energies);
  EXPECT_EQ(a.result.heat, b.result.heat);
  EXPECT_EQ(a.result.beta_heat, b.result.beta_heat);
  EXPECT_EQ(a.observers, b.observers);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.machine, b.machine);
}

TEST(Sampling, BurnsInAndTakesEveryThinThStep) {
  const auto target = glass();
  auto machine = make(target);
  StateRecorder<std::int8_t> states(*machine, 3, 1'000);
  SampleObserver* const observers[] = {&states};
  const auto result = sample(*machine, {.burn_in = 4, .sweeps = 7, .thin = 2},
                             Schedule::constant(0.8), observers, {});
  EXPECT_EQ(result.steps, 10U);  // 4 + 3 * 2: the seventh sweep leads to no sample
  EXPECT_EQ(result.samples, 3U);
  EXPECT_FALSE(result.stopped);

  auto by_hand = make(target);
  const double betas[] = {0.8};
  by_hand->advance(betas, 4, {});
  for (std::size_t draw = 0; draw < 3; ++draw) {
    by_hand->advance(betas, 2, {});
    std::vector<double> values(by_hand->num_variables());
    for (std::uint32_t r = 0; r < by_hand->num_replicas(); ++r) {
      by_hand->read(r, values);
      EXPECT_TRUE(std::ranges::equal(values, states.chain(r).subspan(draw * 12, 12)));
    }
  }
  EXPECT_EQ(result.energies, energies_of(*by_hand));
}

TEST(Sampling, RefusesToTakeNoSample) {
  auto machine = make(glass());
  EXPECT_THROW(sample(*machine, {.sweeps = 3, .thin = 4}, Schedule::constant(1.0), {}, {}), Error);
  EXPECT_THROW(sample(*machine, {.thin = 0}, Schedule::constant(1.0), {}, {}), Error);
}

TEST(Sampling, GivesTheSameOnAnyNumberOfThreadsAndNotForAnotherSeed) {
  const auto on = [](unsigned threads) {
    const Pool pool(threads);
    return run(glass(), {.burn_in = 3, .sweeps = 8}, Schedule::constant(0.8), {.pool = &pool});
  };
  const auto one = on(1);
  for (const unsigned threads : {2U, 3U, 7U}) expect_same(on(threads), one);
  auto other = make(glass(), kSeed + 1);
  sample(*other, {.burn_in = 3, .sweeps = 8}, Schedule::constant(0.8), {}, {});
  EXPECT_NE(values_of(*other), one.values);
}

TEST(Sampling, DependsOnNoEarlierRun) {
  const auto first = run(glass(), {.burn_in = 3, .sweeps = 8}, Schedule::constant(0.8), {});
  const auto second = run(glass(), {.burn_in = 3, .sweeps = 8}, Schedule::constant(0.8), {});
  expect_same(first, second);
}

TEST(Sampling, ReleasesTheEnergyLostAsHeat) {
  for (const auto& target : {glass(), network()}) {
    auto machine = make(target);
    const auto before = energies_of(*machine);
    const auto result =
        sample(*machine, {.burn_in = 5, .sweeps = 20}, Schedule::constant(1.5), {}, {});
    const auto after = energies_of(*machine);
    for (std::size_t r = 0; r < before.size(); ++r) {
      EXPECT_EQ(result.heat[r], before[r] - after[r]);
      EXPECT_NEAR(result.beta_heat[r], 1.5 * result.heat[r], 1e-12);
    }
  }
}

TEST(Sampling, WeighsTheHeatOfEachStretchWithItsBeta) {
  // list:0.5,2 over 4 + 6 steps: five at 0.5, five at 2; by hand on a machine of its own.
  const auto target = glass();
  auto by_hand = make(target);
  const auto e0 = energies_of(*by_hand);
  by_hand->advance(std::array{0.5}, 5, {});
  const auto e1 = energies_of(*by_hand);
  by_hand->advance(std::array{2.0}, 5, {});
  const auto e2 = energies_of(*by_hand);
  auto machine = make(target);
  const auto result =
      sample(*machine, {.burn_in = 4, .sweeps = 6}, Schedule::parse("list:0.5,2"), {}, {});
  for (std::size_t r = 0; r < e0.size(); ++r) {
    EXPECT_EQ(result.heat[r], e0[r] - e2[r]);  // changing beta does no work
    EXPECT_NEAR(result.beta_heat[r], 0.5 * (e0[r] - e1[r]) + 2.0 * (e1[r] - e2[r]), 1e-12);
  }
}

TEST(Sampling, HasNoEntropyProductionWhereStepsDoNotBalanceInDetail) {
  auto machine = make(glass());
  const auto result =
      sample(*machine, {.burn_in = 0, .sweeps = 5}, Schedule::constant(1.0), {}, {});
  EXPECT_TRUE(medium_entropy(result, UpdateRule::heat_bath));
  EXPECT_TRUE(medium_entropy(result, UpdateRule::metropolis));
  EXPECT_TRUE(medium_entropy(result, UpdateRule::mala));
  EXPECT_FALSE(medium_entropy(result, UpdateRule::euler));
  EXPECT_FALSE(medium_entropy(result, UpdateRule::leimkuhler_matthews));
  EXPECT_FALSE(medium_entropy(result, UpdateRule::baoab));
}

TEST(Sampling, GreedyStepsReleaseHeatAtInfiniteBetaWithoutNaN) {
  auto machine = make(glass());
  const auto result =
      sample(*machine, {.burn_in = 0, .sweeps = 40}, Schedule::parse("inf"), {}, {});
  for (const double entropy : result.beta_heat) EXPECT_FALSE(std::isnan(entropy));
}

TEST(Sampling, MeasuresEnergiesOnlyWhereTheyAreAskedFor) {
  const SamplingConfig config{.burn_in = 10, .sweeps = 20};
  Counting silent(make(glass()));
  sample(silent, config, Schedule::constant(1.0), {}, {});
  EXPECT_EQ(silent.num_energies, 2);  // at both ends
  Counting two(make(glass()));
  sample(two, config, Schedule::parse("list:1,2,3"), {}, {});
  EXPECT_EQ(two.num_energies, 4);  // and where beta changes
  EnergyTrace trace;
  SampleObserver* const observers[] = {&trace};
  Counting observed(make(glass()));
  sample(observed, config, Schedule::parse("list:1,2,3"), observers, {});
  // Start, the change after the burn-in, samples: the change at step 20 and the end are among them.
  EXPECT_EQ(observed.num_energies, 1 + 1 + 20);
}

TEST(Sampling, TellsHowFarItIs) {
  auto machine = make(glass());
  EnergyTrace trace;
  SampleObserver* const observers[] = {&trace};
  std::vector<double> fractions;
  std::vector<std::string> stages;
  double best = 0.0;
  Resources resources;
  resources.on_progress = [&](const Progress& progress) {
    fractions.push_back(progress.fraction);
    if (stages.empty() || stages.back() != progress.stage) stages.emplace_back(progress.stage);
    best = progress.best.value_or(0.0);
  };
  sample(*machine, {.burn_in = 4, .sweeps = 4}, Schedule::constant(1.0), observers, resources);
  EXPECT_TRUE(std::ranges::is_sorted(fractions));
  EXPECT_EQ(fractions.back(), 1.0);
  EXPECT_EQ(stages, (std::vector<std::string>{"burn-in", "sample"}));
  double lowest = 1e9;
  for (std::uint32_t r = 0; r < 5; ++r) lowest = std::min(lowest, std::ranges::min(trace.chain(r)));
  EXPECT_EQ(best, lowest);
}

// Stops the run after so many progress reports: at every place where it can be stopped.
struct StopAfter {
  std::stop_source source;
  int reports;
  [[nodiscard]] Resources resources() {
    Resources out;
    out.stop = source.get_token();
    out.on_progress = [this](const Progress&) {
      if (--reports == 0) source.request_stop();
    };
    return out;
  }
};

TEST(Sampling, ContinuesFromEveryPlaceWhereItCanBeStoppedAsIfItHadNot) {
  const SamplingConfig config{.burn_in = 6, .sweeps = 12, .thin = 3};
  for (const auto& target : {glass(), network()}) {
    for (const auto* beta : {"0.8", "linear:0.2:2"}) {
      const auto schedule = Schedule::parse(beta);
      const auto whole = run(target, config, schedule, {});
      bool stopped = true;
      for (int reports = 1; stopped; ++reports) {
        std::string bytes;
        Checkpointing writing{.write = [&](std::string_view b) { bytes = b; }};
        StopAfter stop{.source = {}, .reports = reports};
        const auto part = run(target, config, schedule, stop.resources(), writing);
        stopped = part.result.stopped;
        if (!stopped) break;
        expect_same(run(target, config, schedule, {}, {.resume = bytes}), whole);
      }
    }
  }
}

TEST(Sampling, ContinuesFromEveryCheckpointOnTheWay) {
  const SamplingConfig config{.burn_in = 2, .sweeps = 7};
  const auto schedule = Schedule::constant(0.7);
  std::vector<std::string> all;
  const Checkpointing writing{.write = [&](std::string_view bytes) { all.emplace_back(bytes); },
                              .due = Checkpointing::every_samples(2)};
  const auto whole = run(glass(), config, schedule, {}, writing);
  EXPECT_EQ(all.size(), 3U);
  for (const auto& bytes : all) {
    expect_same(run(glass(), config, schedule, {}, {.resume = bytes}), whole);
  }
}

TEST(Sampling, RefusesACheckpointOfAnotherRunInOneSentence) {
  const SamplingConfig config{.burn_in = 2, .sweeps = 6};
  const auto schedule = Schedule::constant(0.7);
  const auto identity = [](std::uint64_t seed) {
    return identity_of(*make(glass(), seed), kMachine, seed);
  };
  std::string bytes;
  run(glass(), config, schedule, {},
      {.write = [&](std::string_view b) { bytes = b; },
       .due = Checkpointing::every_samples(1),
       .identity = identity(1)});
  const auto refused = [&](const SamplingConfig& c, const Schedule& s, const std::string& b,
                           std::uint64_t seed) -> std::string {
    try {
      run(glass(), c, s, {}, {.resume = b, .identity = identity(seed)});
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data);
      EXPECT_EQ(std::string_view(e.what()).find('\n'), std::string_view::npos);
      return e.what();
    }
    return {};
  };
  EXPECT_EQ(refused(config, schedule, bytes, 1), "");
  EXPECT_NE(refused(config, schedule, bytes, 2).find("seed 2"), std::string::npos);
  EXPECT_NE(refused({.burn_in = 3, .sweeps = 6}, schedule, bytes, 1), "");
  EXPECT_NE(refused(config, Schedule::constant(0.8), bytes, 1), "");
  EXPECT_NE(refused(config, schedule, bytes.substr(0, bytes.size() / 2), 1), "");
  auto damaged = bytes;
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_NE(refused(config, schedule, damaged, 1).find("damaged"), std::string::npos);
  EXPECT_NE(refused(config, schedule, seal("something else"), 1), "");
}

TEST(Sampling, TellsProgramsAndSeedsApartByTheirIdentity) {
  const auto identity = [](const Target& target, std::uint64_t seed) {
    return identity_of(*make(target, seed), kMachine, seed);
  };
  EXPECT_EQ(identity(glass(), 1), identity(glass(), 1));
  EXPECT_NE(identity(glass(), 1), identity(glass(), 2));
  const Target other = std::make_shared<const IsingProgram>(testing::make_glass(12, 4));
  EXPECT_NE(identity(glass(), 1), identity(other, 1));
}

// A trap that notes which threads of the system evaluate it.
struct Watched {
  struct Seen {
    std::mutex mutex;
    std::set<long> threads;
  };
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();

  [[nodiscard]] std::uint32_t size() const { return 2; }
  [[nodiscard]] double energy(std::span<const double> x) const {
    const std::lock_guard lock(seen->mutex);
    seen->threads.insert(::syscall(SYS_gettid));  // not used again at once, as std::thread::id is
    return 0.5 * (x[0] * x[0] + x[1] * x[1]);
  }
  void gradient(std::span<const double> x, std::span<double> g) const {
    std::ranges::copy(x, g.begin());
  }
};

TEST(Sampling, StartsNoThreadsOfItsOwn) {
  const Watched watched;
  const Target target = AnyGradientEnergy(watched);
  const Pool pool(3);
  auto machine = make(target);
  sample(*machine, {.burn_in = 0, .sweeps = 500}, Schedule::constant(1.0), {}, {.pool = &pool});
  // The pool's threads are shared by all arenas of the process; 500 steps would show 500 or more.
  EXPECT_LE(watched.seen->threads.size(), 3U + std::thread::hardware_concurrency());
}

TEST(StateRecorder, RefusesMoreThanItMayHold) {
  const auto machine = make(glass());  // 5 replicas x 12 variables
  EXPECT_NO_THROW(StateRecorder<std::int8_t>(*machine, 10, 600));
  EXPECT_THROW(StateRecorder<std::int8_t>(*machine, 10, 599), Error);
  EXPECT_THROW(StateRecorder<float>(*machine, 10, 2399), Error);
  EXPECT_THROW(StateRecorder<float>(*machine, ~std::uint64_t{0}, 2399), Error);  // would overflow
}

TEST(StateRecorder, RefusesValuesThatDoNotFitAByte) {
  auto machine = make(network());
  machine->write(0, std::vector<double>(6, 200.0));
  StateRecorder<std::int8_t> states(*machine, 1, 1000);
  EXPECT_THROW(states.on_sample(*machine, {}, 1.0), Error);
}

TEST(LowestStates, KeepsTheLowestDistinctStatesOfAllSamples) {
  auto machine = make(glass());
  LowestStates lowest(4);
  StateRecorder<std::int8_t> states(*machine, 60, 100'000);
  EnergyTrace trace;
  SampleObserver* const observers[] = {&lowest, &states, &trace};
  sample(*machine, {.burn_in = 0, .sweeps = 60}, Schedule::constant(0.4), observers, {});
  // By brute force over everything recorded; the energies of a glass differ between states, but
  // for the rounding of sums, all made in the same order here.
  std::vector<std::pair<double, std::vector<double>>> all;
  for (std::uint32_t r = 0; r < 5; ++r) {
    for (std::size_t draw = 0; draw < 60; ++draw) {
      const auto state = states.chain(r).subspan(draw * 12, 12);
      all.emplace_back(trace.chain(r)[draw], std::vector<double>(state.begin(), state.end()));
    }
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  ASSERT_EQ(lowest.states().size(), 4U);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(lowest.states()[k].energy, all[k].first);
    EXPECT_EQ(lowest.states()[k].values, all[k].second);
  }
  // The best is not simply where the chains ended.
  EXPECT_LT(all[0].first, std::ranges::min(energies_of(*machine)));
}

}  // namespace
}  // namespace therma
