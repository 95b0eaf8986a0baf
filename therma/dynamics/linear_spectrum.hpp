// SPDX-License-Identifier: Apache-2.0
// The range of a matrix's eigenvalues, by products with vectors: what a step size is taken from.
#pragma once

#include <cstdint>
#include <span>

#include "therma/core/random/rng.hpp"

namespace therma {

class LinearOperator;

struct Spectrum {
  double least = 0.0;  // at most some lambda_min / 1.5 where the iteration converged
  double most = 0.0;   // at least lambda_max
  std::uint64_t products = 0;
};

// Power iteration for the largest eigenvalue, and for the smallest that of most - A, from random
// vectors; with safety factors 1.2 and 1.5. Throws Error{bad_data} where x^T A y and y^T A x
// differ, or x^T A x is not positive for a vector it meets.
[[nodiscard]] Spectrum estimate_spectrum(const LinearOperator& A, const Rng& rng);

[[nodiscard]] inline double dot(std::span<const double> x, std::span<const double> y) noexcept {
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

}  // namespace therma
