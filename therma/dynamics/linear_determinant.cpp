// SPDX-License-Identifier: Apache-2.0
// Determinants as free energies: stages from the diagonal to the matrix, joined by Bennett's ratio.
#include <algorithm>
#include <cmath>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/dynamics/linear_algebra.hpp"
#include "therma/dynamics/linear_motion.hpp"

namespace therma {

using namespace linear;  // NOLINT: the parts

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// lambda D^-1/2 A D^-1/2 + (1 - lambda): a stage between the diagonal and the matrix, in
// coordinates where the diagonal is one.
struct Stage {
  const LinearOperator* A;
  std::span<const double> scale;  // D^-1/2
  double lambda;

  [[nodiscard]] std::uint32_t size() const { return A->size(); }
  void multiply(std::span<const double> x, std::span<double> y) const {
    std::vector<double> scaled(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) scaled[i] = scale[i] * x[i];
    A->multiply(scaled, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      y[i] = lambda * scale[i] * y[i] + (1.0 - lambda) * x[i];
    }
  }
};

// D^-1/2, by one product for each unit vector.
std::vector<double> inverse_roots_of_diagonal(const LinearOperator& A, double& log_product) {
  std::vector<double> roots(A.size()), unit(A.size()), column(A.size());
  log_product = 0.0;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    unit[i] = 1.0;
    A.multiply(unit, column);
    unit[i] = 0.0;
    if (!(column[i] > 0.0) || !std::isfinite(column[i])) {
      fail(ErrorCode::bad_data, "A: must be positive definite, but its diagonal holds {} at {}",
           column[i], i);
    }
    roots[i] = 1.0 / std::sqrt(column[i]);
    log_product += std::log(column[i]);
  }
  return roots;
}

// docs/theory/linear-algebra.md eq. 8: equal parts of
// ln(1 + lambda (most - 1)) - ln(1 - lambda (1 - least)).
std::vector<double> stage_lambdas(const Spectrum& spectrum, std::uint32_t num_stages) {
  const auto length = [&](double lambda) {
    return std::log1p(lambda * (spectrum.most - 1.0)) - std::log1p(lambda * (spectrum.least - 1.0));
  };
  std::vector<double> lambdas(num_stages + 1, 1.0);
  for (std::uint32_t k = 0; k < num_stages; ++k) {
    double low = 0.0, high = 1.0;
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + high);
      (length(middle) * num_stages < length(1.0) * k ? low : high) = middle;
    }
    lambdas[k] = k == 0 ? 0.0 : high;
  }
  return lambdas;
}

// Slopes dV/dlambda / kT of the samples of one stage.  [replica, sample]
using Slopes = std::vector<std::vector<double>>;

// Bennett's estimate of one stage's (F' - F) / kT, and each replica's part in its error.
struct Bridge {
  double value = 0.0;
  std::vector<double> influence;  // [replica] d value by that replica's samples
};
// Works gap * slope there, -gap * slope back, as many each way; docs/theory/linear-algebra.md
// eq. 9.
Bridge bridge(const Slopes& from, const Slopes& to, double gap) {
  const auto fermi = [](double w) { return 1.0 / (1.0 + std::exp(w)); };
  // Grows with dF from below zero to above.
  const auto imbalance = [&](double dF) {
    double sum = 0.0;
    for (const auto& row : from) {
      for (const double slope : row) sum += fermi(gap * slope - dF);
    }
    for (const auto& row : to) {
      for (const double slope : row) sum -= fermi(dF - gap * slope);
    }
    return sum;
  };
  double low = kInfinity, high = -kInfinity;
  for (const auto* side : {&from, &to}) {
    for (const auto& row : *side) {
      for (const double slope : row) {
        low = std::min(low, gap * slope);
        high = std::max(high, gap * slope);
      }
    }
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (imbalance(middle) < 0.0 ? low : high) = middle;
  }
  Bridge out{.value = 0.5 * (low + high), .influence = std::vector<double>(from.size())};
  double slope_of_imbalance = 0.0;
  for (std::size_t r = 0; r < from.size(); ++r) {
    for (const double slope : from[r]) {
      const double f = fermi(gap * slope - out.value);
      out.influence[r] -= f;
      slope_of_imbalance += f * (1.0 - f);
    }
    for (const double slope : to[r]) {
      const double f = fermi(out.value - gap * slope);
      out.influence[r] += f;
      slope_of_imbalance += f * (1.0 - f);
    }
  }
  for (double& part : out.influence) part /= slope_of_imbalance;
  return out;
}

// The samples of one stage, from where the replicas were in the one before.
template <class Kernel>
bool sample_stage(const Motion<Kernel>& motion, const LinearAlgebraConfig& config,
                  const LinearOperator& stage, const LinearOperator& end, const Rng& rng,
                  const Resources& resources, std::vector<std::vector<double>>& points,
                  Slopes& slopes, LinearRun& run) {
  const OperatorEnergy energy{&stage, {}};
  std::vector<StateOf<Kernel>> replicas;
  for (std::uint32_t r = 0; r < config.replicas; ++r) {
    replicas.push_back(start_at<Kernel>(energy, points[r], r));
  }
  const std::uint64_t burn_in = motion.steps(5.0), thin = motion.steps(0.5);
  // As many in every stage: Bennett's equation below counts on it.
  const auto num_samples = static_cast<std::uint64_t>(std::ceil(2.0 * config.length));
  std::vector<std::vector<double>> scratch(config.replicas, std::vector<double>(stage.size()));
  const auto observe = [&](std::size_t r, const auto& s) {
    if ((s.step - burn_in) % thin != 0) return;
    // dV/dlambda = x^T (A - D) x / 2 with D = 1 here.
    end.multiply(s.z, scratch[r]);
    slopes[r].push_back(0.5 * (dot(s.z, scratch[r]) - dot(s.z, s.z)) / config.kT);
  };
  const bool done =
      advance(motion.kernel, energy, replicas, burn_in, rng, resources, kUnseen) &&
      advance(motion.kernel, energy, replicas, num_samples * thin, rng, resources, observe);
  for (std::size_t r = 0; r < points.size(); ++r) points[r] = replicas[r].z;
  run.products += products_of<Kernel>(replicas) + slopes.size() * slopes[0].size();
  return done;
}

}  // namespace

LogDeterminant log_determinant(const LinearOperator& A, const LinearAlgebraConfig& config,
                               const Rng& rng, const Resources& resources) {
  checked(config);
  LogDeterminant out{.value = std::nan(""), .error = kInfinity, .stages = 0, .run = {}};
  double log_diagonal = 0.0;
  const auto scale = inverse_roots_of_diagonal(A, log_diagonal);
  const Stage last{&A, scale, 1.0};
  const LinearOperator end(last);
  const auto spectrum = estimate_spectrum(end, rng.child("spectrum"));
  out.run = {.products = A.size() + spectrum.products, .condition = spectrum.most / spectrum.least};
  // The works of a stage then spread by about kT.
  const double needed = std::log(out.run.condition) * std::sqrt(0.5 * A.size());
  out.stages = config.stages > 0
                   ? config.stages
                   : static_cast<std::uint32_t>(std::clamp(std::ceil(needed), 2.0, 1e4));
  const auto lambdas = stage_lambdas(spectrum, out.stages);

  // The diagonal's own state: independent normals.
  std::vector<std::vector<double>> points(config.replicas, std::vector<double>(A.size()));
  for (std::uint32_t r = 0; r < config.replicas; ++r) {
    fill_normals(rng.child("start"), r, 0, points[r]);
    for (double& x : points[r]) x *= std::sqrt(config.kT);
  }
  double sum = 0.0;
  std::vector<double> influence(config.replicas);
  Slopes before;
  for (std::uint32_t k = 0; k <= out.stages; ++k) {
    Slopes slopes(config.replicas);
    const double lambda = lambdas[k];
    const Stage stage{&A, scale, lambda};
    const LinearOperator now(stage);
    const Spectrum here{.least = 1.0 - lambda * (1.0 - spectrum.least),
                        .most = 1.0 + lambda * (spectrum.most - 1.0)};
    const bool done = with_motion(config, here, [&](const auto& motion) {
      return sample_stage(motion, config, now, end, rng.child("stages").child(k), resources, points,
                          slopes, out.run);
    });
    if (!done) {
      out.run.stopped = true;
      return out;
    }
    if (k > 0) {
      const auto part = bridge(before, slopes, lambda - lambdas[k - 1]);
      sum += part.value;
      for (std::size_t r = 0; r < influence.size(); ++r) influence[r] += part.influence[r];
    }
    before = std::move(slopes);
  }
  // Parts of one replica in neighbouring stages go together, those of different ones do not.
  double variance = 0.0;
  for (const double part : influence) variance += part * part;
  const auto count = static_cast<double>(config.replicas);
  out.value = log_diagonal + 2.0 * sum;
  out.error = 2.0 * std::sqrt(variance * count / (count - 1.0));
  return out;
}

}  // namespace therma
