// SPDX-License-Identifier: Apache-2.0
// MoveProblem: what a family of discrete problems gives to annealing and replica exchange.
#pragma once

#include <concepts>
#include <optional>

#include "therma/core/random/rng.hpp"

namespace therma {

// `P` holds constant data; `P::State` is a value with everything a replica needs (scratch too).
// Metropolis with the threshold drawn first reads:
//   move = p.propose(s, draws);  threshold = T * draws.exponential();
//   if (p.apply(s, move, threshold) > threshold) p.undo(s);
template <class P>
concept MoveProblem = requires(const P& p, typename P::State& s, const typename P::State& cs,
                               const typename P::Move& move, Draws& draws, double threshold) {
  // A random state, and its exact energy.
  { p.initial(draws) } -> std::same_as<typename P::State>;
  { p.energy(cs) } -> std::convertible_to<double>;
  // A move drawn from a distribution that is symmetric between the two states it joins;
  // none where the state has no moves.
  { p.propose(cs, draws) } -> std::same_as<std::optional<typename P::Move>>;
  // Performs the move and returns its exact energy change; may stop early with any value above
  // `threshold` once the change is known to exceed it. undo() takes back the last apply().
  { p.apply(s, move, threshold) } -> std::convertible_to<double>;
  { p.undo(s) } -> std::same_as<void>;
};

// Problems with compound moves (kick and local search, tabu bursts): `large_step` changes the
// state within a counted budget of evaluations and has no reverse.
template <class P>
concept LargeStepProblem = MoveProblem<P> &&
    requires(const P& p, typename P::State& s, Draws& draws, std::uint64_t budget) {
  { p.large_step(s, draws, budget) } -> std::convertible_to<std::uint64_t>;  // evaluations used
};

}  // namespace therma
