// SPDX-License-Identifier: Apache-2.0
// Exact enumeration of small problems, in counted slices: raises the bound, never gives a solution.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "therma/problems/schedule/bound.hpp"

namespace therma::schedule {

// Two searches share the budget:
//   packing: each task into one window of one machine, so that the windows can hold them and every
//     task ends by T; when none is found, T is refuted. Exact for independent tasks without
//     deadlines or set-ups, a relaxation otherwise. Bounds the makespan only.
//   enumeration: all schedules in order of start times, by branch and bound. For small problems in
//     which waiting never helps (no start_after wishes, no task of zero duration, no lag that lets
//     a task start before its predecessor).
// Deterministic in the calls made: node budgets count, the clock does not.
class Proof {
 public:
  // `bound` must be lower_bound(problem) and not infeasible. The problem must outlive this.
  Proof(const Problem& problem, const Bound& bound);
  ~Proof();
  Proof(Proof&&) noexcept;
  Proof& operator=(Proof&&) noexcept;

  // Works for about `node_budget` nodes. `upper_bound`: the best objective known, infinite for
  // none; a lower one than before restarts what it makes easier.
  void advance(std::uint64_t node_budget, double upper_bound);

  // No schedule has a lower objective (to 1e-9 of itself).
  [[nodiscard]] double lower_bound() const noexcept;
  // "packing", "enumeration", or the name of the bound that it started from.
  [[nodiscard]] std::string_view from() const noexcept;
  // Every schedule was ruled out: there is none.
  [[nodiscard]] bool is_infeasible() const noexcept;
  // Nothing is left that more nodes could prove, unless the upper bound falls.
  [[nodiscard]] bool is_finished() const noexcept;
  [[nodiscard]] std::uint64_t nodes() const noexcept;

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace therma::schedule
