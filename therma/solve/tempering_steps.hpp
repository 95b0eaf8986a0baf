// SPDX-License-Identifier: Apache-2.0
// The steps of replica exchange; included by tempering.hpp alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "therma/dynamics/exchange.hpp"
#include "therma/solve/tempering.hpp"

namespace therma::solve {
namespace detail {

// The energy rise, in units of T, up to which a move is accepted: -ln u for Metropolis,
// ln((1 - u) / u) for the heat bath, u uniform in (0, 1].
inline double draw_threshold(Acceptance acceptance, Draws& draws) {
  if (acceptance == Acceptance::metropolis) return draws.exponential();
  const double odds = std::expm1(draws.exponential());  // (1 - u) / u
  return std::log(std::max(odds, std::numeric_limits<double>::min()));
}

// One step with the threshold drawn first; Metropolis-Hastings where proposals are biased.
// Returns the exact energy change where the move was accepted.
template <MoveProblem P>
std::optional<double> try_move(const P& p, typename P::State& s, const typename P::Move& move,
                               double temperature, Acceptance acceptance, Draws& draws) {
  const double threshold = temperature * draw_threshold(acceptance, draws);
  double delta = 0.0;
  bool accepted = false;
  if constexpr (BiasedMoveProblem<P>) {
    delta = p.apply(s, move, threshold + temperature * p.max_log_bias());
    accepted = delta - temperature * p.log_bias(s) <= threshold;
  } else {
    delta = p.apply(s, move, threshold);
    accepted = delta <= threshold;
  }
  if (accepted) return delta;
  p.undo(s);
  return std::nullopt;
}

}  // namespace detail

template <MoveProblem P>
Tempering<P>::Tempering(const P& problem, const TemperingConfig& config,
                        std::span<const State> warm)
    : problem_(problem),
      config_(checked(config)),
      compound_rungs_(kCompound ? std::min(config.compound_replicas, config.replicas) : 0),
      moves_(Rng(config.seed).child("moves")),
      exchanges_(Rng(config.seed).child("exchange")),
      guides_(Rng(config.seed).child("guide")),
      counts_(config.replicas),
      swaps_(config.replicas),
      occupant_(config.replicas) {
  const Rng starts = Rng(config.seed).child("start");
  walkers_.reserve(config.replicas);
  for (std::uint32_t i = 0; i < config.replicas; ++i) {
    Draws draws(starts, i, 0);
    State s = i < warm.size() ? warm[i] : problem_.initial(draws);
    const double energy = problem_.energy(s);
    ReplicaOutcome<State> outcome{.best = s, .energy = energy};
    walkers_.push_back({.state = s, .energy = energy, .outcome = outcome, .trial = s, .guide = s});
  }
  std::iota(occupant_.begin(), occupant_.end(), std::size_t{0});
  measure_ladder();
}

template <MoveProblem P>
std::vector<double> Tempering<P>::pilot(State& s, double temperature, std::uint32_t attempts,
                                        Draws& draws) const {
  std::vector<double> rises;
  const double rounding = 1e-12 * std::abs(problem_.energy(s));
  for (std::uint32_t i = 0; i < attempts; ++i) {
    const auto move = problem_.propose(s, draws);
    if (!move) continue;
    const double delta = problem_.apply(s, *move, std::numeric_limits<double>::infinity());
    if (delta > rounding) rises.push_back(delta);
    if (delta > temperature * draws.exponential()) problem_.undo(s);
  }
  return rises;
}

// Alternates between walking at a temperature and choosing the temperature from the rises seen.
template <MoveProblem P>
void Tempering<P>::measure_ladder() {
  double hot = config_.hot_temperature;
  double cold = config_.cold_temperature;
  if (hot == 0.0 || cold == 0.0) {
    constexpr int kStages = 8;
    constexpr double kAnything = 1e300;
    const std::uint32_t attempts = std::max(config_.attempts / 4, 64U);
    State s = walkers_.back().state;
    double measured = kAnything;
    std::vector<double> rises;
    for (int stage = 0; stage < kStages; ++stage) {
      Draws draws(moves_.child("pilot"), 0, static_cast<std::uint64_t>(stage));
      rises = pilot(s, measured, attempts, draws);
      measured = temperature_accepting(rises, config_.hot_acceptance);
    }
    if (hot == 0.0) hot = measured;
    if (cold == 0.0) cold = std::min(coldest_temperature(rises), 0.5 * hot);
  }
  const auto singles = geometric_ladder(cold, hot, config_.replicas - compound_rungs_);
  ladder_.assign(compound_rungs_, cold);
  ladder_.insert(ladder_.end(), singles.begin(), singles.end());
}

template <MoveProblem P>
void Tempering<P>::note_best(Walker& w) const {
  if (w.energy >= w.outcome.energy) return;
  w.outcome.best = w.state;
  w.outcome.energy = w.energy;
  w.outcome.heat = w.heat;
  w.outcome.entropy_production = w.reversible ? std::optional(w.entropy_production) : std::nullopt;
}

template <MoveProblem P>
void Tempering<P>::single_moves(std::size_t rung) {
  const std::size_t index = occupant_[rung];
  Walker& w = walkers_[index];
  RungCount& count = counts_[rung];
  const double temperature = ladder_[rung];
  Draws draws(moves_, static_cast<std::uint32_t>(index), round_);
  std::uint64_t accepted = 0;
  double released = 0.0;
  for (std::uint32_t i = 0; i < config_.attempts; ++i) {
    const auto move = problem_.propose(w.state, draws);
    if (!move) continue;
    const auto delta =
        detail::try_move(problem_, w.state, *move, temperature, config_.acceptance, draws);
    if (!delta) continue;
    ++accepted;
    w.energy += *delta;
    released -= *delta;
    w.heat -= *delta;
    w.entropy_production -= *delta / temperature;
    if (*delta < 0.0) note_best(w);
  }
  w.energy = problem_.energy(w.state);  // sheds the rounding of many small changes
  count.attempts += config_.attempts;
  count.accepted += accepted;
  count.heat += released;
  w.outcome.attempts += config_.attempts;
  w.outcome.accepted += accepted;
}

template <MoveProblem P>
void Tempering<P>::compound_move(std::size_t rung) {
  if constexpr (kCompound) {
    const std::size_t index = occupant_[rung];
    Walker& w = walkers_[index];
    Draws draws(moves_, static_cast<std::uint32_t>(index), round_);
    if (!w.moving) {
      w.trial = w.state;
      w.restarted = problem_.begin_large_step(w.trial, w.guided ? &w.guide : nullptr, draws);
      w.moving = true;
      w.reversible = false;
    }
    const LargeStep step = problem_.large_step(w.trial, draws, config_.compound_budget);
    w.outcome.compound_evaluations += step.evaluations;
    w.trial_best = step.best;
    if (step.finished) end_compound_move(w, ladder_[rung], draws.exponential());
  }
}

// The compound move as one Metropolis step.
template <MoveProblem P>
void Tempering<P>::end_compound_move(Walker& w, double temperature, double threshold_draw) {
  if constexpr (kCompound) {
    problem_.conclude(w.trial);
    const double energy = problem_.energy(w.trial);
    if (w.restarted || energy - w.energy <= temperature * threshold_draw) {
      w.heat += w.energy - energy;
      std::swap(w.state, w.trial);
      w.energy = energy;
      note_best(w);
    }
    w.moving = false;
    w.trial_best = std::numeric_limits<double>::infinity();
  }
}

// Walkers about to begin a compound move get a copy of another's state, since that one moves too.
template <MoveProblem P>
void Tempering<P>::choose_guides() {
  for (std::size_t rung = 0; rung < compound_rungs_; ++rung) {
    Walker& w = walkers_[occupant_[rung]];
    if (w.moving) continue;
    w.guided = compound_rungs_ > 1;
    if (!w.guided) continue;
    Draws draws(guides_, static_cast<std::uint32_t>(rung), round_);
    const auto other = draws.below(static_cast<std::uint32_t>(compound_rungs_ - 1));
    w.guide = walkers_[occupant_[other < rung ? other : other + 1]].state;
  }
}

template <MoveProblem P>
void Tempering<P>::exchange() {
  for (std::size_t rung = round_ % 2; rung + 1 < ladder_.size(); rung += 2) {
    Walker& cold = walkers_[occupant_[rung]];
    Walker& hot = walkers_[occupant_[rung + 1]];
    const double probability =
        swap_probability({1.0 / ladder_[rung], cold.energy}, {1.0 / ladder_[rung + 1], hot.energy});
    Draws draws(exchanges_, static_cast<std::uint32_t>(rung), round_);
    ++swaps_[rung].tried;
    if (draws.uniform() >= probability) continue;
    ++swaps_[rung].done;
    // A compound move does not go on among single moves.
    if (is_compound(rung) && !is_compound(rung + 1) && cold.moving) {
      end_compound_move(cold, ladder_[rung], 0.0);
    }
    std::swap(occupant_[rung], occupant_[rung + 1]);
  }
}

// Evens the single-move rungs out after 16, 32, 64, ... rounds, each time from fresh counts.
template <MoveProblem P>
void Tempering<P>::adapt() {
  if (round_ != next_adapt_ || round_ > config_.adapt_rounds) return;
  next_adapt_ *= 2;
  const auto evened = even_ladder(std::span(ladder_).subspan(compound_rungs_),
                                  std::span(swaps_).subspan(compound_rungs_));
  std::copy(evened.begin(), evened.end(),
            ladder_.begin() + static_cast<std::ptrdiff_t>(compound_rungs_));
  swaps_.assign(swaps_.size(), SwapCount{});
}

template <MoveProblem P>
void Tempering<P>::round(const Resources& resources, const std::function<void()>& beside) {
  if constexpr (kCompound) choose_guides();
  const std::size_t first_rung = beside ? 1 : 0;  // the longest task comes first
  resources.for_each(first_rung + ladder_.size(), [&](std::size_t task) {
    if (task < first_rung) return beside();
    const std::size_t rung = task - first_rung;
    is_compound(rung) ? compound_move(rung) : single_moves(rung);
  });
  exchange();
  ++round_;
  adapt();
}

template <MoveProblem P>
double Tempering<P>::best_energy() const noexcept {
  double best = std::numeric_limits<double>::infinity();
  for (const Walker& w : walkers_) best = std::min({best, w.outcome.energy, w.trial_best});
  return best;
}

template <MoveProblem P>
const typename P::State& Tempering<P>::best_state() const noexcept {
  const auto by_energy = [](const Walker& a, const Walker& b) {
    return a.outcome.energy < b.outcome.energy;
  };
  return std::min_element(walkers_.begin(), walkers_.end(), by_energy)->outcome.best;
}

template <MoveProblem P>
TemperingOutcome<typename P::State> Tempering<P>::finish() && {
  TemperingOutcome<State> outcome;
  for (std::size_t rung = 0; rung < compound_rungs_; ++rung) {
    Walker& w = walkers_[occupant_[rung]];
    if (w.moving) end_compound_move(w, ladder_[rung], 0.0);
  }
  for (Walker& w : walkers_) outcome.replicas.push_back(std::move(w.outcome));
  for (std::size_t i = 1; i < outcome.replicas.size(); ++i) {
    if (outcome.replicas[i].energy < outcome.replicas[outcome.winner].energy) outcome.winner = i;
  }
  for (std::size_t rung = 0; rung < ladder_.size(); ++rung) {
    counts_[rung].temperature = ladder_[rung];
  }
  outcome.rungs = std::move(counts_);
  outcome.swaps = std::move(swaps_);
  outcome.rounds = round_;
  return outcome;
}

}  // namespace therma::solve
