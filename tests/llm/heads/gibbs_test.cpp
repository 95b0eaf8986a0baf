// SPDX-License-Identifier: Apache-2.0
// The gibbs head: detailed balance by enumeration, the law after any number of steps, and the
// contract of a head.
//
// Statistical tests compare z scores with 5: a right head fails one with probability 3e-7.
#include "therma/llm/heads/gibbs.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/llm/heads/chain_support.hpp"
#include "tests/support/transition_matrix.hpp"
#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

using testing::draw_counts;
using testing::request_of;
using testing::SmallHead;
using testing::z_of_counts;
using therma::testing::balance_error;

constexpr float kForbidden = std::numeric_limits<float>::infinity();

struct Example {
  SmallHead head{24, 16, 5, 1.5, 1.0, 21};
  TokenTree tree = build_token_tree(head.matrix(), 5, Team());
  std::vector<double> masses(double beta) const {
    Activation x;
    x.assign(head.state, false);
    return node_log_masses(tree, x, beta, Team());
  }
  std::vector<double> log_q(double beta) const {
    return block_log_probabilities(tree, masses(beta));
  }
};

// One step as a matrix [from, to], from the weights that the head draws with. `whole_block`:
// whether the pool holds the block of the current token or that token alone.
std::vector<double> step_matrix(const TokenTree& tree, std::span<const float> energies,
                                std::span<const double> log_q, double beta,
                                bool whole_block = true) {
  const std::size_t n = energies.size();
  std::vector<double> m(n * n, 0.0);
  for (std::size_t from = 0; from < n; ++from) {
    const auto here = tree.node_of[from];
    for (std::uint32_t b = 0; b < tree.num_nodes(); ++b) {
      std::vector<double> weight(n, 0.0);
      double sum = 0.0;
      for (std::size_t v = 0; v < n; ++v) {
        const auto node = tree.node_of[v];
        const bool is_in = node == b || (whole_block ? node == here : v == from);
        if (is_in) weight[v] = std::exp(pool_log_weight(beta, energies[v], log_q[node]));
        sum += weight[v];
      }
      for (std::size_t v = 0; v < n; ++v) {
        m[from * n + v] += std::exp(log_q[b]) * weight[v] / sum;
      }
    }
  }
  return m;
}

TEST(GibbsStep, IsInDetailedBalanceWithSoftmax) {
  const Example example;
  for (const double beta : {0.3, 1.0, 2.0}) {
    const auto energies = example.head.energies();
    const auto p = testing::softmax(energies, beta);
    const auto m = step_matrix(example.tree, energies, example.log_q(beta), beta);
    EXPECT_LT(balance_error(p, m, m), 1e-12);
    const auto next = therma::testing::advance(p, m);
    for (std::size_t v = 0; v < p.size(); ++v) EXPECT_NEAR(next[v], p[v], 1e-12);
  }
}

// Whatever q is, as long as it does not depend on the state.
TEST(GibbsStep, IsInDetailedBalanceWithBlocksChosenBadly) {
  const Example example;
  const auto energies = example.head.energies();
  std::vector<double> log_q(example.tree.num_nodes());
  double sum = 0.0;
  for (std::size_t b = 0; b < log_q.size(); ++b) sum += static_cast<double>((b + 1) * (b + 1));
  for (std::size_t b = 0; b < log_q.size(); ++b) {
    log_q[b] = std::log(static_cast<double>((b + 1) * (b + 1)) / sum);
  }
  const auto m = step_matrix(example.tree, energies, log_q, 1.0);
  EXPECT_LT(balance_error(testing::softmax(energies, 1.0), m, m), 1e-12);
}

// The shortcut that the theory page warns of: this test sees it.
TEST(GibbsStep, WouldBreakDetailedBalanceByPoolingTheCurrentTokenAlone) {
  const Example example;
  const auto energies = example.head.energies();
  const auto p = testing::softmax(energies, 1.0);
  const auto m = step_matrix(example.tree, energies, example.log_q(1.0), 1.0, false);
  EXPECT_GT(testing::total_variation(therma::testing::advance(p, m), p), 1e-3);
}

TEST(GibbsLaws, AreThePowersOfTheStepMatrix) {
  const Example example;
  auto energies = example.head.energies();
  energies[4] = kForbidden;
  const auto log_q = example.log_q(1.0);
  const auto m = step_matrix(example.tree, energies, log_q, 1.0);
  const auto laws = gibbs_laws(example.tree, energies, log_q, 1.0, 20);
  auto expected = laws[0];
  for (std::size_t k = 0; k <= 20; ++k) {
    for (std::size_t v = 0; v < expected.size(); ++v) EXPECT_NEAR(laws[k][v], expected[v], 1e-12);
    expected = therma::testing::advance(expected, m);
  }
}

TEST(GibbsLaws, StartFromBlocksChosenWithQAndApproachSoftmax) {
  const Example example;
  const auto energies = example.head.energies();
  const auto log_q = example.log_q(1.0);
  const auto p = testing::softmax(energies, 1.0);
  const auto laws = gibbs_laws(example.tree, energies, log_q, 1.0, 200);
  for (std::uint32_t b = 0; b < example.tree.num_nodes(); ++b) {
    double mass = 0.0;
    for (const TokenId v : example.tree.of(b)) mass += laws[0][v];
    EXPECT_NEAR(mass, std::exp(log_q[b]), 1e-12);
  }
  for (std::size_t k = 1; k <= 200; ++k) {
    EXPECT_LE(testing::total_variation(laws[k], p),
              testing::total_variation(laws[k - 1], p) + 1e-15);
  }
  EXPECT_LT(testing::total_variation(laws[200], p), 1e-9);
}

TEST(BlockProbabilities, LeaveNoBlockOutOfReach) {
  const Example example;
  std::vector<double> masses(example.tree.num_nodes(), -1000.0);
  masses[0] = 0.0;
  const auto log_q = block_log_probabilities(example.tree, masses);
  double sum = 0.0;
  for (std::uint32_t b = 0; b < log_q.size(); ++b) {
    sum += std::exp(log_q[b]);
    EXPECT_GE(std::exp(log_q[b]),
              0.2 * static_cast<double>(example.tree.of(b).size()) / 24 - 1e-15);
  }
  EXPECT_NEAR(sum, 1.0, 1e-12);
}

TEST(GibbsHead, DrawsFromTheLawAfterItsSteps) {
  const Example example;
  const std::vector<double> beta{1.3};
  for (const std::uint32_t steps : {1U, 3U, 40U}) {
    const auto head = make_gibbs(example.head.matrix(), {.steps = steps, .nodes = 5}, Team());
    const auto law =
        gibbs_laws(example.tree, example.head.energies(), example.log_q(1.3), 1.3, steps)[steps];
    const auto counts = draw_counts(*head, request_of(example.head, beta), 24, 20'000, Team());
    EXPECT_LT(z_of_counts(counts, law), 5.0) << steps;
  }
}

// The same draws against the law of another number of steps: the test above can fail.
TEST(GibbsHead, DoesNotDrawFromTheLawOfFewerSteps) {
  const Example example;
  const std::vector<double> beta{1.3};
  const auto head = make_gibbs(example.head.matrix(), {.steps = 40, .nodes = 5}, Team());
  const auto laws = gibbs_laws(example.tree, example.head.energies(), example.log_q(1.3), 1.3, 0);
  const auto counts = draw_counts(*head, request_of(example.head, beta), 24, 20'000, Team());
  EXPECT_GT(z_of_counts(counts, laws[0]), 5.0);
}

TEST(GibbsHead, HonoursFieldMaskAndLazyTests) {
  Example example;
  example.head.masked = {2, 9};
  const TokenField field{.energies = {{1, -1.0F}, {5, kForbidden}, {7, 0.5F}},
                         .repeated = {3, 8},
                         .repeat_penalty = 1.5F,
                         .allows = [](TokenId v) { return v % 4 != 0; }};
  const auto head = make_gibbs(example.head.matrix(), {.steps = 64, .nodes = 5}, Team());
  auto energies = example.head.energies(&field);
  for (TokenId v = 0; v < 24; v += 4) energies[v] = kForbidden;
  const std::vector<double> beta{1.0};
  const auto counts =
      draw_counts(*head, request_of(example.head, beta, &field), 24, 20'000, Team());
  EXPECT_LT(z_of_counts(counts, testing::softmax(energies, 1.0)), 5.0);
}

TEST(GibbsHead, SaysSoWhereNoTokenMayCome) {
  const Example example;
  const TokenField field{.allows = [](TokenId) { return false; }};
  const auto head = make_gibbs(example.head.matrix(), {.nodes = 5}, Team());
  const std::vector<double> beta{1.0};
  try {
    (void)head->relax(request_of(example.head, beta, &field), Team());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::no_answer);
  }
}

TEST(GibbsHead, CutsTheLawOffByAFullPass) {
  const Example example;
  const auto energies = example.head.energies();
  auto order = energies;
  std::ranges::sort(order);
  auto cut = energies;
  for (float& energy : cut) {
    if (energy > order[2]) energy = kForbidden;
  }
  const auto head = make_gibbs(example.head.matrix(), {.steps = 64, .nodes = 5}, Team());
  const std::vector<double> beta{1.0};
  auto request = request_of(example.head, beta);
  request.truncation.top_k = 3;
  EXPECT_EQ(head->relax(request, Team()).rows_read, 24U);
  EXPECT_LT(
      z_of_counts(draw_counts(*head, request, 24, 20'000, Team()), testing::softmax(cut, 1.0)),
      5.0);
}

TEST(GibbsHead, FindsTheLeastEnergyWhereItIsCold) {
  const Example example;
  const auto energies = example.head.energies();
  const auto head = make_gibbs(example.head.matrix(), {.steps = 500, .nodes = 5}, Team());
  const std::vector<double> beta{std::numeric_limits<double>::infinity()};
  const auto draw = head->relax(request_of(example.head, beta), Team());
  EXPECT_EQ(draw.token,
            static_cast<TokenId>(std::ranges::min_element(energies) - energies.begin()));
  EXPECT_EQ(draw.energy, static_cast<double>(std::ranges::min(energies)));
}

TEST(GibbsHead, DrawsTheSameOnAnyTeam) {
  const SmallHead small(600, 32, 12, 1.5, 1.0, 3);
  const auto make = [&](const Team& team) {
    return make_gibbs(small.matrix(), {.nodes = 12}, team);
  };
  testing::expect_same_on_any_team(small, make, [](const HeadDraw&) {});
}

TEST(GibbsHead, DraftsTheCandidateOfFewerSteps) {
  const SmallHead small(600, 32, 12, 1.5, 1.0, 3);
  const auto head =
      make_gibbs(small.matrix(), {.steps = 9, .delay_window = 4, .nodes = 12}, Team());
  const auto shorter = make_gibbs(small.matrix(), {.steps = 5, .nodes = 12}, Team());
  testing::expect_drafts_of(*shorter, *head, small);
}

TEST(GibbsHead, MeasuresFreeEnergyEntropyAndLogProbability) {
  const Example example;
  const auto head = make_gibbs(example.head.matrix(), {.nodes = 5}, Team());
  const std::vector<double> beta{0.8};
  auto request = request_of(example.head, beta);
  request.wants_thermodynamics = true;
  const auto draw = head->relax(request, Team());
  const auto p = testing::softmax(example.head.energies(), 0.8);
  double entropy = 0.0, z = 0.0;
  for (const double x : p) entropy -= x * std::log(x);
  for (const float e : example.head.energies()) z += std::exp(-0.8 * static_cast<double>(e));
  ASSERT_TRUE(draw.thermodynamics.has_value());
  EXPECT_NEAR(draw.thermodynamics->entropy, entropy, 1e-12);
  EXPECT_NEAR(draw.thermodynamics->free_energy, -std::log(z) / 0.8, 1e-12);
  EXPECT_NEAR(draw.thermodynamics->log_probability, std::log(p[draw.token]), 1e-12);
  EXPECT_EQ(draw.rows_read, 24U);
}

TEST(NodeFields, AddNeighboursAndAMemoryThatHalves) {
  const Example example;
  const auto& tree = example.tree;
  const auto masses = example.masses(1.0);
  const TokenId text[] = {tree.of(2)[0], tree.of(1)[0], tree.of(2)[1]};
  const auto memory = node_fields(tree, masses, text, {.memory = 0.8});
  EXPECT_FLOAT_EQ(memory[2], -0.8F - 0.2F);
  EXPECT_FLOAT_EQ(memory[1], -0.4F);
  EXPECT_EQ(memory[0], 0.0F);
  const auto coupled = node_fields(tree, masses, {}, {.block_coupling = 2.0});
  double z = 0.0;
  for (const double mass : masses) z += std::exp(mass);
  for (std::uint32_t b = 0; b < tree.num_nodes(); ++b) {
    double expected = 0.0;
    for (const auto n : tree.neighbours[b]) expected -= 2.0 * std::exp(masses[n]) / z;
    EXPECT_NEAR(coupled[b], expected, 1e-6);
  }
}

TEST(GibbsHead, DrawsFromTheLawThatCouplingAndMemoryDefine) {
  const Example example;
  const TokenId text[] = {example.tree.of(3)[0], example.tree.of(1)[0]};
  const HeadConfig config{.steps = 64, .nodes = 5, .block_coupling = 1.5, .memory = 1.0};
  const auto fields = node_fields(example.tree, example.masses(1.0), text, config);
  auto energies = example.head.energies();
  for (TokenId v = 0; v < 24; ++v) energies[v] += fields[example.tree.node_of[v]];
  const auto head = make_gibbs(example.head.matrix(), config, Team());
  const std::vector<double> beta{1.0};
  auto request = request_of(example.head, beta);
  request.text = text;
  const auto counts = draw_counts(*head, request, 24, 20'000, Team());
  EXPECT_LT(z_of_counts(counts, testing::softmax(energies, 1.0)), 5.0);
  EXPECT_GT(z_of_counts(counts, testing::softmax(example.head.energies(), 1.0)), 5.0);
}

}  // namespace
}  // namespace therma::llm
