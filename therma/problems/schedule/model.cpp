// SPDX-License-Identifier: Apache-2.0
// The rounding rule and the objective: the only place where either is computed.
#include "therma/problems/schedule/model.hpp"

#include <algorithm>
#include <cmath>

namespace therma::schedule {
namespace {

bool runs_on_one_machine(const Task& task) {
  return std::ranges::count_if(task.duration_on, [](Ticks d) { return d != kNotEligible; }) == 1;
}

bool is_plain(const Task& task) {
  return task.release == 0 && !task.deadline && task.demands.empty() && runs_on_one_machine(task);
}

bool is_always_available(const Machine& machine) {
  return machine.windows.size() == 1 && machine.windows[0].open == 0 &&
         machine.windows[0].close >= kNever;
}

// One chain per job: nothing before or after a task twice, and no lags.
bool are_chains(const Problem& problem) {
  std::vector<std::uint8_t> has_before(problem.tasks.size());
  std::vector<std::uint8_t> has_after(problem.tasks.size());
  for (const auto& edge : problem.precedences) {
    if (edge.lag != 0 || has_before[edge.after]++ || has_after[edge.before]++) return false;
  }
  return true;
}

bool counts_only_makespan(const Problem& problem) {
  const auto& weights = problem.objective;
  const bool has_due = std::ranges::any_of(problem.tasks, [](const auto& t) { return !!t.due; });
  return weights.makespan > 0 && (weights.tardiness == 0 || !has_due) &&
         (weights.preference == 0 || problem.preferences.empty());
}

}  // namespace

Ticks ticks_at_speed(Ticks duration, double speed) noexcept {
  const double quotient = static_cast<double>(duration) / speed;
  const double nearest = std::round(quotient);
  // Beyond 2^22 a double's own error passes 1e-9.
  const double slack = std::max(1e-9, std::abs(quotient) * 4e-16);
  return static_cast<Ticks>(std::abs(quotient - nearest) <= slack ? nearest : std::ceil(quotient));
}

Ticks makespan(const Solution& solution) noexcept {
  Ticks latest = 0;
  for (const auto& at : solution.tasks) latest = std::max(latest, at.end);
  return latest;
}

bool is_broken(const Preference& wish, const Placement& at) noexcept {
  if (wish.machine) return at.machine != *wish.machine;
  if (wish.start_after) return at.start < *wish.start_after;
  return at.end > *wish.end_before;
}

ObjectiveParts objective_parts(const Problem& problem, const Solution& solution) {
  ObjectiveParts parts;
  parts.makespan = to_units(problem, makespan(solution));
  for (std::size_t task = 0; task < problem.tasks.size(); ++task) {
    const auto& due = problem.tasks[task].due;
    if (!due || solution.tasks[task].end <= *due) continue;
    parts.tardiness +=
        problem.tasks[task].weight * to_units(problem, solution.tasks[task].end - *due);
  }
  for (const auto& wish : problem.preferences) {
    if (is_broken(wish, solution.tasks[wish.task])) parts.preference += wish.weight;
  }
  return parts;
}

double objective(const Problem& problem, const Solution& solution) {
  return weighted(problem.objective, objective_parts(problem, solution));
}

double weighted(const Objective& weights, const ObjectiveParts& parts) noexcept {
  return weights.makespan * parts.makespan + weights.tardiness * parts.tardiness +
         weights.preference * parts.preference;
}

bool is_job_shop(const Problem& problem) {
  return std::ranges::all_of(problem.tasks, is_plain) &&
         std::ranges::all_of(problem.machines, is_always_available) && problem.setups.empty() &&
         problem.uncertain.empty() && are_chains(problem) && counts_only_makespan(problem);
}

}  // namespace therma::schedule
