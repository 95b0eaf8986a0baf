// SPDX-License-Identifier: Apache-2.0
// Single swaps under Metropolis-Hastings; tabu bursts between relinked states.
#include "therma/problems/job_shop/moves.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "therma/core/error.hpp"

namespace therma::job_shop {
namespace {

// Whether the arc from `u` to the next operation on its machine lies on a longest path.
bool is_critical_arc(const Model& m, const Selection& s, Op u, Op v) noexcept {
  return s.done[u] + s.rest[v] == s.makespan && s.head(m, v) == s.done[u];
}

// Random keys between those of both ends: pairs that both order alike stay so, since keys
// increase along jobs and along the arcs common to both.
std::vector<double> keys_between(const Model& m, const Selection& a, const Selection& b,
                                 double share) {
  std::vector<double> keys(m.num_ops());
  for (Op op = 0; op < m.num_ops(); ++op) {
    keys[op] = (1.0 - share) * a.rank[op] + share * b.rank[op];
  }
  return keys;
}

}  // namespace

Moves::Moves(const Model& model, MoveConfig config) : model_(model), config_(config) {
  std::uint64_t pairs = 0;
  for (std::uint32_t k = 0; k < model.num_machines(); ++k) {
    const std::uint64_t size = model.ops_on(k).size();
    pairs += size * (size - 1) / 2;
  }
  near_ = std::max<std::uint64_t>(10, pairs / 50);
}

Moves::State Moves::from(const Selection& selection) const {
  return {.now = selection, .memory = make_memory(model_), .saved = selection};
}

Moves::State Moves::initial(Draws& draws) const { return from(random_selection(draws)); }

Selection Moves::random_selection(Draws& draws) const {
  std::vector<double> keys(model_.num_ops());
  std::vector<std::uint32_t> jobs(model_.job);  // one entry per operation still to dispatch
  auto next = model_.job_begin;
  for (std::uint32_t left = model_.num_ops(); left > 0; --left) {
    const std::uint32_t drawn = draws.below(left);
    keys[next[jobs[drawn]]++] = model_.num_ops() - left;
    jobs[drawn] = jobs[left - 1];
  }
  return select_by_keys(model_, keys);
}

std::optional<Moves::Move> Moves::propose(const State& s, Draws& draws) const {
  const Op u = draws.below(model_.num_ops());
  const Op v = s.now.after[u];
  if (v == model_.num_ops()) return std::nullopt;
  const bool critical = is_critical_arc(model_, s.now, u, v);
  if (!critical && draws.uniform() >= config_.offside) return std::nullopt;
  return Move{u, critical};
}

double Moves::max_log_bias() const noexcept { return -std::log(config_.offside); }

double Moves::apply(State& s, const Move& move, double threshold) const {
  const Op u = move.first;
  const Op v = s.now.after[u];
  s.performed = false;
  s.log_bias = 0.0;
  const Insertion swap{.moved = u, .anchor = v, .behind = true};
  const double refused = std::numeric_limits<double>::infinity();
  // Paths that avoid both operations keep their length, and those through them are estimated
  // exactly: an estimate above the makespan is the new makespan.
  if (!is_surely_feasible(model_, s.now, swap)) {
    const Op next = model_.job_after[u];
    if (next != model_.num_ops() && (next == v || has_path(model_, s.now, next, v))) return refused;
  }
  Time lengths[2];
  const double rise = estimate(model_, s.now, swap, lengths) - s.now.makespan;
  if (rise > threshold && rise > 0.0) return rise;
  s.saved = s.now;
  perform(model_, s.now, swap);
  s.performed = true;
  const double reverse = is_critical_arc(model_, s.now, v, u) ? 0.0 : std::log(config_.offside);
  s.log_bias = reverse - (move.critical ? 0.0 : std::log(config_.offside));
  return s.now.makespan - s.saved.makespan;
}

void Moves::undo(State& s) const {
  if (s.performed) std::swap(s.now, s.saved);
  s.performed = false;
}

void Moves::kick(State& s, std::uint32_t swaps, Draws& draws) const {
  for (std::uint32_t done = 0; done < swaps; ++done) {
    Coins coins(draws.bits());
    const std::uint32_t length = critical_path(model_, s.now, coins, s.memory.path.data());
    std::uint32_t count = 0;
    Insertion chosen;
    for_each_move(model_, s.now, s.memory.path.data(), length, [&](const Insertion& i) {
      if (++count == 1 || coins.below(count) == 0) chosen = i;
    });
    if (count == 0) return;
    perform(model_, s.now, chosen);
  }
}

bool Moves::begin_large_step(State& s, const State* guide, Draws& draws) const {
  bool restarted = false;
  if (s.fresh) {
    s.fresh = false;
  } else if (guide == nullptr) {
    kick(s, config_.kick, draws);
  } else if (distance(model_, s.now, guide->now) >= near_) {
    const double share = 0.35 + 0.3 * draws.uniform();
    s.now = select_by_keys(model_, keys_between(model_, s.now, guide->now, share));
  } else if (guide->now.makespan <= s.now.makespan) {
    s.now = random_selection(draws);
    restarted = true;
  } else {
    kick(s, config_.kick, draws);
  }
  restart(s.memory, s.now);
  return restarted;
}

LargeStep Moves::large_step(State& s, Draws& draws, std::uint64_t budget) const {
  const auto slice = search(model_, s.now, s.memory, config_.patience, budget, draws);
  return {.evaluations = slice.evaluations,
          .best = static_cast<double>(s.memory.best.makespan),
          .finished = slice.finished};
}

void Moves::conclude(State& s) const { s.now = s.memory.best; }

}  // namespace therma::job_shop
