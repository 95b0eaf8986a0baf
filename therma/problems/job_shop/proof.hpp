// SPDX-License-Identifier: Apache-2.0
// Proving lower bounds on the makespan: by time windows, then by enumerating orders.
//
// The question is always the same: can the makespan be at most T? Windows of all such schedules
// are tightened (windows.hpp), then split on the order of a pair of operations, depth first, until
// every branch is refuted. What is found this way sets bounds and never a schedule.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "therma/problems/job_shop/bound.hpp"
#include "therma/problems/job_shop/windows.hpp"

namespace therma::job_shop {

class Proof {
 public:
  // The model must outlive this. Larger models than the enumeration takes keep the simple bounds.
  explicit Proof(const Model& model);

  // Works for up to `nodes` nodes on refuting schedules shorter than `upper_bound`, the makespan of
  // a known schedule; a lower one than in the last call starts the enumeration over. Returns the
  // bound proven by now: `upper_bound` itself once no shorter schedule exists. Deterministic.
  Bound advance(std::uint64_t nodes, Time upper_bound);

  [[nodiscard]] Bound bound() const noexcept { return bound_; }
  [[nodiscard]] std::uint64_t nodes() const noexcept { return nodes_; }
  // True while more nodes may help: not closed, and no shorter schedule is known to exist.
  [[nodiscard]] bool is_open() const noexcept { return open_; }

 private:
  struct Pair {
    Op a = 0;
    Op b = 0;
  };
  struct Level {
    Windows windows;
    Pair tried;  // tried.a before tried.b led to `windows` of this level
    bool flipped = false;
  };

  void raise_by_windows(Time upper_bound);
  [[nodiscard]] bool fits(Time latest);
  void begin(Time upper_bound);
  [[nodiscard]] std::optional<Pair> choose_pair(const Windows& w) const;
  [[nodiscard]] bool descend(Pair pair, bool flipped);
  [[nodiscard]] bool backtrack();
  void close(Time value, std::string_view from);

  const Model& model_;
  std::optional<Propagator> propagator_;
  Bound bound_;
  Time target_ = 0;  // refuting makespans below this; 0: nothing under way
  bool open_ = true;
  std::uint64_t nodes_ = 0;
  std::vector<Level> levels_;   // [depth]; storage is kept
  std::size_t depth_ = 0;       // of the deepest level in use
  std::vector<double> weight_;  // [op]: how often its machine refuted a branch
};

}  // namespace therma::job_shop
