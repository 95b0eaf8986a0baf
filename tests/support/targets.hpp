// SPDX-License-Identifier: Apache-2.0
// Small systems with known answers, and what tests measure on them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/energy/ising.hpp"
#include "therma/energy/quartic.hpp"

namespace therma::testing {

struct Ring {
  std::uint32_t spins = 6;
  double coupling = 0.7;
  double field = 0.0;
};

[[nodiscard]] inline IsingModel make_ring(const Ring& ring) {
  IsingModel model{.num_spins = ring.spins};
  model.fields.assign(ring.spins, ring.field);
  for (std::uint32_t i = 0; i < ring.spins; ++i) {
    model.couplings.push_back({i, (i + 1) % ring.spins, ring.coupling});
  }
  return model;
}

// All pairs coupled by N(0, 1/n), fields N(0, 1/4).
[[nodiscard]] inline IsingModel make_glass(std::uint32_t spins, std::uint64_t seed) {
  const Rng rng(seed);
  IsingModel model{.num_spins = spins};
  const double scale = 1.0 / std::sqrt(static_cast<double>(spins));
  for (std::uint32_t i = 0; i < spins; ++i) {
    model.fields.push_back(0.5 * rng.child("fields").normal({.site = i}));
    for (std::uint32_t j = i + 1; j < spins; ++j) {
      model.couplings.push_back({i, j, scale * rng.normal({.chain = i, .site = j})});
    }
  }
  return model;
}

// A quartic network of `units` with every `stride`-th pair coupled.
[[nodiscard]] inline QuarticModel make_quartic(std::uint32_t units, std::uint32_t stride,
                                               std::uint64_t seed) {
  const Rng rng(seed);
  QuarticModel model{.num_units = units};
  std::uint32_t pair = 0;
  for (std::uint32_t i = 0; i < units; ++i) {
    model.biases.push_back(rng.child("biases").normal({.site = i}));
    for (std::uint32_t j = i + 1; j < units; ++j) {
      if (pair++ % stride == 0) {
        model.couplings.push_back({i, j, 0.3 * rng.normal({.chain = i, .site = j})});
      }
    }
  }
  return model;
}

// States of few spins as numbers: bit i of the index is spin i up.
[[nodiscard]] inline std::vector<Spin> spins_of(std::size_t index, std::uint32_t size) {
  std::vector<Spin> spins(size);
  for (std::uint32_t i = 0; i < size; ++i) spins[i] = (index >> i & 1U) != 0 ? kUp : kDown;
  return spins;
}
[[nodiscard]] inline std::size_t index_of(std::span<const Spin> spins) {
  std::size_t index = 0;
  for (std::size_t i = 0; i < spins.size(); ++i) index |= std::size_t{spins[i] == kUp} << i;
  return index;
}

// Boltzmann probabilities by enumeration, [state].
[[nodiscard]] inline std::vector<double> enumerate_boltzmann(const IsingModel& model, double beta) {
  std::vector<double> p(std::size_t{1} << model.num_spins);
  double sum = 0.0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    p[k] = std::exp(-beta * energy(model, spins_of(k, model.num_spins)));
    sum += p[k];
  }
  for (auto& value : p) value /= sum;
  return p;
}

// Probability that a standard normal exceeds z in size; used to state false-alarm rates.
[[nodiscard]] inline double two_sided(double z) { return std::erfc(z / std::sqrt(2.0)); }

}  // namespace therma::testing
