// SPDX-License-Identifier: Apache-2.0
// Population annealing of a machine's replicas; docs/theory/population-annealing.md.
#pragma once

#include <span>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/search.hpp"

namespace therma {

struct PopulationConfig {
  SearchGoal goal = {};
  double beta_end = 1.0;
  double beta_start = 0.0;
  double kept_fraction = 0.9;
  std::uint64_t sweeps = 10;
  std::uint64_t rounds = 0;

  static void each_field(auto& self, auto&& field) {
    SearchGoal::each_field(self.goal, field);
    field("beta_end", self.beta_end, "coldest inverse temperature", positive);
    field("beta_start", self.beta_start, "hottest; at 0 free energies are absolute", non_negative);
    field("kept_fraction", self.kept_fraction,
          "effective share of the population that each step keeps", within(0.05, 0.999));
    field("sweeps", self.sweeps, "sweeps at each inverse temperature", at_least(1));
    field("rounds", self.rounds, "steps of beta after which to stop; 0: no such limit");
  }
};

// What the population was at one inverse temperature, after its sweeps.
struct PopulationPoint {
  double beta = 0.0;
  double energy = 0.0;         // mean over replicas
  double energy_error = 0.0;   // standard error, families taken as the independent units
  double log_z = 0.0;          // ln Z(beta) - ln Z(beta_start): minus the change of beta F
  double log_z_error = 0.0;    // standard error, eq. 5
  double family_size = 1.0;    // rho_t: mean square family size over mean family size, eq. 3
  double num_families = 1.0;   // effective, exp of the entropy of family shares, eq. 4
  double kept_fraction = 1.0;  // effective share that the step to this beta kept, eq. 2
};

enum class Equilibration {
  reached,    // at least 100 effective families at the coldest beta
  undecided,  // fewer, of a population below 1000, which could hardly have more
  failed      // fewer, of a larger one: it descends from a handful of its first members
};
[[nodiscard]] std::span<const std::string_view> enum_names(Equilibration) noexcept;

struct PopulationResult : SearchResult {
  std::vector<PopulationPoint> points;  // from beta_start on
  Equilibration equilibration = Equilibration::undecided;
};

// The replicas must be at equilibrium at beta_start: random, as machines are made, where it is 0.
// Each round (one step of beta) resamples, then sweeps; beta grows by as much as leaves the weights
// an effective share of kept_fraction. Ends at beta_end at the latest, heeds a deadline or stop
// token between rounds. rng: of the resampling.
// Throws Error{invalid_argument} unless beta_start < beta_end < infinity.
[[nodiscard]] PopulationResult population_anneal(Machine& machine, const PopulationConfig& config,
                                                 const Rng& rng, const Resources& resources);

// How many copies each replica gets: systematic resampling, one uniform draw u in [0, 1) for all
// (Carpenter, Clifford and Fearnhead 1999).  weights: [replica], not negative, not all zero.
// Returns parents, [replica]: a replica that survives stays in its place.
[[nodiscard]] std::vector<std::uint32_t> systematic_parents(std::span<const double> weights,
                                                            double u);

// The largest step of beta, at most limit, whose weights exp(-step E) keep that effective share of
// the energies, (sum w)^2 / (n sum w^2); by bisection.
[[nodiscard]] double largest_step(std::span<const double> energies, double kept_fraction,
                                  double limit);

}  // namespace therma
