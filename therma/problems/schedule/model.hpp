// SPDX-License-Identifier: Apache-2.0
// The scheduling problem and its solutions, in exact integer time.
//
// Covers machine scheduling (windows, eligibility, speeds, release times, deadlines, precedence
// with lags, renewable resources, preferences) and job shop (each task on one machine, a chain of
// precedences per job). No preemption: a task runs on one machine inside one window of it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace therma::schedule {

using Ticks = std::int64_t;
inline constexpr Ticks kNever = std::numeric_limits<Ticks>::max() / 8;  // sums of it stay in range
inline constexpr Ticks kNotEligible = -1;

// Half-open: work may run in [open, close).
struct Window {
  Ticks open = 0;
  Ticks close = kNever;
};

struct Machine {
  std::string id;
  std::vector<Window> windows;  // sorted, disjoint, never empty; always available: {{0, kNever}}
  double speed = 1.0;           // work per time: a duration d takes ceil(d / speed)
};

struct Resource {
  std::string id;
  std::int64_t capacity = 0;  // renewable: bounds the demands of the tasks running at any moment
};

struct Demand {
  std::uint32_t resource = 0;
  std::int64_t amount = 0;
};

struct Task {
  std::string id;
  std::vector<Ticks> duration_on;  // [machine]; kNotEligible where the machine can't do it
  std::optional<Ticks> work;       // the stated duration where it is one number, before speeds
  Ticks release = 0;
  std::optional<Ticks> deadline;  // hard
  std::optional<Ticks> due;       // soft: tardiness max(0, end - due), times weight
  double weight = 1.0;
  std::vector<Demand> demands;
  std::optional<std::uint32_t> family;  // for set-up times
};

// start(after) >= end(before) + lag; the lag may be negative.
struct Precedence {
  std::uint32_t before = 0;
  std::uint32_t after = 0;
  Ticks lag = 0;
};

// Costs `weight` when it does not hold. Exactly one of the members is set.
struct Preference {
  std::uint32_t task = 0;
  std::optional<std::uint32_t> machine;  // the task runs there
  std::optional<Ticks> start_after;      // start >= this
  std::optional<Ticks> end_before;       // end <= this
  double weight = 1.0;
};

// A duration that the statement gives as a range: drawn once per task from the seed.
struct UncertainDuration {
  std::uint32_t task = 0;
  double min = 0.0;  // in time units, like max
  double max = 0.0;
  bool whole = false;  // both ends are integers: so is the draw
};

// Set-up time on a machine when a task of family `to` follows one of family `from` directly: at
// least `time` lies between the end of one and the start of the other (in or out of a window).
// A row for one machine goes before the row for every machine; no row means 0. Tasks of zero
// duration take no machine time: overlap and set-ups ignore them.
struct Setup {
  std::optional<std::uint32_t> machine;  // unset: on every machine
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  Ticks time = 0;
};

// Minimised: makespan * C_max + tardiness * sum w T + preference * sum of broken weights,
// with times in time units.
struct Objective {
  double makespan = 1.0;
  double tardiness = 0.0;
  double preference = 0.0;
};

struct Problem {
  std::string time_unit = "h";      // name of the unit that the statement uses
  std::int64_t ticks_per_unit = 1;  // exact: every time of the statement is a whole number of ticks
  std::vector<Task> tasks;
  std::vector<Machine> machines;
  std::vector<Resource> resources;
  std::vector<Precedence> precedences;
  std::vector<Preference> preferences;
  std::vector<UncertainDuration> uncertain;
  std::vector<std::string> families;
  std::vector<Setup> setups;
  Objective objective;
};

struct Placement {
  std::uint32_t machine = 0;
  Ticks start = 0;
  Ticks end = 0;
};

struct Solution {
  std::vector<Placement> tasks;  // [task]
};

// The one rounding rule: work of `duration` ticks takes ceil(duration / speed) ticks, with
// quotients within 1e-9 of a whole number taken as whole.
[[nodiscard]] Ticks ticks_at_speed(Ticks duration, double speed) noexcept;

[[nodiscard]] inline double to_units(const Problem& problem, Ticks ticks) noexcept {
  return static_cast<double>(ticks) / static_cast<double>(problem.ticks_per_unit);
}

// Latest end of any task, in ticks; 0 without tasks.
[[nodiscard]] Ticks makespan(const Solution& solution) noexcept;

[[nodiscard]] bool is_broken(const Preference& wish, const Placement& at) noexcept;

struct ObjectiveParts {
  double makespan = 0.0;    // time units
  double tardiness = 0.0;   // weighted, time units
  double preference = 0.0;  // sum of broken weights
};
[[nodiscard]] ObjectiveParts objective_parts(const Problem& problem, const Solution& solution);
[[nodiscard]] double weighted(const Objective& weights, const ObjectiveParts& parts) noexcept;
[[nodiscard]] double objective(const Problem& problem, const Solution& solution);

// True where each task is eligible on exactly one machine, the precedences form one chain per job
// with zero lag, each machine is always available, and nothing but the makespan counts.
[[nodiscard]] bool is_job_shop(const Problem& problem);

}  // namespace therma::schedule
