// SPDX-License-Identifier: Apache-2.0
// One ensemble on any number of ranks against the same ensemble on one.
#include "therma/distributed/distributed_machine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "tests/distributed/thread_transport.hpp"
#include "tests/support/targets.hpp"
#include "therma/distributed/packing.hpp"
#include "therma/dynamics/anneal.hpp"
#include "therma/dynamics/observers.hpp"
#include "therma/dynamics/population.hpp"
#include "therma/dynamics/temper.hpp"
#include "therma/energy/lattice.hpp"

namespace therma {
namespace {

using testing::errors_on_ranks;
using testing::on_ranks;

constexpr std::uint64_t kSeed = 3;

struct Case {
  std::string name;
  Target target;
  MachineConfig config;
};

std::vector<Case> cases() {
  auto ring = testing::make_ring({.spins = 20, .coupling = 1.0});
  ring.couplings.push_back({0, 7, -1.0});
  const std::pair<std::string, Target> targets[] = {
      {"ring", std::make_shared<const IsingProgram>(ring)},
      {"glass", std::make_shared<const IsingProgram>(testing::make_glass(24, 3))},
      {"lattice", std::make_shared<const LatticeProgram>(LatticeModel{.shape = {4, 128}})},
      {"quartic", std::make_shared<const QuarticProgram>(compile(testing::make_quartic(10, 2, 3)))},
  };
  std::vector<Case> all;
  for (const auto* entry : kernel_table()) {
    for (const auto& [name, target] : targets) {
      for (std::size_t rule = 1; rule < enum_names(UpdateRule{}).size(); ++rule) {
        // Three blocks of lanes, the last one cut short where it can be.
        const MachineConfig config{.rule = static_cast<UpdateRule>(rule),
                                   .kernel = std::string(entry->name),
                                   .replicas = entry->lanes == 1 ? 5 : 2 * entry->lanes + 1};
        if (!entry->refusal(target, config).empty()) continue;
        const auto rule_name = enum_names(UpdateRule{})[rule];
        all.push_back({fmt::format("{}_{}_{}", entry->name, rule_name, name), target, config});
      }
    }
  }
  return all;
}

std::unique_ptr<Machine> make_local(const Case& c) {
  return choose_kernel(c.target, c.config)
      .make(c.target, c.config, {0, c.config.replicas}, Rng(kSeed));
}

// Some forty replicas of any number, the first and the last among them.
std::vector<std::uint32_t> some_replicas(std::uint32_t count) {
  std::vector<std::uint32_t> some{count - 1};
  for (std::uint32_t r = 0; r < count; r += 1 + count / 40) some.push_back(r);
  return some;
}

void append(std::vector<double>& all, const Machine& machine) {
  std::vector<double> values(machine.num_variables());
  for (const std::uint32_t r : some_replicas(machine.num_replicas())) {
    machine.read(r, values);
    all.insert(all.end(), values.begin(), values.end());
    all.push_back(machine.mean_value(r));
  }
  std::vector<double> energies(machine.num_replicas());
  machine.energies(energies, {});
  all.insert(all.end(), energies.begin(), energies.end());
  all.push_back(static_cast<double>(machine.tally().updates));
  all.push_back(static_cast<double>(machine.tally().changes.value_or(0)));
}

// Everything that a method does to a machine, and all that can be seen of it.
std::vector<double> transcript(Machine& machine) {
  std::vector<double> all;
  append(all, machine);
  machine.advance(std::array{0.8}, 3, {});
  append(all, machine);
  std::vector<double> betas(machine.num_replicas());
  for (std::size_t r = 0; r < betas.size(); ++r) betas[r] = 0.3 + 0.05 * static_cast<double>(r % 9);
  machine.advance(betas, 2, {});
  append(all, machine);
  std::vector<double> values(machine.num_variables());
  machine.read(machine.num_replicas() - 1, values);
  machine.write(1, values);
  append(all, machine);
  machine.advance(std::array{1.1}, 2, {});
  append(all, machine);
  return all;
}

class Ensemble : public ::testing::TestWithParam<Case> {};

TEST_P(Ensemble, IsTheSameOnAnyNumberOfRanks) {
  const auto& c = GetParam();
  const auto expected = transcript(*make_local(c));
  for (const std::uint32_t ranks : {1U, 2U, 3U, 7U}) {  // of seven, some hold nothing
    on_ranks(ranks, [&](Transport& transport) {
      DistributedMachine machine(c.target, c.config, Rng(kSeed), transport);
      EXPECT_EQ(transcript(machine), expected) << transport.rank() << " of " << ranks;
    });
  }
}

// A copy is what read() and write() carry: the same on any number of ranks, and the same as on a
// machine of one process to which that is done.
TEST_P(Ensemble, ResamplesAcrossRanks) {
  const auto& c = GetParam();
  const std::uint32_t count = c.config.replicas;
  std::vector<std::uint32_t> parents(count);
  for (std::uint32_t r = 0; r < count; ++r) parents[r] = (r * 7 + 3) % count;
  parents[0] = parents[1] = parents[2] = count - 1;
  parents[count - 2] = count - 2;

  auto local = make_local(c);
  local->advance(std::array{0.8}, 3, {});
  std::vector<std::vector<double>> states(count, std::vector<double>(local->num_variables()));
  for (std::uint32_t r = 0; r < count; ++r) local->read(r, states[r]);
  for (std::uint32_t r = 0; r < count; ++r) {
    if (parents[r] != r) local->write(r, states[parents[r]]);
  }
  local->advance(std::array{0.8}, 3, {});
  std::vector<double> expected;
  append(expected, *local);

  for (const std::uint32_t ranks : {1U, 2U, 3U, 7U}) {
    on_ranks(ranks, [&](Transport& transport) {
      DistributedMachine machine(c.target, c.config, Rng(kSeed), transport);
      machine.advance(std::array{0.8}, 3, {});
      machine.resample(parents);
      std::vector<double> values(machine.num_variables());
      for (const std::uint32_t r : some_replicas(count)) {
        machine.read(r, values);
        EXPECT_EQ(values, states[parents[r]]) << r;
      }
      machine.advance(std::array{0.8}, 3, {});
      std::vector<double> all;
      append(all, machine);
      EXPECT_EQ(all, expected) << transport.rank() << " of " << ranks;
    });
  }
}

TEST_P(Ensemble, ContinuesOnAnyNumberOfRanks) {
  const auto& c = GetParam();
  std::string bytes;
  std::vector<double> expected;
  on_ranks(4, [&](Transport& transport) {
    DistributedMachine machine(c.target, c.config, Rng(kSeed), transport);
    machine.advance(std::array{0.8}, 3, {});
    const auto saved = machine.save();
    machine.advance(std::array{0.8}, 3, {});
    std::vector<double> all;
    append(all, machine);
    if (transport.rank() == 0) bytes = saved, expected = all;
  });
  for (const std::uint32_t ranks : {1U, 2U, 4U, 7U}) {
    on_ranks(ranks, [&](Transport& transport) {
      DistributedMachine machine(c.target, c.config, Rng(kSeed), transport);
      machine.restore(bytes);
      machine.advance(std::array{0.8}, 3, {});
      std::vector<double> all;
      append(all, machine);
      EXPECT_EQ(all, expected) << transport.rank() << " of " << ranks;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Table, Ensemble, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

TEST(SplitReplicas, CutsAtLanesAsEvenlyAsItCan) {
  const auto counts = [](std::uint32_t replicas, std::uint32_t lanes, std::uint32_t parts) {
    std::vector<std::uint32_t> out;
    std::uint32_t next = 0;
    for (const auto& range : split_replicas(replicas, lanes, parts)) {
      EXPECT_EQ(range.first, next);
      EXPECT_EQ(range.first % lanes, 0U);
      next += range.count;
      out.push_back(range.count);
    }
    EXPECT_EQ(next, replicas);
    return out;
  };
  using Counts = std::vector<std::uint32_t>;
  EXPECT_EQ(counts(8, 1, 4), (Counts{2, 2, 2, 2}));
  EXPECT_EQ(counts(10, 1, 4), (Counts{2, 3, 2, 3}));
  EXPECT_EQ(counts(40, 16, 2), (Counts{16, 24}));  // blocks of 16, 16 and 8
  EXPECT_EQ(counts(40, 16, 7), (Counts{16, 16, 8}));
  EXPECT_EQ(counts(3, 512, 4), (Counts{3}));
  EXPECT_EQ(counts(4'294'967'295U, 512, 2).size(), 2U);  // no overflow
}

TEST(PackedValues, KeepEveryBit) {
  const std::vector<double> spins{1, -1, 0, 127, -128};
  const std::vector<double> reals{0.5, -0.0, 128, 1e300, std::numeric_limits<double>::infinity()};
  const std::vector<double> minus_zero{-0.0};
  for (const auto& values : {spins, reals, minus_zero}) {
    std::string bytes;
    pack_values(values, bytes);
    std::string_view rest = bytes;
    std::vector<double> back(values.size());
    unpack_values(rest, back);
    EXPECT_EQ(back, values);
    EXPECT_EQ(std::signbit(back[0]), std::signbit(values[0]));
    EXPECT_TRUE(rest.empty());
    std::string_view cut = std::string_view(bytes).substr(0, bytes.size() - 1);
    EXPECT_THROW(unpack_values(cut, back), Error);
  }
  std::string bytes;
  pack_values(spins, bytes);
  EXPECT_EQ(bytes.size(), 1 + spins.size());
}

// -- What goes wrong on one rank ------------------------------------------------------------------

// A trap from which the first coordinate must not stray.
struct Fragile {
  [[nodiscard]] std::uint32_t size() const { return 2; }
  [[nodiscard]] double energy(std::span<const double> x) const {
    if (std::abs(x[0]) > 1e6) fail(ErrorCode::bad_data, "strayed to {}", x[0]);
    return 0.5 * (x[0] * x[0] + x[1] * x[1]);
  }
  void gradient(std::span<const double> x, std::span<double> g) const {
    std::ranges::copy(x, g.begin());
  }
};

// The code of the error and its text, for each rank.
std::vector<std::pair<ErrorCode, std::string>> failures(
    std::uint32_t ranks, const std::function<void(Transport&)>& body) {
  std::vector<std::pair<ErrorCode, std::string>> out;
  for (const auto& error : errors_on_ranks(ranks, body)) {
    try {
      if (error) std::rethrow_exception(error);
      out.emplace_back(ErrorCode::no_answer, "");
    } catch (const Error& e) {
      out.emplace_back(e.code(), e.what());
    }
  }
  return out;
}

TEST(FailureOnOneRank, IsThrownOnAll) {
  const Target target = AnyGradientEnergy(Fragile{});
  const auto errors = failures(4, [&](Transport& transport) {
    DistributedMachine machine(target, {.kernel = "scalar", .replicas = 8}, Rng(1), transport);
    machine.write(5, std::array{1e9, 0.0});  // of rank 2
  });
  for (std::size_t rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(errors[rank].first, rank == 2 ? ErrorCode::bad_data : ErrorCode::remote);
    EXPECT_EQ(errors[rank].second,
              rank == 2 ? "strayed to 1000000000" : "rank 2: strayed to 1000000000");
  }
}

TEST(FailureOnOneRank, IsKnownToBeShared) {
  const Target target = AnyGradientEnergy(Fragile{});
  on_ranks(3, [&](Transport& transport) {
    DistributedMachine machine(target, {.kernel = "scalar", .replicas = 3}, Rng(1), transport);
    EXPECT_THROW(machine.write(1, std::array{1e9, 0.0}), Error);
    EXPECT_TRUE(transport.all_failed());
  });
}

TEST(FailureOnOneRank, ElsewhereLeavesNoOneWaiting) {
  const Target target = AnyGradientEnergy(Fragile{});
  const auto errors = failures(4, [&](Transport& transport) {
    DistributedMachine machine(target, {.kernel = "scalar", .replicas = 8}, Rng(1), transport);
    machine.advance(std::array{1.0}, 2, {});
    if (transport.rank() == 3) {
      EXPECT_FALSE(transport.all_failed());  // after a second
      fail(ErrorCode::io, "this host's disk is full");
    }
    machine.advance(std::array{1.0}, 2, {});
  });
  for (std::size_t rank = 0; rank < 3; ++rank) EXPECT_EQ(errors[rank].first, ErrorCode::remote);
  EXPECT_EQ(errors[3].first, ErrorCode::io);
}

TEST(Ranks, MustRunTheSameThing) {
  const Target target = AnyGradientEnergy(Fragile{});
  for (const auto& error : failures(3, [&](Transport& transport) {
         DistributedMachine machine(
             target, {.replicas = 4, .dt = transport.rank() == 1 ? 0.1 : 0.2}, Rng(1), transport);
       })) {
    EXPECT_EQ(error.first, ErrorCode::invalid_argument);
    EXPECT_NE(error.second.find("rank 1 has"), std::string::npos) << error.second;
  }
  for (const auto& error : failures(3, [&](Transport& transport) {
         DistributedMachine machine(target, {.replicas = 4}, Rng(transport.rank()), transport);
       })) {
    EXPECT_EQ(error.first, ErrorCode::invalid_argument);
  }
}

TEST(Ranks, ReportABadConfigOnAll) {
  const Target target = AnyGradientEnergy(Fragile{});
  for (const auto& error : failures(2, [&](Transport& transport) {
         DistributedMachine machine(target, {.kernel = "nothing"}, Rng(1), transport);
       })) {
    EXPECT_EQ(error.first, ErrorCode::invalid_argument);
  }
}

// -- Sampling
// --------------------------------------------------------------------------------------

const Target kGlass = std::make_shared<const IsingProgram>(testing::make_glass(16, 3));
const MachineConfig kGlassConfig{.kernel = "scalar", .replicas = 10};
const SamplingConfig kSampling{.burn_in = 4, .sweeps = 12, .thin = 2};

struct Outcome {
  SamplingResult result;
  std::vector<std::string> observers;
};

Outcome sample_all(Machine& machine, const Resources& resources,
                   const Checkpointing& checkpointing) {
  EnergyTrace energies;
  MeanTrace means;
  StateRecorder<std::int8_t> states(machine, kSampling.num_samples(), 1'000'000);
  LowestStates lowest(4);
  SampleObserver* const observers[] = {&energies, &means, &states, &lowest};
  Outcome out;
  out.result = sample(machine, kSampling, Schedule::parse("linear:0.2:1.5"), observers, resources,
                      checkpointing);
  for (const auto* observer : observers) out.observers.push_back(observer->save());
  return out;
}

Outcome on_one_process() {
  auto machine = choose_kernel(kGlass, kGlassConfig)
                     .make(kGlass, kGlassConfig, {0, kGlassConfig.replicas}, Rng(kSeed));
  return sample_all(*machine, {}, {});
}

void expect_same(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(a.result.steps, b.result.steps);
  EXPECT_EQ(a.result.samples, b.result.samples);
  EXPECT_EQ(a.result.energies, b.result.energies);
  EXPECT_EQ(a.result.heat, b.result.heat);
  EXPECT_EQ(a.result.beta_heat, b.result.beta_heat);
  EXPECT_EQ(a.observers, b.observers);
}

TEST(SamplingOnRanks, SeesWhatOneProcessSees) {
  const auto expected = on_one_process();
  for (const std::uint32_t ranks : {1U, 2U, 4U}) {
    on_ranks(ranks, [&](Transport& transport) {
      DistributedMachine machine(kGlass, kGlassConfig, Rng(kSeed), transport);
      expect_same(sample_all(machine, machine.resources(), machine.shared({})), expected);
    });
  }
}

TEST(SamplingOnRanks, StopsOnAllWhenOneIsToldToAndContinuesOnAnother) {
  const auto expected = on_one_process();
  std::string bytes;
  on_ranks(4, [&](Transport& transport) {
    std::stop_source stop;
    Resources mine;
    mine.stop = stop.get_token();
    DistributedMachine machine(kGlass, kGlassConfig, Rng(kSeed), transport, mine);
    Resources resources = machine.resources();
    int reports = 0;
    resources.on_progress = [&](const Progress&) {
      if (++reports == 7 && transport.rank() == 2) stop.request_stop();  // rank 2 alone
    };
    // Rank 0 alone says when and where to write.
    Checkpointing mine_too;
    if (transport.rank() == 0) mine_too.write = [&](std::string_view b) { bytes = b; };
    const auto part = sample_all(machine, resources, machine.shared(mine_too));
    EXPECT_TRUE(part.result.stopped);
    EXPECT_EQ(part.result.steps, 8U);  // the wish is noticed with the step after it
  });
  for (const std::uint32_t ranks : {1U, 3U, 4U}) {
    on_ranks(ranks, [&](Transport& transport) {
      DistributedMachine machine(kGlass, kGlassConfig, Rng(kSeed), transport);
      Checkpointing mine;
      if (transport.rank() == 0) mine.resume = bytes;
      expect_same(sample_all(machine, machine.resources(), machine.shared(mine)), expected);
    });
  }
}

TEST(SamplingOnRanks, FailsOnAllWhereACheckpointCannotBeWritten) {
  const auto errors = failures(3, [&](Transport& transport) {
    DistributedMachine machine(kGlass, kGlassConfig, Rng(kSeed), transport);
    const Checkpointing mine{.write = [](std::string_view) { fail(ErrorCode::io, "disk full"); },
                             .due = Checkpointing::every_samples(2)};
    sample_all(machine, machine.resources(), machine.shared(mine));
  });
  EXPECT_EQ(errors[0].second, "disk full");
  EXPECT_EQ(errors[1].second, "rank 0: disk full");
  EXPECT_EQ(errors[2].second, "rank 0: disk full");
}

TEST(SamplingOnRanks, TellsProgressOnRankZeroAlone) {
  on_ranks(3, [&](Transport& transport) {
    int reports = 0;
    Resources mine;
    mine.on_progress = [&](const Progress&) { ++reports; };
    DistributedMachine machine(kGlass, kGlassConfig, Rng(kSeed), transport, mine);
    sample_all(machine, machine.resources(), {});
    EXPECT_EQ(reports > 0, transport.rank() == 0);
  });
}

// -- Methods
// ---------------------------------------------------------------------------------------

// What a method finds on one process and on so many ranks.
template <class Method>
void expect_the_same_on_ranks(Method&& method) {
  auto local = choose_kernel(kGlass, kGlassConfig)
                   .make(kGlass, kGlassConfig, {0, kGlassConfig.replicas}, Rng(kSeed));
  const std::vector<double> expected = method(*local, Resources{});
  for (const std::uint32_t ranks : {1U, 2U, 4U}) {
    on_ranks(ranks, [&](Transport& transport) {
      DistributedMachine machine(kGlass, kGlassConfig, Rng(kSeed), transport);
      EXPECT_EQ(method(machine, machine.resources()), expected);
    });
  }
}

std::vector<double> numbers(const SearchResult& result) {
  std::vector<double> all{static_cast<double>(result.rounds), static_cast<double>(result.sweeps)};
  for (const auto& state : result.best) {
    all.push_back(state.energy);
    all.insert(all.end(), state.values.begin(), state.values.end());
  }
  return all;
}

TEST(MethodsOnRanks, AnnealAlike) {
  expect_the_same_on_ranks([](Machine& machine, const Resources& resources) {
    const auto result = anneal(machine, {.goal = {.num_best = 3}, .sweeps = 60, .levels = 20},
                               Schedule::parse("linear:0.1:3"), resources);
    auto all = numbers(result);
    all.insert(all.end(), result.replica_best.begin(), result.replica_best.end());
    return all;
  });
}

TEST(MethodsOnRanks, TemperAlike) {
  expect_the_same_on_ranks([](Machine& machine, const Resources& resources) {
    const auto result = temper(machine, {.rungs = 5, .warm_up = 16, .rounds = 60},
                               std::array{0.2, 2.0}, Rng(8), resources);
    auto all = numbers(result);
    all.insert(all.end(), result.betas.begin(), result.betas.end());
    all.push_back(result.barrier);
    for (const auto accepted : result.swaps.accepted) all.push_back(static_cast<double>(accepted));
    return all;
  });
}

TEST(MethodsOnRanks, AnnealPopulationsAlike) {
  expect_the_same_on_ranks([](Machine& machine, const Resources& resources) {
    const auto result = population_anneal(machine, {.beta_end = 2.0}, Rng(8), resources);
    auto all = numbers(result);
    for (const auto& point : result.points) {
      all.insert(all.end(), {point.beta, point.energy, point.log_z, point.num_families});
    }
    return all;
  });
}

TEST(DistributedCheckpoint, IsRefusedWhereItDoesNotFit) {
  on_ranks(2, [&](Transport& transport) {
    DistributedMachine machine(kGlass, kGlassConfig, Rng(kSeed), transport);
    const auto whole = machine.save();
    for (const auto& bytes : {std::string(), whole.substr(0, whole.size() - 1), whole + "x",
                              std::string(whole.size(), 'x')}) {
      EXPECT_THROW(machine.restore(bytes), Error);
    }
    DistributedMachine fewer(kGlass, {.kernel = "scalar", .replicas = 9}, Rng(kSeed), transport);
    EXPECT_THROW(fewer.restore(whole), Error);
    machine.restore(whole);
    EXPECT_EQ(machine.save(), whole);
  });
}

}  // namespace
}  // namespace therma
