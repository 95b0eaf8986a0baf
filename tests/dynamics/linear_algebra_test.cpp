// SPDX-License-Identifier: Apache-2.0
// Thermodynamic linear algebra against Eigen, which appears in this test only.
//
// Errors are standard errors from 32 independent replicas, so that (answer - truth) / error has
// Student's law with 31 degrees: mean square 31/29 = 1.07. Calibration is tested over seeds.
#include "therma/dynamics/linear_algebra.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <stop_token>

#include "therma/core/error.hpp"

namespace therma {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Eigenvalues spread evenly in their logarithm from 1 to `condition`, random directions.
Matrix random_spd(Eigen::Index n, double condition, std::uint64_t seed) {
  Matrix G(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      G(i, j) = Rng(seed).normal(
          {.chain = static_cast<std::uint32_t>(i), .site = static_cast<std::uint32_t>(j)});
    }
  }
  const Matrix Q = Eigen::HouseholderQR<Matrix>(G).householderQ();
  Eigen::VectorXd values(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    values(i) = std::pow(condition, static_cast<double>(i) / static_cast<double>(n - 1));
  }
  const Matrix A = Q * values.asDiagonal() * Q.transpose();
  return 0.5 * (A + A.transpose());
}
DenseMatrix dense(const Matrix& A) { return DenseMatrix({A.data(), A.data() + A.size()}); }

constexpr LinearRule kRules[] = {LinearRule::leimkuhler_matthews, LinearRule::baoab};

TEST(ThermodynamicSolve, FindsTheSolutionWithinACalibratedError) {
  // 30 seeds x 8 components, of which some 4 are independent: mean square 1.07 +- 0.13. Bounds at
  // 4 of these: false alarm below 1e-4.
  const Matrix A = random_spd(8, 20.0, 1);
  Eigen::VectorXd b(8);
  b << 1.0, -2.0, 3.0, 0.5, 0.0, 4.0, -1.0, 2.0;
  const Eigen::VectorXd truth = A.ldlt().solve(b);
  const auto matrix = dense(A);
  for (const auto rule : kRules) {
    double squares = 0.0, largest_error = 0.0;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      const auto got = solve(matrix, {b.data(), 8}, {.rule = rule, .length = 30.0}, Rng(seed));
      EXPECT_FALSE(got.run.stopped);
      for (std::size_t i = 0; i < 8; ++i) {
        const double z = (got.x[i] - truth(static_cast<Eigen::Index>(i))) / got.error[i];
        squares += z * z / (30.0 * 8.0);
        largest_error = std::max(largest_error, got.error[i]);
      }
    }
    EXPECT_GT(squares, 0.55);
    EXPECT_LT(squares, 1.6);
    // An error of the size that sampling has: sqrt(2 kT / (lambda_min length replicas)) = 0.046
    // for the slowest mode, whose lambda_min is 1.
    EXPECT_LT(largest_error, 0.1);
  }
}

TEST(ThermodynamicSolve, IsAsExactAsItIsCold) {
  // The error goes as sqrt(kT), and nothing but the start's trace, a tenth of it, is beside it.
  const Matrix A = random_spd(6, 10.0, 2);
  const Eigen::VectorXd b = Eigen::VectorXd::Ones(6);
  const Eigen::VectorXd truth = A.ldlt().solve(b);
  const auto matrix = dense(A);
  const auto got = solve(matrix, {b.data(), 6}, {.kT = 1e-12}, Rng(3));
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(got.x[i], truth(static_cast<Eigen::Index>(i)), 6.0 * got.error[i]);
    EXPECT_LT(got.error[i], 1e-7);
  }
}

// A user's own: the second difference of a chain with ends held, plus a half.
struct Chain {
  std::uint32_t n;
  [[nodiscard]] std::uint32_t size() const { return n; }
  void multiply(std::span<const double> x, std::span<double> y) const {
    for (std::uint32_t i = 0; i < n; ++i) {
      y[i] = 2.5 * x[i] - (i > 0 ? x[i - 1] : 0.0) - (i + 1 < n ? x[i + 1] : 0.0);
    }
  }
};

TEST(ThermodynamicSolve, TakesAMatrixThatIsOnlyAProduct) {
  // Far from its ends the chain answers 1 / (2.5 - 2) = 2 to ones.
  const Chain chain{60};
  const std::vector<double> ones(60, 1.0);
  const auto got = solve(chain, ones, {.kT = 1e-4}, Rng(4));
  EXPECT_NEAR(got.x[30], 2.0, 6.0 * got.error[30]);
  EXPECT_LT(got.error[30], 1e-3);
  EXPECT_GT(got.run.products, 1000U);
}

TEST(ThermodynamicInverse, FindsTheInverseWithinACalibratedError) {
  // 20 seeds x 21 cells, some 6 of them independent: mean square 1.07 +- 0.14 and the estimator's
  // own variance is not normal: bounds at 4 of these and more.
  const Matrix A = random_spd(6, 15.0, 5);
  const Matrix truth = A.inverse();
  const auto matrix = dense(A);
  for (const auto rule : kRules) {
    double squares = 0.0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto got = inverse(matrix, {.rule = rule, .kT = 0.3, .length = 40.0}, Rng(seed));
      for (Eigen::Index i = 0; i < 6; ++i) {
        for (Eigen::Index j = 0; j <= i; ++j) {
          const auto cell = static_cast<std::size_t>(6 * i + j);
          const double z = (got.inverse[cell] - truth(i, j)) / got.error[cell];
          squares += z * z / (20.0 * 21.0);
          EXPECT_EQ(got.inverse[cell], got.inverse[static_cast<std::size_t>(6 * j + i)]);
        }
      }
    }
    EXPECT_GT(squares, 0.5);
    EXPECT_LT(squares, 1.8);
  }
}

TEST(ThermodynamicDeterminant, FindsTheLogarithmWithinACalibratedError) {
  // 25 seeds: mean square 1.07 +- 0.32; bounds [0.25, 2.6]: chi-square with 25 degrees leaves them
  // with probability 3e-5.
  const Matrix A = random_spd(8, 20.0, 6);
  // Eigenvalues 20^(i/7): their logarithms add up to ln 20 x 28 / 7 = 4 ln 20.
  const double truth = 4.0 * std::log(20.0);
  const auto matrix = dense(A);
  for (const auto rule : kRules) {
    double squares = 0.0;
    for (std::uint64_t seed = 0; seed < 25; ++seed) {
      const auto got = log_determinant(matrix, {.rule = rule, .length = 10.0}, Rng(seed));
      const double z = (got.value - truth) / got.error;
      squares += z * z / 25.0;
      EXPECT_LT(got.error, 0.25);
      EXPECT_GE(got.stages, 2U);
    }
    EXPECT_GT(squares, 0.25);
    EXPECT_LT(squares, 2.6);
  }
}

TEST(ThermodynamicDeterminant, IsExactForADiagonal) {
  // Every stage is the diagonal itself: all works are zero.
  const DenseMatrix A({2.0, 0.0, 0.0, 5.0});
  const auto got = log_determinant(A, {.length = 2.0}, Rng(1));
  EXPECT_NEAR(got.value, std::log(10.0), 1e-12);
  EXPECT_LT(got.error, 1e-12);
}

TEST(ThermodynamicLinearAlgebra, GivesTheSameBitsOnAnyNumberOfThreads) {
  const auto A = dense(random_spd(5, 5.0, 7));
  const std::vector<double> b = {1.0, 2.0, 3.0, 4.0, 5.0};
  const LinearAlgebraConfig config{.length = 3.0};
  const auto on = [&](unsigned threads) {
    const Pool pool(threads);
    const Resources resources{.pool = &pool};
    auto all = solve(A, b, config, Rng(1), resources).x;
    const auto cells = inverse(A, config, Rng(1), resources).inverse;
    all.insert(all.end(), cells.begin(), cells.end());
    all.push_back(log_determinant(A, config, Rng(1), resources).value);
    return all;
  };
  const auto expected = on(1);
  EXPECT_EQ(on(2), expected);
  EXPECT_EQ(on(7), expected);
}

TEST(ThermodynamicLinearAlgebra, SaysWhatIsWrongWithAMatrix) {
  const std::vector<double> b = {1.0, 1.0};
  const auto message = [&](const std::vector<double>& cells) -> std::string {
    try {
      (void)solve(DenseMatrix(cells), b, {.length = 2.0}, Rng(1));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data);
      return e.what();
    }
    return "";
  };
  EXPECT_NE(message({1.0, 0.5, 0.2, 1.0}).find("symmetric"), std::string::npos);
  EXPECT_NE(message({1.0, 2.0, 2.0, 1.0}).find("positive definite"), std::string::npos);
  EXPECT_NE(message({-1.0, 0.0, 0.0, -2.0}).find("positive definite"), std::string::npos);
  EXPECT_NE(message({1.0, 1.0, 1.0, 1.0}).find("positive definite"), std::string::npos);
  EXPECT_NE(message({1.0, 2.0, 3.0}), "");
  EXPECT_NE(message({1.0, NAN, NAN, 1.0}), "");
  const DenseMatrix good({2.0, 0.0, 0.0, 1.0}), hole({0.0, 1.0, 1.0, 2.0});
  const std::vector<double> wrong = {1.0, NAN}, longer = {1.0, 2.0, 3.0};
  EXPECT_THROW((void)solve(good, wrong, {}, Rng(1)), Error);
  EXPECT_THROW((void)solve(good, longer, {}, Rng(1)), Error);
  EXPECT_THROW((void)log_determinant(hole, {}, Rng(1)), Error);
  EXPECT_THROW((void)inverse(good, {.replicas = 1}, Rng(1)), Error);
  EXPECT_THROW((void)inverse(good, {.step = 2.0}, Rng(1)), Error);
}

TEST(ThermodynamicLinearAlgebra, SaysWhenItWasStopped) {
  const DenseMatrix A({2.0, 0.0, 0.0, 1.0});
  const std::vector<double> b = {1.0, 1.0};
  std::stop_source source;
  source.request_stop();
  const Resources resources{.stop = source.get_token()};
  const auto x = solve(A, b, {}, Rng(1), resources);
  EXPECT_TRUE(x.run.stopped);
  EXPECT_TRUE(std::isinf(x.error[0]));
  const auto det = log_determinant(A, {}, Rng(1), resources);
  EXPECT_TRUE(det.run.stopped);
  EXPECT_TRUE(std::isnan(det.value));
}

}  // namespace
}  // namespace therma
