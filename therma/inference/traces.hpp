// SPDX-License-Identifier: Apache-2.0
// Traces: one number per sample of each chain, and the autocovariance of such series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace therma {

// A view of [chain][sample]; all chains equally long.
struct Traces {
  std::span<const double> values;
  std::size_t chains = 1;

  [[nodiscard]] std::size_t samples() const noexcept {
    return chains == 0 ? 0 : values.size() / chains;
  }
  [[nodiscard]] std::span<const double> chain(std::size_t c) const noexcept {
    return values.subspan(c * samples(), samples());
  }
};

[[nodiscard]] bool all_finite(std::span<const double> values) noexcept;
[[nodiscard]] double mean_of(std::span<const double> values) noexcept;

// c(k) = 1/n sum_t (x_t - m)(x_{t+k} - m) for k = 0, ..., n-1, m the mean of the series; by fast
// Fourier transform, n log n.
[[nodiscard]] std::vector<double> autocovariance(std::span<const double> series);
// Its average over chains, each about its own mean, lag by lag as asked for: short lags by their
// sums, all at once when many are wanted. Borrows nothing.
class MeanAutocovariance {
 public:
  explicit MeanAutocovariance(const Traces& traces);
  [[nodiscard]] double at(std::size_t lag);

 private:
  std::size_t chains_;
  std::size_t samples_;
  std::vector<double> centred_;  // [chain][sample]
  std::vector<double> known_;    // [lag] so far
};

// What all chains share is taken off: their mean at each sample, or of a single chain its straight
// line. What is left has the chains' own autocorrelation, whether they drift together or not.
[[nodiscard]] std::vector<double> without_drift(const Traces& traces);

// The integrated autocorrelation time tau = 1/2 + sum_k rho(k), with the window W closed at the
// first W >= 6 tau(W) (Sokal, Functional Integration, 1997, sec. 3); the variance of a mean of n
// samples is 2 tau variance / n.
struct Autocorrelation {
  double tau = 0.0;       // in samples; 1/2 for independent ones; NaN where there is none
  double error = 0.0;     // one standard error of tau, Sokal's sqrt(2 (2 W + 1) / n) tau
  double variance = 0.0;  // of a single sample
  double squared = 0.0;   // sum of rho(k)^2 over -W <= k <= W: the null of cross-correlations
  std::size_t window = 0;
  double freedom = 0.0;  // degrees of freedom that tau times variance is known with
  // Whether the estimate can be relied on: the window closed, each chain has ten times 2 tau
  // samples, and all together fifty.
  bool decided = false;
};
[[nodiscard]] Autocorrelation integrated_autocorrelation(const Traces& traces);

}  // namespace therma
