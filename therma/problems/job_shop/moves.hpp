// SPDX-License-Identifier: Apache-2.0
// The job shop as a MoveProblem: swaps on machines as single moves, tabu bursts as large steps.
#pragma once

#include <cstdint>
#include <optional>

#include "therma/problems/job_shop/selection.hpp"
#include "therma/problems/job_shop/tabu.hpp"
#include "therma/problems/move_problem.hpp"

namespace therma::job_shop {

struct MoveConfig {
  std::uint32_t patience = 12500;  // iterations without improvement that end a tabu burst
  double offside = 0.05;           // how often a swap that is not critical is proposed
  std::uint32_t kick = 12;         // random critical swaps where there is nobody to walk towards
};

// Energy: makespan in units of the model. Single moves swap neighbours on a machine: an operation
// is drawn uniformly, and its swap with the next one is proposed always if that arc is critical,
// else with probability `offside`. Every selection is reachable, and the two probabilities enter
// the acceptance (log_bias), so that detailed balance holds exactly.
class Moves {
 public:
  struct State {
    Selection now;
    TabuMemory memory;
    bool fresh = true;  // a start that no tabu burst has improved yet
    // The last apply(), for undo() and log_bias().
    Selection saved;
    double log_bias = 0.0;
    bool performed = false;
  };
  struct Move {
    Op first = 0;  // swapped with the next operation on its machine
    bool critical = false;
  };

  // The model must outlive this.
  explicit Moves(const Model& model, MoveConfig config = {});

  // A random semi-active schedule: jobs dispatched in random order.
  [[nodiscard]] State initial(Draws& draws) const;
  [[nodiscard]] State from(const Selection& selection) const;
  [[nodiscard]] double energy(const State& s) const noexcept { return s.now.makespan; }
  [[nodiscard]] std::optional<Move> propose(const State& s, Draws& draws) const;
  double apply(State& s, const Move& move, double threshold) const;
  void undo(State& s) const;
  [[nodiscard]] double log_bias(const State& s) const noexcept { return s.log_bias; }
  [[nodiscard]] double max_log_bias() const noexcept;

  // A tabu burst from halfway to the guide; from random kicks where there is none; from a random
  // state (true) where the guide is near and no worse, since one of the two is enough.
  bool begin_large_step(State& s, const State* guide, Draws& draws) const;
  [[nodiscard]] LargeStep large_step(State& s, Draws& draws, std::uint64_t budget) const;
  void conclude(State& s) const;

  [[nodiscard]] const Model& model() const noexcept { return model_; }

 private:
  [[nodiscard]] Selection random_selection(Draws& draws) const;
  void kick(State& s, std::uint32_t swaps, Draws& draws) const;

  const Model& model_;
  MoveConfig config_;
  std::uint64_t near_ = 0;  // pairs ordered differently below which two states count as one
};

}  // namespace therma::job_shop
