// SPDX-License-Identifier: Apache-2.0
// Serial schedule generation, repair and justification.
#include "therma/problems/schedule/decode.hpp"

#include <algorithm>
#include <optional>

#include "therma/core/error.hpp"

namespace therma::schedule {
namespace {

// The problem run backwards from `end`: precedences, windows, releases and deadlines swap roles.
Problem mirrored(const Problem& problem, Ticks end) {
  Problem out = problem;
  for (auto& task : out.tasks) {
    const Ticks deadline = std::min(task.deadline.value_or(end), end);
    task.deadline = end - task.release;
    task.release = end - deadline;
    task.due.reset();
  }
  for (auto& edge : out.precedences) std::swap(edge.before, edge.after);
  for (auto& machine : out.machines) {
    machine.windows.clear();
    const auto& windows =
        problem.machines[static_cast<std::size_t>(&machine - out.machines.data())].windows;
    for (auto window = windows.rbegin(); window != windows.rend(); ++window) {
      if (window->open >= end) continue;
      machine.windows.push_back({end - std::min(window->close, end), end - window->open});
    }
  }
  out.preferences.clear();
  return out;
}

// The same machines, tasks by key; start_after wishes are met where the solution meets them.
TaskList make_list(const Tables& tables, const Solution& solution,
                   const std::vector<double>& keys) {
  TaskList list;
  list.order = order_by(tables, keys);
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    const auto& at = solution.tasks[task];
    list.machine.push_back(at.machine);
    const auto floors = tables.floors[task];
    const auto met = std::ranges::upper_bound(floors, at.start) - floors.begin();
    list.floor.push_back(static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(met - 1, 0)));
  }
  return list;
}

std::vector<double> starts(const Solution& solution) {
  std::vector<double> keys;
  for (const auto& at : solution.tasks) keys.push_back(static_cast<double>(at.start));
  return keys;
}

bool breaks_less(const Decoded& a, const Decoded& b) {
  return a.outside != b.outside ? a.outside < b.outside : a.late < b.late;
}

}  // namespace

Decoded Decoder::finish(PartialSchedule&& partial) const {
  Decoded out;
  out.solution.tasks = std::move(partial.placed);
  for (std::uint32_t task = 0; task < tables_.num_tasks; ++task) {
    const auto& at = out.solution.tasks[task];
    out.outside += overflow(tables_, at);
    out.late += std::max<Ticks>(0, at.end - tables_.deadline[task]);
  }
  return out;
}

Decoded Decoder::decode(const TaskList& list) const {
  THERMA_ASSERT(list.order.size() == tables_.num_tasks);
  PartialSchedule partial(tables_);
  for (const auto task : list.order) {
    const Ticks floor = tables_.floors[task][list.floor[task]];
    partial.record(tables_, task, partial.find(tables_, task, list.machine[task], floor));
  }
  return finish(std::move(partial));
}

Decoded Decoder::dispatch(const std::vector<std::uint32_t>& order) const {
  PartialSchedule partial(tables_);
  for (const auto task : order) {
    std::optional<Placement> best;
    // Room inside a window goes before an earlier end outside.
    const auto rank = [&](const Placement& at) {
      return std::pair(overflow(tables_, at) > 0, at.end);
    };
    for (const auto machine : tables_.eligible[task]) {
      const auto at = partial.find(tables_, task, machine, 0);
      if (!best || rank(at) < rank(*best)) best = at;
    }
    partial.record(tables_, task, *best);
  }
  return finish(std::move(partial));
}

TaskList Decoder::list_of(const Solution& solution) const {
  Solution usable = solution;
  for (std::uint32_t task = 0; task < tables_.num_tasks; ++task) {
    const auto eligible = tables_.eligible[task];
    auto& machine = usable.tasks[task].machine;
    if (std::ranges::find(eligible, machine) != eligible.end()) continue;
    machine = *std::ranges::min_element(
        eligible, {}, [&](std::uint32_t k) { return tables_.duration_on(task, k); });
  }
  return make_list(tables_, usable, starts(usable));
}

Repaired Decoder::repair(const Solution& solution) const {
  const auto list = list_of(solution);
  Repaired out{decode(list)};
  if (!out.decoded.is_feasible()) {
    auto dispatched = dispatch(list.order);
    if (breaks_less(dispatched, out.decoded)) out.decoded = std::move(dispatched);
  }
  for (std::uint32_t task = 0; task < tables_.num_tasks; ++task) {
    const auto& was = solution.tasks[task];
    const auto& is = out.decoded.solution.tasks[task];
    out.num_moved += was.start != is.start;
    out.num_reassigned += was.machine != is.machine;
  }
  return out;
}

Solution Decoder::justify(const Solution& solution) const {
  Solution best = solution;
  if (!problem_.setups.empty()) return best;
  while (true) {
    const Ticks end = makespan(best);
    const auto backwards = mirrored(problem_, end);
    const Decoder mirror(backwards);
    std::vector<double> keys;
    for (const auto& at : best.tasks) keys.push_back(-static_cast<double>(at.end));
    const auto late = mirror.decode(make_list(mirror.tables_, best, keys));
    if (!late.is_feasible()) return best;
    keys.clear();
    for (const auto& at : late.solution.tasks) keys.push_back(static_cast<double>(end - at.end));
    const auto early = decode(make_list(tables_, best, keys));
    if (!early.is_feasible()) return best;
    if (!(objective(problem_, early.solution) < objective(problem_, best))) return best;
    best = early.solution;
  }
}

}  // namespace therma::schedule
