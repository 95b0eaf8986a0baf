// SPDX-License-Identifier: Apache-2.0
// Chooses a method and runs it until something ends it.
#include "therma/dynamics/optimise.hpp"

#include <algorithm>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/dynamics/anneal.hpp"
#include "therma/dynamics/bifurcation.hpp"
#include "therma/dynamics/population.hpp"
#include "therma/dynamics/recombine.hpp"
#include "therma/dynamics/tabu.hpp"
#include "therma/dynamics/temper.hpp"
#include "therma/energy/ising.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kQuench = 8;
constexpr std::uint64_t kNeverWithin = ~std::uint64_t{0};  // an anneal: its end is lower
constexpr double kGrowth = 1.5;
constexpr std::uint32_t kMostReplicas = 1024;
constexpr std::uint32_t kTrajectories = 64;  // of a bifurcation
constexpr std::uint32_t kPolishedStates = 64;
constexpr std::uint32_t kTabuStates = 8;

// What every method is given.
struct Search {
  const Target& target;
  const OptimiseConfig& config;
  const KernelEntry& kernel;
  std::uint32_t replicas;
  BetaRange range;
  Rng rng;
  const Resources& resources;

  [[nodiscard]] std::unique_ptr<Machine> make_machine(const Rng& seed) const {
    const MachineConfig machine{.kernel = std::string(kernel.name), .replicas = replicas};
    return kernel.make(target, machine, {0, replicas}, seed);
  }
};

SearchResult by_annealing(const Search& s) {
  const auto machine = s.make_machine(s.rng);
  const auto schedule =
      s.config.schedule == "auto" ? default_schedule(s.range) : Schedule::parse(s.config.schedule);
  return anneal(*machine,
                {.goal = s.config.goal,
                 .sweeps = s.config.sweeps > 0 ? s.config.sweeps : 1000,
                 .quench = kQuench,
                 .anneals = 0,
                 .growth = s.config.sweeps > 0 ? 1.0 : kGrowth,
                 .look_every = kNeverWithin,
                 .rounds = s.config.rounds},
                schedule, s.resources);
}

SearchResult by_tempering(const Search& s) {
  const auto machine = s.make_machine(s.rng);
  const double betas[] = {s.range.hot, s.range.cold};
  return temper(*machine, {.goal = s.config.goal, .sweeps_per_round = 4, .rounds = s.config.rounds},
                betas, s.rng, s.resources);
}

// One population after another, each with twice the sweeps; rounds count on.
SearchResult by_populations(const Search& s) {
  BestStates found(s.config.goal.num_best, s.config.goal.fold_mirrors);
  SearchResult all;
  for (std::uint64_t run = 0;; ++run) {
    const auto machine = s.make_machine(s.rng.child(run));
    PopulationConfig config{
        .goal = s.config.goal,
        .beta_end = s.range.cold,
        .kept_fraction = 0.6,
        .sweeps = s.config.sweeps > 0 ? s.config.sweeps : std::uint64_t{4} << std::min(run, 40UL)};
    if (s.config.rounds > 0) config.rounds = s.config.rounds - all.rounds;
    const auto result = population_anneal(*machine, config, s.rng.child(run), s.resources);
    for (const auto& state : result.best) found.offer(state.energy, state.values);
    all.rounds += result.rounds;
    all.sweeps += result.sweeps;
    all.reason = result.reason;
    const bool all_rounds = s.config.rounds > 0 && all.rounds >= s.config.rounds;
    if (all.reason != StopReason::finished || all_rounds) break;
  }
  all.best = std::move(found).take();
  return all;
}

SearchResult by_bifurcation(const Search& s, const IsingProgram& program) {
  return bifurcate(program,
                   {.goal = s.config.goal,
                    .replicas = s.replicas,
                    .steps = s.config.sweeps > 0 ? s.config.sweeps : 2000,
                    .runs = 0,
                    .rounds = s.config.rounds},
                   s.rng, s.resources);
}

const IsingProgram& spins_of(const Target& target, std::string_view method) {
  const auto* ising = std::get_if<std::shared_ptr<const IsingProgram>>(&target);
  if (ising != nullptr) return **ising;
  fail(ErrorCode::invalid_argument, "method: {} needs spins coupled in pairs", method);
}

// Enough to fill the lanes of two instruction streams, fewer where states would fill the memory.
std::uint32_t replicas_for(const OptimiseConfig& config, const KernelEntry& kernel,
                           std::uint64_t num_variables) {
  if (config.replicas > 0) return config.replicas;
  if (kernel.lanes == 1) return 32;
  constexpr std::uint64_t kMostValues = std::uint64_t{1} << 28;
  const std::uint64_t lanes = kernel.lanes;
  const std::uint64_t wanted = std::max<std::uint64_t>(2 * lanes, 256 / lanes * lanes);
  const std::uint64_t fits = kMostValues / std::max<std::uint64_t>(num_variables, 1);
  return static_cast<std::uint32_t>(std::clamp(fits / lanes * lanes, lanes, wanted));
}

SearchResult run(const Search& s, OptimiseMethod method) {
  switch (method) {
    case OptimiseMethod::automatic:
    case OptimiseMethod::anneal:
      return by_annealing(s);
    case OptimiseMethod::temper:
      return by_tempering(s);
    case OptimiseMethod::population:
      return by_populations(s);
    case OptimiseMethod::bifurcation:
      return by_bifurcation(s, spins_of(s.target, "bifurcation"));
  }
  return {};
}

}  // namespace

std::span<const std::string_view> enum_names(OptimiseMethod) noexcept {
  static constexpr std::string_view kNames[] = {"automatic", "anneal", "temper", "population",
                                                "bifurcation"};
  return kNames;
}

OptimiseResult optimise(const Target& target, const OptimiseConfig& config, std::uint64_t seed,
                        const Resources& resources) {
  checked(config);
  check_ends(config.goal, config.rounds > 0, resources);
  OptimiseResult out;
  out.method = config.method == OptimiseMethod::automatic ? OptimiseMethod::anneal : config.method;
  out.range = beta_range(target);
  out.is_sampler = out.method != OptimiseMethod::bifurcation;
  const std::uint32_t hint = config.replicas > 0 ? config.replicas : kMostReplicas;
  const auto& kernel = choose_kernel(target, {.kernel = config.kernel, .replicas = hint});
  out.replicas = replicas_for(config, kernel, num_variables(target));
  if (config.replicas == 0 && !out.is_sampler) out.replicas = kTrajectories;
  if (out.is_sampler) out.kernel = kernel.name;

  const Rng rng(seed);
  auto searching = resources;
  if (config.polish) searching.deadline = Deadline::after(0.875 * resources.deadline.left_s());
  auto& found = static_cast<SearchResult&>(out);
  auto searched = config;  // a polish begins with many states
  if (config.polish) searched.goal.num_best = std::max(config.goal.num_best, kPolishedStates);
  found = run({target, searched, kernel, out.replicas, out.range, rng, searching}, out.method);
  if (config.polish) {
    const auto& program = spins_of(target, "polish");
    recombine(program, found, searched.goal, resources);
    found.best.resize(
        std::min<std::size_t>(found.best.size(), std::max(config.goal.num_best, kTabuStates)));
    tabu_polish(program, found, config.goal, {}, rng.child("polish"), resources);
    if (found.best_energy() <= config.goal.target_energy) found.reason = StopReason::target;
  }
  return out;
}

}  // namespace therma
