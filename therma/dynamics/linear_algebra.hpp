// SPDX-License-Identifier: Apache-2.0
// Thermodynamic linear algebra: linear systems, inverses and determinants of symmetric positive
// definite matrices, read off the thermal motion of replicas; docs/theory/linear-algebra.md.
//
// Source: M. Aifer et al., Thermodynamic linear algebra, arXiv 2308.05660. The matrix is only ever
// multiplied with vectors. Each answer comes with one standard error, from the spread of
// independent replicas.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/core/resources.hpp"

namespace therma {

// y = A x for a symmetric A; called from many threads at once.
template <class M>
concept MatVec = requires(const M& A, std::span<const double> x, std::span<double> y) {
  { A.size() } -> std::convertible_to<std::uint32_t>;
  { A.multiply(x, y) } -> std::same_as<void>;
};

// Any MatVec, borrowed.
class LinearOperator {
 public:
  template <MatVec M>
  requires(!std::same_as<M, LinearOperator>) LinearOperator(const M& A)  // NOLINT: a view
      : size_(A.size()),
        multiply_([&A](std::span<const double> x, std::span<double> y) { A.multiply(x, y); }) {}

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  void multiply(std::span<const double> x, std::span<double> y) const { multiply_(x, y); }

 private:
  std::uint32_t size_;
  std::function<void(std::span<const double>, std::span<double>)> multiply_;
};

// A MatVec of all its cells.
class DenseMatrix {
 public:
  // cells: [n, n]. Throws Error{bad_data} where they are no square or not finite.
  explicit DenseMatrix(std::vector<double> cells);
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  void multiply(std::span<const double> x, std::span<double> y) const noexcept;

 private:
  std::uint32_t size_;
  std::vector<double> cells_;
};

// How the replicas move: both have Boltzmann's law of a quadratic energy exactly, at any stable
// step.
enum class LinearRule { leimkuhler_matthews, baoab };
[[nodiscard]] std::span<const std::string_view> enum_names(LinearRule) noexcept;

struct LinearAlgebraConfig {
  LinearRule rule = LinearRule::baoab;
  std::uint32_t replicas = 32;
  double kT = 1.0;
  double step = 1.0;
  double length = 100.0;
  std::uint32_t stages = 0;

  static void each_field(auto& self, auto&& field) {
    field("rule", self.rule, "dynamics of the replicas");
    field("replicas", self.replicas, "independent runs, whose spread is the error", at_least(8));
    field("kT", self.kT, "temperature, in units of energy", positive);
    field("step", self.step, "time step: lambda_max dt, or omega_max dt (baoab)",
          within(1e-3, 1.5));
    field("length", self.length, "averaging time, in relaxation times of the slowest mode",
          at_least(1));
    field("stages", self.stages, "stages from diagonal to matrix (determinant); 0: as needed");
  }
};

// The cost of an answer, and whether it is complete.
struct LinearRun {
  std::uint64_t products = 0;  // matrix times vector, all replicas together
  double condition = 0.0;      // estimate of lambda_max / lambda_min
  bool stopped = false;        // by stop token or deadline: the errors say what is left to trust
};

struct LinearSolution {
  std::vector<double> x;      // [n]
  std::vector<double> error;  // [n] one standard error; infinite where nothing was averaged
  LinearRun run;
};
struct MatrixInverse {
  std::vector<double> inverse;  // [n, n], symmetric
  std::vector<double> error;    // [n, n]
  LinearRun run;
};
struct LogDeterminant {
  double value = 0.0;
  double error = 0.0;
  std::uint32_t stages = 0;
  LinearRun run;
};

// All three throw Error{bad_data} where A is found not to be symmetric or not positive definite (a
// negative x^T A x, or replicas that diverge), or b is not A.size() finite numbers, and
// Error{invalid_argument} on a bad config.

// A^-1 b: the mean of exp(-(x^T A x / 2 - b^T x) / kT).  b: [n]
[[nodiscard]] LinearSolution solve(const LinearOperator& A, std::span<const double> b,
                                   const LinearAlgebraConfig& config, const Rng& rng,
                                   const Resources& resources = {});

// A^-1: the covariance of exp(-x^T A x / 2 kT), over kT.
[[nodiscard]] MatrixInverse inverse(const LinearOperator& A, const LinearAlgebraConfig& config,
                                    const Rng& rng, const Resources& resources = {});

// ln det A = ln det D + 2 (F(A) - F(D)) / kT with D the diagonal of A: the free energies of stages
// lambda A + (1 - lambda) D, joined by Bennett's acceptance ratio.
[[nodiscard]] LogDeterminant log_determinant(const LinearOperator& A,
                                             const LinearAlgebraConfig& config, const Rng& rng,
                                             const Resources& resources = {});

}  // namespace therma
