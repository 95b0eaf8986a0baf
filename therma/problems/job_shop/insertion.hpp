// SPDX-License-Identifier: Apache-2.0
// Moves of an operation past others on its machine: feasibility test and makespan estimate.
//
// Sources: E. Balas, A. Vazacopoulos, "Guided local search with shifting bottleneck for job shop
// scheduling", Management Science 44 (1998), propositions 2.2 and 2.3 (feasibility) and section 2
// (estimate); the same over the whole moved segment is E. Taillard's estimate generalised.
#pragma once

#include <cstdint>
#include <limits>

#include "therma/problems/job_shop/selection.hpp"

namespace therma::job_shop {

// `moved` goes right behind `anchor` (which is later on the machine), or right before it (earlier).
struct Insertion {
  Op moved = 0;
  Op anchor = 0;
  bool behind = true;

  friend bool operator==(const Insertion&, const Insertion&) = default;
};

// True only where the move makes no cycle; may refuse some that would not.
// A path job_after[moved] -> ... -> anchor would make rest[job_after[moved]] at least the duration
// of job_after[moved] more than rest[anchor]; mirrored for moves to the front.
[[nodiscard]] inline bool is_surely_feasible(const Model& m, const Selection& s,
                                             const Insertion& i) noexcept {
  if (i.behind) {
    const Op next = m.job_after[i.moved];
    return next != i.anchor && (s.rest[i.anchor] > s.rest[next] ||
                                (s.rest[i.anchor] == s.rest[next] && m.duration[next] > 0));
  }
  const Op previous = m.job_before[i.moved];
  return previous != i.anchor &&
         (s.done[i.anchor] > s.done[previous] ||
          (s.done[i.anchor] == s.done[previous] && m.duration[previous] > 0));
}

// Longest path through any operation between the old and the new place, with the heads of what
// comes before and the tails of what comes after as they are: a lower bound on the new makespan
// where those stay exact (swaps of neighbours), an estimate otherwise. `lengths` is scratch of
// num_ops entries. Linear in the operations passed.
[[nodiscard]] Time estimate(const Model& m, const Selection& s, const Insertion& i,
                            Time* lengths) noexcept;

// Performs the move; heads, tails and makespan are exact afterwards.
inline void perform(const Model& m, Selection& s, const Insertion& i) noexcept {
  i.behind ? move_after(m, s, i.moved, i.anchor) : move_before(m, s, i.moved, i.anchor);
}

}  // namespace therma::job_shop
