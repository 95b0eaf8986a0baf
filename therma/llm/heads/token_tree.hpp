// SPDX-License-Identifier: Apache-2.0
// A two-level tree over the tokens: nodes of similar head rows, and what a node can say of its
// tokens' energies without reading their rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/team.hpp"
#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {

// Immutable once made. Every token that is not masked is in exactly one node; no node is empty.
struct TokenTree {
  static constexpr std::uint32_t kNoNode = 0xFFFFFFFF;
  static constexpr std::uint32_t kNeighbours = 4;

  std::vector<TokenId> tokens;         // by node, ascending inside each
  std::vector<std::uint32_t> first;    // [node + 1], into tokens
  std::vector<std::uint32_t> node_of;  // [token]; kNoNode: masked
  std::uint32_t hidden = 0;
  kernels::AlignedVector<float> means;      // of the rows  [node, hidden]
  kernels::AlignedVector<float> variances;  // of each column over the rows  [node, hidden]
  // The nodes whose means are nearest, nearest first.  [node, min(kNeighbours, nodes - 1)]
  std::vector<std::vector<std::uint32_t>> neighbours;

  [[nodiscard]] std::uint32_t num_nodes() const noexcept {
    return static_cast<std::uint32_t>(first.size() - 1);
  }
  [[nodiscard]] std::span<const TokenId> of(std::uint32_t node) const noexcept {
    return std::span(tokens).subspan(first[node], first[node + 1] - first[node]);
  }
  [[nodiscard]] std::size_t bytes() const noexcept;
};

// nodes: 0 chooses about sqrt(tokens), at most 512. k-means on rows sketched in 64 dimensions, then
// nodes of more than four times the mean size are cut up, so that there may be a few more. A
// function of matrix and nodes alone: the same for any team. About 2 s for 151,936 rows of 896.
// Throws Error{invalid_argument} where no token is left.
[[nodiscard]] TokenTree build_token_tree(const HeadMatrix& matrix, std::uint32_t nodes,
                                         const Team& team);

// An estimate of ln sum_{v in node} exp(beta h . W_v) for each node from its size n, the mean
// m = h . mean and spread s^2 = sum_j h_j^2 variance_j of its logits, as if they were a random
// energy model (Derrida, Phys. Rev. B 24, 1981): ln n + beta m + (beta s)^2 / 2 while beta s is
// below sqrt(2 ln n), and beta m + beta s sqrt(2 ln n) above, where the largest logit alone counts.
[[nodiscard]] std::vector<double> node_log_masses(const TokenTree& tree, const Activation& hidden,
                                                  double beta, const Team& team);

// ln sum_{v in node} exp(-beta E_v), exactly, in float64; energies: [token], +infinity for none.
[[nodiscard]] std::vector<double> exact_node_log_masses(const TokenTree& tree,
                                                        std::span<const float> energies,
                                                        double beta);

}  // namespace therma::llm
