// SPDX-License-Identifier: Apache-2.0
// Job shops, searched whole: replica exchange, tabu bursts with relinking, and a proof beside them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/resources.hpp"
#include "therma/problems/job_shop/model.hpp"
#include "therma/solve/ladder.hpp"
#include "therma/solve/tempering.hpp"

namespace therma::solve {

struct JobShopConfig {
  std::uint32_t replicas = 16;
  std::uint32_t single_move_replicas = 4;
  std::uint64_t rounds = 0;
  std::uint32_t patience = 12500;
  std::uint64_t seed = 0;

  static void each_field(auto& self, auto&& field) {
    field("replicas", self.replicas, "states searched in parallel", within(1, 4096));
    field("single_move_replicas", self.single_move_replicas,
          "of them, the hot ones, which take Metropolis steps; the rest take tabu bursts");
    field("rounds", self.rounds, "rounds to run; 0: until the time limit or a proof");
    field("patience", self.patience, "iterations without improvement that end a tabu burst",
          at_least(1));
    field("seed", self.seed, "seed of every random draw");
  }
};

// A replica's best schedule, and what its walk released.
struct JobShopReplica {
  std::vector<job_shop::Time> starts;  // [op], units of the model; semi-active
  job_shop::Time makespan = 0;
  double heat = 0.0;                         // units of the model
  std::optional<double> entropy_production;  // none where compound moves were taken
};

struct JobShopOutcome {
  std::vector<JobShopReplica> replicas;
  std::size_t winner = 0;
  job_shop::Time lower_bound = 0;
  std::string_view bound_from;  // the proof's name
  std::uint64_t rounds = 0;
  std::uint64_t single_moves = 0;      // Metropolis proposals
  std::uint64_t tabu_evaluations = 0;  // moves estimated in tabu bursts
  std::uint64_t proof_nodes = 0;
  std::vector<RungCount> rungs;  // cold to hot
  std::vector<SwapCount> swaps;

  [[nodiscard]] const JobShopReplica& best() const { return replicas[winner]; }
  [[nodiscard]] bool is_optimal() const { return best().makespan == lower_bound; }
};

// Searches until the deadline, a stop request, `config.rounds`, or a proof. `warm` holds start
// times [op] of schedules to begin with (starts_of() makes them; any times that increase along
// each job will do): each is a cold replica, and the answer is never worse than its semi-active
// form. The same model, config, warm starts and number of rounds give the same answer on any
// number of threads.
[[nodiscard]] JobShopOutcome search_job_shop(
    const job_shop::Model& model, const JobShopConfig& config, const Resources& resources,
    std::span<const std::vector<job_shop::Time>> warm = {});

}  // namespace therma::solve
