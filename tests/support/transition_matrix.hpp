// SPDX-License-Identifier: Apache-2.0
// Transition matrices of spin kernels, read off the kernels' own code.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/support/targets.hpp"
#include "therma/dynamics/spins.hpp"

namespace therma::testing {

using Matrix = std::vector<double>;  // [from, to], num_states x num_states

[[nodiscard]] inline std::size_t order_of(const Matrix& m) {
  return static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(m.size()))));
}

[[nodiscard]] inline Matrix multiply(const Matrix& a, const Matrix& b) {
  const std::size_t n = order_of(a);
  Matrix out(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t j = 0; j < n; ++j) out[i * n + j] += a[i * n + k] * b[k * n + j];
    }
  }
  return out;
}

// The distribution after one step, [state].
[[nodiscard]] inline std::vector<double> advance(const std::vector<double>& p, const Matrix& m) {
  std::vector<double> out(p.size(), 0.0);
  for (std::size_t i = 0; i < p.size(); ++i) {
    for (std::size_t j = 0; j < p.size(); ++j) out[j] += p[i] * m[i * p.size() + j];
  }
  return out;
}

// update(..., u, ...) of one site is a step function of the uniform u with one threshold, found
// here by bisection over all 2^53 values of u: the share of u that leads to each end state.
template <class Kernel>
[[nodiscard]] Matrix site_matrix(const Kernel& kernel, const IsingProgram& program,
                                 std::uint32_t site) {
  const std::size_t n = std::size_t{1} << program.size();
  Matrix m(n * n, 0.0);
  for (std::size_t from = 0; from < n; ++from) {
    const auto end_of = [&](std::uint64_t u) {
      auto s = init_spins(program, spins_of(from, program.size()));
      SpinInfo info;
      kernel.update(program, s, site, static_cast<double>(u) * 0x1.0p-53, info);
      return index_of(s.spins);
    };
    constexpr std::uint64_t kAll = std::uint64_t{1} << 53;
    const std::size_t first = end_of(0), last = end_of(kAll - 1);
    std::uint64_t low = 0, high = kAll - 1;  // end_of(low) == first, end_of(high) == last
    while (first != last && high - low > 1) {
      const std::uint64_t middle = low + (high - low) / 2;
      (end_of(middle) == first ? low : high) = middle;
    }
    const double share = first == last ? 1.0 : static_cast<double>(high) * 0x1.0p-53;
    m[from * n + first] += share;
    m[from * n + last] += 1.0 - share;
  }
  return m;
}

// Largest |pi_i P_ij - pi_j Q_ji|: zero where Q is the reverse of P under pi.
[[nodiscard]] inline double balance_error(const std::vector<double>& pi, const Matrix& p,
                                          const Matrix& q) {
  const std::size_t n = pi.size();
  double worst = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      worst = std::max(worst, std::abs(pi[i] * p[i * n + j] - pi[j] * q[j * n + i]));
    }
  }
  return worst;
}

}  // namespace therma::testing
