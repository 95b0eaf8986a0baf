// SPDX-License-Identifier: Apache-2.0
// Planning under uncertainty: the mean of several problems that share their states and moves.
#pragma once

#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "therma/problems/move_problem.hpp"

namespace therma::solve {

// Scenarios of one problem: the same tasks with other durations. A move is made in each of them,
// and its energy change is the mean over all. The parts must propose the same moves from states
// that took the same moves. Cost of a step: the sum over the parts.
template <MoveProblem P>
class Averaged {
 public:
  using Move = typename P::Move;
  struct State {
    std::vector<typename P::State> parts;  // [scenario]
  };

  // The parts must outlive this.
  explicit Averaged(std::vector<const P*> parts) : parts_(std::move(parts)) {}

  [[nodiscard]] State initial(Draws& draws) const {
    return state_of(parts_.front()->solution(parts_.front()->initial(draws)));
  }
  // The same list in every scenario, whatever its durations.
  template <class Solution>
  [[nodiscard]] State state_of(const Solution& solution) const {
    State s;
    for (const P* part : parts_) s.parts.push_back(part->state_of(solution));
    return s;
  }

  [[nodiscard]] double energy(const State& s) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < parts_.size(); ++k) sum += parts_[k]->energy(s.parts[k]);
    return sum / count();
  }

  [[nodiscard]] std::optional<Move> propose(const State& s, Draws& draws) const {
    return parts_.front()->propose(s.parts.front(), draws);
  }

  double apply(State& s, const Move& move, double /*threshold*/) const {
    constexpr double kExact = std::numeric_limits<double>::infinity();
    double sum = 0.0;
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      sum += parts_[k]->apply(s.parts[k], move, kExact);
    }
    return sum / count();
  }

  void undo(State& s) const {
    for (std::size_t k = 0; k < parts_.size(); ++k) parts_[k]->undo(s.parts[k]);
  }

 private:
  [[nodiscard]] double count() const noexcept { return static_cast<double>(parts_.size()); }
  std::vector<const P*> parts_;  // [scenario]
};

}  // namespace therma::solve
