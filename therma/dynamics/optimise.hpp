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
          "of one anneal, one step of a population, one bifurcation; 0: few at first, then more");
    field("schedule", self.schedule, "betas of an anneal; auto: from the couplings");
    field("rounds", self.rounds, "rounds of the method; 0: until a target, time limit or stop");
    field("polish", self.polish,
          "recombine the best states and search from them (tabu); said so in the result");
  }
};

struct OptimiseResult : SearchResult {
  OptimiseMethod method = OptimiseMethod::automatic;  // the one that was taken
  std::string kernel;                                 // empty for bifurcation, which has no machine
  std::uint32_t replicas = 0;
  BetaRange range;         // the default schedule's ends
  bool is_sampler = true;  // false for bifurcation: its states follow no law
};

// Runs the method again and again until something ends it. `automatic` is anneal: the best of them
// on the instances of docs/theory/annealing.md. Anneals start at 1000 sweeps and grow by half each;
// the steps of a population begin with 4 sweeps and double from run to run; a bifurcation has 2000
// steps. A polish takes 64 states or more through recombine(), then the best eight through
// tabu_polish(); of a deadline the last eighth is kept for it.
// Throws Error{invalid_argument} for reals, for a bifurcation or polish of anything but an
// IsingProgram, and where nothing would end it.
[[nodiscard]] OptimiseResult optimise(const Target& target, const OptimiseConfig& config,
                                      std::uint64_t seed, const Resources& resources);

}  // namespace therma
