// SPDX-License-Identifier: Apache-2.0
// The harmonic trap, whose centre and stiffness a protocol may move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace therma {

// V(x) = 1/2 k sum_i (x_i - c)^2, the same k and c in each of `dimension` coordinates.
// Its parameters are public: a protocol assigns them.
struct HarmonicTrap {
  double stiffness = 1.0;  // k, energy per length squared
  double centre = 0.0;     // c
  std::uint32_t dimension = 1;

  [[nodiscard]] std::uint32_t size() const noexcept { return dimension; }

  [[nodiscard]] double energy(std::span<const double> x) const noexcept {
    double sum = 0.0;
    for (const double xi : x) sum += (xi - centre) * (xi - centre);
    return 0.5 * stiffness * sum;
  }

  void gradient(std::span<const double> x, std::span<double> g) const noexcept {
    for (std::size_t i = 0; i < x.size(); ++i) g[i] = stiffness * (x[i] - centre);
  }
};

}  // namespace therma
