// SPDX-License-Identifier: Apache-2.0
// The suite `engine`: each kernel on the work it was built for, by CPU time on one core.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "therma/dynamics/machine.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/instances.hpp"
#include "therma/energy/ising.hpp"
#include "therma/energy/lattice.hpp"
#include "therma/energy/quartic.hpp"
#include "therma/engine/bench/bench.hpp"
#include "therma/engine/bench/limits.hpp"
#include "therma/engine/bench/spread.hpp"
#include "therma/engine/usage.hpp"

namespace therma::bench {
namespace {

// What bounds a row from above, in the row's unit.
struct Limit {
  std::string what;
  double value = 0.0;
};

struct Work {
  std::string name;
  double goal = 0.0;
  MachineConfig config;
  double beta = 1.0;
  std::function<Target(std::uint64_t seed)> target;
  std::function<Limit(const MachineLimits&)> limit;
  double fma_per_update = 0.0;  // where the unit is a share of the multiply-add peak
};

template <class Program, class Model>
Target compiled(const Model& model) {
  return std::make_shared<const Program>(model);
}

// Planes of random bits until all of `lanes` lanes are decided: the mean of the largest of as many
// geometric variables, sum over k of 1 - (1 - 2^-k)^lanes.
double mean_planes(double lanes) {
  double sum = 0.0;
  for (int k = 0; k < 64; ++k) sum += 1.0 - std::pow(1.0 - std::exp2(-k), lanes);
  return sum;
}

Limit random_bits(const MachineLimits& limits) {
  const double planes = mean_planes(256);
  return {fmt::format("ARS-5 bits alone, {:.1f} planes of 256 lanes", planes),
          limits.aes_bits_per_ns / planes};
}

Limit multiply_adds(const MachineLimits& limits, double per_update) {
  return {fmt::format("{:.0f} multiply-adds an update at peak", per_update),
          limits.fma_per_ns / per_update};
}

Limit cache_bytes(const MachineLimits& limits, double per_update) {
  return {fmt::format("{:.0f} bytes an update from the cache", per_update),
          limits.cache_bytes_per_ns / per_update};
}

std::vector<Work> works() {
  const double critical = 0.5 * std::log(1.0 + std::sqrt(2.0));
  const MachineConfig one{.replicas = 1};
  const MachineConfig lanes{.replicas = 64};
  const MachineConfig words{.replicas = 512};
  return {
      {"2D lattice 4096 x 4096, one system", 16.0, one, critical,
       [](std::uint64_t) {
         return compiled<LatticeProgram>(LatticeModel{.shape = {4096, 4096}});
       },
       random_bits},
      {"3D lattice 256^3, one system", 0.0, one, 0.2216,
       [](std::uint64_t) {
         return compiled<LatticeProgram>(LatticeModel{.shape = {256, 256, 256}});
       },
       random_bits},
      {"+-J glass 64^3, 512 replicas", 10.0, words, 1.0,
       [](std::uint64_t seed) { return compiled<IsingProgram>(glass_3d(64, seed)); }, random_bits},
      {"Z1-type grid, +-1 couplings, 512 replicas", 0.0, words, 0.3,
       [](std::uint64_t seed) {
         return compiled<IsingProgram>(z1_grid(seed, Weights::plus_minus_one));
       },
       random_bits},
      {"random graph n=10,000, degree 12, 64 replicas", 2.5, lanes, 0.5,
       [](std::uint64_t seed) { return compiled<IsingProgram>(random_regular(10'000, 12, seed)); },
       [](const MachineLimits& l) { return multiply_adds(l, 12); }},
      {"Z1-type grid, float couplings, one chain", 0.4, one, 0.3,
       [](std::uint64_t seed) { return compiled<IsingProgram>(z1_grid(seed, Weights::gaussian)); },
       [](const MachineLimits& l) { return cache_bytes(l, 16 * 5); }},
      {"Z1-type grid, +-1 couplings, one chain", 0.4, one, 0.3,
       [](std::uint64_t seed) {
         return compiled<IsingProgram>(z1_grid(seed, Weights::plus_minus_one));
       },
       [](const MachineLimits& l) { return cache_bytes(l, 16 * 2); }},
      {"dense SK n=2048, 64 replicas", 70.0, lanes, 1.0,
       [](std::uint64_t seed) { return compiled<IsingProgram>(sk_glass(2048, seed)); },
       [](const MachineLimits&) {
         return Limit{"multiply-add peak", 100.0};
       },
       2048},
      {"quartic network, 1296 dense units, 64 replicas", 60.0, lanes, 10.0,
       [](std::uint64_t seed) {
         QuarticModel model{.num_units = 1296};
         model.couplings = sk_glass(1296, seed).couplings;
         return Target(std::make_shared<const QuarticProgram>(model));
       },
       [](const MachineLimits&) {
         return Limit{"multiply-add peak", 100.0};
       },
       1296},
  };
}

// Steps that take about `seconds` of CPU time.
std::uint64_t calibrated_steps(Machine& machine, std::span<const double> beta, double seconds,
                               const Resources& resources) {
  machine.advance(beta, 1, resources);  // tables, pages
  for (std::uint64_t steps = 1;; steps *= 4) {
    const double start = cpu_seconds();
    machine.advance(beta, steps, resources);
    const double taken = cpu_seconds() - start;
    if (taken > 0.1 * seconds) {
      const double per_step = taken / static_cast<double>(steps);
      return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(seconds / per_step));
    }
  }
}

constexpr double kSecondsPerRun = 0.3;

// Updates per CPU nanosecond.
Spread update_rates(Machine& machine, double beta, std::uint32_t repeats,
                    const Resources& resources) {
  const double betas[] = {beta};
  const auto steps = calibrated_steps(machine, betas, kSecondsPerRun, resources);
  std::vector<double> rates;
  for (std::uint32_t k = 0; k < repeats; ++k) {
    const auto before = machine.tally().updates;
    const double start = cpu_seconds();
    machine.advance(betas, steps, resources);
    const auto updates = static_cast<double>(machine.tally().updates - before);
    rates.push_back(updates / ((cpu_seconds() - start) * 1e9));
  }
  return spread(std::move(rates));
}

BenchRow measured(const Work& work, const MachineLimits& limits, const BenchConfig& config) {
  const auto target = work.target(config.seed);
  const auto& kernel = choose_kernel(target, work.config);
  const auto machine =
      kernel.make(target, work.config, {0, work.config.replicas}, Rng(config.seed));
  auto rates = update_rates(*machine, work.beta, config.repeats, {});  // this thread alone
  const bool share = work.fma_per_update > 0.0;
  const double scale = share ? 100.0 * work.fma_per_update / limits.fma_per_ns : 1.0;
  const auto limit = work.limit(limits);
  return {.work = work.name,
          .kernel = std::string(kernel.name),
          .unit = share ? "% of peak" : "updates/ns",
          .value = scale * rates.median,
          .low = scale * rates.low,
          .high = scale * rates.high,
          .goal = work.goal,
          .limit = limit.what,
          .limit_value = limit.value,
          .peak_rss_mib = static_cast<double>(peak_rss_bytes()) / (1 << 20),
          .note = share ? fmt::format("{:.3f} updates/ns", rates.median) : ""};
}

// Wall time on one thread over wall time on two, the same work.
BenchRow scaling(const Work& work, double goal, const BenchConfig& config) {
  const auto target = work.target(config.seed);
  auto machine_config = work.config;
  if (machine_config.replicas > 1) machine_config.replicas *= 4;  // several blocks to share out
  const auto& kernel = choose_kernel(target, machine_config);
  const auto machine =
      kernel.make(target, machine_config, {0, machine_config.replicas}, Rng(config.seed));
  const Pool one(1), two(2);
  const double betas[] = {work.beta};
  const auto steps = calibrated_steps(*machine, betas, kSecondsPerRun, {});
  const auto wall_s = [&](const Pool& pool) {
    const Stopwatch watch;
    machine->advance(betas, steps, {.pool = &pool});
    return watch.elapsed_s();
  };
  wall_s(two);
  std::vector<double> ratios;
  for (std::uint32_t k = 0; k < config.repeats; ++k) {
    const double alone = wall_s(one);
    ratios.push_back(alone / wall_s(two));
  }
  const auto ratio = spread(std::move(ratios));
  return {.work = fmt::format("threads 1 to 2: {}", work.name),
          .kernel = std::string(kernel.name),
          .unit = "x, wall time",
          .value = ratio.median,
          .low = ratio.low,
          .high = ratio.high,
          .goal = goal,
          .limit = "two cores",
          .limit_value = 2.0,
          .peak_rss_mib = static_cast<double>(peak_rss_bytes()) / (1 << 20),
          .note = ""};
}

BenchRow yardstick(std::string what, std::string unit, double value) {
  return {.work = std::move(what),
          .kernel = "-",
          .unit = std::move(unit),
          .value = value,
          .low = value,
          .high = value,
          .goal = 0.0,
          .limit = "this machine, one core",
          .limit_value = 0.0,
          .peak_rss_mib = static_cast<double>(peak_rss_bytes()) / (1 << 20),
          .note = ""};
}

}  // namespace

void run_engine(const BenchConfig& config, const Resources& resources,
                const std::function<void(const BenchRow&)>& on_row) {
  const auto limits = measure_limits();
  const auto wanted = [&](std::string_view name) {
    return name.find(config.only) != std::string_view::npos;
  };
  const auto emit = [&](const BenchRow& row) {
    if (wanted(row.work)) on_row(row);
  };
  emit(yardstick("yardstick: float multiply-adds", "per ns", limits.fma_per_ns));
  emit(yardstick("yardstick: bitwise operations", "bits/ns", limits.logic_bits_per_ns));
  emit(yardstick("yardstick: ARS-5 bits", "bits/ns", limits.aes_bits_per_ns));
  emit(yardstick("yardstick: reads, main memory", "bytes/ns", limits.read_bytes_per_ns));
  emit(yardstick("yardstick: reads, cache", "bytes/ns", limits.cache_bytes_per_ns));
  const auto all = works();
  for (const auto& work : all) {
    if (resources.should_stop()) return;
    if (wanted(work.name)) on_row(measured(work, limits, config));
  }
  for (const auto& work : all) {
    const bool replicas = work.name.starts_with("random graph");
    const bool single = work.name.ends_with("one chain") || work.name.starts_with("2D lattice");
    if (resources.should_stop()) return;
    if ((replicas || single) && wanted("threads " + work.name)) {
      on_row(scaling(work, replicas ? 1.85 : 1.7, config));
    }
  }
}

}  // namespace therma::bench
