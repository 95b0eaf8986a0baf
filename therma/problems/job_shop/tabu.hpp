// SPDX-License-Identifier: Apache-2.0
// Tabu search over N7: the large step of cold replicas.
//
// Every iteration performs the best estimated move that is not tabu, for better or worse. A move
// forbids the order of the segment that it changed, behind the same operation, for some
// iterations; a move estimated below the best makespan is always allowed.
// Sources: Zhang et al. (critical.hpp); B. Peng, Z. Lu, T. C. E. Cheng, "A tabu search/path
// relinking algorithm to solve the job shop scheduling problem", Comput. Oper. Res. 53 (2015).
#pragma once

#include <cstdint>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/problems/job_shop/critical.hpp"

namespace therma::job_shop {

// What a search remembers from one slice to the next.
struct TabuMemory {
  Selection best;
  std::vector<std::uint32_t> until;  // [kTabuSlots]: segment orders tabu before this iteration
  std::uint32_t iteration = 0;
  std::uint32_t stalled = 0;  // iterations since `best` was found
  std::vector<Op> path;       // scratch [num_ops]
  std::vector<Time> lengths;  // scratch [num_ops]
};

inline constexpr std::uint32_t kTabuSlots = 1U << 14;

[[nodiscard]] TabuMemory make_memory(const Model& model);
// Forgets everything; `now` is the best so far. No allocation.
void restart(TabuMemory& memory, const Selection& now);

struct TabuSlice {
  std::uint64_t evaluations = 0;  // moves estimated
  bool finished = false;          // stalled for `patience` iterations, or provably optimal
};
// Searches on from `now` until finished or `budget` moves were estimated. No allocation.
[[nodiscard]] TabuSlice search(const Model& model, Selection& now, TabuMemory& memory,
                               std::uint32_t patience, std::uint64_t budget, Draws& draws);

}  // namespace therma::job_shop
