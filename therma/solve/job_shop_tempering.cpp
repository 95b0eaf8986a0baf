// SPDX-License-Identifier: Apache-2.0
// Carries a job shop between the words of scheduling and those of its own search.
#include <algorithm>

#include "therma/core/error.hpp"
#include "therma/problems/job_shop/model.hpp"
#include "therma/solve/job_shop.hpp"
#include "therma/solve/schedule_search.hpp"

namespace therma::solve {

SearchResult job_shop_tempering(const SearchTask& task, const Resources& resources,
                                std::span<const Candidate> warm) {
  const auto& problem = task.problem();
  const auto model = job_shop::compile(problem);
  THERMA_ASSERT(model.has_value());
  std::vector<std::vector<job_shop::Time>> starts;
  for (const auto& candidate : warm) {
    starts.push_back(job_shop::starts_of(*model, candidate.solution));
  }
  JobShopConfig config{.rounds = task.rounds, .seed = task.seed};
  config.replicas = task.replicas == 0 ? kReplicas : task.replicas;
  config.single_move_replicas = std::min(config.single_move_replicas, config.replicas / 2);
  const auto outcome = search_job_shop(*model, config, resources, starts);

  const double units = schedule::to_units(problem, model->unit) * problem.objective.makespan;
  SearchResult result{.replicas = config.replicas, .dynamics = "tempering"};
  for (const auto& replica : outcome.replicas) {
    result.candidates.push_back({job_shop::to_solution(*model, replica.starts),
                                 units * replica.makespan, units * replica.heat,
                                 replica.entropy_production});
  }
  result.steps = {{"tempering", outcome.single_moves}, {"tabu", outcome.tabu_evaluations}};
  result.sweeps = (outcome.single_moves + outcome.tabu_evaluations) / model->num_ops();
  result.rounds = static_cast<std::uint32_t>(outcome.rounds);
  result.lower_bound = units * outcome.lower_bound;
  result.bound_from = outcome.bound_from;
  return result;
}

}  // namespace therma::solve
