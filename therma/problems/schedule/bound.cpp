// SPDX-License-Identifier: Apache-2.0
// The bounds by name: each the first makespan that its test does not refute.
#include "therma/problems/schedule/bound.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "therma/problems/schedule/load.hpp"

namespace therma::schedule {
namespace {

using Refutes = std::function<bool(Ticks)>;

// The first multiple of `step` at or above `low` that the test does not refute: doubling, then
// halving. Past `high` nothing is tried.
Ticks first_unrefuted(const Refutes& refutes, Ticks low, Ticks high, Ticks step) {
  Ticks good = (low + step - 1) / step;  // in steps; all below are refuted
  Ticks reach = 1;
  Ticks open = good;
  const Ticks last = high / step + 1;
  while (open < last && refutes(open * step)) {
    good = open + 1;
    open = std::min(last, open + reach);
    reach *= 2;
  }
  // Refuted below `good`, not refuted (or not tried) at `open`.
  while (good < open) {
    const Ticks middle = good + (open - good) / 2;
    if (refutes(middle * step)) {
      good = middle + 1;
    } else {
      open = middle;
    }
  }
  return good * step;
}

// No schedule needs to be longer than this.
Ticks longest_useful(const Problem& problem, const Tables& tables) {
  Ticks latest = 0;
  Ticks total = 0;
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    latest = std::max(latest, tables.release[task]);
    total += std::ranges::max(problem.tasks[task].duration_on);
  }
  for (const auto& edge : problem.precedences) total += std::max<Ticks>(0, edge.lag);
  Ticks setup = 0;
  for (const auto& row : problem.setups) setup = std::max(setup, row.time);
  total += setup * tables.num_tasks;
  for (const auto& machine : problem.machines) {
    for (const auto& window : machine.windows) {
      latest = std::max(latest, window.close < kNever ? window.close : window.open);
    }
  }
  return latest + total;
}

std::optional<std::string> proof_of_one_task(const Problem& problem, const Tables& tables,
                                             const Limits& earliest) {
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    const auto& stated = problem.tasks[task];
    const bool takes_time = std::ranges::max(stated.duration_on) > 0;
    for (const auto& demand : stated.demands) {
      const auto& resource = problem.resources[demand.resource];
      if (demand.amount <= resource.capacity || !takes_time) continue;
      return fmt::format("task {} needs {} of resource {}, which has {}", stated.id, demand.amount,
                         resource.id, resource.capacity);
    }
    if (earliest.end[task] >= kNever) {
      return fmt::format("task {} fits no window of any machine that can do it", stated.id);
    }
    if (earliest.end[task] > tables.deadline[task]) {
      return fmt::format("task {} cannot end before {}, after its deadline at {}", stated.id,
                         to_units(problem, earliest.end[task]),
                         to_units(problem, tables.deadline[task]));
    }
  }
  return std::nullopt;
}

double tardiness_bound(const Problem& problem, const Limits& earliest) {
  double sum = 0;
  for (std::size_t task = 0; task < problem.tasks.size(); ++task) {
    const auto& stated = problem.tasks[task];
    if (!stated.due || earliest.end[task] <= *stated.due) continue;
    sum += stated.weight * to_units(problem, earliest.end[task] - *stated.due);
  }
  return sum;
}

// Wishes that break wherever the task goes.
double preference_bound(const Problem& problem, const Limits& earliest) {
  double sum = 0;
  for (const auto& wish : problem.preferences) {
    const auto& task = problem.tasks[wish.task];
    const bool breaks = (wish.machine && task.duration_on[*wish.machine] == kNotEligible) ||
                        (wish.end_before && earliest.end[wish.task] > *wish.end_before);
    if (breaks) sum += wish.weight;
  }
  return sum;
}

}  // namespace

Bound lower_bound(const Problem& problem) {
  const Tables tables(problem);
  const LoadTest test(problem, tables);
  const auto& earliest = test.earliest();
  Bound bound;
  bound.infeasible = proof_of_one_task(problem, tables, earliest);
  if (bound.infeasible) return bound;

  const Ticks step = common_step(problem);
  const Ticks high = longest_useful(problem, tables);
  if (test.refutes_by_limits(kNever)) {
    bound.infeasible = "windows, precedences and deadlines leave some task no room";
  } else if (test.refutes_by_load(kNever)) {
    bound.infeasible = "the tasks need more time than the windows and deadlines leave";
  } else if (test.refutes_by_packing(kNever)) {
    bound.infeasible = "the tasks cannot fill the windows well enough to fit into them";
  } else if (test.refutes_by_resources(kNever)) {
    bound.infeasible = "the tasks need more of a resource than there is in the time they have";
  }
  if (bound.infeasible) return bound;

  Ticks longest = 0;
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    Ticks end = kNever;
    for (const auto k : tables.eligible[task]) {
      const Ticks duration = tables.duration_on(task, k);
      end = std::min(end, earliest_fit(tables, k, tables.release[task], duration) + duration);
    }
    longest = std::max(longest, end);
  }
  bound.all.push_back({"longest_task", longest});
  const Ticks path = first_unrefuted([&](Ticks t) { return test.refutes_by_limits(t); },
                                     std::ranges::max(earliest.end), high, step);
  bound.all.push_back({"critical_path", path});
  const auto add = [&](std::string_view name, const Refutes& refutes) {
    bound.all.push_back({name, first_unrefuted(refutes, path, high, step)});
  };
  add("machine_load", [&](Ticks t) { return test.refutes_by_load(t); });
  add("window_packing", [&](Ticks t) { return test.refutes_by_packing(t); });
  if (tables.num_resources > 0) {
    add("resource_energy", [&](Ticks t) { return test.refutes_by_resources(t); });
  }
  for (const auto& named : bound.all) {
    if (named.makespan <= bound.makespan && !bound.from.empty()) continue;
    bound.makespan = named.makespan;
    bound.from = named.name;
  }
  bound.tardiness = tardiness_bound(problem, earliest);
  bound.preference = preference_bound(problem, earliest);
  const auto& w = problem.objective;
  bound.objective = w.makespan * to_units(problem, bound.makespan) + w.tardiness * bound.tardiness +
                    w.preference * bound.preference;
  return bound;
}

}  // namespace therma::schedule
