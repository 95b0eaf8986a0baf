// SPDX-License-Identifier: Apache-2.0
// Destructive bounds and depth-first enumeration of pair orders.
#include "therma/problems/job_shop/proof.hpp"

#include <algorithm>
#include <utility>

namespace therma::job_shop {
namespace {

// Beyond this the enumeration has no hope and its levels much memory.
constexpr std::uint32_t kMostOps = 1000;

bool is_within_reach(const Model& m) {
  if (m.num_ops() > kMostOps) return false;
  for (std::uint32_t k = 0; k < m.num_machines(); ++k) {
    if (m.ops_on(k).size() > kMostOpsOnMachine) return false;
  }
  return true;
}

}  // namespace

Proof::Proof(const Model& model)
    : model_(model), bound_(best_bound(model)), weight_(model.num_ops(), 1.0) {
  if (is_within_reach(model)) propagator_.emplace(model);
}

void Proof::close(Time value, std::string_view from) {
  bound_ = {value, from};
  open_ = false;
}

Bound Proof::advance(std::uint64_t nodes, Time upper_bound) {
  if (bound_.value >= upper_bound) open_ = false;
  if (!propagator_ || bound_.value >= upper_bound) return bound_;
  if (target_ != upper_bound) begin(upper_bound);
  for (std::uint64_t spent = 0; open_ && spent < nodes; ++spent) {
    ++nodes_;
    const auto pair = choose_pair(levels_[depth_].windows);
    if (!pair) {  // every order is decided: a shorter schedule exists, and the search may find it
      open_ = false;
    } else if (!descend(*pair, false) && !backtrack()) {
      close(upper_bound, "enumeration");
    }
  }
  return bound_;
}

// Whether the windows alone leave room for a makespan of `latest`; they stay in levels_[0].
bool Proof::fits(Time latest) {
  ++nodes_;
  levels_[0].windows = propagator_->open_windows(latest);
  propagator_->touch_all();
  return propagator_->propagate(levels_[0].windows);
}

// The largest bound that windows show, by bisection.
void Proof::raise_by_windows(Time upper_bound) {
  Time refuted = bound_.value - 1;
  Time open = upper_bound;
  while (open - refuted > 1) {
    const Time middle = refuted + (open - refuted) / 2;
    (fits(middle) ? open : refuted) = middle;
  }
  if (refuted + 1 > bound_.value) bound_ = {refuted + 1, "edge-finding"};
}

void Proof::begin(Time upper_bound) {
  if (levels_.empty()) levels_.resize(1);
  if (target_ == 0) raise_by_windows(upper_bound);
  target_ = upper_bound;
  depth_ = 0;
  open_ = true;
  if (bound_.value >= upper_bound || !fits(upper_bound - 1)) close(upper_bound, "edge-finding");
}

// The undecided pair whose two orders leave least room, heavier operations first.
std::optional<Proof::Pair> Proof::choose_pair(const Windows& w) const {
  std::optional<Pair> chosen;
  double least = 0.0;
  for (std::uint32_t m = 0; m < model_.num_machines(); ++m) {
    const auto ops = model_.ops_on(m);
    for (std::size_t i = 0; i < ops.size(); ++i) {
      for (std::size_t k = i + 1; k < ops.size(); ++k) {
        const Op a = ops[i];
        const Op b = ops[k];
        if (propagator_->is_before(w, a, b) || propagator_->is_before(w, b, a)) continue;
        const Time work = model_.duration[a] + model_.duration[b];
        const Time room_ab = w.end[b] - w.start[a] - work;
        const Time room_ba = w.end[a] - w.start[b] - work;
        const double score = (1.0 + room_ab + room_ba) / (weight_[a] + weight_[b]);
        if (chosen && score >= least) continue;
        least = score;
        chosen = room_ab <= room_ba ? Pair{a, b} : Pair{b, a};
      }
    }
  }
  return chosen;
}

// Enters the branch in which pair.a comes first, one level down; false where it is refuted.
bool Proof::descend(Pair pair, bool flipped) {
  if (levels_.size() == depth_ + 1) levels_.emplace_back();
  Level& next = levels_[depth_ + 1];
  next.windows = levels_[depth_].windows;
  next.tried = pair;
  next.flipped = flipped;
  ++depth_;
  propagator_->order(next.windows, pair.a, pair.b);
  if (propagator_->propagate(next.windows)) return true;
  for (const Op op : model_.ops_on(propagator_->failed_machine())) weight_[op] += 1.0;
  return false;
}

// Leaves the refuted level and flips the last order not flipped yet; false at the end of the tree.
bool Proof::backtrack() {
  while (depth_ > 0) {
    const Level& refuted = levels_[depth_];
    const bool flipped = refuted.flipped;
    const Pair other{refuted.tried.b, refuted.tried.a};
    --depth_;
    if (flipped) continue;
    ++nodes_;
    if (descend(other, true)) return true;
  }
  return false;
}

}  // namespace therma::job_shop
