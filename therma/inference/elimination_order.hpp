// SPDX-License-Identifier: Apache-2.0
// In which order variables are eliminated, and how large the tables become.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/inference/discrete_model.hpp"

namespace therma {

struct EliminationOrder {
  std::vector<std::uint32_t> order = {};  // [position]
  // Neighbours at the time of elimination, by the position of their own. [position]
  std::vector<std::vector<std::uint32_t>> scopes = {};
  double entries = 0.0;     // of all tables together, one for each variable and its scope
  std::uint32_t width = 0;  // the largest scope: 1 for trees
  bool complete = false;    // false: given up at more than max_entries
};

// The smaller of two greedy orders, by weight of the new table (product of states) and by fill (new
// neighbours); the second only where it is affordable. Koller and Friedman, Probabilistic Graphical
// Models, 2009, sec. 9.4.3.
[[nodiscard]] EliminationOrder elimination_order(const DiscreteModel& model, double max_entries);

}  // namespace therma
