// SPDX-License-Identifier: Apache-2.0
// A schedule under construction: tasks go to their earliest feasible time, one after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "therma/problems/schedule/tables.hpp"

namespace therma::schedule {

// Use of one resource over time: constant from each step to the next, 0 before the first.
class Profile {
 public:
  // The first time >= from at which `used` stays at or below `room` for `duration` > 0.
  [[nodiscard]] Ticks earliest(Ticks from, Ticks duration, std::int64_t room) const noexcept;
  // Adds `amount` (of either sign) to the use in [start, end).
  void add(Ticks start, Ticks end, std::int64_t amount);
  void clear() noexcept { steps_.clear(); }

 private:
  struct Step {
    Ticks time;
    std::int64_t used;
  };
  std::size_t split(Ticks time);  // index of the step that starts there
  void merge(std::size_t index);  // with the step before, where they are equal
  std::vector<Step> steps_;       // by time
};

struct Slot {
  Ticks start;
  Ticks end;
  std::uint32_t task;
};

struct PartialSchedule {
  explicit PartialSchedule(const Tables& tables)
      : lanes(tables.num_machines), profiles(tables.num_resources), placed(tables.num_tasks) {}

  std::vector<std::vector<Slot>> lanes;  // [machine]: by start; empty slots included
  std::vector<Profile> profiles;         // [resource]
  std::vector<Placement> placed;         // [task]

  // Earliest placement of the task on the machine at or after `floor`, its release and its
  // predecessors, all of which must be placed: inside a window, in a gap of the machine (at the
  // end of it where the machine has set-ups), within every resource. Where no window of the
  // machine has room it goes past the horizon. Not recorded yet.
  [[nodiscard]] Placement find(const Tables& tables, std::uint32_t task, std::uint32_t machine,
                               Ticks floor) const noexcept;
  void record(const Tables& tables, std::uint32_t task, const Placement& at);
  // Gives back the resources of a task; its slot is the caller's to remove.
  void release_demands(const Tables& tables, std::uint32_t task);
};

// Time outside every window, for a task that found no room; at least 1 tick.
[[nodiscard]] inline Ticks overflow(const Tables& tables, const Placement& at) noexcept {
  const Ticks horizon = tables.horizon[at.machine];
  if (horizon >= kNever || at.end <= horizon) return 0;
  return at.end > at.start ? at.end - at.start : 1;
}

}  // namespace therma::schedule
