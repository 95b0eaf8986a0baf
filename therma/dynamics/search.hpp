// SPDX-License-Identifier: Apache-2.0
// What the methods that look for low energies share: the goal they are given, what they report.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/resources.hpp"
#include "therma/dynamics/best_states.hpp"

namespace therma {

struct SearchGoal {
  double target_energy = -std::numeric_limits<double>::infinity();
  std::uint32_t num_best = 1;
  bool fold_mirrors = false;

  static void each_field(auto& self, auto&& field) {
    field("target_energy", self.target_energy, "stop at a state of this energy or less");
    field("num_best", self.num_best, "distinct states to keep, lowest first", at_least(1));
    field("fold_mirrors", self.fold_mirrors,
          "count a state and its mirror image as one (spins without fields)");
  }
};

enum class StopReason {
  finished,  // all rounds that were asked for
  target,    // a state at the target energy or below
  stopped    // the deadline or the stop token
};
[[nodiscard]] inline std::span<const std::string_view> enum_names(StopReason) noexcept {
  static constexpr std::string_view kNames[] = {"finished", "target", "stopped"};
  return kNames;
}

// The same method with the same config, seed and `rounds` gives the same bits on any number of
// threads, however it was ended the first time.
struct SearchResult {
  std::vector<FoundState> best;  // lowest first; seen at any time, not the last states
  StopReason reason = StopReason::finished;
  std::uint64_t rounds = 0;  // of fixed size; what a round is, each method says
  std::uint64_t sweeps = 0;  // of each replica
  bool polished = false;     // a tabu search (dynamics/tabu.hpp) went on from the best states

  // Infinite where nothing was seen.
  [[nodiscard]] double best_energy() const noexcept {
    return best.empty() ? std::numeric_limits<double>::infinity() : best.front().energy;
  }
};

// Throws Error{invalid_argument} where nothing would ever end a search: no limit of its own, no
// target energy, no deadline, no stop token.
void check_ends(const SearchGoal& goal, bool has_limit, const Resources& resources);

}  // namespace therma
