// SPDX-License-Identifier: Apache-2.0
// The independent verifier: knows the model alone, never how a solution was found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "therma/problems/schedule/model.hpp"

namespace therma::schedule {

// A solution as someone states it: by names, possibly incomplete or wrong.
struct StatedPlacement {
  std::string task;
  std::string machine;
  Ticks start = 0;
  Ticks end = 0;
};
struct StatedSolution {
  std::int64_t ticks_per_unit = 1;  // a multiple of the problem's
  std::vector<StatedPlacement> tasks;
};

// Names a constraint that does not hold:
//   missing_task, unknown_task, repeated_task, unknown_machine,
//   eligibility, duration, release, deadline, availability, no_overlap, setup, precedence,
//   resource_limit.
struct Violation {
  std::string_view constraint;
  std::string subject;  // the tasks, machine or resource concerned
  double amount =
      0.0;           // time units; units of the resource for resource_limit; 1 where neither fits
  std::string text;  // one sentence
};

struct Verification {
  std::vector<Violation> violations;
  ObjectiveParts parts;    // zero where a task is missing or unknown
  double objective = 0.0;  // recomputed from the placements
  [[nodiscard]] bool ok() const noexcept { return violations.empty(); }
};

// Exact, in integer ticks. Where durations are uncertain and not drawn, any within the range is
// accepted. The problem must pass check_problem. Cost O((n + e) log n).
[[nodiscard]] Verification verify(const Problem& problem, const StatedSolution& stated);
[[nodiscard]] Verification verify(const Problem& problem, const Solution& solution);

}  // namespace therma::schedule
