// SPDX-License-Identifier: Apache-2.0
// Every exact head draws from the law that the definition gives.
//
// Each comparison fails falsely beyond 5 deviations, with probability 3e-7; there are less than 50.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/llm/heads/exact_law.hpp"
#include "therma/llm/heads/head.hpp"

namespace therma::llm {
namespace {

using testing::RandomHead;

constexpr std::uint32_t kDraws = 30'000;

const RandomHead& small_head() {
  static const RandomHead kHead(
      {.rows = 243, .columns = 64, .num_tokens = 240, .masked = {0, 17, 100}, .mean = 0.2}, 3);
  return kHead;
}

std::vector<std::uint64_t> counts_of(TokenHead& head, RelaxRequest request, const Team& team,
                                     std::uint32_t draws = kDraws) {
  std::vector<std::uint64_t> counts(small_head().matrix().weights.rows);
  for (std::uint32_t i = 0; i < draws; ++i) {
    request.noise = {.seed = 99, .chain = i % 4, .position = i / 4};
    ++counts[head.relax(request, team).token];
  }
  return counts;
}

void expect_law(const RelaxRequest& request, std::uint32_t draws = kDraws) {
  const Team team;
  const auto law = testing::exact_law(small_head(), request);
  for (const auto& entry : heads()) {
    if (!entry.is_exact) continue;
    SCOPED_TRACE(entry.name);
    const auto head = entry.make(small_head().matrix(), {}, team);
    EXPECT_LT(testing::chi_square_deviations(counts_of(*head, request, team, draws), law), 5.0);
  }
}

struct Case {
  RelaxRequest request;
  std::vector<float> hidden;
  double beta;

  Case(double deviation, double at_beta)
      : hidden(small_head().hidden(1, deviation)), beta(at_beta) {
    request.hidden = hidden;
    request.beta = {&beta, 1};
  }
};

TEST(ExactHeads, DrawFromAFlatLaw) { expect_law(Case(0.5, 1.0).request); }
TEST(ExactHeads, DrawFromAPeakedLaw) { expect_law(Case(4.0, 1.0).request); }
TEST(ExactHeads, DrawFromAColdLaw) { expect_law(Case(1.0, 3.0).request); }
TEST(ExactHeads, DrawUniformlyAtInfiniteTemperature) { expect_law(Case(1.0, 0.0).request); }

TEST(ExactHeads, DrawFromALawWithAField) {
  Case with(2.0, 0.8);
  TokenField field;
  field.energies = {{3, -4.0F}, {50, std::numeric_limits<float>::infinity()}, {120, 1.5F}};
  field.repeated = {3, 60, 61, 200};
  field.repeat_penalty = 1.4F;
  with.request.field = &field;
  expect_law(with.request);
}

TEST(ExactHeads, DrawFromALawThatAllowsOneTokenInSeven) {
  Case with(2.0, 1.0);
  TokenField field;
  field.allows = [](TokenId v) { return v % 7 == 3; };
  with.request.field = &field;
  expect_law(with.request);
  field.list_allowed = [] {
    std::vector<TokenId> listed;
    for (TokenId v = 3; v < 240; v += 7) listed.push_back(v);
    return listed;
  };
  expect_law(with.request);
}

TEST(ExactHeads, DrawFromALawThatAllowsTwoUnlikelyTokens) {
  Case with(1.0, 1.0);
  TokenField field;
  field.allows = [](TokenId v) { return v == 41 || v == 42; };
  with.request.field = &field;
  expect_law(with.request, 2000);
}

TEST(ExactHeads, DrawFromLawsTruncatedByRank) {
  Case with(1.5, 1.0);
  with.request.truncation = {.top_k = 12};
  expect_law(with.request);
}

TEST(ExactHeads, DrawFromLawsTruncatedByProbability) {
  Case with(1.5, 0.9);
  with.request.truncation = {.min_p = 0.08};
  expect_law(with.request);
}

TEST(ExactHeads, DrawFromLawsTruncatedByCumulatedProbability) {
  Case with(1.5, 1.1);
  with.request.truncation = {.top_p = 0.7};
  expect_law(with.request);
}

TEST(ExactHeads, DrawFromLawsTruncatedInAllWaysWithAField) {
  Case with(1.5, 1.0);
  TokenField field;
  field.energies = {{7, -3.0F}, {8, -2.5F}};
  field.allows = [](TokenId v) { return v % 2 == 0 || v == 7; };
  with.request.field = &field;
  with.request.truncation = {.top_k = 40, .min_p = 0.02, .top_p = 0.9};
  expect_law(with.request);
}

TEST(ExactHeads, DropATruncationThatLeavesNoAllowedToken) {
  Case with(2.0, 1.0);
  TokenField field;
  field.allows = [](TokenId v) { return v == 41 || v == 42; };
  with.request.field = &field;
  const auto law = testing::exact_law(small_head(), with.request);
  with.request.truncation = {.top_k = 2, .min_p = 0.9};
  const Team team;
  for (const auto& entry : heads()) {
    if (!entry.is_exact) continue;
    const auto head = entry.make(small_head().matrix(), {}, team);
    EXPECT_LT(testing::chi_square_deviations(counts_of(*head, with.request, team, 2000), law), 5.0);
  }
}

// Two draws of one position under one key agree, and those of neighbouring positions, chains and
// seeds agree as often as independent ones do: sum p^2, within 5 deviations (6e-7 each).
TEST(ExactHeads, DrawIndependentlyForEachPositionChainAndSeed) {
  Case with(1.0, 1.0);
  const Team team;
  double expected = 0.0;
  for (const double p : testing::exact_law(small_head(), with.request)) expected += p * p;
  const double deviation = std::sqrt(expected * (1.0 - expected) * kDraws);
  for (const auto& entry : heads()) {
    if (!entry.is_exact) continue;
    const auto head = entry.make(small_head().matrix(), {}, team);
    const auto token = [&](const NoiseKey& key) {
      with.request.noise = key;
      return head->relax(with.request, team).token;
    };
    std::uint32_t positions = 0, chains = 0, seeds = 0;
    for (std::uint32_t i = 0; i < kDraws; ++i) {
      const auto here = token({5, 1, i});
      positions += here == token({5, 1, i + 1}) ? 1 : 0;
      chains += here == token({5, 2, i}) ? 1 : 0;
      seeds += here == token({6, 1, i}) ? 1 : 0;
    }
    SCOPED_TRACE(entry.name);
    EXPECT_EQ(token({5, 1, 8}), token({5, 1, 8}));
    // Pairs of neighbours overlap, so that their count varies a little more.
    EXPECT_NEAR(positions, expected * kDraws, 10.0 * deviation);
    EXPECT_NEAR(chains, expected * kDraws, 5.0 * deviation);
    EXPECT_NEAR(seeds, expected * kDraws, 5.0 * deviation);
  }
}

}  // namespace
}  // namespace therma::llm
