// SPDX-License-Identifier: Apache-2.0
// Simulated annealing of a machine's replicas; docs/theory/annealing.md.
#pragma once

#include "therma/core/resources.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/schedule.hpp"
#include "therma/dynamics/search.hpp"

namespace therma {

struct AnnealConfig {
  SearchGoal goal = {};
  std::uint64_t sweeps = 1000;
  std::uint64_t levels = 200;
  std::uint64_t quench = 0;
  std::uint64_t anneals = 1;
  double growth = 1.0;
  double skip = 0.0;
  double restart_skip = 0.0;
  std::uint64_t look_every = 32;
  std::uint64_t rounds = 0;

  static void each_field(auto& self, auto&& field) {
    SearchGoal::each_field(self.goal, field);
    field("sweeps", self.sweeps, "sweeps of one anneal, hot to cold", at_least(1));
    field("levels", self.levels, "inverse temperatures of one anneal, at most one for each sweep",
          at_least(1));
    field("quench", self.quench, "sweeps at infinite beta after each anneal (discrete programs)");
    field("anneals", self.anneals, "anneals one after another; 0: until something else stops");
    field("growth", self.growth, "sweeps of each anneal over those of the one before", at_least(1));
    field("skip", self.skip, "share of the first anneal left out at its hot end: warm starts",
          within(0, 1));
    field("restart_skip", self.restart_skip, "the same for each later anneal", within(0, 1));
    field("look_every", self.look_every, "sweeps between looks at the energies in the colder half",
          at_least(1));
    field("rounds", self.rounds, "levels after which to stop, in all; 0: no such limit");
  }
};

struct AnnealResult : SearchResult {
  std::uint64_t anneals = 0;         // finished ones
  std::vector<double> replica_best;  // [replica] lowest energy seen of each
};

// A round is one level: a stretch of sweeps at one beta, schedule.at(level, levels). Anneals follow
// each other on the same chains; each begins where the last one ended (a hot first level forgets
// it) with its own share skipped. Energies cost about a sweep: they are looked at at the end, after
// each anneal, and in the colder half of one whenever look_every sweeps have passed.
// A deadline or stop token is heeded between rounds. Throws Error{invalid_argument} where nothing
// would ever end it: no anneals, rounds, target, deadline or stop token.
[[nodiscard]] AnnealResult anneal(Machine& machine, const AnnealConfig& config,
                                  const Schedule& betas, const Resources& resources);

}  // namespace therma
