// SPDX-License-Identifier: Apache-2.0
// One-flip tabu search from given states: a digital polish of what a machine found.
//
// Source: F. Glover, ORSA J. Comput. 1 (1989); for quadratic spin problems G. Palubeckis, Ann.
// Oper. Res. 131 (2004). docs/theory/annealing.md.
#pragma once

#include <span>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/core/resources.hpp"
#include "therma/dynamics/search.hpp"

namespace therma {

class IsingProgram;

struct TabuConfig {
  std::uint64_t flips = 0;
  std::uint64_t patience = 0;
  std::uint32_t tenure = 0;

  static void each_field(auto& self, auto&& field) {
    field("flips", self.flips, "flips from each state at most; 0: no such limit");
    field("patience", self.patience,
          "flips without a lower energy after which to stop; 0: 20 for each spin, 10,000 at least");
    field("tenure", self.tenure, "flips for which a spin stays; 0: spins / 100 + 10");
  }
};

struct TabuResult {
  FoundState best;
  std::uint64_t flips = 0;
  bool improved = false;  // below the energy it began with
};

// Flips, again and again, the spin that lowers the energy most or raises it least, ties at random,
// leaving alone those flipped within the last tenure + (0 ... 9) flips unless that gives a new
// lowest energy. Local fields are kept up flip by flip: exactly where couplings and fields are
// multiples of one power of two (integers), else to rounding; the energy reported is measured
// from the state in any case. Cost of a flip: degree times log(spins).
// chain: separates the draws of different states. Polls resources every 4096 flips.
[[nodiscard]] TabuResult tabu_polish(const IsingProgram& program, std::span<const double> values,
                                     const TabuConfig& config, const Rng& rng, std::uint32_t chain,
                                     const Resources& resources);

// From every state of a result, on the pool; keeps its number of best states and says that they
// are polished. fold_mirrors as in the search itself.
void tabu_polish(const IsingProgram& program, SearchResult& result, const SearchGoal& goal,
                 const TabuConfig& config, const Rng& rng, const Resources& resources);

}  // namespace therma
