// SPDX-License-Identifier: Apache-2.0
// Lower bounds with names, and proofs that no schedule exists.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "therma/problems/schedule/model.hpp"

namespace therma::schedule {

struct NamedBound {
  std::string_view name;  // longest_task, critical_path, machine_load, window_packing,
                          // resource_energy
  Ticks makespan = 0;     // no schedule ends earlier
};

struct Bound {
  std::vector<NamedBound> all;
  Ticks makespan = 0;      // the largest of them
  double objective = 0.0;  // in the problem's own units: the weighted bounds of its parts
  std::string_view from;   // name of the one that gives `makespan`
  // A proof, in one sentence, that no schedule exists.
  std::optional<std::string> infeasible;
  // Bounds on the other parts of the objective: weighted tardiness, broken preferences.
  double tardiness = 0.0;
  double preference = 0.0;
};

// longest_task: one task alone. critical_path: chains of precedences through windows.
// machine_load: in some time interval the tasks that lie inside it fill the machines that can do
//   them, with prices per machine that give the best such sum (linear programming duality).
// window_packing: the same, with windows filled as far as sums of whole tasks can fill them.
// resource_energy: demand times duration against capacity, in some interval.
// The last three refute makespans one by one; each refuted makespan T moves the bound to the next
// possible one. The problem must pass check_problem and have no uncertain durations.
[[nodiscard]] Bound lower_bound(const Problem& problem);

}  // namespace therma::schedule
