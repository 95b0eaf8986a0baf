// SPDX-License-Identifier: Apache-2.0
// Truncated laws: each restriction keeps the first tokens in order of energy, then of token.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "therma/llm/heads/head.hpp"

namespace therma::llm {

// The last token that is kept, in that order.
struct Cutoff {
  double energy = std::numeric_limits<double>::infinity();
  TokenId token = std::numeric_limits<TokenId>::max();

  [[nodiscard]] bool keeps(TokenId v, float energy_of_v) const noexcept {
    const auto e = static_cast<double>(energy_of_v);
    return e < energy || (e == energy && v <= token);
  }
};

[[nodiscard]] inline bool truncates(const Truncation& truncation) noexcept {
  return truncation.top_k != 0 || truncation.min_p > 0.0 || truncation.top_p < 1.0;
}

// The highest energy that min_p leaves when the lowest is `least`: beta (E - E_min) <= -ln min_p.
[[nodiscard]] double min_p_window(double min_p, double beta, float least) noexcept;

// All restrictions at once, over a whole vocabulary; tokens with energy +infinity do not count.
[[nodiscard]] Cutoff cutoff_of(std::span<const float> energies, const Truncation& truncation,
                               double beta);

}  // namespace therma::llm
