// SPDX-License-Identifier: Apache-2.0
// Total variation of metropolis and gibbs against steps, exactly, on a head of the size of
// Qwen2.5's with normal rows; printed as tables.
#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>
#include <functional>

#include "tests/llm/heads/chain_support.hpp"
#include "therma/llm/heads/gibbs.hpp"
#include "therma/llm/heads/metropolis.hpp"
#include "therma/llm/heads/screen.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kRows = 151'936, kTokens = 151'665, kColumns = 896;

// Of processor time, all threads together: the machine may be shared.
double seconds(const std::function<void()>& job) {
  const auto start = std::clock();
  job();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

// bf16 rows of unit norm on average: a sum of `centres` of which each cluster has one, and a part
// of their own. `share`: of the norm that is the cluster's.
struct LargeHead {
  std::vector<std::byte> bytes = std::vector<std::byte>(std::size_t{2} * kRows * kColumns);
  LargeHead(std::uint32_t clusters, double share, const Team& team) {
    const Rng rng(1);
    team.split(kRows, 64, [&](auto begin, auto end) {
      std::vector<float> row(kColumns);
      const double common = std::sqrt(share / kColumns), own = std::sqrt((1.0 - share) / kColumns);
      for (auto v = begin; v < end; ++v) {
        for (std::uint32_t j = 0; j < kColumns; j += 2) {
          const auto a = rng.normal_pair({.chain = 1, .step = v % clusters, .site = j});
          const auto b = rng.normal_pair({.chain = 2, .step = v, .site = j});
          row[j] = static_cast<float>(common * a[0] + own * b[0]);
          row[j + 1] = static_cast<float>(common * a[1] + own * b[1]);
        }
        quantise(DType::bf16, row, bytes.data() + std::size_t{2} * kColumns * v);
      }
    });
  }
  [[nodiscard]] HeadMatrix matrix() const {
    return {.weights = {DType::bf16, kRows, kColumns, bytes.data()},
            .num_tokens = kTokens,
            .masked = {}};
  }
};

std::vector<float> hidden(double deviation, std::uint64_t index) {
  const Rng rng(index + 100);
  std::vector<float> h(kColumns);
  for (std::uint32_t j = 0; j < kColumns; ++j)
    h[j] = static_cast<float>(deviation * rng.normal({.site = j}));
  return h;
}

std::vector<float> exact(const HeadMatrix& matrix, const std::vector<float>& h) {
  Activation x;
  x.assign(h, false);
  std::vector<float> energies(kTokens);
  multiply_rows(matrix.weights, 0, kTokens, x, Product::exact, energies.data());
  products_to_energies(nullptr, 0, energies);
  return energies;
}

double entropy(const std::vector<double>& p) {
  double sum = 0.0;
  for (const double x : p) sum -= x > 0.0 ? x * std::log(x) : 0.0;
  return sum;
}

TEST(MetropolisOfFullSize, MixesIn16StepsFromAFourBitScreen) {
  const Team team(2);
  const LargeHead head(1, 0.0, team);
  const Screen screen(head.matrix().weights, team);
  std::vector<float> screened(kRows);
  std::printf("logits  entropy   TV after 0, 1, 2, 4, 8, 16 steps\n");
  for (const double deviation : {2.0, 3.0, 3.5, 4.0, 4.5, 5.0}) {
    const auto h = hidden(deviation, 1);
    ScreenInput input;
    screen.prepare(h, input);
    screen.approximate(input, 0, kRows, screened.data());
    std::vector<float> approximate(kTokens);
    for (std::uint32_t v = 0; v < kTokens; ++v) approximate[v] = -screened[v];
    const auto energies = exact(head.matrix(), h);
    const auto p = testing::softmax(energies, 1.0);
    const auto laws = metropolis_laws(energies, approximate, 1.0, 16);
    std::printf("%6.1f  %7.2f ", deviation, entropy(p));
    for (const std::size_t k : {0, 1, 2, 4, 8, 16}) {
      std::printf(" %.2e", testing::total_variation(laws[k], p));
    }
    std::printf("\n");
    EXPECT_LT(testing::total_variation(laws[16], p), 1e-3);
  }
}

TEST(GibbsOfFullSize, ApproachesSoftmaxWhereBlocksAreAlike) {
  const Team team(2);
  std::printf("clusters share  build cpu s  logits entropy  TV after 0, 4, 16, 64, 256 steps\n");
  for (const double share : {0.0, 0.5, 0.9}) {
    const LargeHead head(400, share, team);
    TokenTree tree;
    const double built = seconds([&] { tree = build_token_tree(head.matrix(), 0, team); });
    for (const double deviation : {2.0, 4.0}) {
      const auto h = hidden(deviation, 1);
      Activation x;
      x.assign(h, false);
      const auto energies = exact(head.matrix(), h);
      const auto p = testing::softmax(energies, 1.0);
      const auto log_q = block_log_probabilities(tree, node_log_masses(tree, x, 1.0, team));
      const auto laws = gibbs_laws(tree, energies, log_q, 1.0, 256);
      std::printf("%8d %5.1f %8.2f %7.1f %7.2f ", 400, share, built, deviation, entropy(p));
      for (const std::size_t k : {0, 4, 16, 64, 256}) {
        std::printf(" %.2e", testing::total_variation(laws[k], p));
      }
      std::printf("\n");
      EXPECT_LT(testing::total_variation(laws[256], p),
                0.5 * testing::total_variation(laws[0], p) + 1e-9);
    }
  }
}

TEST(HeadsOfFullSize, AreTimed) {
  const LargeHead head(400, 0.5, Team(2));
  const auto h = hidden(4.0, 1);
  const std::vector<double> beta{1.0};
  const Team team;
  for (const auto* const name : {"metropolis", "gibbs", "screened"}) {
    std::unique_ptr<TokenHead> made;
    const double built = seconds([&] { made = head_named(name).make(head.matrix(), {}, team); });
    std::uint64_t rows = 0;
    const double spent = seconds([&] {
      for (std::uint32_t t = 0; t < 50; ++t) {
        rows += made->relax({.hidden = h, .beta = beta, .noise = {.position = t}}, team).rows_read;
      }
    });
    std::printf("%-10s built in %.2f s, %.2f ms a token, %.0f rows\n", name, built,
                spent / 50 * 1e3, static_cast<double>(rows) / 50);
    EXPECT_GT(rows, 0U);
  }
}

}  // namespace
}  // namespace therma::llm
