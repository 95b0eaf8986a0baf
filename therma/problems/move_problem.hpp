// SPDX-License-Identifier: Apache-2.0
// MoveProblem: what a family of discrete problems gives to annealing and replica exchange.
#pragma once

#include <concepts>
#include <cstdint>
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

// Problems whose proposals are not symmetric: Metropolis-Hastings accepts where
//   delta - T * log_bias(s) <= threshold,  log_bias = ln q(y -> x) / q(x -> y) of the last apply(),
// never above max_log_bias(), which the driver adds to the threshold that it gives to apply().
template <class P>
concept BiasedMoveProblem = MoveProblem<P> && requires(const P& p, const typename P::State& cs) {
  { p.log_bias(cs) } -> std::convertible_to<double>;
  { p.max_log_bias() } -> std::convertible_to<double>;
};

// What one call of large_step() did.
struct LargeStep {
  std::uint64_t evaluations = 0;  // counted work: the same for the same state and draws
  double best = 0.0;              // energy of the best state of this compound move so far
  bool finished = false;
};

// Problems with compound moves (kick and local search, tabu bursts, path relinking), which have no
// reverse. One compound move of a state reads:
//   restarted = p.begin_large_step(s, guide, draws);
//   do step = p.large_step(s, draws, budget); while (!step.finished);   // one slice per call
//   p.conclude(s);                                                       // s is now its best state
// `guide` is another replica's state to walk towards; null where there is none. A state too close
// to its guide to be worth keeping may restart from anywhere: its result then replaces it always.
// conclude() may also be called early.
template <class P>
concept LargeStepProblem = MoveProblem<P> &&
    requires(const P& p, typename P::State& s, const typename P::State* guide, Draws& draws,
             std::uint64_t budget) {
  { p.begin_large_step(s, guide, draws) } -> std::same_as<bool>;
  { p.large_step(s, draws, budget) } -> std::same_as<LargeStep>;
  { p.conclude(s) } -> std::same_as<void>;
};

}  // namespace therma
