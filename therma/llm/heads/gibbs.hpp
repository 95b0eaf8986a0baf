// SPDX-License-Identifier: Apache-2.0
// Block Gibbs over a two-level tree of tokens: a step pools a block that is chosen without regard
// to the state with the whole block of the current token, and draws anew in the pool.
//
//   1. b with probability q_b, which depends on h alone                 docs/theory/
//   2. v in block(x) + b with weight exp(-beta E_v) / q_block(v)        token-head-chains.md eq. 1
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "therma/llm/heads/head.hpp"
#include "therma/llm/heads/token_tree.hpp"

namespace therma::llm {

// Throws Error{invalid_argument} on a bad config. Step 0 draws a block with q and a token in it
// from its law; `steps` steps follow. rows_read counts the rows of the blocks that were visited,
// each once; with a truncation, all. `accepted` counts steps that ended in another block. Energies
// include the node fields below.
[[nodiscard]] std::unique_ptr<TokenHead> make_gibbs(const HeadMatrix& matrix,
                                                    const HeadConfig& config, const Team& team);

// ln q_b: 4/5 of the law that the log masses give, 1/5 in proportion to the blocks' sizes, so that
// no block is out of reach.
[[nodiscard]] std::vector<double> block_log_probabilities(const TokenTree& tree,
                                                          std::span<const double> log_masses);

// What the options add to the energy of every token of a block, so that the law they give is
//   P(v) ~ exp(-beta (E_v - J sum_{n next to b} a_n - M sum_s 2^(1-s) [b(x_s) = b])),  b = b(v):
// a_n the share of block n in exp(log masses), x_s the s-th last token of the text (s = 1, 2, ...).
[[nodiscard]] std::vector<float> node_fields(const TokenTree& tree,
                                             std::span<const double> log_masses,
                                             std::span<const TokenId> text,
                                             const HeadConfig& config);

// -beta E_v - ln q_block for the tokens of a block: what the draw in the pool weighs them with.
[[nodiscard]] double pool_log_weight(double beta, float energy, double log_q) noexcept;

// The law of the token after 0, 1, ..., steps steps at one finite beta, exactly  [step][token].
// energies: [token], +infinity for none, node fields included. O(blocks^2) a step.
[[nodiscard]] std::vector<std::vector<double>> gibbs_laws(const TokenTree& tree,
                                                          std::span<const float> energies,
                                                          std::span<const double> log_q,
                                                          double beta, std::uint32_t steps);

}  // namespace therma::llm
