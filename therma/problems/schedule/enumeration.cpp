// SPDX-License-Identifier: Apache-2.0
// Nodes, their choices, and the bounds that cut them.
#include "therma/problems/schedule/enumeration.hpp"

#include <algorithm>
#include <limits>

namespace therma::schedule {
namespace {

constexpr std::uint32_t kMostTasks = 64;

bool waiting_never_helps(const Problem& problem, const Tables& tables) {
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    if (tables.floors[task].size() > 1) return false;
    for (const auto k : tables.eligible[task]) {
      if (tables.duration_on(task, k) == 0) return false;
    }
  }
  for (const auto& edge : problem.precedences) {
    for (const auto k : tables.eligible[edge.before]) {
      if (edge.lag < -tables.duration_on(edge.before, k)) return false;
    }
  }
  return tables.unmet_demand == 0;
}

}  // namespace

Enumeration::Enumeration(const Problem& problem, const Tables& tables)
    : problem_(problem),
      tables_(tables),
      cutoff_(std::numeric_limits<double>::infinity()),
      rank_(tables.num_tasks),
      order_(order_by(tables, std::vector<double>(tables.num_tasks))),
      tail_(tables.num_tasks),
      placed_(tables.num_tasks),
      head_(tables.num_tasks),
      lane_work_(tables.num_machines) {
  supported_ = tables.num_tasks <= kMostTasks && waiting_never_helps(problem, tables);
  if (!supported_) return;
  for (std::uint32_t i = 0; i < order_.size(); ++i) rank_[order_[i]] = i;
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    Ticks shortest = kNever;
    const auto eligible = tables.eligible[task];
    for (const auto k : eligible) shortest = std::min(shortest, tables.duration_on(task, k));
    shortest_.push_back(shortest);
    only_on_.push_back(eligible.size() == 1 ? eligible[0] : tables.num_machines);
  }
  for (auto task = order_.rbegin(); task != order_.rend(); ++task) {
    for (const auto& edge : tables.after[*task]) {
      tail_[*task] = std::max(tail_[*task], edge.lag + shortest_[edge.task] + tail_[edge.task]);
    }
  }
  levels_.assign(tables.num_tasks + 1, Level{PartialSchedule(tables), {}, 0.0, 0, {}});
  expand(0);
}

double Enumeration::cost_of(std::uint32_t task, const Placement& at) const {
  const auto& w = problem_.objective;
  const auto& stated = problem_.tasks[task];
  double cost = 0;
  if (stated.due && at.end > *stated.due) {
    cost += w.tardiness * stated.weight * to_units(problem_, at.end - *stated.due);
  }
  if (w.preference <= 0) return cost;
  for (const auto& wish : problem_.preferences) {
    if (wish.task == task && is_broken(wish, at)) cost += w.preference * wish.weight;
  }
  return cost;
}

// All tasks that can come next, with a start not before the last one (ties: by rank).
void Enumeration::expand(std::size_t depth) {
  auto& level = levels_[depth];
  level.choices.clear();
  const auto& placed = level.schedule.placed;
  std::ranges::fill(placed_, std::uint8_t{0});
  for (const auto& lane : level.schedule.lanes) {
    for (const auto& slot : lane) placed_[slot.task] = 1;
  }
  if (is_pruned(level, depth)) return;
  for (const auto task : order_) {
    if (placed_[task]) continue;
    const bool is_ready = std::ranges::all_of(tables_.before[task],
                                              [&](const Edge& e) { return placed_[e.task] != 0; });
    if (!is_ready) continue;
    for (const auto k : tables_.eligible[task]) {
      const auto at = level.schedule.find(tables_, task, k, 0);
      if (overflow(tables_, at) > 0 || at.end > tables_.deadline[task]) continue;
      if (depth > 0) {
        const Ticks last = placed[level.last.task].start;
        if (at.start < last) continue;
        if (at.start == last && rank_[task] < rank_[level.last.task]) continue;
      }
      level.choices.push_back({task, at});
    }
  }
  std::ranges::sort(level.choices, [](const Choice& a, const Choice& b) {
    return std::pair(a.at.start, a.at.end) > std::pair(b.at.start, b.at.end);
  });
}

// Every task left starts at or after the last start: heads, tails, machines and costs from there.
bool Enumeration::is_pruned(const Level& level, std::size_t depth) {
  const Ticks now = depth == 0 ? 0 : level.schedule.placed[level.last.task].start;
  Ticks longest = level.end;
  Ticks work = 0;
  double cost = level.cost;
  std::ranges::fill(lane_work_, Ticks{0});
  for (const auto task : order_) {
    if (placed_[task]) continue;
    Ticks head = std::max(now, tables_.release[task]);
    for (const auto& edge : tables_.before[task]) {
      const Ticks end = placed_[edge.task] ? level.schedule.placed[edge.task].end
                                           : head_[edge.task] + shortest_[edge.task];
      head = std::max(head, end + edge.lag);
    }
    head_[task] = head;
    const Ticks end = head + shortest_[task];
    if (end > tables_.deadline[task]) return true;
    longest = std::max(longest, end + tail_[task]);
    work += shortest_[task];
    if (only_on_[task] < tables_.num_machines) lane_work_[only_on_[task]] += shortest_[task];
    const auto& due = problem_.tasks[task].due;
    if (due && end > *due) {
      cost += problem_.objective.tardiness * problem_.tasks[task].weight *
              to_units(problem_, end - *due);
    }
  }
  Ticks used = 0;  // by all machines, up to which the work left can begin
  for (std::uint32_t k = 0; k < tables_.num_machines; ++k) {
    const auto& lane = level.schedule.lanes[k];
    const Ticks free = std::max(now, lane.empty() ? 0 : lane.back().end);
    used += free;
    if (lane_work_[k] > 0) longest = std::max(longest, free + lane_work_[k]);
  }
  if (work > 0) {
    const Ticks m = tables_.num_machines;
    longest = std::max(longest, (used + work + m - 1) / m);
  }
  const double least = problem_.objective.makespan * to_units(problem_, longest) + cost;
  return least >= cutoff_ - 1e-9 * (1.0 + std::abs(cutoff_));
}

std::uint64_t Enumeration::advance(std::uint64_t budget, double cutoff) {
  cutoff_ = std::min(cutoff_, cutoff);
  std::uint64_t used = 0;
  while (!finished_ && used < budget) {
    auto& level = levels_[depth_];
    if (level.choices.empty()) {
      if (depth_ == 0) {
        finished_ = true;
      } else {
        --depth_;
      }
      continue;
    }
    ++used;
    const auto choice = level.choices.back();
    level.choices.pop_back();
    auto& next = levels_[depth_ + 1];
    next.schedule = level.schedule;
    next.schedule.record(tables_, choice.task, choice.at);
    next.cost = level.cost + cost_of(choice.task, choice.at);
    next.end = std::max(level.end, choice.at.end);
    next.last = choice;
    ++depth_;
    if (depth_ == levels_.size() - 1) {
      const double found = problem_.objective.makespan * to_units(problem_, next.end) + next.cost;
      cutoff_ = std::min(cutoff_, found);
      --depth_;
    } else {
      expand(depth_);
    }
  }
  return used;
}

}  // namespace therma::schedule
