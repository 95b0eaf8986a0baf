// SPDX-License-Identifier: Apache-2.0
// A problem as flat constant arrays: what decoding, moves and bounds read in their loops.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/problems/schedule/model.hpp"

namespace therma::schedule {

// Rows of different lengths, one after the other.
template <class T>
struct Rows {
  std::vector<std::uint32_t> head{0};
  std::vector<T> items;

  [[nodiscard]] std::span<const T> operator[](std::size_t row) const noexcept {
    return {items.data() + head[row], items.data() + head[row + 1]};
  }
  void end_row() { head.push_back(static_cast<std::uint32_t>(items.size())); }
};

struct Edge {
  std::uint32_t task = 0;
  Ticks lag = 0;
};

// The problem must pass check_problem and have no uncertain durations. Immutable, shareable.
struct Tables {
  explicit Tables(const Problem& problem);

  std::uint32_t num_tasks = 0;
  std::uint32_t num_machines = 0;
  std::uint32_t num_resources = 0;
  std::vector<Ticks> duration;         // [task, machine]
  Rows<std::uint32_t> eligible;        // [task]: machines
  Rows<Edge> before, after;            // [task]: neighbours by precedence
  std::vector<Ticks> release;          // [task]
  std::vector<Ticks> deadline;         // [task]; kNever: none
  Rows<Ticks> floors;                  // [task]: 0, then the start_after wishes past the release
  Rows<Demand> demands;                // [task]: those that the capacity can meet
  std::vector<std::int64_t> capacity;  // [resource]
  std::int64_t unmet_demand = 0;       // sum of demand beyond capacity: no schedule can help that
  Rows<Window> windows;                // [machine]; the last one is [horizon, kNever): overflow
  std::vector<Ticks> horizon;          // [machine]: last close; kNever where it never closes
  std::vector<std::uint32_t> family;   // [task]; num_families: none
  std::uint32_t num_families = 0;
  std::vector<Ticks> setup;             // [machine, from, to]; empty without set-ups
  std::vector<std::uint8_t> has_setup;  // [machine]
  bool is_coupled = false;              // precedences or resources tie machines together

  [[nodiscard]] Ticks duration_on(std::uint32_t task, std::uint32_t machine) const noexcept {
    return duration[static_cast<std::size_t>(task) * num_machines + machine];
  }
  [[nodiscard]] Ticks setup_time(std::uint32_t machine, std::uint32_t from,
                                 std::uint32_t to) const noexcept;
};

// The linear extension of the precedences that follows ascending keys (ties: by index) as closely
// as a greedy choice can. keys: [task].
[[nodiscard]] std::vector<std::uint32_t> order_by(const Tables& tables,
                                                  std::span<const double> keys);

}  // namespace therma::schedule
