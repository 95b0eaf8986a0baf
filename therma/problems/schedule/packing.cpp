// SPDX-License-Identifier: Apache-2.0
// Hardest tasks first; equal tasks and equal empty windows are tried in one order only.
#include "therma/problems/schedule/packing.hpp"

#include <algorithm>

namespace therma::schedule {

Packing::Packing(const Tables& tables) : tables_(tables), earliest_(earliest_limits(tables)) {}

void Packing::start(Ticks makespan) {
  latest_ = latest_limits(tables_, makespan);
  bins_.clear();
  levels_.clear();
  work_behind_.assign(tables_.num_tasks + 1, 0);
  depth_ = 0;
  free_ = 0;
  for (std::uint32_t k = 0; k < tables_.num_machines; ++k) {
    for (const auto& window : real_windows(tables_, k)) {
      const Ticks close = std::min(window.close, makespan);
      if (close < window.open) continue;  // equal: room for tasks of zero duration
      bins_.push_back({.machine = k, .open = window.open, .close = close, .tasks = {}});
      free_ += close - window.open;
    }
  }
  std::vector<std::pair<std::pair<std::size_t, Ticks>, std::uint32_t>> by_difficulty;
  std::vector<std::vector<std::uint32_t>> fitting(tables_.num_tasks);
  std::vector<Ticks> shortest(tables_.num_tasks, kNever);
  answer_ = Answer::searching;
  for (std::uint32_t task = 0; task < tables_.num_tasks; ++task) {
    for (std::uint32_t b = 0; b < bins_.size(); ++b) {
      const Ticks duration = tables_.duration_on(task, bins_[b].machine);
      if (duration == kNotEligible) continue;
      const Window window{bins_[b].open, bins_[b].close};
      if (!fits(window, earliest_.start[task], latest_.end[task], duration)) continue;
      fitting[task].push_back(b);
      shortest[task] = std::min(shortest[task], duration);
    }
    if (fitting[task].empty()) answer_ = Answer::impossible;
    by_difficulty.push_back({{fitting[task].size(), -shortest[task]}, task});
  }
  if (answer_ == Answer::impossible) return;
  // Few windows first would be natural; long tasks first prunes harder where windows are alike.
  std::ranges::sort(by_difficulty, [](const auto& a, const auto& b) {
    return a.first.second != b.first.second ? a.first.second < b.first.second : a < b;
  });
  for (const auto& [_, task] : by_difficulty) {
    const auto level = static_cast<std::uint32_t>(levels_.size());
    levels_.push_back({.task = task, .bins = std::move(fitting[task]), .twin = level});
  }
  for (std::size_t i = levels_.size(); i-- > 0;) {
    work_behind_[i] = work_behind_[i + 1] + shortest[levels_[i].task];
  }
  find_twins();
}

void Packing::find_twins() {
  const auto are_twins = [&](std::uint32_t a, std::uint32_t b) {
    if (earliest_.start[a] != earliest_.start[b] || latest_.end[a] != latest_.end[b]) return false;
    for (std::uint32_t k = 0; k < tables_.num_machines; ++k) {
      if (tables_.duration_on(a, k) != tables_.duration_on(b, k)) return false;
    }
    return true;
  };
  for (std::uint32_t i = 1; i < levels_.size(); ++i) {
    if (are_twins(levels_[i - 1].task, levels_[i].task)) levels_[i].twin = i - 1;
  }
}

// The tasks of the window, run by earliest start, must end in time: exact where only the window
// and the makespan limit their ends, necessary where deadlines or successors do.
bool Packing::holds(Bin& bin, std::uint32_t task) const {
  if (bin.load + tables_.duration_on(task, bin.machine) > bin.close - bin.open) return false;
  const auto later = [&](std::uint32_t a, std::uint32_t b) {
    return earliest_.start[a] < earliest_.start[b];
  };
  const auto where = std::upper_bound(bin.tasks.begin(), bin.tasks.end(), task, later);
  const auto index = where - bin.tasks.begin();
  bin.tasks.insert(where, task);
  Ticks time = bin.open;
  Ticks last_end = bin.open;
  for (const auto t : bin.tasks) {
    time = std::max(time, earliest_.start[t]) + tables_.duration_on(t, bin.machine);
    last_end = std::max(last_end, latest_.end[t]);
  }
  const bool ends_in_time = time <= std::min(bin.close, last_end);
  bin.tasks.erase(bin.tasks.begin() + index);
  return ends_in_time;
}

// An empty window equal to one tried before leads to the same searches again.
bool Packing::is_twin_of_earlier_bin(const Level& level, std::size_t choice) const {
  const auto& bin = bins_[level.bins[choice]];
  if (!bin.tasks.empty()) return false;
  for (std::size_t i = 0; i < choice; ++i) {
    const auto& other = bins_[level.bins[i]];
    if (!other.tasks.empty() || other.open != bin.open || other.close != bin.close) continue;
    bool are_equal = true;
    for (std::size_t l = depth_; l < levels_.size() && are_equal; ++l) {
      are_equal = tables_.duration_on(levels_[l].task, other.machine) ==
                  tables_.duration_on(levels_[l].task, bin.machine);
    }
    if (are_equal) return true;
  }
  return false;
}

void Packing::place(Level& level, std::uint32_t b) {
  auto& bin = bins_[b];
  const Ticks duration = tables_.duration_on(level.task, bin.machine);
  bin.load += duration;
  free_ -= duration;
  const auto where =
      std::upper_bound(bin.tasks.begin(), bin.tasks.end(), level.task,
                       [&](auto x, auto y) { return earliest_.start[x] < earliest_.start[y]; });
  bin.tasks.insert(where, level.task);
  level.is_placed = true;
}

void Packing::remove(Level& level) {
  auto& bin = bins_[level.bins[level.next - 1]];
  const Ticks duration = tables_.duration_on(level.task, bin.machine);
  bin.load -= duration;
  free_ += duration;
  bin.tasks.erase(std::ranges::find(bin.tasks, level.task));
  level.is_placed = false;
}

std::uint64_t Packing::advance(std::uint64_t budget) {
  std::uint64_t used = 0;
  while (answer_ == Answer::searching && used < budget) {
    if (depth_ == levels_.size()) {
      answer_ = Answer::possible;
      break;
    }
    ++used;
    auto& level = levels_[depth_];
    if (level.is_placed) remove(level);
    // An equal task goes to the same window as its twin, or to a later one.
    if (level.next == 0 && level.twin != depth_) level.next = levels_[level.twin].next - 1;
    while (level.next < level.bins.size()) {
      const auto choice = level.next++;
      const auto b = level.bins[choice];
      if (is_twin_of_earlier_bin(level, choice) || !holds(bins_[b], level.task)) continue;
      place(level, b);
      if (work_behind_[depth_ + 1] <= free_) break;
      remove(level);
    }
    if (level.is_placed) {
      ++depth_;
      continue;
    }
    level.next = 0;
    if (depth_ == 0) {
      answer_ = Answer::impossible;
    } else {
      --depth_;
    }
  }
  return used;
}

}  // namespace therma::schedule
