// SPDX-License-Identifier: Apache-2.0
// What every spin sampler shares: the state of a chain, what a step reports, turning one spin.
#pragma once

#include <cmath>
#include <cstdint>
#include <ranges>
#include <span>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/energy/concepts.hpp"

namespace therma {

// One chain; with the seed a complete checkpoint.
struct SpinState {
  std::uint32_t chain = 0;
  std::uint64_t step = 0;
  std::vector<Spin> spins;  // [site]
  double energy = 0.0;      // kept up by steps; perform_work() measures it afresh
  double work = 0.0;        // of the last perform_work
};

// What a step (a sweep) reports.
struct SpinInfo {
  std::uint64_t proposals = 0;
  std::uint64_t flips = 0;
  double heat = 0.0;     // released to the bath: energy lost by flips
  double entropy = 0.0;  // medium entropy production beta * heat, in k_B: each update is reversible
};

// Measures the energy again after the model's parameters changed at fixed spins.
// Returns the work done, one number; docs/theory/thermodynamics.md eq. 1.
template <SpinEnergy E>
std::span<const double> perform_work(const E& energy, SpinState& s) {
  const double before = s.energy;
  s.energy = energy.energy(s.spins);
  s.work = s.energy - before;
  return {&s.work, 1};
}

// A chain at given spins, or at random ones.
template <SpinEnergy E>
[[nodiscard]] SpinState init_spins(const E& energy, std::vector<Spin> spins,
                                   std::uint32_t chain = 0) {
  SpinState s{.chain = chain, .step = 0, .spins = std::move(spins)};
  perform_work(energy, s);
  return s;
}
template <SpinEnergy E>
[[nodiscard]] SpinState init_spins(const E& energy, const Rng& rng, std::uint32_t chain = 0) {
  const Rng start = rng.child("start");
  std::vector<Spin> spins(energy.size());
  for (std::uint32_t site = 0; site < energy.size(); ++site) {
    spins[site] = start.bits({.chain = chain, .site = site}) >> 63 ? kUp : kDown;
  }
  return init_spins(energy, std::move(spins), chain);
}

// Sites in the order of a sweep: the program's own, else by index.
template <SpinEnergy E>
[[nodiscard]] auto sweep_order(const E& energy) {
  if constexpr (requires { energy.sweep_order(); }) {
    return energy.sweep_order();
  } else {
    return std::views::iota(std::uint32_t{0}, static_cast<std::uint32_t>(energy.size()));
  }
}

// Turns a spin over. `field` is its local field: the energy rises by 2 s f.
inline void flip(SpinState& s, std::uint32_t site, double field, SpinInfo& info) noexcept {
  const double rise = 2.0 * s.spins[site] * field;
  s.spins[site] = static_cast<Spin>(-s.spins[site]);
  s.energy += rise;
  info.heat -= rise;
  ++info.flips;
}

// beta * heat, and 0 for no heat at infinite beta.
[[nodiscard]] inline double medium_entropy(double beta, double heat) noexcept {
  return heat == 0.0 ? 0.0 : beta * heat;
}

}  // namespace therma
