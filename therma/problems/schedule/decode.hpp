// SPDX-License-Identifier: Apache-2.0
// From a list of tasks to a schedule (serial generation), and from any schedule back to a list.
#pragma once

#include <cstdint>
#include <vector>

#include "therma/problems/schedule/partial.hpp"
#include "therma/problems/schedule/tables.hpp"

namespace therma::schedule {

// What a search varies: in which order tasks are placed, where, and whether they wait.
struct TaskList {
  std::vector<std::uint32_t> order;    // [position]: tasks; a linear extension of the precedences
  std::vector<std::uint32_t> machine;  // [task]: eligible
  std::vector<std::uint32_t> floor;    // [task]: index into Tables::floors; 0: does not wait
};

struct Decoded {
  Solution solution;
  Ticks outside = 0;  // task time that found no window
  Ticks late = 0;     // time by which deadlines are missed
  [[nodiscard]] bool is_feasible() const noexcept { return outside == 0 && late == 0; }
};

// What repair did to the schedule it was given.
struct Repaired {
  Decoded decoded;
  std::uint32_t num_moved = 0;       // tasks that start at another time
  std::uint32_t num_reassigned = 0;  // tasks on another machine
};

// Deterministic. Every result keeps precedence, release, eligibility, no_overlap, setup and
// resource_limit (unless a single demand exceeds the capacity); windows and deadlines may be
// missed, by `outside` and `late`. For objectives that never gain by waiting some list gives an
// optimal schedule, unless a negative lag lets a task start before its predecessor.
// Kolisch and Hartmann, "Heuristic algorithms for the RCPSP", 1999, section 3.
class Decoder {
 public:
  explicit Decoder(const Problem& problem) : problem_(problem), tables_(problem) {}

  [[nodiscard]] const Tables& tables() const noexcept { return tables_; }
  [[nodiscard]] Decoded decode(const TaskList& list) const;
  // Each task of the order goes to the machine where it ends first (ties: the first machine).
  [[nodiscard]] Decoded dispatch(const std::vector<std::uint32_t>& order) const;
  // The list behind a schedule: order by start, machines as they are, or the one where the task
  // is shortest if it cannot run there.
  [[nodiscard]] TaskList list_of(const Solution& solution) const;
  // From any start times and assignment to a schedule: decodes the list behind it; where windows
  // or deadlines break, also tries to dispatch that order, and keeps what breaks them less.
  [[nodiscard]] Repaired repair(const Solution& solution) const;
  // Forward-backward justification: all tasks as late as possible below the makespan, then as
  // early as possible; repeated while the objective improves. Returns the schedule unchanged where
  // set-ups exist. Valls, Ballestin, Quintanilla, EJOR 165, 2005.
  [[nodiscard]] Solution justify(const Solution& solution) const;

 private:
  [[nodiscard]] Decoded finish(PartialSchedule&& partial) const;

  const Problem& problem_;  // must outlive the decoder
  Tables tables_;
};

}  // namespace therma::schedule
