// SPDX-License-Identifier: Apache-2.0
// Relaxed walks in parallel, each decoded after every round.
#include <algorithm>
#include <limits>
#include <memory>

#include "therma/problems/schedule/decode.hpp"
#include "therma/solve/relax.hpp"
#include "therma/solve/schedule_search.hpp"

namespace therma::solve {
namespace {

using schedule::Decoder;
using schedule::RelaxedSchedule;

// Steps of an anneal that keep its cost near `pair_visits` evaluations of a pair of tasks.
std::uint32_t affordable_steps(const schedule::Problem& problem, double pair_visits) {
  const auto tasks = static_cast<double>(problem.tasks.size());
  const auto machines = static_cast<double>(std::max<std::size_t>(1, problem.machines.size()));
  const double pairs = tasks * (tasks - 1.0) / (2.0 * machines) + 4.0 * tasks;
  return static_cast<std::uint32_t>(std::clamp(pair_visits / pairs, 500.0, 20'000.0));
}

// A walk, and the best schedule decoded from it. Infeasible ones count after all feasible ones.
struct Replica {
  RelaxedWalk walk;
  Candidate best;
  double score = std::numeric_limits<double>::infinity();
};

schedule::Solution as_solution(const schedule::Problem& problem,
                               const schedule::RelaxedPlan& plan) {
  schedule::Solution solution;
  for (std::size_t task = 0; task < plan.start.size(); ++task) {
    const auto duration = problem.tasks[task].duration_on[plan.machine[task]];
    solution.tasks.push_back({plan.machine[task], plan.start[task], plan.start[task] + duration});
  }
  return solution;
}

void decode_best(const schedule::Problem& problem, const Decoder& decoder, Replica& replica) {
  constexpr double kBroken = 1e12;  // per tick of a missed window or deadline: above any objective
  const auto repaired = decoder.repair(as_solution(problem, replica.walk.plan())).decoded;
  const double score = schedule::objective(problem, repaired.solution) +
                       kBroken * static_cast<double>(repaired.outside + repaired.late);
  if (score >= replica.score) return;
  replica.score = score;
  replica.best = {repaired.solution, replica.walk.energy(), replica.walk.heat(),
                  replica.walk.entropy_production()};
}

SearchResult run(const SearchTask& task, const RelaxConfig& config, std::uint32_t rounds,
                 const Resources& resources) {
  const auto& problem = task.problem();
  const auto relaxed = std::make_shared<const RelaxedSchedule>(problem);
  const Decoder decoder(problem);
  const Rng rng = Rng(task.seed).child("langevin");
  std::vector<Replica> replicas;
  for (std::uint32_t i = 0; i < task.replicas; ++i) {
    replicas.push_back({RelaxedWalk(relaxed, config, rng, i), {}});
  }
  SearchResult result{.dynamics = "langevin"};
  do {
    resources.for_each(replicas.size(), [&](std::size_t i) {
      replicas[i].walk.advance();
      decode_best(problem, decoder, replicas[i]);
    });
    ++result.rounds;
    const auto best = std::ranges::min(replicas, {}, &Replica::score).score;
    resources.report({.stage = "relax", .fraction = -1.0, .best = best, .replicas = task.replicas});
  } while ((rounds == 0 || result.rounds < rounds) && !resources.should_stop());
  for (auto& replica : replicas) {
    result.sweeps += replica.walk.steps();
    result.candidates.push_back(std::move(replica.best));
  }
  result.steps = {{"langevin", result.sweeps}};
  return result;
}

}  // namespace

SearchResult langevin_search(const SearchTask& task, const Resources& resources) {
  constexpr double kPairVisits = 2e7;
  constexpr std::uint32_t kDecodesPerAnneal = 20;
  RelaxConfig config;
  config.n_steps = affordable_steps(task.problem(), kPairVisits);
  config.steps_per_round = std::max(1U, config.n_steps / kDecodesPerAnneal);
  return run(task, config, task.rounds, resources);
}

SearchResult brief_relaxation(const SearchTask& task, const Resources& resources) {
  constexpr double kPairVisits = 3e6;
  constexpr std::uint32_t kRounds = 10;
  RelaxConfig config;
  config.n_steps = affordable_steps(task.problem(), kPairVisits);
  config.steps_per_round = (config.n_steps + kRounds - 1) / kRounds;
  const auto rounds = task.rounds == 0 ? kRounds : std::min(kRounds, task.rounds);
  return run(task, config, rounds, resources);
}

}  // namespace therma::solve
