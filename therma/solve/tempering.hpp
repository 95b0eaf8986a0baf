// SPDX-License-Identifier: Apache-2.0
// Replica exchange over the states of a MoveProblem, with a seam for compound moves.
//
// Walkers carry states; rungs carry temperatures, rung 0 the coldest; exchanges swap the rungs of
// two walkers. Work goes in rounds of counted size, so that the answer depends on the problem,
// the config and the number of rounds alone: not on threads, not on the clock.
// Theory: docs/theory/move-tempering.md.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/core/resources.hpp"
#include "therma/problems/move_problem.hpp"
#include "therma/solve/ladder.hpp"

namespace therma::solve {

// How a proposed move is accepted, both with detailed balance: Metropolis, min(1, exp(-dE/T)), or
// the heat bath between the two states, 1 / (1 + exp(dE/T)).
enum class Acceptance { metropolis, heat_bath };
[[nodiscard]] inline std::span<const std::string_view> enum_names(Acceptance) noexcept {
  static constexpr std::array<std::string_view, 2> kNames = {"metropolis", "heat_bath"};
  return kNames;
}

struct TemperingConfig {
  Acceptance acceptance = Acceptance::metropolis;
  std::uint32_t replicas = 12;
  std::uint32_t compound_replicas = 0;
  std::uint64_t rounds = 0;
  std::uint32_t attempts = 2000;
  std::uint32_t compound_budget = 20000;
  double hot_acceptance = 0.65;
  double cold_temperature = 0.0;
  double hot_temperature = 0.0;
  std::uint32_t adapt_rounds = 256;
  std::uint64_t seed = 0;

  static void each_field(auto& self, auto&& field) {
    field("acceptance", self.acceptance, "rule for single moves");
    field("replicas", self.replicas, "walkers, one per temperature", within(1, 4096));
    field("compound_replicas", self.compound_replicas,
          "the coldest of them take compound moves, where the problem has any");
    field("rounds", self.rounds, "rounds to run; 0: until the deadline, the target or a proof");
    field("attempts", self.attempts, "moves proposed per walker and round", at_least(1));
    field("compound_budget", self.compound_budget, "evaluations per compound walker and round",
          at_least(1));
    field("hot_acceptance", self.hot_acceptance,
          "share of worsening moves that the hottest rung accepts", within(0.01, 0.99));
    field("cold_temperature", self.cold_temperature, "of rung 0; 0: measured", non_negative);
    field("hot_temperature", self.hot_temperature, "of the last rung; 0: measured", non_negative);
    field("adapt_rounds", self.adapt_rounds,
          "rounds after which the ladder, evened by swap counts, stays as it is");
    field("seed", self.seed, "seed of every random draw");
  }
};

// What happened at one temperature.
struct RungCount {
  double temperature = 0.0;
  std::uint64_t attempts = 0;
  std::uint64_t accepted = 0;
  double heat = 0.0;  // released to the bath: sum of -dE over accepted single moves
};

// One walker: its best state, and the trajectory that led there.
template <class State>
struct ReplicaOutcome {
  State best;
  double energy = 0.0;  // of `best`
  double heat = 0.0;    // released on the way from the start to `best`
  // Medium part, sum of heat / T over the same moves; none as soon as a compound move was taken.
  std::optional<double> entropy_production;
  std::uint64_t attempts = 0;  // single moves proposed, in the whole run
  std::uint64_t accepted = 0;
  std::uint64_t compound_evaluations = 0;
};

template <class State>
struct TemperingOutcome {
  std::vector<ReplicaOutcome<State>> replicas;  // [walker]
  std::size_t winner = 0;                       // lowest energy; ties go to the lowest index
  double lower_bound = -std::numeric_limits<double>::infinity();  // as `prove` told
  std::vector<RungCount> rungs;                                   // cold to hot
  std::vector<SwapCount> swaps;  // [rung]: with the next hotter one, since the last adaptation
  std::uint64_t rounds = 0;

  [[nodiscard]] const ReplicaOutcome<State>& best() const { return replicas[winner]; }
};

// What a caller may add to a run.
template <class State>
struct TemperingExtras {
  std::span<const State> warm;  // starts of the coldest walkers; the rest start at random
  double target = -std::numeric_limits<double>::infinity();  // stop at this energy or below
  // Called once per round beside the walkers, on any thread, with the best energy so far: works
  // for one counted slice and returns the lower bound proven by now. The run stops when it is met.
  std::function<double(double best)> prove;
};

// One run, advanced round by round.
template <MoveProblem P>
class Tempering {
 public:
  using State = typename P::State;

  // Throws Error{invalid_argument} on a config out of range. The problem must outlive the run.
  Tempering(const P& problem, const TemperingConfig& config, std::span<const State> warm = {});

  // Moves every walker, then exchanges neighbours: even pairs in even rounds, odd in odd ones.
  // `beside` is one more task, run in parallel with the walkers.
  void round(const Resources& resources, const std::function<void()>& beside = {});

  [[nodiscard]] std::uint64_t rounds() const noexcept { return round_; }
  [[nodiscard]] double best_energy() const noexcept;
  [[nodiscard]] const State& best_state() const noexcept;  // compound moves under way left out
  [[nodiscard]] std::size_t num_rungs() const noexcept { return ladder_.size(); }
  [[nodiscard]] double temperature(std::size_t rung) const { return ladder_[rung]; }
  [[nodiscard]] const State& state_at(std::size_t rung) const {
    return walkers_[occupant_[rung]].state;
  }
  [[nodiscard]] const std::vector<SwapCount>& swaps() const noexcept { return swaps_; }

  // Ends compound moves under way and hands the results over.
  [[nodiscard]] TemperingOutcome<State> finish() &&;

 private:
  struct Walker {
    State state;
    double energy;
    ReplicaOutcome<State> outcome;
    double heat = 0.0;
    double entropy_production = 0.0;
    bool reversible = true;
    // Compound move under way: it ends in `trial`, which replaces `state` if accepted.
    State trial;
    State guide;
    bool moving = false;
    bool guided = false;
    bool restarted = false;  // `trial` replaces `state` whatever its energy
    double trial_best = std::numeric_limits<double>::infinity();
  };

  static constexpr bool kCompound = LargeStepProblem<P>;

  [[nodiscard]] bool is_compound(std::size_t rung) const noexcept {
    return kCompound && rung < compound_rungs_;
  }
  void measure_ladder();
  std::vector<double> pilot(State& s, double temperature, std::uint32_t attempts,
                            Draws& draws) const;
  void single_moves(std::size_t rung);
  void compound_move(std::size_t rung);
  void end_compound_move(Walker& w, double temperature, double threshold_draw);
  void choose_guides();
  void exchange();
  void adapt();
  void note_best(Walker& w) const;

  const P& problem_;
  TemperingConfig config_;
  std::size_t compound_rungs_ = 0;
  Rng moves_;
  Rng exchanges_;
  Rng guides_;
  std::vector<double> ladder_;         // [rung]
  std::vector<RungCount> counts_;      // [rung]
  std::vector<SwapCount> swaps_;       // [rung], the last one unused
  std::vector<std::size_t> occupant_;  // [rung] -> walker
  std::vector<Walker> walkers_;
  std::uint64_t round_ = 0;
  std::uint64_t next_adapt_ = 16;
};

// Runs until the deadline, a stop request, `config.rounds`, the target, or a bound that is met;
// one round at least. Reports progress after every round. Same bits for any number of threads.
template <MoveProblem P>
[[nodiscard]] TemperingOutcome<typename P::State> temper(
    const P& problem, const TemperingConfig& config, const Resources& resources,
    const TemperingExtras<typename P::State>& extras = {}) {
  Tempering<P> run(problem, config, extras.warm);
  double bound = -std::numeric_limits<double>::infinity();
  const auto is_done = [&] {
    return run.best_energy() <= std::max(extras.target, bound) || resources.should_stop() ||
           (config.rounds != 0 && run.rounds() >= config.rounds);
  };
  do {
    const double best = run.best_energy();
    run.round(resources,
              extras.prove ? [&] { bound = extras.prove(best); } : std::function<void()>{});
    const double share =
        config.rounds == 0 ? -1.0
                           : static_cast<double>(run.rounds()) / static_cast<double>(config.rounds);
    resources.report({.stage = "temper",
                      .fraction = share,
                      .best = run.best_energy(),
                      .bound = std::isfinite(bound) ? std::optional(bound) : std::nullopt,
                      .replicas = static_cast<std::uint32_t>(run.num_rungs())});
  } while (!is_done());
  auto outcome = std::move(run).finish();
  outcome.lower_bound = bound;
  return outcome;
}

}  // namespace therma::solve

#include "therma/solve/tempering_steps.hpp"
