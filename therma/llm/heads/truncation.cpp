// SPDX-License-Identifier: Apache-2.0
// Cutoffs from the energies of all tokens.
#include "therma/llm/heads/truncation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace therma::llm {
namespace {

constexpr float kForbidden = std::numeric_limits<float>::infinity();

using Level = std::pair<float, TokenId>;  // compares in the order of tokens

std::vector<Level> kept_levels(std::span<const float> energies, const Cutoff& cutoff) {
  std::vector<Level> levels;
  for (TokenId v = 0; v < energies.size(); ++v) {
    if (energies[v] < kForbidden && cutoff.keeps(v, energies[v]))
      levels.emplace_back(energies[v], v);
  }
  return levels;
}

Cutoff at(const Level& level) { return {static_cast<double>(level.first), level.second}; }

Cutoff cut_top_k(std::span<const float> energies, std::uint32_t top_k) {
  auto levels = kept_levels(energies, {});
  if (top_k >= levels.size()) return {};
  const auto last = levels.begin() + (top_k - 1);
  std::ranges::nth_element(levels, last);
  return at(*last);
}

// Boltzmann factor against the least energy.
double factor(double beta, float least, float energy) {
  if (energy == least) return 1.0;
  return std::exp(-beta * (static_cast<double>(energy) - static_cast<double>(least)));
}

// At beta = infinity all factors but those of the minimum vanish, and the first minimum wins.
Cutoff cut_top_p(std::span<const float> energies, const Cutoff& cutoff, double top_p, double beta) {
  auto levels = kept_levels(energies, cutoff);
  if (levels.empty()) return cutoff;
  std::ranges::sort(levels);
  if (std::isinf(beta)) return at(levels.front());
  const float least = levels.front().first;
  double total = 0.0, held = 0.0;
  for (const auto& level : levels) total += factor(beta, least, level.first);
  for (const auto& level : levels) {
    held += factor(beta, least, level.first);
    if (held >= top_p * total) return at(level);
  }
  return cutoff;
}

}  // namespace

double min_p_window(double min_p, double beta, float least) noexcept {
  if (min_p <= 0.0 || beta == 0.0) return std::numeric_limits<double>::infinity();
  return static_cast<double>(least) - std::log(min_p) / beta;
}

Cutoff cutoff_of(std::span<const float> energies, const Truncation& truncation, double beta) {
  Cutoff cutoff;
  if (truncation.top_k != 0) cutoff = cut_top_k(energies, truncation.top_k);
  if (truncation.min_p > 0.0) {
    const double window = min_p_window(truncation.min_p, beta, *std::ranges::min_element(energies));
    if (window < cutoff.energy) cutoff = {window, std::numeric_limits<TokenId>::max()};
  }
  if (truncation.top_p < 1.0) cutoff = cut_top_p(energies, cutoff, truncation.top_p, beta);
  return cutoff;
}

}  // namespace therma::llm
