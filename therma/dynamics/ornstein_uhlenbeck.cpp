// SPDX-License-Identifier: Apache-2.0
// Matrix exponentials, Lyapunov equations and square roots, by Eigen.
#include "therma/dynamics/ornstein_uhlenbeck.hpp"

#include <Eigen/Dense>
#include <unsupported/Eigen/MatrixFunctions>

#include "therma/core/error.hpp"

namespace therma {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ComplexMatrix = Eigen::MatrixXcd;
using Eigen::Index;

std::vector<double> to_vector(const Matrix& m) { return {m.data(), m.data() + m.size()}; }

struct Matrices {
  Matrix A;
  Matrix D;
};

Matrices matrices(const LinearDiffusion& model) {
  const auto n =
      static_cast<Index>(std::llround(std::sqrt(static_cast<double>(model.drift.size()))));
  const auto cells = static_cast<std::size_t>(n * n);
  if (n == 0 || cells != model.drift.size() || cells != model.diffusion.size()) {
    fail(ErrorCode::bad_data, "drift and diffusion: must be square of equal size, got {} and {}",
         model.drift.size(), model.diffusion.size());
  }
  Matrices out{Eigen::Map<const Matrix>(model.drift.data(), n, n),
               Eigen::Map<const Matrix>(model.diffusion.data(), n, n)};
  if (!out.A.allFinite() || !out.D.allFinite()) {
    fail(ErrorCode::bad_data, "drift and diffusion: must hold finite numbers");
  }
  if (!out.D.isApprox(out.D.transpose(), 1e-12)) {
    fail(ErrorCode::bad_data, "diffusion: must be symmetric");
  }
  return out;
}

// Solves A C + C A^T = Q by the complex Schur form A = U T U^H: T Y + Y T^H = U^H Q U is
// triangular, so that Y follows from its last column and row backwards.
Matrix solve_lyapunov(const Matrix& A, const Matrix& Q) {
  const Index n = A.rows();
  const Eigen::ComplexSchur<ComplexMatrix> schur(A.cast<std::complex<double>>());
  const ComplexMatrix& T = schur.matrixT();
  const ComplexMatrix& U = schur.matrixU();
  for (Index i = 0; i < n; ++i) {
    if (!(T(i, i).real() > 0.0)) {
      fail(ErrorCode::bad_data,
           "drift: must be stable, but an eigenvalue has real part {}; it must be > 0",
           T(i, i).real());
    }
  }
  const ComplexMatrix F = U.adjoint() * Q.cast<std::complex<double>>() * U;
  ComplexMatrix Y = ComplexMatrix::Zero(n, n);
  for (Index j = n - 1; j >= 0; --j) {
    for (Index i = n - 1; i >= 0; --i) {
      std::complex<double> sum = F(i, j);
      for (Index k = i + 1; k < n; ++k) sum -= T(i, k) * Y(k, j);
      for (Index k = j + 1; k < n; ++k) sum -= Y(i, k) * std::conj(T(j, k));
      Y(i, j) = sum / (T(i, i) + std::conj(T(j, j)));
    }
  }
  const Matrix C = (U * Y * U.adjoint()).real();
  return 0.5 * (C + C.transpose());
}

// L with L L^T = S, also for S without full rank.
Matrix square_root(const Matrix& S) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(S);
  return eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal();
}

}  // namespace

std::vector<double> stationary_covariance(const LinearDiffusion& model) {
  const auto [A, D] = matrices(model);
  return to_vector(solve_lyapunov(A, 2.0 * D));
}

double entropy_production_rate(const LinearDiffusion& model) {
  const auto [A, D] = matrices(model);
  const Matrix C = solve_lyapunov(A, 2.0 * D);
  const Eigen::LDLT<Matrix> factors(D);
  if (factors.info() != Eigen::Success || !factors.isPositive() ||
      !(factors.vectorD().minCoeff() > 0.0)) {
    fail(ErrorCode::bad_data, "diffusion: must be positive definite for an entropy production");
  }
  return (A.transpose() * factors.solve(A * C)).trace() - A.trace();
}

LinearStepper::LinearStepper(const LinearDiffusion& model, double dt) {
  if (!(dt > 0.0) || !std::isfinite(dt)) {
    fail(ErrorCode::invalid_argument, "dt: must be finite and > 0, got {}", dt);
  }
  const auto [A, D] = matrices(model);
  const Index n = A.rows();
  size_ = static_cast<std::uint32_t>(n);
  // exp([[A, 2D], [0, -A^T]] t) = [[e^{At}, G], [0, e^{-A^T t}]]: P = e^{-At} is the transpose of
  // its lower right block and the covariance P G. e^{At} explodes, so t is halved until it doesn't,
  // and steps are joined again two by two.
  const int halvings = std::max(0, std::ilogb(A.norm() * dt) + 1);
  const double t = std::ldexp(dt, -halvings);
  Matrix block = Matrix::Zero(2 * n, 2 * n);
  block.topLeftCorner(n, n) = A * t;
  block.topRightCorner(n, n) = 2.0 * D * t;
  block.bottomRightCorner(n, n) = -A.transpose() * t;
  const Matrix exponential = block.exp();
  Matrix P = exponential.bottomRightCorner(n, n).transpose();
  Matrix S = P * exponential.topRightCorner(n, n);
  for (int k = 0; k < halvings; ++k) {
    S += (P * S * P.transpose()).eval();
    P = (P * P).eval();
  }
  S = (0.5 * (S + S.transpose())).eval();
  propagator_ = to_vector(P);
  covariance_ = to_vector(S);
  root_ = to_vector(square_root(S));
}

void LinearStepper::step(std::span<double> x, std::uint32_t first_chain, std::uint64_t step,
                         const Rng& rng) const {
  THERMA_ASSERT(x.size() % size_ == 0);
  std::vector<double> xi(size_), next(size_);
  for (std::size_t r = 0; r * size_ < x.size(); ++r) {
    const auto row = x.subspan(r * size_, size_);
    fill_normals(rng, first_chain + static_cast<std::uint32_t>(r), step, xi);
    for (std::size_t i = 0; i < size_; ++i) {
      next[i] = 0.0;
      for (std::size_t j = 0; j < size_; ++j) {
        next[i] += propagator_[i * size_ + j] * row[j] + root_[i * size_ + j] * xi[j];
      }
    }
    std::ranges::copy(next, row.begin());
  }
}

}  // namespace therma
