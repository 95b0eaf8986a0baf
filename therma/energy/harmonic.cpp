// SPDX-License-Identifier: Apache-2.0
// Quadratic forms.
#include "therma/energy/harmonic.hpp"

#include <cmath>

#include "therma/core/error.hpp"

namespace therma {

QuadraticEnergy::QuadraticEnergy(std::vector<double> K, std::vector<double> b)
    : K_(std::move(K)), b_(std::move(b)) {
  const auto n = static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(K_.size()))));
  if (n * n != K_.size()) {
    fail(ErrorCode::bad_data, "K: must be a square matrix, got {} numbers", K_.size());
  }
  if (b_.empty()) b_.resize(n, 0.0);
  if (b_.size() != n) {
    fail(ErrorCode::bad_data, "b: must be {} numbers like K's rows, got {}", n, b_.size());
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double forth = K_[i * n + j], back = K_[j * n + i];
      if (!std::isfinite(forth) || std::abs(forth - back) > 1e-12 * std::abs(forth)) {
        fail(ErrorCode::bad_data, "K: must be finite and symmetric, got {} and {} at ({}, {})",
             forth, back, i, j);
      }
    }
    if (!std::isfinite(b_[i])) {
      fail(ErrorCode::bad_data, "b {}: must be a finite number, got {}", i, b_[i]);
    }
  }
}

double QuadraticEnergy::energy(std::span<const double> x) const noexcept {
  double sum = 0.0;
  for (std::size_t i = 0; i < b_.size(); ++i) {
    double row = 0.0;
    for (std::size_t j = 0; j < b_.size(); ++j) row += K_[i * b_.size() + j] * x[j];
    sum += (0.5 * row - b_[i]) * x[i];
  }
  return sum;
}

void QuadraticEnergy::gradient(std::span<const double> x, std::span<double> g) const noexcept {
  for (std::size_t i = 0; i < b_.size(); ++i) {
    double row = 0.0;
    for (std::size_t j = 0; j < b_.size(); ++j) row += K_[i * b_.size() + j] * x[j];
    g[i] = row - b_[i];
  }
}

}  // namespace therma
