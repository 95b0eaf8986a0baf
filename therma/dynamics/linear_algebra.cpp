// SPDX-License-Identifier: Apache-2.0
// Replicas in quadratic energies, and what their means and covariances tell.
#include "therma/dynamics/linear_algebra.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/dynamics/linear_motion.hpp"

namespace therma {

using namespace linear;  // NOLINT: the parts

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Mean and standard error over rows of equal weight.  rows: [row, n]
void mean_and_error(const std::vector<std::vector<double>>& rows, std::vector<double>& mean,
                    std::vector<double>& error) {
  const auto count = static_cast<double>(rows.size());
  mean.assign(rows[0].size(), 0.0);
  error.assign(rows[0].size(), 0.0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) mean[i] += row[i] / count;
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      error[i] += (row[i] - mean[i]) * (row[i] - mean[i]) / (count * (count - 1.0));
    }
  }
  for (double& e : error) e = std::sqrt(e);
}

// Relaxation times after which the start's trace is a tenth of the statistical error: the mean is
// at most |b| / lambda_min away, the error of the slowest mode at least
// sqrt(2 kT / (lambda_min length replicas)).
double burn_in_for(double distance, double least, const LinearAlgebraConfig& config) {
  const double error = std::sqrt(2.0 * config.kT / (least * config.length * config.replicas));
  return std::max(5.0, 2.0 + std::log(10.0 * distance / error));
}

}  // namespace

std::span<const std::string_view> enum_names(LinearRule) noexcept {
  static constexpr std::string_view kNames[] = {"leimkuhler_matthews", "baoab"};
  return kNames;
}

DenseMatrix::DenseMatrix(std::vector<double> cells)
    : size_(static_cast<std::uint32_t>(std::llround(std::sqrt(static_cast<double>(cells.size()))))),
      cells_(std::move(cells)) {
  if (std::size_t{size_} * size_ != cells_.size()) {
    fail(ErrorCode::bad_data, "A: must be a square matrix, got {} numbers", cells_.size());
  }
  const auto bad = std::ranges::find_if(cells_, [](double v) { return !std::isfinite(v); });
  if (bad != cells_.end()) {
    const auto cell = static_cast<std::size_t>(bad - cells_.begin());
    fail(ErrorCode::bad_data, "A: must hold finite numbers, got {} at ({}, {})", *bad, cell / size_,
         cell % size_);
  }
}

void DenseMatrix::multiply(std::span<const double> x, std::span<double> y) const noexcept {
  for (std::size_t i = 0; i < size_; ++i) y[i] = dot({&cells_[i * size_], size_}, x);
}

LinearSolution solve(const LinearOperator& A, std::span<const double> b,
                     const LinearAlgebraConfig& config, const Rng& rng,
                     const Resources& resources) {
  checked(config);
  if (b.size() != A.size() || !std::ranges::all_of(b, [](double v) { return std::isfinite(v); })) {
    fail(ErrorCode::bad_data, "b: must be {} finite numbers like A's rows, got {}", A.size(),
         b.size());
  }
  const auto spectrum = estimate_spectrum(A, rng.child("spectrum"));
  LinearSolution out{std::vector<double>(A.size()), std::vector<double>(A.size(), kInfinity), {}};
  out.run = {.products = spectrum.products, .condition = spectrum.most / spectrum.least};
  with_motion(config, spectrum, [&]<class Kernel>(const Motion<Kernel>& motion) {
    const OperatorEnergy energy{&A, b};
    std::vector<StateOf<Kernel>> replicas;
    for (std::uint32_t r = 0; r < config.replicas; ++r) {
      replicas.push_back(start_at<Kernel>(energy, std::vector<double>(A.size()), r));
    }
    const double distance = std::sqrt(dot(b, b)) / spectrum.least;
    const auto burn_in = motion.steps(burn_in_for(distance, spectrum.least, config));
    std::vector<std::vector<double>> means(config.replicas, std::vector<double>(A.size()));
    out.run.stopped = !advance(motion.kernel, energy, replicas, burn_in, rng, resources, kUnseen) ||
                      !advance(motion.kernel, energy, replicas, motion.steps(config.length), rng,
                               resources, [&](std::size_t r, const auto& s) {
                                 for (std::size_t i = 0; i < s.z.size(); ++i) means[r][i] += s.z[i];
                               });
    out.run.products += products_of<Kernel>(replicas);
    const std::uint64_t seen = replicas[0].step - std::min(replicas[0].step, burn_in);
    if (seen == 0) return;
    for (auto& row : means) {
      for (double& value : row) value /= static_cast<double>(seen);
    }
    mean_and_error(means, out.x, out.error);
  });
  return out;
}

MatrixInverse inverse(const LinearOperator& A, const LinearAlgebraConfig& config, const Rng& rng,
                      const Resources& resources) {
  checked(config);
  const std::size_t n = A.size();
  const auto spectrum = estimate_spectrum(A, rng.child("spectrum"));
  MatrixInverse out{std::vector<double>(n * n), std::vector<double>(n * n, kInfinity), {}};
  out.run = {.products = spectrum.products, .condition = spectrum.most / spectrum.least};
  with_motion(config, spectrum, [&]<class Kernel>(const Motion<Kernel>& motion) {
    const OperatorEnergy energy{&A, {}};
    std::vector<StateOf<Kernel>> replicas;
    for (std::uint32_t r = 0; r < config.replicas; ++r) {
      replicas.push_back(start_at<Kernel>(energy, std::vector<double>(n), r));
    }
    // The covariance starts at 0, and its slowest part relaxes twice as fast as the mean's.
    const double scale = std::sqrt(config.kT / spectrum.least);
    const auto burn_in = motion.steps(burn_in_for(scale, spectrum.least, config));
    // Products are taken four times a relaxation: closer ones would say nearly the same.
    const std::uint64_t thin = std::max<std::uint64_t>(1, motion.steps(0.25));
    std::vector<std::vector<double>> products(config.replicas, std::vector<double>(n * n));
    std::vector<std::uint64_t> counts(config.replicas);
    const auto observe = [&](std::size_t r, const auto& s) {
      if (s.step % thin != 0) return;
      ++counts[r];
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) products[r][i * n + j] += s.z[i] * s.z[j] / config.kT;
      }
    };
    out.run.stopped = !advance(motion.kernel, energy, replicas, burn_in, rng, resources, kUnseen) ||
                      !advance(motion.kernel, energy, replicas, motion.steps(config.length), rng,
                               resources, observe);
    out.run.products += products_of<Kernel>(replicas);
    if (counts[0] == 0) return;
    for (std::size_t r = 0; r < products.size(); ++r) {
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
          products[r][i * n + j] /= static_cast<double>(counts[r]);
          products[r][j * n + i] = products[r][i * n + j];
        }
      }
    }
    mean_and_error(products, out.inverse, out.error);
  });
  return out;
}

}  // namespace therma
