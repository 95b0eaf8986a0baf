// SPDX-License-Identifier: Apache-2.0
// A complete selection: the order of operations on every machine, with heads, tails and makespan.
//
// The disjunctive graph has an arc from each operation to the next of its job and to the next on
// its machine; a selection is feasible where that graph has no cycle, and its makespan is the
// longest path. Theory: docs/theory/job-shop.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/problems/job_shop/model.hpp"

namespace therma::job_shop {

// Everything but `late` follows from the machine orders and the history of moves. All arrays have
// num_ops + 1 entries; the sentinel's are 0 or the sentinel.
struct Selection {
  std::vector<Op> before;  // on the machine
  std::vector<Op> after;
  std::vector<Time> done;           // head + duration: longest path to the operation's end
  std::vector<Time> rest;           // duration + tail: longest path from its start to the end
  std::vector<Op> order;            // topological: every arc goes from left to right
  std::vector<std::uint32_t> rank;  // the operation's place in `order`
  std::vector<Op> late;             // scratch of move_after() and move_before()
  Time makespan = 0;

  [[nodiscard]] Time head(const Model& m, Op op) const noexcept {
    return done[op] - m.duration[op];
  }
  [[nodiscard]] Time tail(const Model& m, Op op) const noexcept {
    return rest[op] - m.duration[op];
  }
  // Whether some longest path runs through the operation.
  [[nodiscard]] bool is_critical(const Model& m, Op op) const noexcept {
    return done[op] + rest[op] - m.duration[op] == makespan;
  }
};

// The machine orders that follow from sorting all operations by `keys` [num_ops], ties by job
// order. Feasible for every choice of keys that increase along each job, such as start times.
[[nodiscard]] Selection select_by_keys(const Model& model, std::span<const double> keys);

// Operations of all machines in order, grouped as in Model::machine_begin.
[[nodiscard]] std::vector<Op> machine_orders(const Model& model, const Selection& s);

// Start times of the semi-active schedule.
[[nodiscard]] std::vector<Time> starts(const Model& model, const Selection& s);

// Whether `a` is before `b` in the graph by a path, for rank[a] < rank[b]. Linear in the ranks
// between them. Uses the scratch of `s`.
[[nodiscard]] bool has_path(const Model& model, Selection& s, Op a, Op b) noexcept;

// Moves `u` right behind `v`, which comes later on the same machine; v's own position stays
// relative to all others. The caller knows that no path runs from job_after[u] to v.
// Heads and tails are exact afterwards. No allocation.
void move_after(const Model& model, Selection& s, Op u, Op v) noexcept;

// Moves `v` right before `u`, which comes earlier on the same machine; no path runs from u to
// job_before[v].
void move_before(const Model& model, Selection& s, Op v, Op u) noexcept;

// The number of pairs of operations on one machine that the two selections order differently.
[[nodiscard]] std::uint64_t distance(const Model& model, const Selection& a, const Selection& b);

}  // namespace therma::job_shop
