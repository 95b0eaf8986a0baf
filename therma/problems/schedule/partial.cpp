// SPDX-License-Identifier: Apache-2.0
// Searching gaps, windows and resource profiles for the earliest fit.
#include "therma/problems/schedule/partial.hpp"

#include <algorithm>

namespace therma::schedule {
namespace {

// Where a machine with set-ups can take the task: behind everything that is there.
Ticks append_time(const Tables& tables, const std::vector<Slot>& lane, std::uint32_t machine,
                  std::uint32_t task, Ticks duration) {
  if (lane.empty()) return 0;
  Ticks earliest = lane.back().end;
  if (duration == 0) return earliest;
  for (auto slot = lane.rbegin(); slot != lane.rend(); ++slot) {
    if (slot->end == slot->start) continue;  // takes no machine time: not set up for
    return std::max(earliest, slot->end + tables.setup_time(machine, slot->task, task));
  }
  return earliest;
}

}  // namespace

Ticks Profile::earliest(Ticks from, Ticks duration, std::int64_t room) const noexcept {
  auto next = std::ranges::upper_bound(steps_, from, {}, &Step::time);
  Ticks start = from;
  if (next != steps_.begin() && std::prev(next)->used > room) {
    while (next->used > room) ++next;  // the last step uses nothing
    start = next++->time;
  }
  while (next != steps_.end() && next->time < start + duration) {
    if (next->used > room) {
      while (next->used > room) ++next;
      start = next->time;
    }
    ++next;
  }
  return start;
}

std::size_t Profile::split(Ticks time) {
  const auto at = std::ranges::lower_bound(steps_, time, {}, &Step::time);
  const auto index = static_cast<std::size_t>(at - steps_.begin());
  if (at != steps_.end() && at->time == time) return index;
  steps_.insert(at, {time, index == 0 ? 0 : steps_[index - 1].used});
  return index;
}

void Profile::merge(std::size_t index) {
  const std::int64_t before = index == 0 ? 0 : steps_[index - 1].used;
  if (steps_[index].used == before) {
    steps_.erase(steps_.begin() + static_cast<std::ptrdiff_t>(index));
  }
}

void Profile::add(Ticks start, Ticks end, std::int64_t amount) {
  const auto first = split(start);
  const auto last = split(end);
  for (auto i = first; i < last; ++i) steps_[i].used += amount;
  merge(last);
  merge(first);
}

Placement PartialSchedule::find(const Tables& tables, std::uint32_t task, std::uint32_t machine,
                                Ticks floor) const noexcept {
  const Ticks duration = tables.duration_on(task, machine);
  Ticks start = std::max(floor, tables.release[task]);
  for (const auto& edge : tables.before[task]) {
    start = std::max(start, placed[edge.task].end + edge.lag);
  }
  const auto& lane = lanes[machine];
  if (tables.has_setup[machine]) {
    start = std::max(start, append_time(tables, lane, machine, task, duration));
  }
  auto slot = std::ranges::upper_bound(lane, start, {}, &Slot::end);
  const auto windows = tables.windows[machine];
  auto window = std::ranges::lower_bound(windows, start + duration, {}, &Window::close);
  while (true) {
    while (window->close < std::max(start, window->open) + duration) ++window;
    start = std::max(start, window->open);
    while (slot != lane.end() && slot->end <= start) ++slot;
    if (slot != lane.end() && slot->start < start + duration) {
      start = slot++->end;
      continue;
    }
    const Ticks fitting = start;
    if (duration > 0) {
      for (const auto& demand : tables.demands[task]) {
        start = profiles[demand.resource].earliest(
            start, duration, tables.capacity[demand.resource] - demand.amount);
      }
    }
    if (start == fitting) return {machine, start, start + duration};
  }
}

void PartialSchedule::record(const Tables& tables, std::uint32_t task, const Placement& at) {
  placed[task] = at;
  auto& lane = lanes[at.machine];
  const Slot slot{at.start, at.end, task};
  auto where = lane.end();
  // Behind slots that start earlier, and behind empty ones at the same time.
  while (where != lane.begin() &&
         (std::prev(where)->start > slot.start ||
          (std::prev(where)->start == slot.start && std::prev(where)->end > slot.end))) {
    --where;
  }
  lane.insert(where, slot);
  if (at.end == at.start) return;
  for (const auto& demand : tables.demands[task]) {
    profiles[demand.resource].add(at.start, at.end, demand.amount);
  }
}

void PartialSchedule::release_demands(const Tables& tables, std::uint32_t task) {
  const auto& at = placed[task];
  if (at.end == at.start) return;
  for (const auto& demand : tables.demands[task]) {
    profiles[demand.resource].add(at.start, at.end, -demand.amount);
  }
}

}  // namespace therma::schedule
