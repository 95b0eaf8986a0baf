// SPDX-License-Identifier: Apache-2.0
// The lowest energy of a discrete program: a method, its machine and its schedule in one call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/dynamics/beta_range.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/search.hpp"

namespace therma {

enum class OptimiseMethod { automatic, anneal, temper, population, bifurcation };
[[nodiscard]] std::span<const std::string_view> enum_names(OptimiseMethod) noexcept;

struct OptimiseConfig {
  SearchGoal goal = {};
  OptimiseMethod method = OptimiseMethod::automatic;
  std::string kernel = "auto";
  std::uint32_t replicas = 0;
  std::uint64_t sweeps = 0;
  std::string schedule = "auto";
  std::uint64_t rounds = 0;
  bool polish = false;

  static void each_field(auto& self, auto&& field) {
    SearchGoal::each_field(self.goal, field);
    field("method", self.method, "how low energies are looked for");
    field("kernel", self.kernel, "of the machine; auto: the fastest that fits");
    field("replicas", self.replicas, "chains at once; 0: 1024, fewer of large or slow programs");
    field("sweeps", self.sweeps,
          "of the first anneal, of a bifurcation's run; 0: 1000, growing by half each time");
    field("schedule", self.schedule, "betas of an anneal; auto: from the couplings");
    field("rounds", self.rounds, "rounds of the method; 0: until a target, time limit or stop");
    field("polish", self.polish, "tabu search from the best states, said so in the result");
  }
};

struct OptimiseResult : SearchResult {
  OptimiseMethod method = OptimiseMethod::automatic;  // the one that was taken
  std::string kernel;                                 // empty for bifurcation, which has no machine
  std::uint32_t replicas = 0;
  BetaRange range;         // the default schedule's ends
  bool is_sampler = true;  // false for bifurcation: its states follow no law
};

// Runs the method again and again until something ends it; docs/theory/annealing.md says which
// method `automatic` takes, and what that was measured on. Of a
// deadline the last eighth is kept for the tabu polish, where there is one.
// Throws Error{invalid_argument} for reals, and where nothing would end it.
[[nodiscard]] OptimiseResult optimise(const Target& target, const OptimiseConfig& config,
                                      std::uint64_t seed, const Resources& resources);

}  // namespace therma
