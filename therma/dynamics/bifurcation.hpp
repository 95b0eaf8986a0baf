// SPDX-License-Identifier: Apache-2.0
// Simulated bifurcation, a classical mechanics whose oscillators settle into low energies.
//
// Source: H. Goto et al., Science Advances 7, eabe7953 (2021); docs/theory/bifurcation.md.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/core/resources.hpp"
#include "therma/dynamics/search.hpp"

namespace therma {

class IsingProgram;

// What an oscillator feels of its neighbours: their positions, or only on which side they are.
enum class BifurcationKind { ballistic, discrete };
[[nodiscard]] std::span<const std::string_view> enum_names(BifurcationKind) noexcept;

struct BifurcationConfig {
  SearchGoal goal = {};
  BifurcationKind kind = BifurcationKind::discrete;
  std::uint32_t replicas = 64;
  std::uint64_t steps = 2000;
  std::uint64_t runs = 1;
  double dt = 0.0;
  double coupling = 0.0;
  std::uint64_t rounds = 0;
  bool plain = false;  // the plain twin of the vector code, for tests

  static void each_field(auto& self, auto&& field) {
    SearchGoal::each_field(self.goal, field);
    field("kind", self.kind, "forces from positions (ballistic) or from their signs (discrete)");
    field("replicas", self.replicas, "trajectories at once", at_least(1));
    field("steps", self.steps, "time steps of one run, from no pump to full pump", at_least(1));
    field("runs", self.runs, "runs one after another; 0: until something else stops");
    field("dt", self.dt, "time step; 0: from the stiffest mode, eq. 4", non_negative);
    field("coupling", self.coupling, "c0; 0: from the couplings, eq. 3", non_negative);
    field("rounds", self.rounds, "rounds after which to stop, in all; 0: no such limit");
  }
};

struct BifurcationResult : SearchResult {
  static constexpr bool is_sampler = false;  // no temperature, no law that its states follow
  std::uint64_t runs = 0;                    // finished ones
  double dt = 0.0;                           // as used
  double coupling = 0.0;                     // c0 as used
  std::vector<double> replica_best;          // [replica]
};

// A round is a hundredth of a run; after each in the second half of a run, and at the end, the
// signs of the positions are read as spins and their energies measured in double. Positions start
// at random, drawn at (chain = replica, step = run): replicas do not depend on how many there are.
// Ends as anneal() does. `sweeps` of the result counts time steps.
[[nodiscard]] BifurcationResult bifurcate(const IsingProgram& program,
                                          const BifurcationConfig& config, const Rng& rng,
                                          const Resources& resources);

// c0 = 1/2 sqrt(size - 1) / sqrt(sum over ordered pairs of J_ij^2), fields as couplings to one more
// spin; 1 without couplings. docs/theory/bifurcation.md eq. 3.
[[nodiscard]] double default_coupling(const IsingProgram& program);

// The time step that keeps the stiffest mode of the couplings inside the leapfrog's limit of 2 over
// its frequency: sqrt(1.9 / (1 + c0 |least eigenvalue of J|)), at most 1.25. Eq. 4; the eigenvalue
// by 30 power iterations, fields left out.
[[nodiscard]] double default_time_step(const IsingProgram& program, double coupling);

}  // namespace therma
