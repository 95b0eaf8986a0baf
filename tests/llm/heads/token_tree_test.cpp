// SPDX-License-Identifier: Apache-2.0
// The tree of tokens: a partition, its node sums, and what it takes nodes for.
#include "therma/llm/heads/token_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/llm/heads/chain_support.hpp"
#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

using testing::SmallHead;

SmallHead example() {
  SmallHead head(500, 40, 10, 3.0, 0.3, 1);
  head.masked = {3, 77, 78};
  head.num_tokens = 490;
  return head;
}

TEST(TokenTree, HoldsEveryTokenOnceAndNoMaskedRow) {
  const auto head = example();
  const auto tree = build_token_tree(head.matrix(), 20, Team());
  std::vector<TokenId> sorted = tree.tokens;
  std::ranges::sort(sorted);
  std::vector<TokenId> expected;
  for (TokenId v = 0; v < 490; ++v) {
    if (v != 3 && v != 77 && v != 78) expected.push_back(v);
  }
  EXPECT_EQ(sorted, expected);
  for (std::uint32_t node = 0; node < tree.num_nodes(); ++node) {
    EXPECT_FALSE(tree.of(node).empty());
    EXPECT_LE(tree.of(node).size(), 4 * (487 / 20 + 1));
    EXPECT_TRUE(std::ranges::is_sorted(tree.of(node)));
    for (const TokenId v : tree.of(node)) EXPECT_EQ(tree.node_of[v], node);
  }
  for (const TokenId v : {3, 77, 78, 490, 499}) EXPECT_EQ(tree.node_of[v], TokenTree::kNoNode);
}

// Ten clusters whose centres are some ten times as far apart as their tokens spread: with more
// nodes than clusters, a node mixes none.
TEST(TokenTree, KeepsPlantedClustersApart) {
  const auto head = example();
  const auto tree = build_token_tree(head.matrix(), 30, Team());
  for (std::uint32_t node = 0; node < tree.num_nodes(); ++node) {
    std::set<std::uint32_t> planted;
    for (const TokenId v : tree.of(node)) planted.insert(v % 10);
    EXPECT_EQ(planted.size(), 1U) << node;
  }
}

TEST(TokenTree, WithExactNodeSumsGivesSoftmax) {
  const auto head = example();
  const auto tree = build_token_tree(head.matrix(), 20, Team());
  auto energies = head.energies();
  energies[11] = std::numeric_limits<float>::infinity();
  for (const double beta : {0.0, 0.7, 1.0, 3.0}) {
    const auto masses = exact_node_log_masses(tree, energies, beta);
    const double most = std::ranges::max(masses);
    double z = 0.0;
    for (const double mass : masses) z += std::exp(mass - most);
    const auto exact = testing::softmax(energies, beta);
    for (std::uint32_t node = 0; node < tree.num_nodes(); ++node) {
      const double of_node = std::exp(masses[node] - most) / z;
      for (const TokenId v : tree.of(node)) {
        const double in_node =
            std::isfinite(energies[v])
                ? std::exp(-beta * static_cast<double>(energies[v]) - masses[node])
                : 0.0;
        EXPECT_NEAR(of_node * in_node, exact[v], 1e-12);
      }
    }
  }
}

// Rows that are all alike in a node have no spread: ln n + beta h . mean is exact.
TEST(TokenTree, KnowsTheMassOfANodeOfEqualRows) {
  const SmallHead head(60, 32, 6, 2.0, 0.0, 4);
  const auto tree = build_token_tree(head.matrix(), 12, Team());  // starts from rows 0, 5, ..., 55
  ASSERT_EQ(tree.num_nodes(), 6U);
  Activation x;
  x.assign(head.state, false);
  for (const double beta : {0.0, 1.0, 2.5}) {
    const auto estimated = node_log_masses(tree, x, beta, Team());
    const auto exact = exact_node_log_masses(tree, head.energies(), beta);
    for (std::uint32_t node = 0; node < 6; ++node) {
      EXPECT_NEAR(estimated[node], exact[node], 2e-3 * std::max(beta, 1e-3));
    }
  }
}

// The logits of a node of n normal rows are normal: ln n + beta m + (beta s)^2 / 2, with an error
// of order sqrt((exp(s^2 beta^2) - 1) / n), here 0.03, of which 6 are allowed.
TEST(TokenTree, EstimatesTheMassOfNodesOfNormalRows) {
  const SmallHead head(8000, 32, 4, 3.0, 0.6, 5);
  const auto tree = build_token_tree(head.matrix(), 4, Team());
  Activation x;
  x.assign(head.state, false);
  const auto estimated = node_log_masses(tree, x, 1.0, Team());
  const auto exact = exact_node_log_masses(tree, head.energies(), 1.0);
  for (std::uint32_t node = 0; node < tree.num_nodes(); ++node) {
    EXPECT_NEAR(estimated[node], exact[node], 0.1);
  }
}

TEST(TokenTree, IsTheSameForAnyTeam) {
  const auto head = example();
  const auto alone = build_token_tree(head.matrix(), 20, Team());
  for (const unsigned threads : {2U, 3U}) {
    const auto tree = build_token_tree(head.matrix(), 20, Team(threads));
    EXPECT_EQ(tree.tokens, alone.tokens);
    EXPECT_EQ(tree.first, alone.first);
    EXPECT_EQ(tree.means, alone.means);
    EXPECT_EQ(tree.variances, alone.variances);
    EXPECT_EQ(tree.neighbours, alone.neighbours);
  }
}

TEST(TokenTree, ChoosesItsNodesAndRefusesAHeadWithoutTokens) {
  auto head = example();
  const auto tree = build_token_tree(head.matrix(), 0, Team());
  EXPECT_GE(tree.num_nodes(), 10U);
  EXPECT_LE(tree.num_nodes(), 40U);
  EXPECT_EQ(tree.neighbours[0].size(), std::size_t{TokenTree::kNeighbours});
  head.num_tokens = 0;
  EXPECT_THROW((void)build_token_tree(head.matrix(), 0, Team()), Error);
}

}  // namespace
}  // namespace therma::llm
