// SPDX-License-Identifier: Apache-2.0
// Metropolis-adjusted Langevin: Euler steps accepted so that Boltzmann's law is exact at any dt.
#pragma once

#include <algorithm>

#include "therma/dynamics/langevin.hpp"

namespace therma {

struct MalaInfo {
  std::span<const double> heat;     // [replica] zero where the proposal was rejected
  std::span<const double> entropy;  // [replica] heat / kT: the corrected step is reversible
  std::uint64_t accepted = 0;       // replicas that moved
};

// docs/theory/langevin.md eq. 9; Roberts and Tweedie, Bernoulli 2, 1996. kT must be positive.
struct Mala {
  using State = LangevinState;
  using Info = MalaInfo;

  double mu = 1.0;
  double kT = 1.0;
  double dt = 1e-3;

  template <GradientEnergy E, class Noise>
  Info step(const E& energy, State& s, const Noise& rng) const {
    Info info;
    const EulerMaruyama proposal{.mu = mu, .kT = kT, .dt = dt};
    auto old_z = s.z, old_gradient = s.gradient, old_energy = s.energy;
    proposal.step(energy, s, rng);
    const Rng accept = rng.child("accept");
    for (std::uint32_t r = 0; r < s.num_replicas(); ++r) {
      // min(1, e^{-dV/kT} k(z'→z) / k(z→z'))
      const double log_acceptance = s.heat[r] / kT - s.entropy[r];
      const double u = accept.uniform({.chain = s.first_chain + r, .step = s.step});
      if (std::log(u) < log_acceptance) {
        ++info.accepted;
      } else {
        std::ranges::copy(s.row(old_z, r), s.row(s.z, r).begin());
        std::ranges::copy(s.row(old_gradient, r), s.row(s.gradient, r).begin());
        s.energy[r] = old_energy[r];
        s.heat[r] = 0.0;
      }
      s.entropy[r] = s.heat[r] / kT;
    }
    info.heat = s.heat;
    info.entropy = s.entropy;
    return info;
  }
};

}  // namespace therma
