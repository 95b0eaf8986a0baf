// SPDX-License-Identifier: Apache-2.0
// The Ising model on a finite torus, in closed form, and on strips by transfer matrix.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "therma/energy/ising.hpp"

namespace therma::testing {

// rows x columns, neighbours coupled by J = 1; periodic in both directions, or open.
[[nodiscard]] inline IsingModel make_grid(std::uint32_t rows, std::uint32_t columns,
                                          bool periodic) {
  IsingModel model{.num_spins = rows * columns};
  for (std::uint32_t r = 0; r < rows; ++r) {
    for (std::uint32_t c = 0; c < columns; ++c) {
      const std::uint32_t at = r * columns + c;
      if (periodic || c + 1 < columns) {
        model.couplings.push_back({at, r * columns + (c + 1) % columns, 1.0});
      }
      if (periodic || r + 1 < rows) {
        model.couplings.push_back({at, (r + 1) % rows * columns + c, 1.0});
      }
    }
  }
  return model;
}

// ln Z of an m x n torus with K = beta J: Z = 1/2 (2 sinh 2K)^(mn/2) sum of four products of
// 2 cosh and 2 sinh of m gamma_l / 2 (B. Kaufman, Phys. Rev. 76, 1949, eq. 49).
[[nodiscard]] inline long double torus_log_z(int m, int n, long double K) {
  const auto gamma = [&](int l) {
    if (l == 0) return 2.0L * K + std::log(std::tanh(K));  // with its sign: negative above Tc
    const long double c =
        std::cosh(2.0L * K) * std::cosh(2.0L * K) / std::sinh(2.0L * K) -
        std::cos(static_cast<long double>(l) * std::numbers::pi_v<long double> / n);
    return std::acosh(c);
  };
  // Relative to the largest product, that of the odd cosh; log of 2 cosh x is x + log1p(e^-2x).
  long double largest = 0.0L, logs[4] = {0.0L, 0.0L, 0.0L, 0.0L}, sign = 1.0L;
  for (int r = 0; r < n; ++r) {
    const long double odd = 0.5L * m * gamma(2 * r + 1), even = 0.5L * m * gamma(2 * r);
    logs[0] += odd + std::log1p(std::exp(-2.0L * odd));
    logs[1] += odd + std::log1p(-std::exp(-2.0L * odd));
    logs[2] += std::abs(even) + std::log1p(std::exp(-2.0L * std::abs(even)));
    logs[3] += std::abs(even) + std::log1p(-std::exp(-2.0L * std::abs(even)));
    if (even < 0.0L) sign = -sign;
  }
  largest = logs[0];
  const long double sum = 1.0L + std::exp(logs[1] - largest) + std::exp(logs[2] - largest) +
                          sign * std::exp(logs[3] - largest);
  return 0.5L * m * n * std::log(2.0L * std::sinh(2.0L * K)) + largest + std::log(0.5L * sum);
}

// -d ln Z / dK by five-point differences: for J = 1 the mean energy.
[[nodiscard]] inline double torus_energy(int m, int n, double beta) {
  const long double h = 1e-4L, K = beta;
  const auto f = [&](long double at) { return torus_log_z(m, n, at); };
  return static_cast<double>(-(8.0L * (f(K + h) - f(K - h)) - (f(K + 2 * h) - f(K - 2 * h))) /
                             (12.0L * h));
}

// ln Z of `length` rings of `width` spins one above the other, open at both ends, J = 1.
[[nodiscard]] inline double cylinder_log_z(std::uint32_t width, std::uint32_t length, double beta) {
  const std::size_t states = std::size_t{1} << width;
  const auto spin = [](std::size_t row, std::uint32_t i) { return (row >> i & 1U) != 0 ? 1 : -1; };
  std::vector<double> ring(states), weight(states);
  for (std::size_t a = 0; a < states; ++a) {
    int sum = 0;
    for (std::uint32_t i = 0; i < width; ++i) sum += spin(a, i) * spin(a, (i + 1) % width);
    weight[a] = ring[a] = std::exp(beta * sum);
  }
  double log_z = 0.0;
  for (std::uint32_t row = 1; row < length; ++row) {
    std::vector<double> next(states, 0.0);
    double total = 0.0;
    for (std::size_t a = 0; a < states; ++a) {
      for (std::size_t b = 0; b < states; ++b) {
        int sum = 0;
        for (std::uint32_t i = 0; i < width; ++i) sum += spin(a, i) * spin(b, i);
        next[b] += weight[a] * std::exp(beta * sum) * ring[b];
      }
    }
    for (const double w : next) total += w;
    for (auto& w : next) w /= total;
    log_z += std::log(total);
    weight = next;
  }
  double total = 0.0;
  for (const double w : weight) total += w;
  return log_z + std::log(total);
}

}  // namespace therma::testing
