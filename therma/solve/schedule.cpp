// SPDX-License-Identifier: Apache-2.0
// Chooses the search, verifies what it found, votes, and says how good the answer is.
#include "therma/solve/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/problems/job_shop/model.hpp"
#include "therma/problems/schedule/bound.hpp"
#include "therma/problems/schedule/decode.hpp"
#include "therma/problems/schedule/parse.hpp"
#include "therma/problems/schedule/verify.hpp"
#include "therma/solve/schedule_search.hpp"
#include "therma/solve/vote.hpp"

namespace therma::solve {
namespace {

using schedule::Problem;
using schedule::Solution;

SearchResult hybrid_search(const SearchTask& task, const Resources& resources, bool is_job_shop) {
  auto relaxed = brief_relaxation(task, resources);
  SearchTask rest = task;
  if (task.rounds != 0) rest.rounds = task.rounds - relaxed.rounds;
  if ((task.rounds != 0 && rest.rounds == 0) || resources.should_stop()) {
    relaxed.dynamics = "hybrid";
    return relaxed;
  }
  auto result = is_job_shop ? job_shop_tempering(rest, resources, relaxed.candidates)
                            : list_search(rest, resources, relaxed.candidates);
  result.dynamics = "hybrid";
  result.steps.insert(result.steps.begin(), relaxed.steps.begin(), relaxed.steps.end());
  result.sweeps += relaxed.sweeps;
  result.rounds += relaxed.rounds;
  return result;
}

// The job shop's own search has compound moves, and with them no entropy production to vote by.
bool takes_compound_moves(const SearchTask& task, Vote vote) {
  const bool needs_entropy = vote == Vote::entropy || vote == Vote::combined;
  return !needs_entropy && task.scenarios.size() == 1 &&
         job_shop::compile(task.problem()).has_value();
}

SearchResult search(SearchTask task, const SolveConfig& config, const Resources& resources) {
  const bool is_job_shop = takes_compound_moves(task, config.vote);
  switch (config.dynamics) {
    case Dynamics::langevin:
      return langevin_search(task, resources);
    case Dynamics::hybrid:
      return hybrid_search(task, resources, is_job_shop);
    case Dynamics::gibbs:
      task.heat_bath = true;
      return list_search(task, resources, {});
    case Dynamics::tempering:
    case Dynamics::automatic:
      break;
  }
  return is_job_shop ? job_shop_tempering(task, resources, {}) : list_search(task, resources, {});
}

std::string canonical(const Solution& solution) {
  std::string text;
  for (const auto& at : solution.tasks) text += fmt::format("{}:{};", at.machine, at.start);
  return text;
}

// Busiest machine minus idlest one, in time units.
double imbalance(const Problem& problem, const Solution& solution) {
  std::vector<schedule::Ticks> load(problem.machines.size(), 0);
  for (const auto& at : solution.tasks) load[at.machine] += at.end - at.start;
  const auto [least, most] = std::ranges::minmax(load);
  return schedule::to_units(problem, most - least);
}

Status unsolved(const SolveConfig& config, const Resources& resources) {
  if (resources.stop.stop_requested()) return Status::cancelled;
  const bool ran_all_rounds = config.rounds != 0 && !resources.deadline.passed();
  return ran_all_rounds ? Status::not_converged : Status::time_limit;
}

// The smallest objective that at least this share of the scenarios reach.
double quantile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

// The plan's order and machines under each draw of the durations.
ScenarioStats replay(const std::vector<Problem>& scenarios, const Solution& plan) {
  std::vector<double> objectives;
  ScenarioStats stats{.scenarios = static_cast<std::uint32_t>(scenarios.size())};
  for (const auto& scenario : scenarios) {
    const schedule::Decoder decoder(scenario);
    const auto decoded = decoder.decode(decoder.list_of(plan));
    stats.infeasible += !schedule::verify(scenario, decoded.solution).ok();
    objectives.push_back(schedule::objective(scenario, decoded.solution));
  }
  std::ranges::sort(objectives);
  stats.p50 = quantile(objectives, 0.50);
  stats.p95 = quantile(objectives, 0.95);
  stats.worst = objectives.back();
  return stats;
}

std::vector<Problem> draw_scenarios(const Problem& problem, const SolveConfig& config) {
  const std::uint32_t count = problem.uncertain.empty() ? 1 : config.scenarios;
  std::vector<Problem> scenarios;
  for (std::uint32_t k = 0; k < count; ++k) {
    scenarios.push_back(schedule::draw_durations(problem, config.seed, k).problem);
  }
  return scenarios;
}

// The vote among the verified candidates fills in the answer; none verified leaves it unsolved.
void elect(const Problem& problem, const SolveConfig& config, const SearchResult& result,
           ScheduleAnswer& answer) {
  std::vector<Ballot> ballots;
  std::vector<const Candidate*> verified;
  const schedule::Verification* nearest = nullptr;
  std::vector<schedule::Verification> checks;
  checks.reserve(result.candidates.size());
  for (const auto& candidate : result.candidates) {
    const auto& check = checks.emplace_back(schedule::verify(problem, candidate.solution));
    if (!check.ok()) {
      if (!nearest || check.violations.size() < nearest->violations.size()) nearest = &check;
      continue;
    }
    verified.push_back(&candidate);
    ballots.push_back({check.objective, candidate.entropy_production, canonical(candidate.solution),
                       imbalance(problem, candidate.solution)});
  }
  if (ballots.empty()) {
    for (const auto& v : nearest->violations) {
      answer.violations.push_back({std::string(v.constraint), v.subject, v.amount});
    }
    return;
  }
  const auto verdict = vote(ballots, config.vote);
  const auto& winner = *verified[verdict.winner];
  answer.verified = true;
  answer.solution = winner.solution;
  answer.objective = ballots[verdict.winner].objective;
  answer.energy = winner.energy;
  answer.heat = winner.heat;
  answer.entropy_production = winner.entropy_production;
  answer.agreement = verdict.agreement;
}

Status judge(const ScheduleAnswer& answer, const SolveConfig& config, const Resources& resources) {
  if (!answer.verified) return unsolved(config, resources);
  if (!answer.lower_bound) return Status::feasible;
  const double slack = kSameObjective * std::max(1.0, std::abs(*answer.objective));
  return *answer.objective <= *answer.lower_bound + slack ? Status::optimal : Status::feasible;
}

}  // namespace

bool SearchTask::is_proven(double best) const noexcept {
  if (proof == nullptr) return false;
  if (proof->is_infeasible()) return true;
  return best <= proof->lower_bound() + kSameObjective * std::max(1.0, std::abs(best));
}

ScheduleAnswer solve_schedule(const Problem& problem, const SolveConfig& config,
                              const Resources& resources) {
  checked(config);
  ScheduleAnswer answer;
  const auto scenarios = draw_scenarios(problem, config);
  SearchTask task{.scenarios = scenarios,
                  .replicas = config.replicas,
                  .rounds = config.rounds,
                  .seed = config.seed};
  const auto bound = schedule::lower_bound(scenarios.front());
  answer.bound_from = bound.from;
  if (bound.infeasible) {
    answer.status = Status::infeasible;
    answer.notes.push_back(*bound.infeasible);
    return answer;
  }
  schedule::Proof proof(scenarios.front(), bound);
  if (scenarios.size() == 1) task.proof = &proof;
  auto result = search(task, config, resources);
  if (proof.is_infeasible()) {
    answer.status = Status::infeasible;
    answer.bound_from = proof.from();
    return answer;
  }
  answer.lower_bound = proof.lower_bound();
  answer.bound_from = proof.from();
  if (result.lower_bound && *result.lower_bound >= *answer.lower_bound) {
    answer.lower_bound = result.lower_bound;
    answer.bound_from = result.bound_from;
  }
  answer.steps = std::move(result.steps);
  answer.sweeps = result.sweeps;
  answer.dynamics = result.dynamics;
  answer.replicas = result.replicas;
  answer.rounds = result.rounds;
  answer.vote = enum_names(config.vote)[static_cast<std::size_t>(config.vote)];
  elect(scenarios.front(), config, result, answer);
  if (answer.solution && scenarios.size() > 1)
    answer.scenarios = replay(scenarios, *answer.solution);
  answer.status = judge(answer, config, resources);
  return answer;
}

}  // namespace therma::solve
