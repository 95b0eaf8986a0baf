// SPDX-License-Identifier: Apache-2.0
// Heat bath: one spin at a time from its exact conditional; docs/theory/gibbs.md.
#pragma once

#include "therma/dynamics/spins.hpp"

namespace therma {

// P(s = +1) = 1 / (1 + exp(-2 beta f)), docs/theory/gibbs.md eq. 3. An infinite beta follows the
// field and tosses a coin where it is zero.
[[nodiscard]] inline double up_probability(double beta, double field) noexcept {
  return field == 0.0 ? 0.5 : 1.0 / (1.0 + std::exp(-2.0 * beta * field));
}

struct Gibbs {
  using State = SpinState;
  using Info = SpinInfo;

  double beta = 1.0;

  // One spin, from a uniform u in [0, 1).
  template <SpinEnergy E>
  void update(const E& energy, State& s, std::uint32_t site, double u, Info& info) const {
    const double field = energy.local_field(s.spins, site);
    const Spin next = u < up_probability(beta, field) ? kUp : kDown;
    ++info.proposals;
    if (next != s.spins[site]) flip(s, site, field, info);
  }

  // Every spin once.
  template <SpinEnergy E>
  Info step(const E& energy, State& s, const Rng& rng) const {
    Info info;
    for (const std::uint32_t site : sweep_order(energy)) {
      update(energy, s, site, rng.uniform({s.chain, s.step, site}), info);
    }
    info.entropy = medium_entropy(beta, info.heat);
    ++s.step;
    return info;
  }
};

}  // namespace therma
