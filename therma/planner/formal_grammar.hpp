// SPDX-License-Identifier: Apache-2.0
// The grammar of planning sentences as data: each row is a kind of fact and a pattern for it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "therma/planner/formal_pattern.hpp"

namespace therma::planner {

enum class FactKind : std::uint8_t {
  noise,           // understood, changes nothing
  unsupported,     // understood, but no problem file can say it
  task_count,      // count
  task_group,      // count, dur: so many tasks of that length
  task_mention,    // tasks
  duration,        // tasks?, dur
  durations_each,  // tasks, durs: one for each
  duration_bare,   // tasks, bare: the unit of the duration before it
  machine_count,
  machine_mention,
  windows,      // machines?, windows: may work
  closed,       // machines, windows: may not work
  open_from,    // machines?, clock
  open_until,   // machines?, clock
  speed_times,  // machines, number or the row's parameter, machines?: relative to 1 or to those
  speed_divided,
  speed_percent,  // machines, percent; parameter +1 faster, -1 slower
  speed_set,      // machines, number
  after,          // tasks?, obj, dur?: a lag
  after_lead,     // obj, tasks: "after welding, painting"
  after_unclear,  // tasks, dur, obj: a lag where the duration is known, else a duration
  before,         // tasks?, obj, dur?
  before_lead,    // obj, tasks
  chain_first,    // tasks
  chain_then,
  chain_last,
  in_order,  // tasks?
  deadline,  // tasks?, clock
  deadline_all,
  within,  // tasks?, dur
  within_all,
  release,  // tasks?, clock
  release_all,
  release_after,  // tasks?, dur: from time 0
  task_window,    // tasks, windows
  restrict,       // tasks?, machines
  forbid,         // tasks?, machines
  prefer,         // tasks?, machines
  machine_only,   // machines, obj
  machine_not,    // machines, obj
  demand,         // tasks?, count, resource
  capacity,       // count, resource
  minimise_makespan,
  minimise_tardiness,
  weight,  // tasks, number
};

// Parameters of rows that need more than their words.
inline constexpr double kExplicit = -1.0;  // windows: only as clock times or "from ... to ..."
inline constexpr double kBesideMachines = -2.0;  // the same, right after a count of machines
inline constexpr double kReadAsMakespan = 1.0;   // "minimise the time": which time is assumed

struct Rule {
  FactKind kind;
  std::string_view pattern;
  double parameter = 0.0;
};

[[nodiscard]] std::span<const Production> grammar_productions();
[[nodiscard]] std::span<const Rule> grammar_rules();

// Words that no rule uses and that change a plan: a text with one left over is not understood.
[[nodiscard]] bool is_warning_word(std::string_view folded);

}  // namespace therma::planner
