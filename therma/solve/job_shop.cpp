// SPDX-License-Identifier: Apache-2.0
// Replica exchange on job-shop moves, beside a proof.
#include "therma/solve/job_shop.hpp"

#include <algorithm>

#include "therma/problems/job_shop/moves.hpp"
#include "therma/problems/job_shop/proof.hpp"

namespace therma::solve {
namespace {

// Evaluations per replica and round: some 4 ms at 100 operations; one evaluation costs more where
// there are more operations to update.
std::uint32_t slice_of(const job_shop::Model& model) {
  return std::max(2000U, 40000U / (1 + model.num_ops() / 500));
}

// Nodes of the proof per round: some 5 ms at 100 to 225 operations, where one node was measured to
// take from 60 to 230 microseconds.
std::uint64_t proof_slice_of(const job_shop::Model& model) {
  const std::uint64_t n = model.num_ops();
  return std::max<std::uint64_t>(2, 1'000'000 / (n * n));
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
  job_shop::Proof proof(model);
  // The longer no better schedule is found, the likelier there is none.
  job_shop::Time known = 0;
  std::uint64_t stalled = 0;
  const auto prove = [&](double best) {
    const auto makespan = static_cast<job_shop::Time>(best);
    stalled = makespan == known ? stalled + 1 : 0;
    known = makespan;
    const std::uint64_t share = std::min<std::uint64_t>(1 + stalled / 16, 4);
    return static_cast<double>(proof.advance(share * proof_slice_of(model), makespan).value);
  };
  const auto run =
      temper(moves, tempering_config(model, config), resources, {.warm = starts, .prove = prove});
  JobShopOutcome outcome;
  outcome.lower_bound = proof.bound().value;
  outcome.bound_from = proof.bound().from;
  outcome.proof_nodes = proof.nodes();
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
