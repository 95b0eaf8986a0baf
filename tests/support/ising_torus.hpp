// SPDX-License-Identifier: Apache-2.0
// Exact answers for the square-lattice Ising model: the finite torus, and the infinite lattice.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace therma::testing {

// ln Z of a torus of `rows` by `columns` spins with coupling K = beta J > 0: B. Kaufman, Phys.
// Rev. 76, 1949, as in A. Ferdinand and M. Fisher, Phys. Rev. 185, 1969, eq. 2.4 to 2.8:
//   Z = (2 sinh 2K)^(mn/2) / 2 sum_i Z_i,  cosh g_l = cosh 2K coth 2K - cos(l pi / n),
//   g_0 = 2K + ln tanh K (which is negative above the critical temperature), and
//   Z_1, Z_2 = prod 2 cosh, 2 sinh of m g_(2r+1) / 2;  Z_3, Z_4 the same of m g_(2r).
[[nodiscard]] inline long double log_torus_partition(std::uint32_t rows, std::uint32_t columns,
                                                     long double K) {
  const long double m = rows, n = columns;
  long double logs[4] = {};  // of |Z_i|
  bool negative = false;     // Z_4
  for (std::uint32_t l = 0; l < 2 * columns; ++l) {
    const long double angle = std::numbers::pi_v<long double> * l / n;
    const long double c = std::cosh(2 * K) / std::tanh(2 * K) - std::cos(angle);
    const long double g = l == 0 ? 2 * K + std::log(std::tanh(K)) : std::acosh(c);
    const long double half = m * std::abs(g) / 2;
    const long double both = half + std::log1p(-std::exp(-2 * half));  // ln 2 sinh
    const std::size_t odd = l % 2 == 1 ? 0 : 2;
    logs[odd] += half + std::log1p(std::exp(-2 * half));
    logs[odd + 1] += both;
    negative = negative || (l == 0 && g < 0);
  }
  long double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    sum += (i == 3 && negative ? -1 : 1) * std::exp(logs[i] - logs[0]);
  }
  return m * n / 2 * std::log(2 * std::sinh(2 * K)) - std::log(2.0L) + logs[0] + std::log(sum);
}

// Mean energy per spin for J = 1, - d ln Z / d beta / (mn): differences of four points, whose
// error is of order 1e-10.
[[nodiscard]] inline double torus_energy_per_spin(std::uint32_t rows, std::uint32_t columns,
                                                  double beta) {
  constexpr long double kStep = 1e-4L;
  const auto slope = [&](long double h) {
    return (log_torus_partition(rows, columns, beta + h) -
            log_torus_partition(rows, columns, beta - h)) /
           (2 * h);
  };
  const long double slope_here = (4 * slope(kStep) - slope(2 * kStep)) / 3;
  return static_cast<double>(-slope_here / (static_cast<long double>(rows) * columns));
}

inline const double kCriticalBeta = std::log(1.0 + std::numbers::sqrt2) / 2.0;

// |m| of the infinite lattice below the critical temperature: C. Yang, Phys. Rev. 85, 1952.
[[nodiscard]] inline double onsager_magnetisation(double beta) {
  return std::pow(1.0 - std::pow(std::sinh(2.0 * beta), -4.0), 0.125);
}

}  // namespace therma::testing
