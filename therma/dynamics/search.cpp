// SPDX-License-Identifier: Apache-2.0
// Checks that a search has an end.
#include "therma/dynamics/search.hpp"

#include <cmath>

#include "therma/core/error.hpp"

namespace therma {

void check_ends(const SearchGoal& goal, bool has_limit, const Resources& resources) {
  const bool has_deadline = std::isfinite(resources.deadline.left_s());
  const bool has_target = goal.target_energy > -std::numeric_limits<double>::infinity();
  if (has_limit || has_target || has_deadline || resources.stop.stop_possible()) return;
  fail(ErrorCode::invalid_argument,
       "rounds: must be > 0 where there is no target energy, time limit or stop token");
}

}  // namespace therma
