// SPDX-License-Identifier: Apache-2.0
// The law of a head by its definition, in double and by sorting, and a test of draws against it.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/llm/heads/random_head.hpp"
#include "therma/llm/heads/head.hpp"

namespace therma::llm::testing {

inline constexpr double kForbidden = std::numeric_limits<double>::infinity();

// Energies in double; +infinity where no token may come.
inline std::vector<double> exact_energies(const RandomHead& head, const RelaxRequest& request) {
  const auto matrix = head.matrix();
  std::vector<double> energies;
  for (std::uint32_t v = 0; v < matrix.weights.rows; ++v) {
    const auto row = head.row(v);
    double logit = 0.0;
    for (std::size_t k = 0; k < row.size(); ++k) {
      logit += static_cast<double>(row[k]) * request.hidden[k];
    }
    const bool is_masked =
        v >= matrix.num_tokens || std::ranges::find(matrix.masked, v) != matrix.masked.end();
    energies.push_back(is_masked ? kForbidden : -logit);
  }
  if (request.field == nullptr) return energies;
  for (const auto v : request.field->repeated) {
    const double penalty = request.field->repeat_penalty;
    energies[v] = energies[v] < 0.0 ? energies[v] / penalty : energies[v] * penalty;
  }
  for (const auto& [v, energy] : request.field->energies) energies[v] += energy;
  return energies;
}

// Probabilities after top_k, min_p and top_p, one after the other, then of what the field allows.
inline std::vector<double> exact_law(const RandomHead& head, const RelaxRequest& request) {
  const auto energies = exact_energies(head, request);
  const double beta = request.beta.back();
  std::vector<std::size_t> order;
  for (std::size_t v = 0; v < energies.size(); ++v) {
    if (energies[v] < kForbidden) order.push_back(v);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t v) { return energies[v]; });
  const auto weight = [&](std::size_t v) {
    return std::exp(-beta * (energies[v] - energies[order[0]]));
  };
  const auto& cut = request.truncation;
  if (cut.top_k != 0 && cut.top_k < order.size()) order.resize(cut.top_k);
  while (weight(order.back()) < cut.min_p) order.pop_back();
  double total = 0.0, held = 0.0;
  for (const auto v : order) total += weight(v);
  std::size_t kept = 0;
  while (kept < order.size() && (kept == 0 || held < cut.top_p * total))
    held += weight(order[kept++]);
  order.resize(kept);
  std::vector<double> law(energies.size(), 0.0);
  double sum = 0.0;
  for (const auto v : order) {
    if (request.field != nullptr && request.field->allows &&
        !request.field->allows(static_cast<TokenId>(v))) {
      continue;
    }
    law[v] = weight(v);
    sum += law[v];
  }
  for (double& p : law) p /= sum;
  return law;
}

// How many deviations chi square lies above its mean, by the cube root of Wilson and Hilferty
// (PNAS 17, 1931). Cells with fewer than ten expected draws are one; infinite if an impossible
// token came.
inline double chi_square_deviations(const std::vector<std::uint64_t>& counts,
                                    const std::vector<double>& law) {
  double draws = 0.0;
  for (const auto count : counts) draws += static_cast<double>(count);
  double statistic = 0.0, rest_expected = 0.0, rest_count = 0.0;
  int cells = 0;
  const auto add = [&](double expected, double count) {
    statistic += (count - expected) * (count - expected) / expected;
    ++cells;
  };
  for (std::size_t v = 0; v < law.size(); ++v) {
    const double expected = draws * law[v], count = static_cast<double>(counts[v]);
    if (law[v] == 0.0 && counts[v] != 0) return kForbidden;
    if (expected < 10.0) {
      rest_expected += expected;
      rest_count += count;
    } else {
      add(expected, count);
    }
  }
  if (rest_expected >= 10.0) add(rest_expected, rest_count);
  const double freedom = std::max(cells - 1, 1), spread = 2.0 / (9.0 * freedom);
  return (std::cbrt(statistic / freedom) - (1.0 - spread)) / std::sqrt(spread);
}

}  // namespace therma::llm::testing
