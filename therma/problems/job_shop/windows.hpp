// SPDX-License-Identifier: Apache-2.0
// Time windows of operations, tightened by what jobs and machines imply.
//
// A window is [earliest start, latest end]. Everything deduced holds for every schedule that
// keeps the windows and the decided orders, so that an empty window refutes them all.
// Sources: J. Carlier, E. Pinson, "An algorithm for solving the job-shop problem", Management
// Science 35 (1989) (edge-finding); P. Baptiste, C. Le Pape, W. Nuijten, "Constraint-based
// scheduling" (2001), section 2.1 (the quadratic form used here).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/problems/job_shop/model.hpp"

namespace therma::job_shop {

// Machines with more operations than this are beyond the orders kept here.
inline constexpr std::uint32_t kMostOpsOnMachine = 64;

struct Windows {
  std::vector<Time> start;            // [op]: earliest start
  std::vector<Time> end;              // [op]: latest end
  std::vector<std::uint64_t> before;  // [op]: bit i: the machine's i-th operation comes first
};

// Tightens windows until nothing more follows. Holds scratch: one per thread.
class Propagator {
 public:
  // Throws Error{invalid_argument} if a machine has more than kMostOpsOnMachine operations.
  explicit Propagator(const Model& model);

  // Windows of all schedules with a makespan up to `latest`; no order is decided.
  [[nodiscard]] Windows open_windows(Time latest) const;

  // The operation's place in ops_on(its machine).
  [[nodiscard]] std::uint32_t place(Op op) const { return place_[op]; }
  [[nodiscard]] bool is_before(const Windows& w, Op a, Op b) const {
    return (w.before[b] >> place_[a] & 1) != 0;
  }

  // Decides that `a` comes before `b`, on the same machine; propagate() draws the consequences.
  void order(Windows& w, Op a, Op b);
  // Narrows a window; propagate() draws the consequences.
  void narrow(Windows& w, Op op, Time start, Time end);
  // Marks every machine as changed.
  void touch_all();

  // False where no schedule keeps the windows; failed_machine() says which one showed it.
  [[nodiscard]] bool propagate(Windows& w);
  [[nodiscard]] std::uint32_t failed_machine() const noexcept { return failed_; }

 private:
  bool propagate_jobs(Windows& w);
  bool propagate_machine(Windows& w, std::uint32_t m);
  bool decide_pairs(Windows& w, std::span<const Op> ops);
  void push_starts(Windows& w, std::span<const Op> ops);
  void push_ends(Windows& w, std::span<const Op> ops);
  bool find_edges(Windows& w, std::span<const Op> ops);
  void mark(Op op);

  const Model& model_;
  std::vector<std::uint32_t> place_;
  std::vector<bool> changed_;  // [machine]
  std::vector<std::uint32_t> queue_;
  std::vector<bool> job_changed_;
  std::vector<std::uint32_t> jobs_;
  std::uint32_t failed_ = 0;
};

}  // namespace therma::job_shop
