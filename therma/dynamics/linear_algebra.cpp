// SPDX-License-Identifier: Apache-2.0
// Replicas in quadratic energies, and what their means, covariances and free energies tell.
#include "therma/dynamics/linear_algebra.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "therma/core/error.hpp"
#include "therma/dynamics/baoab.hpp"
#include "therma/dynamics/linear_spectrum.hpp"

namespace therma {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// V = x^T A x / 2 - b^T x; b may be empty.
struct OperatorEnergy {
  const LinearOperator* A;
  std::span<const double> b;

  [[nodiscard]] std::uint32_t size() const { return A->size(); }
  [[nodiscard]] double energy(std::span<const double> x) const {
    std::vector<double> g(x.size());
    return energy_and_gradient(x, g);
  }
  void gradient(std::span<const double> x, std::span<double> g) const {
    (void)energy_and_gradient(x, g);
  }
  [[nodiscard]] double energy_and_gradient(std::span<const double> x, std::span<double> g) const {
    A->multiply(x, g);
    double sum = 0.5 * dot(x, g);
    for (std::size_t i = 0; i < b.size(); ++i) {
      sum -= b[i] * x[i];
      g[i] -= b[i];
    }
    return sum;
  }
};

// A rule with its step, and how many steps the slowest mode takes to relax.
template <class Kernel>
struct Motion {
  Kernel kernel;
  double steps_per_relaxation;

  [[nodiscard]] std::uint64_t steps(double relaxations) const {
    return static_cast<std::uint64_t>(std::ceil(relaxations * steps_per_relaxation));
  }
};
// Calls f(motion) for the rule of the config; docs/theory/linear-algebra.md eqs. 4 and 5.
template <class F>
auto with_motion(const LinearAlgebraConfig& config, const Spectrum& spectrum, F&& f) {
  const double ratio = spectrum.most / spectrum.least;
  if (config.rule == LinearRule::leimkuhler_matthews) {
    return f(Motion<LeimkuhlerMatthews>{
        {.mu = 1.0, .kT = config.kT, .dt = config.step / spectrum.most}, ratio / config.step});
  }
  // Friction that damps the slowest mode critically; its correlations integrate to two times.
  return f(Motion<Baoab>{{.friction = 2.0 * std::sqrt(spectrum.least),
                          .kT = config.kT,
                          .dt = config.step / std::sqrt(spectrum.most)},
                         2.0 * std::sqrt(ratio) / config.step});
}

template <class Kernel>
using StateOf = typename Kernel::State;

template <class Kernel>
StateOf<Kernel> start_at(const OperatorEnergy& energy, std::vector<double> z, std::uint32_t chain) {
  if constexpr (std::same_as<Kernel, Baoab>) {
    return init_baoab(energy, std::move(z), chain);
  } else {
    return init_langevin(energy, std::move(z), chain);
  }
}

// The replicas themselves amplify a direction of negative curvature: x^T A x = x^T (g + b).
template <class State>
void check_curvature(const OperatorEnergy& energy, std::span<const State> replicas) {
  for (const auto& s : replicas) {
    double curvature = dot(s.z, s.gradient);
    if (!energy.b.empty()) curvature += dot(s.z, energy.b);
    // At its start a replica may be at 0, and then moves by kT alone.
    const double rounding = 1e-9 * std::abs(s.energy[0]);
    if (!std::isfinite(curvature) || curvature < -rounding) {
      fail(ErrorCode::bad_data,
           "A: must be positive definite, but after {} steps replica {} has x^T A x = {}", s.step,
           s.first_chain, curvature);
    }
  }
}

// Advances all replicas together, some steps at a time, until all are done or it is to stop.
// after_step(replica, state) sees every step. Returns false where it was stopped.
template <class Kernel, class AfterStep>
bool advance(const Kernel& kernel, const OperatorEnergy& energy,
             std::vector<StateOf<Kernel>>& replicas, std::uint64_t steps, const Rng& rng,
             const Resources& resources, const AfterStep& after_step) {
  constexpr std::uint64_t kRound = 256;
  for (std::uint64_t done = 0; done < steps; done += kRound) {
    if (resources.should_stop()) return false;
    resources.for_each(replicas.size(), [&](std::size_t r) {
      for (std::uint64_t k = done; k < std::min(done + kRound, steps); ++k) {
        kernel.step(energy, replicas[r], rng);
        after_step(r, replicas[r]);
      }
    });
    check_curvature(energy, std::span<const StateOf<Kernel>>(replicas));
  }
  return true;
}
constexpr auto kUnseen = [](std::size_t, const auto&) {};

template <class Kernel>
std::uint64_t products_of(const std::vector<StateOf<Kernel>>& replicas) {
  std::uint64_t sum = 0;
  for (const auto& s : replicas) sum += s.step + 1;
  return sum;
}

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

namespace {

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
