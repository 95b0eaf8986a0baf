// SPDX-License-Identifier: Apache-2.0
// Compares a gradient with central finite differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "therma/energy/concepts.hpp"

namespace therma::testing {

// Largest |g_i - (V(x + h e_i) - V(x - h e_i)) / 2h| / max(1, |g_i|) over coordinates.
// With h = 1e-5 and V of order 1 the differences themselves are good to about 1e-9 where V is
// smooth: truncation h^2 V'''/6 and rounding 1e-16 V / h.
template <GradientEnergy E>
[[nodiscard]] double gradient_error(const E& energy, std::span<const double> at, double h = 1e-5) {
  std::vector<double> x(at.begin(), at.end());
  std::vector<double> g(x.size());
  energy.gradient(x, g);
  double worst = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double centre = x[i];
    x[i] = centre + h;
    const double above = energy.energy(x);
    x[i] = centre - h;
    const double below = energy.energy(x);
    x[i] = centre;
    const double error = std::abs(g[i] - (above - below) / (2.0 * h));
    worst = std::max(worst, error / std::max(1.0, std::abs(g[i])));
  }
  return worst;
}

}  // namespace therma::testing
