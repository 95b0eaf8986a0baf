// SPDX-License-Identifier: Apache-2.0
// Work against capacity: per interval, per group of machines, and with machine prices.
#include "therma/problems/schedule/load.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace therma::schedule {
namespace {

__extension__ using Wide = __int128;

constexpr std::size_t kMostCuts = 24;          // interval ends tried on either side
constexpr std::size_t kMostGroups = 64;        // groups of machines tried
constexpr int kPriceSteps = 120;               // of the dual ascent
constexpr std::int64_t kPriceScale = 1 << 20;  // the price 1
constexpr std::size_t kLongestFill = 1 << 16;  // steps of a window that is packed exactly

// At most kMostCuts of the values, the ends included, evenly spread.
std::vector<Ticks> thinned(std::vector<Ticks> values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() <= kMostCuts) return values;
  std::vector<Ticks> out;
  for (std::size_t i = 0; i < kMostCuts; ++i) {
    out.push_back(values[i * (values.size() - 1) / (kMostCuts - 1)]);
  }
  return out;
}

// The largest sum of a subset of `lengths` that is at most `room`.
std::size_t best_fill(const std::vector<std::size_t>& lengths, std::size_t room) {
  std::vector<std::uint64_t> reachable(room / 64 + 1);
  reachable[0] = 1;
  for (const auto length : lengths) {
    if (length == 0 || length > room) continue;
    const auto words = length / 64;
    const auto bits = length % 64;
    for (std::size_t i = reachable.size(); i-- > words;) {
      std::uint64_t shifted = reachable[i - words] << bits;
      if (bits != 0 && i > words) shifted |= reachable[i - words - 1] >> (64 - bits);
      reachable[i] |= shifted;
    }
  }
  for (std::size_t sum = room; sum > 0; --sum) {
    if ((reachable[sum / 64] >> (sum % 64)) & 1) return sum;
  }
  return 0;
}

}  // namespace

LoadTest::LoadTest(const Problem& problem, const Tables& tables)
    : tables_(tables), earliest_(earliest_limits(tables)), step_(common_step(problem)) {}

bool LoadTest::refutes_by_limits(Ticks makespan) const {
  const auto latest = latest_limits(tables_, makespan);
  for (std::uint32_t task = 0; task < tables_.num_tasks; ++task) {
    if (possible_machines(task, latest).empty()) return true;
  }
  return false;
}

std::vector<std::uint32_t> LoadTest::possible_machines(std::uint32_t task,
                                                       const Latest& latest) const {
  std::vector<std::uint32_t> out;
  for (const auto machine : tables_.eligible[task]) {
    const Ticks duration = tables_.duration_on(task, machine);
    const Ticks start = earliest_fit(tables_, machine, earliest_.start[task], duration);
    if (start < kNever && start + duration <= latest.end[task]) out.push_back(machine);
  }
  return out;
}

std::vector<LoadTest::Interval> LoadTest::intervals(const Latest& latest) const {
  const auto starts = thinned(earliest_.start);
  const auto ends = thinned(latest.end);
  std::vector<Interval> out;
  for (const Ticks from : starts) {
    for (const Ticks to : ends) {
      if (from < to) out.push_back({from, to});
    }
  }
  return out;
}

std::vector<std::uint32_t> LoadTest::inside(const Latest& latest, const Interval& interval) const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t task = 0; task < tables_.num_tasks; ++task) {
    if (earliest_.start[task] >= interval.from && latest.end[task] <= interval.to) {
      out.push_back(task);
    }
  }
  return out;
}

Ticks LoadTest::open_time(std::uint32_t machine, const Interval& interval) const {
  Ticks total = 0;
  for (const auto& window : real_windows(tables_, machine)) {
    total += std::max<Ticks>(
        0, std::min(window.close, interval.to) - std::max(window.open, interval.from));
  }
  return std::min(total, kNever);
}

Ticks LoadTest::packed_time(std::uint32_t machine, const Interval& interval,
                            const std::vector<std::uint32_t>& tasks, const Latest& latest) const {
  Ticks total = 0;
  for (const auto& window : real_windows(tables_, machine)) {
    const Ticks open = std::max(window.open, interval.from);
    const Ticks close = std::min(window.close, interval.to);
    if (close <= open) continue;
    const auto room = static_cast<std::size_t>((close - open) / step_);
    if (room > kLongestFill) {
      total = std::min(total + close - open, kNever);
      continue;
    }
    std::vector<std::size_t> lengths;
    for (const auto task : tasks) {
      const Ticks duration = tables_.duration_on(task, machine);
      if (duration == kNotEligible) continue;
      if (!fits({open, close}, earliest_.start[task], latest.end[task], duration)) continue;
      lengths.push_back(static_cast<std::size_t>(duration / step_));
    }
    total += static_cast<Ticks>(best_fill(lengths, room)) * step_;
  }
  return total;
}

// With price f_k per tick of machine k, a task costs at least min_k f_k d_k wherever it runs, and
// all machines together sell at most sum f_k room_k. Any prices give a proof; a subgradient ascent
// looks for ones that do.
bool LoadTest::overfull(const std::vector<std::uint32_t>& tasks,
                        const std::vector<std::vector<std::uint32_t>>& possible,
                        const std::vector<Ticks>& room) const {
  Prices price(tables_.num_machines, kPriceScale);
  std::vector<double> log_price(tables_.num_machines, 0.0);
  std::vector<double> load(tables_.num_machines);
  for (int step = 0; step < kPriceSteps; ++step) {
    Wide cost = 0;
    std::ranges::fill(load, 0.0);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      Wide cheapest = 0;
      std::uint32_t where = 0;
      for (const auto machine : possible[i]) {
        const Wide here =
            static_cast<Wide>(price[machine]) * tables_.duration_on(tasks[i], machine);
        if (machine == possible[i].front() || here < cheapest) cheapest = here, where = machine;
      }
      cost += cheapest;
      load[where] += static_cast<double>(tables_.duration_on(tasks[i], where));
    }
    for (std::uint32_t k = 0; k < tables_.num_machines; ++k) {
      cost -= static_cast<Wide>(price[k]) * room[k];
    }
    if (cost > 0) return true;
    // Overloaded machines become dearer, idle ones cheaper.
    const double rate = 0.5 / std::sqrt(1.0 + step);
    for (std::uint32_t k = 0; k < tables_.num_machines; ++k) {
      const double capacity = std::max(1.0, static_cast<double>(room[k]));
      log_price[k] += rate * std::clamp((load[k] - capacity) / capacity, -1.0, 1.0);
      log_price[k] = std::clamp(log_price[k], -12.0, 12.0);
      price[k] = std::llround(std::exp(log_price[k]) * static_cast<double>(kPriceScale));
    }
  }
  return false;
}

// The tasks that can run on a group of machines only, at their shortest there.
bool LoadTest::overfull_group(const std::vector<std::uint32_t>& tasks,
                              const std::vector<std::vector<std::uint32_t>>& possible,
                              const std::vector<Ticks>& room) const {
  std::set<std::vector<std::uint32_t>> groups;
  for (const auto& machines : possible) {
    if (groups.size() < kMostGroups) groups.insert(machines);
  }
  for (const auto& group : groups) {
    Wide work = 0;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (!std::ranges::includes(group, possible[i])) continue;
      Ticks shortest = kNever;
      for (const auto machine : possible[i]) {
        shortest = std::min(shortest, tables_.duration_on(tasks[i], machine));
      }
      work += shortest;
    }
    for (const auto machine : group) work -= room[machine];
    if (work > 0) return true;
  }
  return false;
}

bool LoadTest::refutes_by_load(Ticks makespan) const {
  const auto latest = latest_limits(tables_, makespan);
  std::vector<std::vector<std::uint32_t>> machines(tables_.num_tasks);
  for (std::uint32_t task = 0; task < tables_.num_tasks; ++task) {
    machines[task] = possible_machines(task, latest);
    if (machines[task].empty()) return true;
  }
  for (const auto& interval : intervals(latest)) {
    const auto tasks = inside(latest, interval);
    std::vector<std::vector<std::uint32_t>> possible;
    for (const auto task : tasks) possible.push_back(machines[task]);
    std::vector<Ticks> room;
    for (std::uint32_t k = 0; k < tables_.num_machines; ++k) {
      room.push_back(open_time(k, interval));
    }
    if (overfull_group(tasks, possible, room)) return true;
    const bool is_whole = tasks.size() == tables_.num_tasks;
    if (is_whole && overfull(tasks, possible, room)) return true;
  }
  return false;
}

bool LoadTest::refutes_by_packing(Ticks makespan) const {
  const auto latest = latest_limits(tables_, makespan);
  const Interval whole{std::ranges::min(earliest_.start), std::ranges::max(latest.end)};
  std::vector<std::uint32_t> tasks(tables_.num_tasks);
  std::vector<std::vector<std::uint32_t>> possible;
  for (std::uint32_t task = 0; task < tables_.num_tasks; ++task) {
    tasks[task] = task;
    possible.push_back(possible_machines(task, latest));
    if (possible.back().empty()) return true;
  }
  std::vector<Ticks> room;
  for (std::uint32_t k = 0; k < tables_.num_machines; ++k) {
    room.push_back(packed_time(k, whole, tasks, latest));
  }
  return overfull_group(tasks, possible, room) || overfull(tasks, possible, room);
}

bool LoadTest::refutes_by_resources(Ticks makespan) const {
  if (tables_.num_resources == 0) return false;
  const auto latest = latest_limits(tables_, makespan);
  for (const auto& interval : intervals(latest)) {
    std::vector<Wide> energy(tables_.num_resources);
    for (const auto task : inside(latest, interval)) {
      const auto machines = possible_machines(task, latest);
      if (machines.empty()) return true;
      Ticks shortest = kNever;
      for (const auto k : machines) shortest = std::min(shortest, tables_.duration_on(task, k));
      for (const auto& demand : tables_.demands[task]) {
        energy[demand.resource] += static_cast<Wide>(demand.amount) * shortest;
      }
    }
    for (std::uint32_t r = 0; r < tables_.num_resources; ++r) {
      const Wide room = static_cast<Wide>(tables_.capacity[r]) * (interval.to - interval.from);
      if (energy[r] > room) return true;
    }
  }
  return false;
}

}  // namespace therma::schedule
