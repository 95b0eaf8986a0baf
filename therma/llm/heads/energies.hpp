// SPDX-License-Identifier: Apache-2.0
// What every head shares: checks of a request, scores, and one pass over the whole matrix.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "therma/core/team.hpp"
#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {

// Tokens by score s = noise g - energy E, the larger of beta and 1 divided out: the greatest s has
// the least E - g / beta. Of equal scores the lower token wins, in every exact head.
struct ScoreScale {
  double energy = 1.0;  // min(beta, 1)
  double noise = 1.0;   // min(1 / beta, 1); 0 at beta = infinity
};
[[nodiscard]] ScoreScale score_scale(double beta) noexcept;

// -infinity for forbidden tokens, and for energies that are not numbers.
[[nodiscard]] inline double score_of(ScoreScale scale, float energy, float gumbel) noexcept {
  if (!(energy < std::numeric_limits<float>::infinity())) {
    return -std::numeric_limits<double>::infinity();
  }
  return scale.noise * static_cast<double>(gumbel) - scale.energy * static_cast<double>(energy);
}

struct Candidate {
  double score = -std::numeric_limits<double>::infinity();
  TokenId token = 0;
  float energy = std::numeric_limits<float>::infinity();

  [[nodiscard]] bool beats(const Candidate& other) const noexcept {
    return score > other.score || (score == other.score && token < other.token);
  }
};

// Rows that stand for a token, for loops over runs of rows.
class TokenMask {
 public:
  // Throws Error{invalid_argument} on a matrix without tokens, or masked rows out of order.
  explicit TokenMask(const HeadMatrix& matrix);

  [[nodiscard]] bool holds(TokenId token) const noexcept;
  // Writes `value` over those of rows first, first + 1, ... that stand for none.
  void overwrite(TokenId first, std::span<float> values, float value) const noexcept;

 private:
  std::uint32_t num_tokens_;
  std::vector<TokenId> masked_;
};

// Beta of the last step. Throws Error{invalid_argument} on a bad beta, truncation or number of
// columns, Error{bad_data} where h is not finite or its norm is beyond 1e30.
double checked_beta(const RelaxRequest& request, const MatrixView& weights);

// Fails with Error{no_answer}.
[[noreturn]] void fail_none_allowed();

// Rows that a job of the team takes at once.
inline constexpr std::uint32_t kChunk = 512;

// Calls job(chunk, first, count) for all chunks of [0, rows), shared out to the team.
void for_each_chunk(std::uint32_t rows, const Team& team,
                    const std::function<void(std::uint32_t, std::uint32_t, std::uint32_t)>& job);

// Energies of a run of rows as every head has them: +infinity for rows that stand for no token.
void evaluate_energies(const MatrixView& weights, const TokenMask& mask, const Activation& hidden,
                       const TokenField* field, TokenId first, std::span<float> energies) noexcept;

}  // namespace therma::llm
