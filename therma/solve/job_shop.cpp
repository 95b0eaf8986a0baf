// SPDX-License-Identifier: Apache-2.0
// Replica exchange on job-shop moves, beside a proof.
#include "therma/solve/job_shop.hpp"

#include <algorithm>

#include "therma/problems/job_shop/moves.hpp"

namespace therma::solve {
namespace {

// Work per replica and round: about 4 ms at 100 operations, more slowly growing than the work of
// one evaluation.
std::uint32_t slice_of(const job_shop::Model& model) {
  return std::max(2000U, 40000U / (1 + model.num_ops() / 500));
}

TemperingConfig tempering_config(const job_shop::Model& model, const JobShopConfig& config) {
  const std::uint32_t singles = std::min(config.single_move_replicas, config.replicas);
  const std::uint32_t slice = slice_of(model);
  return {.replicas = config.replicas,
          .compound_replicas = config.replicas - singles,
          .rounds = config.rounds,
          .attempts = slice,
          .compound_budget = slice,
          .seed = config.seed};
}

}  // namespace

JobShopOutcome search_job_shop(const job_shop::Model& model, const JobShopConfig& config,
                               const Resources& resources,
                               std::span<const std::vector<job_shop::Time>> warm) {
  checked(config);
  const job_shop::Moves moves(model, {.patience = config.patience});
  std::vector<job_shop::Moves::State> starts;
  for (const auto& times : warm) {
    const std::vector<double> keys(times.begin(), times.end());
    starts.push_back(moves.from(job_shop::select_by_keys(model, keys)));
  }
  const auto run = temper(moves, tempering_config(model, config), resources, {.warm = starts});
  JobShopOutcome outcome;
  for (const auto& replica : run.replicas) {
    outcome.replicas.push_back({.starts = job_shop::starts(model, replica.best.now),
                                .makespan = replica.best.now.makespan,
                                .heat = replica.heat,
                                .entropy_production = replica.entropy_production});
    outcome.single_moves += replica.attempts;
    outcome.tabu_evaluations += replica.compound_evaluations;
  }
  outcome.winner = run.winner;
  outcome.rounds = run.rounds;
  outcome.rungs = run.rungs;
  outcome.swaps = run.swaps;
  return outcome;
}

}  // namespace therma::solve
