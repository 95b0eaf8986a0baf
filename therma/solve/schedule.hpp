// SPDX-License-Identifier: Apache-2.0
// Scheduling problems, solved whole: relax, temper, prove, verify, vote.
#pragma once

#include "therma/core/resources.hpp"
#include "therma/problems/schedule/model.hpp"
#include "therma/solve/answer.hpp"

namespace therma::solve {

struct ScheduleAnswer : Outcome {
  std::optional<schedule::Solution> solution;
};

// Solves until the deadline in `resources`, the number of rounds, a proof of optimality, or a stop
// request. Uncertain durations are drawn from the seed (schedule::draw_durations), and with
// config.scenarios > 1 the plan is made for the mean over that many draws; the answer's solution
// and objective are those of the first draw.
// The same problem, config and number of rounds give the same answer on any number of threads.
[[nodiscard]] ScheduleAnswer solve_schedule(const schedule::Problem& problem,
                                            const SolveConfig& config, const Resources& resources);

}  // namespace therma::solve
