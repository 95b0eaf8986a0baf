// SPDX-License-Identifier: Apache-2.0
// Refutes a makespan by counting work against capacity.
#pragma once

#include <vector>

#include "therma/problems/schedule/limits.hpp"

namespace therma::schedule {

// Every answer is exact integer arithmetic: `true` is a proof that no schedule ends by `makespan`.
class LoadTest {
 public:
  LoadTest(const Problem& problem, const Tables& tables);

  [[nodiscard]] const Limits& earliest() const noexcept { return earliest_; }
  // Some task has no room between its earliest and its latest time.
  [[nodiscard]] bool refutes_by_limits(Ticks makespan) const;
  [[nodiscard]] bool refutes_by_load(Ticks makespan) const;
  [[nodiscard]] bool refutes_by_packing(Ticks makespan) const;
  [[nodiscard]] bool refutes_by_resources(Ticks makespan) const;

 private:
  // The tasks that must run inside one interval, and the room there.
  struct Interval {
    Ticks from;
    Ticks to;
  };
  using Prices = std::vector<std::int64_t>;  // [machine]: worth of a tick

  [[nodiscard]] std::vector<Interval> intervals(const Latest& latest) const;
  [[nodiscard]] std::vector<std::uint32_t> inside(const Latest& latest,
                                                  const Interval& interval) const;
  [[nodiscard]] std::vector<std::uint32_t> possible_machines(std::uint32_t task,
                                                             const Latest& latest) const;
  [[nodiscard]] Ticks open_time(std::uint32_t machine, const Interval& interval) const;
  [[nodiscard]] Ticks packed_time(std::uint32_t machine, const Interval& interval,
                                  const std::vector<std::uint32_t>& tasks,
                                  const Latest& latest) const;
  [[nodiscard]] bool overfull(const std::vector<std::uint32_t>& tasks,
                              const std::vector<std::vector<std::uint32_t>>& possible,
                              const std::vector<Ticks>& room) const;
  [[nodiscard]] bool overfull_group(const std::vector<std::uint32_t>& tasks,
                                    const std::vector<std::vector<std::uint32_t>>& possible,
                                    const std::vector<Ticks>& room) const;

  const Tables& tables_;
  Limits earliest_;
  Ticks step_ = 1;
};

}  // namespace therma::schedule
