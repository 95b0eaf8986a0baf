// SPDX-License-Identifier: Apache-2.0
// Cells of states by energy, their frequencies and the variance of these.
#include "therma/inference/total_variation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace therma {
namespace {

struct Cells {
  std::vector<std::uint32_t> of_state;  // [state]
  std::vector<double> probability;      // [cell]
};

// Neighbours in energy share a cell until it is likely enough; equal energies keep the order of
// their numbers, so that the halves of a symmetric model stay apart.
Cells make_cells(const Enumeration& exact, double smallest) {
  std::vector<std::uint32_t> order(exact.energies.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t s) { return exact.energies[s]; });
  Cells cells{.of_state = std::vector<std::uint32_t>(order.size())};
  double open = 0.0;
  for (const auto state : order) {
    cells.of_state[state] = static_cast<std::uint32_t>(cells.probability.size());
    open += exact.probabilities[state];
    if (open >= smallest) {
      cells.probability.push_back(open);
      open = 0.0;
    }
  }
  if (cells.probability.empty()) cells.probability.push_back(0.0);
  // What is left joins the last cell that is large enough.
  const auto last = static_cast<std::uint32_t>(cells.probability.size() - 1);
  for (auto& cell : cells.of_state) cell = std::min(cell, last);
  cells.probability.back() += open;
  return cells;
}

// Variance of each cell's frequency over all samples of the traces: the autocovariances of its
// indicator, summed up to the window at which all cells together have forgotten.
std::vector<double> frequency_variances(const Cells& cells, const Traces& states) {
  const std::size_t n = states.samples(), num_cells = cells.probability.size();
  std::vector<std::uint32_t> at(states.values.size());
  std::vector<double> frequency(num_cells, 0.0);
  const auto total = static_cast<double>(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    at[i] = cells.of_state[static_cast<std::size_t>(states.values[i])];
    frequency[at[i]] += 1.0 / total;
  }
  double same = 0.0;  // chance that two independent samples share a cell
  for (const double f : frequency) same += f * f;
  std::vector<double> sum(num_cells), pairs(num_cells);
  for (std::size_t c = 0; c < num_cells; ++c) sum[c] = frequency[c] * (1.0 - frequency[c]);
  double tau = 0.5;
  for (std::size_t lag = 1; lag < n && static_cast<double>(lag) <= 6.0 * tau + 1.0; ++lag) {
    std::ranges::fill(pairs, 0.0);
    for (std::size_t chain = 0; chain < states.chains; ++chain) {
      for (std::size_t t = chain * n; t + lag < (chain + 1) * n; ++t) {
        if (at[t] == at[t + lag]) pairs[at[t]] += 1.0;
      }
    }
    const double count = static_cast<double>(states.chains) * static_cast<double>(n - lag);
    double met = 0.0;
    for (std::size_t c = 0; c < num_cells; ++c) {
      met += pairs[c] / count;
      sum[c] += 2.0 * (pairs[c] / count - frequency[c] * frequency[c]);
    }
    if (same < 1.0) tau += std::max(0.0, (met - same) / (1.0 - same));
  }
  std::vector<double> variance(num_cells);
  for (std::size_t c = 0; c < num_cells; ++c) {
    // Never less than independent samples of the exact law would give.
    const double p = cells.probability[c];
    variance[c] = std::max(sum[c], p * (1.0 - p)) / total;
  }
  return variance;
}

}  // namespace

TotalVariation total_variation(const Enumeration& exact, std::span<const std::uint64_t> counts,
                               const Traces& states, double independent_samples,
                               double false_alarm_rate) {
  constexpr double kVisits = 16.0;
  const auto cells = make_cells(exact, kVisits / std::max(independent_samples, kVisits));
  std::vector<double> visited(cells.probability.size(), 0.0);
  double total = 0.0;
  for (std::size_t s = 0; s < counts.size(); ++s) {
    visited[cells.of_state[s]] += static_cast<double>(counts[s]);
    total += static_cast<double>(counts[s]);
  }
  TotalVariation result{.cells = cells.probability.size()};
  const auto variance = frequency_variances(cells, states);
  for (std::size_t c = 0; c < cells.probability.size(); ++c) {
    result.value += 0.5 * std::abs(visited[c] / total - cells.probability[c]);
    result.expected += 0.5 * std::sqrt(2.0 / std::numbers::pi * variance[c]);
  }
  // The largest of Gaussian deviations exceeds its mean by u with a chance below
  // exp(-u^2 / 2 sigma^2), sigma^2 the largest single variance (Borell; Tsirelson, Ibragimov,
  // Sudakov): that of an event of probability 1/2 on the slowest time scale, 1/4 over its samples.
  const double u = std::sqrt(-2.0 * std::log(false_alarm_rate));
  result.noise_floor = result.expected + u * 0.5 / std::sqrt(independent_samples);
  return result;
}

}  // namespace therma
