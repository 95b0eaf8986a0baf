// SPDX-License-Identifier: Apache-2.0
// What a solver is asked and what it answers, for every family of problems.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/core/config.hpp"

namespace therma::solve {

enum class Dynamics { automatic, langevin, gibbs, tempering, hybrid };
[[nodiscard]] std::span<const std::string_view> enum_names(Dynamics) noexcept;

enum class Vote { energy, entropy, majority, combined, best };
[[nodiscard]] std::span<const std::string_view> enum_names(Vote) noexcept;

struct SolveConfig {
  Dynamics dynamics = Dynamics::automatic;
  Vote vote = Vote::energy;
  std::uint32_t replicas = 0;
  std::uint32_t rounds = 0;
  std::uint32_t scenarios = 1;
  std::uint64_t seed = 0;

  static void each_field(auto& self, auto&& field) {
    field("dynamics", self.dynamics, "how states move");
    field("vote", self.vote, "how replicas agree on the answer, among verified solutions only");
    field("replicas", self.replicas, "states relaxed in parallel; 0: as suits the problem",
          within(0, 4096));
    field("rounds", self.rounds, "rounds to run; 0: until the time limit or a proof");
    field("scenarios", self.scenarios, "draws of uncertain durations to plan against",
          within(1, 10000));
    field("seed", self.seed, "seed of every random draw");
  }
};

enum class Status {
  optimal,        // meets the lower bound, or proven by enumeration
  feasible,       // verified, not proven best
  infeasible,     // proven to have no solution
  time_limit,     // nothing feasible found in time
  not_converged,  // nothing feasible found in the rounds given
  cancelled,      // stopped before any answer
};
[[nodiscard]] std::string_view name(Status status) noexcept;

// One broken constraint: its term's name, what it is about, and by how much in time units
// (resource units for resource_limit).
struct Violation {
  std::string constraint;
  std::string subject;
  double amount = 0.0;
};

// Objective over scenarios of uncertain durations, with the plan's order kept.
struct ScenarioStats {
  std::uint32_t scenarios = 0;
  std::uint32_t infeasible = 0;  // scenarios in which the plan breaks a constraint
  double p50 = 0.0;
  double p95 = 0.0;
  double worst = 0.0;
};

// The facts about a run that do not depend on the family of the problem.
struct Outcome {
  Status status = Status::not_converged;
  bool verified = false;  // set by the independent verifier alone
  std::optional<double> objective;
  std::optional<double> lower_bound;
  std::string bound_from;  // the proof's name
  std::vector<Violation> violations;
  double energy = 0.0;                       // of the winning trajectory, at its end
  double heat = 0.0;                         // released to the bath along it
  std::optional<double> entropy_production;  // medium part, units of k_B; none with compound moves
  std::vector<std::pair<std::string, std::uint64_t>> steps;  // per dynamics
  std::uint64_t sweeps = 0;  // the same as digital steps: Langevin steps, sweeps of discrete moves
  std::string dynamics;      // what ran
  std::uint32_t replicas = 0;
  std::uint32_t rounds = 0;
  std::string vote;
  double agreement = 0.0;  // share of replicas whose verified objective equals the winner's
  std::optional<ScenarioStats> scenarios;
  std::vector<std::string> notes;  // decisions of the solver that a reader should know
};

}  // namespace therma::solve
