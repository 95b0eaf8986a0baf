// SPDX-License-Identifier: Apache-2.0
// Autocovariances by Fourier transform, and Sokal's window.
#include "therma/inference/traces.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

namespace therma {
namespace {

using Complex = std::complex<double>;

// In place, size a power of two (Cooley and Tukey, Math. Comput. 19, 1965). roots: exp(-2 pi i k/n)
void transform(std::span<Complex> x, std::span<const Complex> roots) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {  // bit reversal
    std::size_t bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t stride = n / (2 * half);
    for (std::size_t block = 0; block < n; block += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const Complex w = roots[k * stride], a = x[block + k], b = x[block + k + half];
        const Complex odd(b.real() * w.real() - b.imag() * w.imag(),
                          b.real() * w.imag() + b.imag() * w.real());
        x[block + k] = a + odd;
        x[block + k + half] = a - odd;
      }
    }
  }
}

std::vector<Complex> roots_of_unity(std::size_t n) {
  std::vector<Complex> roots(n / 2);
  for (std::size_t k = 0; k < n / 2; ++k) {
    const double angle = -2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
    roots[k] = {std::cos(angle), std::sin(angle)};
  }
  return roots;
}

// Adds each chain's |X|^2 in frequency; one transform back serves all chains.
class PowerSpectrum {
 public:
  explicit PowerSpectrum(std::size_t samples)
      : samples_(samples),
        work_(std::bit_ceil(2 * std::max<std::size_t>(samples, 1))),
        roots_(roots_of_unity(work_.size())),
        power_(work_.size(), 0.0) {}

  // Two series about their means at once, as real and imaginary part: what they mix is odd in
  // frequency and drops out of the real part of covariance(). The second may be empty.
  void add(std::span<const double> first, std::span<const double> second) {
    for (std::size_t t = 0; t < samples_; ++t) {
      work_[t] = {first[t], second.empty() ? 0.0 : second[t]};
    }
    std::fill(work_.begin() + static_cast<std::ptrdiff_t>(samples_), work_.end(), Complex{});
    transform(work_, roots_);
    for (std::size_t k = 0; k < power_.size(); ++k) power_[k] += std::norm(work_[k]);
  }

  // The sum of autocovariances, [lag].
  [[nodiscard]] std::vector<double> covariance() {
    for (std::size_t k = 0; k < power_.size(); ++k) work_[k] = power_[k];
    transform(work_, roots_);
    std::vector<double> c(samples_);
    const double scale = 1.0 / (static_cast<double>(work_.size()) * static_cast<double>(samples_));
    for (std::size_t t = 0; t < samples_; ++t) c[t] = work_[t].real() * scale;
    return c;
  }

 private:
  std::size_t samples_;
  std::vector<Complex> work_;
  std::vector<Complex> roots_;
  std::vector<double> power_;
};

}  // namespace

bool all_finite(std::span<const double> values) noexcept {
  return std::ranges::all_of(values, [](double x) { return std::isfinite(x); });
}

double mean_of(std::span<const double> values) noexcept {
  double sum = 0.0;
  for (const double x : values) sum += x;
  return sum / static_cast<double>(values.size());
}

std::vector<double> autocovariance(std::span<const double> series) {
  std::vector<double> centred(series.begin(), series.end());
  const double mean = mean_of(series);
  for (auto& x : centred) x -= mean;
  PowerSpectrum spectrum(centred.size());
  spectrum.add(centred, {});
  return spectrum.covariance();
}

MeanAutocovariance::MeanAutocovariance(const Traces& traces)
    : chains_(traces.chains),
      samples_(traces.samples()),
      centred_(traces.values.begin(), traces.values.end()) {
  for (std::size_t c = 0; c < chains_; ++c) {
    const auto chain = std::span(centred_).subspan(c * samples_, samples_);
    const double mean = mean_of(chain);
    for (auto& x : chain) x -= mean;
  }
}

double MeanAutocovariance::at(std::size_t lag) {
  constexpr std::size_t kBySums = 64;
  const auto total = static_cast<double>(centred_.size());
  while (known_.size() <= lag && known_.size() < kBySums) {
    const std::size_t k = known_.size();
    double sum = 0.0;
    for (std::size_t c = 0; c < chains_; ++c) {
      const double* x = centred_.data() + c * samples_;
      double own = 0.0;
      for (std::size_t t = 0; t + k < samples_; ++t) own += x[t] * x[t + k];
      sum += own;
    }
    known_.push_back(sum / total);
  }
  if (known_.size() <= lag) {
    PowerSpectrum spectrum(samples_);
    const std::span all(centred_);
    for (std::size_t c = 0; c < chains_; c += 2) {
      const bool alone = c + 1 == chains_;
      spectrum.add(all.subspan(c * samples_, samples_),
                   alone ? std::span<double>() : all.subspan((c + 1) * samples_, samples_));
    }
    known_ = spectrum.covariance();
    for (auto& value : known_) value /= static_cast<double>(chains_);
  }
  return known_[lag];
}

std::vector<double> without_drift(const Traces& traces) {
  std::vector<double> left(traces.values.begin(), traces.values.end());
  const std::size_t n = traces.samples();
  if (traces.chains > 1) {
    // Scaled back: the mean of R chains holds 1/R of each one's own variance.
    const auto count = static_cast<double>(traces.chains);
    const double scale = std::sqrt(count / (count - 1.0));
    for (std::size_t t = 0; t < n; ++t) {
      double mean = 0.0;
      for (std::size_t c = 0; c < traces.chains; ++c) mean += left[c * n + t];
      mean /= count;
      for (std::size_t c = 0; c < traces.chains; ++c) {
        left[c * n + t] = scale * (left[c * n + t] - mean);
      }
    }
    return left;
  }
  const double centre = 0.5 * (static_cast<double>(n) - 1.0);
  double slope = 0.0, norm = 0.0;
  for (std::size_t t = 0; t < n; ++t) {
    const double at = static_cast<double>(t) - centre;
    slope += at * left[t];
    norm += at * at;
  }
  if (norm > 0.0) slope /= norm;
  for (std::size_t t = 0; t < n; ++t) left[t] -= slope * (static_cast<double>(t) - centre);
  return left;
}

Autocorrelation integrated_autocorrelation(const Traces& traces) {
  constexpr double kWindow = 6.0;  // windows of 6 tau leave e^-6 of an exponential's tail out
  Autocorrelation result{.tau = std::numeric_limits<double>::quiet_NaN(),
                         .error = std::numeric_limits<double>::quiet_NaN()};
  const std::size_t n = traces.samples();
  if (n < 2 || !all_finite(traces.values)) return result;
  MeanAutocovariance c(traces);
  const auto length = static_cast<double>(n);
  const double mean = mean_of(traces.values);
  const double variance = c.at(0);
  if (!(variance > 1e-24 * mean * mean)) return result;  // constant, to rounding
  double tau = 0.5, squared = 1.0, smallest = 0.5;
  std::size_t window = 0;
  while (window + 1 < n && static_cast<double>(window) < kWindow * std::max(tau, smallest)) {
    ++window;
    const double rho = c.at(window) / variance * length / (length - static_cast<double>(window));
    if (window == 1 && rho < 0.0) smallest = 1.0;  // alternating: the sum settles later
    tau += rho;
    squared += 2.0 * rho * rho;
  }
  const double terms = 2.0 * static_cast<double>(window) + 1.0;
  // Deviations from a chain's own mean lower every lag by the variance of that mean,
  // 2 tau variance / n (Wolff, Comput. Phys. Commun. 156, 2004, eq. 49, all orders).
  const double sum = std::max(2.0 * tau, 0.1) * variance / (1.0 - std::min(0.75, terms / length));
  result.variance = variance + sum / length;
  result.tau = 0.5 * sum / result.variance;
  result.window = window;
  result.squared = squared;
  const double total = length * static_cast<double>(traces.chains);
  result.error = result.tau * std::sqrt(2.0 * terms / total);
  result.freedom = total / terms;
  // A window of most of a chain holds little but the chain's own mean, whatever lies beyond.
  const bool closed = window + 1 < n && terms <= 0.75 * length;
  result.decided = closed && length >= 20.0 * result.tau && total >= 100.0 * result.tau;
  return result;
}

}  // namespace therma
