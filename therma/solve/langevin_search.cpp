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

// Work per replica, in RelaxedSchedule::cost() units of some 30 ns: a round stays below 10 ms.
constexpr double kRoundCost = 2.5e5;

RelaxConfig affordable(const RelaxedSchedule& relaxed, double anneal_cost, double most_steps) {
  const auto steps = [&](double cost, double least, double most) {
    return static_cast<std::uint32_t>(std::clamp(cost / relaxed.cost(), least, most));
  };
  RelaxConfig config;
  config.n_steps = steps(anneal_cost, 20.0, most_steps);
  config.steps_per_round = steps(kRoundCost, 1.0, config.n_steps);
  return config;
}

// Fewer walks where one step of one of them takes a good part of a second.
std::uint32_t affordable_replicas(const RelaxedSchedule& relaxed) {
  constexpr double kCost = 2e7;
  return static_cast<std::uint32_t>(std::clamp(kCost / relaxed.cost(), 2.0, double{kReplicas}));
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

constexpr double kBroken = 1e12;  // per tick of a missed window or deadline: above any objective

void decode_best(const schedule::Problem& problem, const Decoder& decoder, Replica& replica) {
  const auto repaired = decoder.repair(as_solution(problem, replica.walk.plan())).decoded;
  const double score = schedule::objective(problem, repaired.solution) +
                       kBroken * static_cast<double>(repaired.outside + repaired.late);
  if (score >= replica.score) return;
  replica.score = score;
  replica.best = {repaired.solution, replica.walk.energy(), replica.walk.heat(),
                  replica.walk.entropy_production()};
}

// num_anneals: 0 for any number.
SearchResult run(const SearchTask& task, std::shared_ptr<const RelaxedSchedule> relaxed,
                 const RelaxConfig& config, std::uint32_t num_anneals, const Resources& resources) {
  const auto& problem = task.problem();
  const Decoder decoder(problem);
  const Rng rng = Rng(task.seed).child("langevin");
  std::vector<Replica> replicas;
  const auto num_replicas = task.replicas == 0 ? affordable_replicas(*relaxed) : task.replicas;
  for (std::uint32_t i = 0; i < num_replicas; ++i) {
    replicas.push_back({RelaxedWalk(relaxed, config, rng, i), {}});
  }
  const auto rounds_per_anneal =
      (config.n_steps + config.steps_per_round - 1) / config.steps_per_round;
  double best = std::numeric_limits<double>::infinity();
  const auto is_done = [&](std::uint32_t rounds) {
    return rounds == task.rounds || rounds == num_anneals * rounds_per_anneal ||
           task.is_proven(best) || resources.should_stop();
  };
  SearchResult result{.replicas = num_replicas, .dynamics = "langevin"};
  do {
    resources.for_each(replicas.size() + (task.proof ? 1 : 0), [&](std::size_t i) {
      if (i == replicas.size()) return task.proof->advance(kProofNodesPerRound, best);
      replicas[i].walk.advance();
      decode_best(problem, decoder, replicas[i]);
    });
    ++result.rounds;
    const double lowest = std::ranges::min(replicas, {}, &Replica::score).score;
    if (lowest < kBroken) best = lowest;
    resources.report({.stage = "relax", .fraction = -1.0, .best = best, .replicas = num_replicas});
  } while (!is_done(result.rounds));
  for (auto& replica : replicas) {
    result.sweeps += replica.walk.steps();
    result.candidates.push_back(std::move(replica.best));
  }
  result.steps = {{"langevin", result.sweeps}};
  return result;
}

}  // namespace

SearchResult langevin_search(const SearchTask& task, const Resources& resources) {
  const auto relaxed = std::make_shared<const RelaxedSchedule>(task.problem());
  return run(task, relaxed, affordable(*relaxed, 2e7, 20'000), 0, resources);
}

SearchResult brief_relaxation(const SearchTask& task, const Resources& resources) {
  const auto relaxed = std::make_shared<const RelaxedSchedule>(task.problem());
  return run(task, relaxed, affordable(*relaxed, 3e6, 5'000), 1, resources);
}

}  // namespace therma::solve
