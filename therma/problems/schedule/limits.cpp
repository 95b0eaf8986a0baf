// SPDX-License-Identifier: Apache-2.0
// One pass forwards and one backwards over the precedences.
#include "therma/problems/schedule/limits.hpp"

#include <algorithm>
#include <numeric>

namespace therma::schedule {
namespace {

// Latest end at or before `to` at which `duration` still fits into a window; negative: none.
Ticks latest_fit(const Tables& tables, std::uint32_t machine, Ticks to, Ticks duration) {
  const auto windows = real_windows(tables, machine);
  for (auto window = windows.rbegin(); window != windows.rend(); ++window) {
    if (fits(*window, 0, to, duration)) return std::min(window->close, to);
  }
  return -1;
}

}  // namespace

Ticks earliest_fit(const Tables& tables, std::uint32_t machine, Ticks from,
                   Ticks duration) noexcept {
  for (const auto& window : real_windows(tables, machine)) {
    if (fits(window, from, kNever, duration)) return std::max(from, window.open);
  }
  return kNever;
}

Limits earliest_limits(const Tables& tables) {
  Limits limits;
  limits.start.assign(tables.num_tasks, 0);
  limits.end.assign(tables.num_tasks, 0);
  const std::vector<double> no_preference(tables.num_tasks);
  for (const auto task : order_by(tables, no_preference)) {
    Ticks from = tables.release[task];
    for (const auto& edge : tables.before[task]) {
      const Ticks end = limits.end[edge.task];
      from = std::max(from, end >= kNever ? kNever : end + edge.lag);
    }
    Ticks start = kNever;
    Ticks end = kNever;
    for (const auto machine : tables.eligible[task]) {
      const Ticks duration = tables.duration_on(task, machine);
      const Ticks fit = earliest_fit(tables, machine, from, duration);
      if (fit >= kNever) continue;
      start = std::min(start, fit);
      end = std::min(end, fit + duration);
    }
    limits.start[task] = start;
    limits.end[task] = end;
  }
  return limits;
}

Latest latest_limits(const Tables& tables, Ticks makespan) {
  Latest latest;
  latest.end.assign(tables.num_tasks, 0);
  std::vector<Ticks> start(tables.num_tasks);
  const std::vector<double> no_preference(tables.num_tasks);
  auto order = order_by(tables, no_preference);
  std::ranges::reverse(order);
  for (const auto task : order) {
    Ticks to = std::min(tables.deadline[task], makespan);
    for (const auto& edge : tables.after[task]) to = std::min(to, start[edge.task] - edge.lag);
    Ticks end = -1;
    start[task] = -kNever;
    for (const auto machine : tables.eligible[task]) {
      const Ticks duration = tables.duration_on(task, machine);
      const Ticks fit = latest_fit(tables, machine, to, duration);
      if (fit < 0) continue;
      end = std::max(end, fit);
      start[task] = std::max(start[task], fit - duration);
    }
    latest.end[task] = end;
  }
  return latest;
}

Ticks common_step(const Problem& problem) noexcept {
  Ticks step = 0;
  const auto take = [&](Ticks t) {
    if (t < kNever) step = std::gcd(step, t);
  };
  for (const auto& task : problem.tasks) {
    for (const Ticks d : task.duration_on) {
      if (d != kNotEligible) take(d);
    }
    take(task.release);
  }
  for (const auto& machine : problem.machines) {
    for (const auto& window : machine.windows) take(window.open);
  }
  for (const auto& edge : problem.precedences) take(edge.lag);
  for (const auto& row : problem.setups) take(row.time);
  for (const auto& wish : problem.preferences) take(wish.start_after.value_or(0));
  return std::max<Ticks>(step, 1);
}

}  // namespace therma::schedule
