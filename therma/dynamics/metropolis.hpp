// SPDX-License-Identifier: Apache-2.0
// Metropolis: flips of random spins, accepted by the energy they cost; docs/theory/gibbs.md.
#pragma once

#include "therma/dynamics/spins.hpp"

namespace therma {

// min(1, exp(-beta dE)), docs/theory/gibbs.md eq. 4; also for an infinite beta.
[[nodiscard]] inline double acceptance(double beta, double rise) noexcept {
  return rise <= 0.0 ? 1.0 : std::exp(-beta * rise);
}

// Each update picks its site at random: visiting them in order would turn every spin over in
// every sweep at beta = 0, and never mix.
struct Metropolis {
  using State = SpinState;
  using Info = SpinInfo;

  double beta = 1.0;

  // One proposal, from a uniform u in [0, 1).
  template <SpinEnergy E>
  void update(const E& energy, State& s, std::uint32_t site, double u, Info& info) const {
    const double field = energy.local_field(s.spins, site);
    ++info.proposals;
    if (u < acceptance(beta, 2.0 * s.spins[site] * field)) flip(s, site, field, info);
  }

  // As many proposals as there are spins.
  template <SpinEnergy E>
  Info step(const E& energy, State& s, const Rng& rng) const {
    Info info;
    Draws draws(rng, s.chain, s.step);
    for (std::uint32_t k = 0; k < energy.size(); ++k) {
      const std::uint32_t site = draws.below(energy.size());
      update(energy, s, site, draws.uniform(), info);
    }
    info.entropy = medium_entropy(beta, info.heat);
    ++s.step;
    return info;
  }
};

}  // namespace therma
