// SPDX-License-Identifier: Apache-2.0
// Power iterations.
#include "therma/dynamics/linear_spectrum.hpp"

#include <cmath>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/dynamics/linear_algebra.hpp"
#include "therma/dynamics/noise.hpp"

namespace therma {
namespace {

std::vector<double> random_vector(std::uint32_t n, const Rng& rng, std::uint32_t which) {
  std::vector<double> x(n);
  fill_normals(rng, which, 0, x);
  return x;
}

// x / |x|; a zero vector stays.
void normalise(std::vector<double>& x) {
  const double size = std::sqrt(dot(x, x));
  for (double& value : x) value /= size > 0.0 ? size : 1.0;
}

void check_symmetry(const LinearOperator& A, const Rng& rng) {
  const auto x = random_vector(A.size(), rng, 0), y = random_vector(A.size(), rng, 1);
  std::vector<double> Ax(A.size()), Ay(A.size());
  A.multiply(x, Ax);
  A.multiply(y, Ay);
  const double forth = dot(y, Ax), back = dot(x, Ay);
  const double scale = std::sqrt(dot(Ax, Ax) * dot(y, y)) + std::sqrt(dot(Ay, Ay) * dot(x, x));
  if (!(std::abs(forth - back) <= 1e-9 * scale)) {
    fail(ErrorCode::bad_data, "A: must be symmetric, but y^T A x = {} and x^T A y = {}", forth,
         back);
  }
}

}  // namespace

Spectrum estimate_spectrum(const LinearOperator& A, const Rng& rng) {
  if (A.size() == 0) fail(ErrorCode::bad_data, "A: must have at least one row, got none");
  check_symmetry(A, rng);
  Spectrum out{.least = 0.0, .most = 0.0, .products = 2};
  std::vector<double> x, Ax(A.size());
  // Rayleigh's quotient of x, which is normalised; A x is left behind.
  const auto quotient = [&] {
    normalise(x);
    A.multiply(x, Ax);
    ++out.products;
    const double value = dot(x, Ax);
    if (!(value > 0.0) || !std::isfinite(value)) {
      fail(ErrorCode::bad_data,
           "A: must be positive definite, but x^T A x = {} for a vector x of length 1", value);
    }
    return value;
  };
  x = random_vector(A.size(), rng, 2);
  for (int k = 0; k < 30; ++k) {
    out.most = std::max(quotient(), std::sqrt(dot(Ax, Ax)));  // neither exceeds lambda_max
    x = Ax;
  }
  out.most *= 1.2;

  // Converges by (1 - gap / lambda_max) a step: until the quotient has all but stopped falling.
  constexpr int kMost = 20'000, kPatience = 50;
  x = random_vector(A.size(), rng, 3);
  double past = quotient();
  for (int k = 1; k < kMost; ++k) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = out.most * x[i] - Ax[i];
    out.least = quotient();
    if (k % kPatience == 0) {
      if (out.least > 0.98 * past) break;
      past = out.least;
    }
  }
  if (out.least == 0.0) out.least = past;
  out.least /= 1.5;
  constexpr double kMostCondition = 1e8;
  if (out.most > kMostCondition * out.least) {
    fail(ErrorCode::bad_data,
         "A: must be positive definite with a condition below {}, but its smallest eigenvalue is "
         "about {} and its largest {}",
         kMostCondition, out.least, out.most);
  }
  return out;
}

}  // namespace therma
