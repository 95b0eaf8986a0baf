// SPDX-License-Identifier: Apache-2.0
// Earliest and latest times of each task alone, by precedences, windows and deadlines.
#pragma once

#include <cstdint>
#include <vector>

#include "therma/problems/schedule/tables.hpp"

namespace therma::schedule {

// Where a task may run, other tasks ignored.
struct Limits {
  std::vector<Ticks> start;  // [task]: no schedule starts it earlier
  std::vector<Ticks> end;    // [task]: no schedule ends it earlier
};
struct Latest {
  std::vector<Ticks> end;  // [task]: it must end by then; negative where it cannot
};

// Start of the earliest window fit of `duration` at or after `from`; horizon or later: no room.
[[nodiscard]] Ticks earliest_fit(const Tables& tables, std::uint32_t machine, Ticks from,
                                 Ticks duration) noexcept;

// kNever where the task has no room at all.
[[nodiscard]] Limits earliest_limits(const Tables& tables);
// Given that everything ends by `makespan` and by its deadline.
[[nodiscard]] Latest latest_limits(const Tables& tables, Ticks makespan);

// True where the task fits into the window of the machine between `from` and `to`.
[[nodiscard]] inline bool fits(const Window& window, Ticks from, Ticks to,
                               Ticks duration) noexcept {
  const Ticks open = window.open > from ? window.open : from;
  const Ticks close = window.close < to ? window.close : to;
  return open + duration <= close;
}

// The windows of a machine without the overflow window behind them.
[[nodiscard]] inline std::span<const Window> real_windows(const Tables& tables,
                                                          std::uint32_t machine) noexcept {
  const auto windows = tables.windows[machine];
  return tables.horizon[machine] < kNever ? windows.first(windows.size() - 1) : windows;
}

// Every start and end of some optimal schedule is a multiple of this.
[[nodiscard]] Ticks common_step(const Problem& problem) noexcept;

}  // namespace therma::schedule
