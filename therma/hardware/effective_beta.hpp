// SPDX-License-Identifier: Apache-2.0
// Distances between a law and Boltzmann's, and the inverse temperature at which energies have a
// given mean.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace therma::hardware {

// Probabilities below it count as it, in logarithms.
inline constexpr double kLeastProbability = std::numeric_limits<double>::min();

struct LawDistance {
  double tv = 0.0;
  double kl = 0.0;           // sum p ln (p / p') with the ideal law p
  double mean_energy = 0.0;  // of the ideal energies, under p'
};
[[nodiscard]] LawDistance distance_of(std::span<const float> ideal_energies,
                                      std::span<const double> law, double beta);

struct EnergyMoments {
  double mean = 0.0;
  double variance = 0.0;
};

// Under exp(-b E), over the finite energies.
[[nodiscard]] inline EnergyMoments energy_moments(std::span<const float> energies, double b) {
  const double least = static_cast<double>(std::ranges::min(energies));
  double z = 0.0, first = 0.0, second = 0.0;
  for (const float energy : energies) {
    if (!std::isfinite(energy)) continue;
    const double above = static_cast<double>(energy) - least, weight = std::exp(-b * above);
    z += weight;
    first += weight * above;
    second += weight * above * above;
  }
  const double mean = first / z;
  return {least + mean, second / z - mean * mean};
}

// b >= 0 with moments(b).mean == mean, by Newton's method kept inside a bracket: the mean falls
// with b at the rate of the variance. 0 where even b = 0 is below the mean; infinity where
// the mean is the least energy, or b would pass 1e6.
template <class Moments>
[[nodiscard]] double beta_of_mean(double mean, double least, double guess, const Moments& moments) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!(mean > least)) return kInfinity;
  if (moments(0.0).mean <= mean) return 0.0;
  double low = 0.0, high = std::max(guess, 1.0);
  while (moments(high).mean > mean) {
    low = high;
    high *= 2.0;
    if (high > 1e6) return kInfinity;
  }
  double b = std::clamp(guess, low, high);
  for (int k = 0; k < 100 && high - low > 1e-12 * high; ++k) {
    const auto at = moments(b);
    (at.mean > mean ? low : high) = b;
    const double step = at.variance > 0.0 ? (at.mean - mean) / at.variance : kInfinity;
    if (std::abs(step) < 1e-13 * b) break;
    b += step;
    if (!(b > low && b < high)) b = 0.5 * (low + high);
  }
  return b;
}

}  // namespace therma::hardware
