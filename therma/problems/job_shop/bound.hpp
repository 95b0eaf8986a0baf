// SPDX-License-Identifier: Apache-2.0
// Lower bounds on the makespan that need no search.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "therma/problems/job_shop/model.hpp"

namespace therma::job_shop {

struct Bound {
  Time value = 0;
  std::string_view from;  // the proof's name
};

// One operation of a one-machine problem: may start at `head`, and `tail` more must pass after it.
struct OneMachineOp {
  Time head = 0;
  Time duration = 0;
  Time tail = 0;
};

// Longest job.
[[nodiscard]] Bound job_length_bound(const Model& model);
// Over machines: least head + all work + least tail.
[[nodiscard]] Bound machine_load_bound(const Model& model);
// Over machines: makespan of Jackson's preemptive schedule, the optimum of the one-machine problem
// with heads and tails along the jobs where work may be interrupted.
// Source: J. Carlier, "The one-machine sequencing problem", Eur. J. Oper. Res. 11 (1982).
[[nodiscard]] Bound one_machine_bound(const Model& model);

// Makespan of Jackson's preemptive schedule: always run the available operation of longest tail.
[[nodiscard]] Time preemptive_makespan(std::span<const OneMachineOp> ops);

// Sums of durations before, and after, each operation in its job.
[[nodiscard]] std::vector<Time> job_heads(const Model& model);
[[nodiscard]] std::vector<Time> job_tails(const Model& model);

// The largest of the above; among equals the simplest.
[[nodiscard]] Bound best_bound(const Model& model);

}  // namespace therma::job_shop
