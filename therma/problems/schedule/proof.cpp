// SPDX-License-Identifier: Apache-2.0
// Shares a budget between packing and enumeration, and keeps the best bound of both.
#include "therma/problems/schedule/proof.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "therma/problems/schedule/enumeration.hpp"
#include "therma/problems/schedule/packing.hpp"

namespace therma::schedule {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostPackedTasks = 2000;

}  // namespace

struct Proof::Work {
  const Problem& problem;
  Bound bound;
  Tables tables;
  Packing packing;
  Enumeration enumeration;
  Ticks step;
  double rest;              // bound on what is not makespan
  Ticks refuted;            // no schedule ends before this
  Ticks possible;           // the packing cannot refute this or anything later; kNever: not known
  Ticks target = -1;        // the question that the packing is at
  double best = kInfinity;  // the lowest upper bound given
  double enumerated = -kInfinity;
  double packed = -kInfinity;
  std::uint64_t nodes = 0;

  Work(const Problem& p, const Bound& b)
      : problem(p),
        bound(b),
        tables(p),
        packing(tables),
        enumeration(p, tables),
        step(common_step(p)),
        rest(p.objective.tardiness * b.tardiness + p.objective.preference * b.preference),
        refuted((b.makespan + step - 1) / step * step),
        possible(p.objective.makespan > 0 && p.tasks.size() <= kMostPackedTasks ? kNever
                                                                                : refuted) {}

  [[nodiscard]] double lower() const {
    return std::min(best, std::max({bound.objective, packed, enumerated}));
  }
  [[nodiscard]] bool is_met() const { return lower() >= best - 1e-9 * (1.0 + std::abs(best)); }
  [[nodiscard]] bool packing_is_done() const { return refuted >= possible; }

  // The largest makespan worth refuting: one step below what the best objective allows.
  [[nodiscard]] Ticks last_question() const {
    if (!std::isfinite(best)) return possible - step;
    const double allowed =
        (best - rest) / problem.objective.makespan * static_cast<double>(problem.ticks_per_unit);
    const auto ticks = static_cast<Ticks>(std::ceil(allowed - 1e-6));
    return std::min(possible, (ticks + step - 1) / step * step) - step;
  }

  // First whether the best known answer can be beaten at all; then halves what is open.
  void ask_next() {
    const Ticks last = last_question();
    if (last < refuted) {
      target = -1;
      return;
    }
    const bool is_first = possible == kNever && std::isfinite(best);
    const Ticks span = (last - refuted) / step;
    target = is_first ? last : refuted + std::min<Ticks>(span / 2, 1 << 20) * step;
    packing.start(target);
  }

  std::uint64_t pack(std::uint64_t budget) {
    if (target < 0 || target > last_question()) ask_next();
    if (target < 0) return 0;
    const auto used = packing.advance(budget);
    if (packing.answer() == Packing::Answer::searching) return used;
    if (packing.answer() == Packing::Answer::possible) {
      possible = target;
    } else {
      refuted = target + step;
      packed = problem.objective.makespan * to_units(problem, refuted) + rest;
    }
    target = -1;
    return used + 1;
  }

  std::uint64_t enumerate(std::uint64_t budget) {
    const auto used = enumeration.advance(budget, best);
    if (enumeration.is_finished()) enumerated = enumeration.proven();
    return used;
  }

  [[nodiscard]] bool can_pack() const {
    return !packing_is_done() && (target >= 0 || last_question() >= refuted);
  }
  [[nodiscard]] bool can_enumerate() const {
    return enumeration.is_supported() && !enumeration.is_finished();
  }
};

Proof::Proof(const Problem& problem, const Bound& bound)
    : work_(std::make_unique<Work>(problem, bound)) {}
Proof::~Proof() = default;
Proof::Proof(Proof&&) noexcept = default;
Proof& Proof::operator=(Proof&&) noexcept = default;

void Proof::advance(std::uint64_t node_budget, double upper_bound) {
  auto& w = *work_;
  w.best = std::min(w.best, upper_bound);
  std::uint64_t used = 0;
  // Packing first, up to half of each slice: it is the stronger of the two where both apply.
  const auto share = w.can_enumerate() ? node_budget / 2 : node_budget;
  while (used < share && !w.is_met() && w.can_pack()) {
    const auto step = w.pack(share - used);
    if (step == 0) break;
    used += step;
  }
  if (!w.is_met() && w.can_enumerate() && used < node_budget)
    used += w.enumerate(node_budget - used);
  w.nodes += used;
}

double Proof::lower_bound() const noexcept { return work_->lower(); }

std::string_view Proof::from() const noexcept {
  const auto& w = *work_;
  if (w.enumerated > std::max(w.packed, w.bound.objective)) return "enumeration";
  return w.packed > w.bound.objective ? "packing" : w.bound.from;
}

bool Proof::is_infeasible() const noexcept {
  return work_->enumeration.is_finished() && std::isinf(work_->enumeration.proven()) &&
         work_->enumeration.is_supported();
}

bool Proof::is_finished() const noexcept {
  const auto& w = *work_;
  return w.is_met() || is_infeasible() || (!w.can_pack() && !w.can_enumerate());
}

std::uint64_t Proof::nodes() const noexcept { return work_->nodes; }

}  // namespace therma::schedule
