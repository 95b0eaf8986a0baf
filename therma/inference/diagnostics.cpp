// SPDX-License-Identifier: Apache-2.0
// Ranks, split chains, effective samples.
#include "therma/inference/diagnostics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "therma/inference/tails.hpp"

namespace therma {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double variance_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0.0;
  for (const double x : values) sum += (x - mean) * (x - mean);
  return sum / (static_cast<double>(values.size()) - 1.0);
}

// Vehtari eqs. 1-3 of chains as they are.
struct Spread {
  double within = 0.0;   // W, mean variance of a chain
  double pooled = 0.0;   // var+, the mixture of within and between
  double means = 0.0;    // variance of the chains' means, B / n
  double samples = 0.0;  // n
};
Spread spread_of(const Traces& traces) {
  Spread s{.samples = static_cast<double>(traces.samples())};
  std::vector<double> means(traces.chains);
  for (std::size_t c = 0; c < traces.chains; ++c) {
    means[c] = mean_of(traces.chain(c));
    s.within += variance_of(traces.chain(c)) / static_cast<double>(traces.chains);
  }
  s.means = traces.chains > 1 ? variance_of(means) : 0.0;
  s.pooled = s.within * (s.samples - 1.0) / s.samples + s.means;
  return s;
}

double rhat(const Traces& split) {
  const auto s = spread_of(split);
  return s.within > 0.0 ? std::sqrt(s.pooled / s.within) : kNaN;
}

// Vehtari eqs. 10-13 on chains that are split already.
double effective_of_split(const Traces& split) {
  const auto s = spread_of(split);
  const std::size_t n = split.samples();
  if (!(s.pooled > 0.0) || n < 4) return kNaN;
  MeanAutocovariance c(split);
  // The autocovariance with n - 1 in place of n agrees with W at lag zero.
  const double scale = s.samples / (s.samples - 1.0);
  const auto rho = [&](std::size_t lag) { return 1.0 - (s.within - scale * c.at(lag)) / s.pooled; };
  // Geyer: sums of neighbouring pairs are positive and decrease for any reversible chain.
  double sum = 0.0, smallest = 1.0 + rho(1);
  for (std::size_t lag = 0; lag + 1 < n; lag += 2) {
    const double pair = lag == 0 ? 1.0 + rho(1) : rho(lag) + rho(lag + 1);
    if (!(pair > 0.0)) break;
    smallest = std::min(smallest, pair);
    sum += smallest;
  }
  const double total = s.samples * static_cast<double>(split.chains);
  const double inefficiency = std::max(2.0 * sum - 1.0, 1.0 / std::log10(total));
  return total / inefficiency;
}

double quantile(std::vector<double> values, double p) {
  const auto k = static_cast<std::ptrdiff_t>(p * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + k, values.end());
  return values[static_cast<std::size_t>(k)];
}

// Both measures work on split chains of some function of the values.
template <class Measure>
double of_split(const Traces& traces, const Measure& measure) {
  if (trace_state(traces) != TraceState::usable) return kNaN;
  const auto halves = split_chains(traces);
  return measure({.values = halves, .chains = 2 * traces.chains});
}

}  // namespace

TraceState trace_state(const Traces& traces) noexcept {
  if (!all_finite(traces.values)) return TraceState::not_finite;
  if (traces.samples() < 8) return TraceState::too_short;
  const auto [low, high] = std::ranges::minmax(traces.values);
  return low == high ? TraceState::constant : TraceState::usable;
}

std::vector<double> split_chains(const Traces& traces) {
  const auto half = static_cast<std::ptrdiff_t>(traces.samples() / 2);
  std::vector<double> halves;
  halves.reserve(2 * static_cast<std::size_t>(half) * traces.chains);
  for (std::size_t c = 0; c < traces.chains; ++c) {
    const auto chain = traces.chain(c);
    halves.insert(halves.end(), chain.begin(), chain.begin() + half);
    halves.insert(halves.end(), chain.end() - half, chain.end());
  }
  return halves;
}

std::vector<double> normal_scores(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> scores(values.size());
  const double size = static_cast<double>(values.size()) + 0.25;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double rank = 0.5 * static_cast<double>(first + 1 + last);  // mean of first+1 ... last
    const double score = normal_quantile((rank - 0.375) / size);
    for (; first < last; ++first) scores[order[first]] = score;
  }
  return scores;
}

std::vector<double> folded(std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  const double median = quantile(result, 0.5);
  for (auto& x : result) x = std::abs(x - median);
  return result;
}

double split_rhat(const Traces& traces) { return of_split(traces, rhat); }

double rank_rhat(const Traces& traces) {
  if (trace_state(traces) != TraceState::usable) return kNaN;
  const auto scores = normal_scores(traces.values);
  const double bulk = split_rhat({.values = scores, .chains = traces.chains});
  const auto around = normal_scores(folded(traces.values));
  const double scale = split_rhat({.values = around, .chains = traces.chains});
  return std::isnan(scale) ? bulk : std::max(bulk, scale);  // two values fold onto one
}

double effective_samples(const Traces& traces) { return of_split(traces, effective_of_split); }

double bulk_effective_samples(const Traces& traces) {
  if (trace_state(traces) != TraceState::usable) return kNaN;
  const auto scores = normal_scores(traces.values);
  return effective_samples({.values = scores, .chains = traces.chains});
}

double tail_effective_samples(const Traces& traces) {
  if (trace_state(traces) != TraceState::usable) return kNaN;
  double smallest = kNaN;
  for (const double p : {0.05, 0.95}) {
    std::vector<double> below(traces.values.begin(), traces.values.end());
    const double bound = quantile(below, p);
    for (auto& x : below) x = x <= bound ? 1.0 : 0.0;
    // Where all lie on one side (an observable of few values), the other end is what counts.
    smallest = std::fmin(smallest, effective_samples({.values = below, .chains = traces.chains}));
  }
  return smallest;
}

double standard_error(const Traces& traces) {
  if (trace_state(traces) != TraceState::usable) return kNaN;
  return std::sqrt(variance_of(traces.values) / effective_samples(traces));
}

double geweke_z(std::span<const double> series) {
  if (trace_state({.values = series}) != TraceState::usable) return kNaN;
  const auto first = series.first(series.size() / 10), last = series.last(series.size() / 2);
  const auto variance = [](std::span<const double> part) {
    const auto a = integrated_autocorrelation({.values = part});
    return 2.0 * a.tau * a.variance / static_cast<double>(part.size());
  };
  return (mean_of(first) - mean_of(last)) / std::sqrt(variance(first) + variance(last));
}

}  // namespace therma
