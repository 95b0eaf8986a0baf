// SPDX-License-Identifier: Apache-2.0
// The metropolis head: detailed balance by enumeration, the law after any number of steps, and the
// contract of a head.
//
// Statistical tests compare z scores with 5: a right head fails one with probability 3e-7.
#include "therma/llm/heads/metropolis.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/llm/heads/chain_support.hpp"
#include "tests/support/transition_matrix.hpp"
#include "therma/core/error.hpp"
#include "therma/llm/heads/screen.hpp"

namespace therma::llm {
namespace {

using testing::draw_counts;
using testing::request_of;
using testing::SmallHead;
using testing::total_variation;
using testing::z_of_counts;

constexpr float kForbidden = std::numeric_limits<float>::infinity();

// Long rows of a small vocabulary: logits of deviation 3, and an error of the screen of some 0.3.
SmallHead example() { return {24, 64, 6, 1.0, 3.0, 31}; }

// E~ as the head has it, but for fields.
std::vector<float> screened(const SmallHead& head) {
  const Screen screen(head.matrix().weights, Team());
  ScreenInput input;
  screen.prepare(head.state, input);
  std::vector<float> values((head.vocabulary + Screen::kGroup - 1) / Screen::kGroup *
                            Screen::kGroup);
  screen.approximate(input, 0, head.vocabulary, values.data());
  values.resize(head.vocabulary);
  for (float& value : values) value = -value;
  for (const TokenId v : head.masked) values[v] = kForbidden;
  return values;
}

// One step by its definition  [from, to].
std::vector<double> step_matrix(std::span<const float> energies, std::span<const float> screen,
                                double beta) {
  const double beta_p = std::min(beta, kColdestProposal);
  const auto rho = testing::softmax(screen, beta_p);
  const std::size_t n = energies.size();
  std::vector<double> m(n * n, 0.0);
  for (std::size_t x = 0; x < n; ++x) {
    double stays = 1.0;
    for (std::size_t y = 0; y < n; ++y) {
      if (y == x || rho[y] == 0.0 || rho[x] == 0.0) continue;
      const double log_ratio =
          beta_p * (static_cast<double>(screen[y]) - static_cast<double>(screen[x])) -
          beta * (static_cast<double>(energies[y]) - static_cast<double>(energies[x]));
      m[x * n + y] = rho[y] * std::min(1.0, std::exp(log_ratio));
      stays -= m[x * n + y];
    }
    m[x * n + x] = stays;
  }
  return m;
}

TEST(MetropolisStep, IsInDetailedBalanceWithSoftmax) {
  const auto head = example();
  const auto energies = head.energies();
  for (const double beta : {0.3, 1.0, 6.0}) {
    const auto p = testing::softmax(energies, beta);
    const auto m = step_matrix(energies, screened(head), beta);
    EXPECT_LT(therma::testing::balance_error(p, m, m), 1e-12);
    const auto next = therma::testing::advance(p, m);
    for (std::size_t v = 0; v < p.size(); ++v) EXPECT_NEAR(next[v], p[v], 1e-12);
  }
}

TEST(MetropolisLaws, AreThePowersOfTheStepMatrix) {
  const auto head = example();
  auto energies = head.energies(), screen = screened(head);
  energies[4] = screen[4] = kForbidden;
  for (const double beta : {0.5, 1.0, 6.0}) {
    const auto m = step_matrix(energies, screen, beta);
    const auto laws = metropolis_laws(energies, screen, beta, 20);
    auto expected = testing::softmax(screen, std::min(beta, kColdestProposal));
    for (std::size_t k = 0; k <= 20; ++k) {
      for (std::size_t v = 0; v < expected.size(); ++v) {
        EXPECT_NEAR(laws[k][v], expected[v], 1e-12) << beta << " " << k;
      }
      expected = therma::testing::advance(expected, m);
    }
  }
}

TEST(MetropolisLaws, ApproachSoftmaxWithEveryStep) {
  const auto head = example();
  const auto energies = head.energies();
  const auto p = testing::softmax(energies, 1.0);
  const auto laws = metropolis_laws(energies, screened(head), 1.0, 100);
  for (std::size_t k = 1; k <= 100; ++k) {
    EXPECT_LE(total_variation(laws[k], p), total_variation(laws[k - 1], p) + 1e-15);
  }
  EXPECT_GT(total_variation(laws[0], p), 1e-3);
  EXPECT_LT(total_variation(laws[100], p), 1e-10);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// Very many tokens with normal errors of deviation s: under rho, ln w = z ~ N(-s^2/2, s^2). The law
// after k steps has the density f_k against rho, TV = E |f_k - w| / 2:
//   f_0 = 1:  TV = 2 Phi(s / 2) - 1;
//   f_1 = E_x min(1, w / w_x) + 1 - E_y min(1, w_y / w), both means of truncated log-normals.
double tv_of_one_step(double s) {
  double sum = 0.0;
  for (int i = -4000; i <= 4000; ++i) {
    const double g = 0.002 * i, z = s * g - 0.5 * s * s, w = std::exp(z);
    const double arrives = normal_cdf(g) + w * std::exp(s * s) * normal_cdf(-g - s);
    const double leaves = normal_cdf(-g) + normal_cdf(g - s) / w;
    sum += 0.002 * std::exp(-0.5 * g * g) * std::abs(arrives + 1.0 - leaves - w);
  }
  return 0.5 * sum / std::sqrt(2.0 * std::acos(-1.0));
}

// The estimate from 100,000 errors is off by some 1 / sqrt(100000) of itself, of which 5 are
// allowed.
TEST(MetropolisLaws, MixAsNormalErrorsOfTheScreenDo) {
  const Rng rng(3);
  for (const double s : {0.2, 0.358, 0.6}) {
    std::vector<float> energies(100'000, 0.0F), screen(energies.size());
    for (std::uint32_t v = 0; v < screen.size(); ++v) {
      screen[v] = static_cast<float>(s * rng.normal({.site = v}));
    }
    const auto p = testing::softmax(energies, 1.0);
    const auto laws = metropolis_laws(energies, screen, 1.0, 1);
    EXPECT_NEAR(total_variation(laws[0], p) / (2.0 * normal_cdf(0.5 * s) - 1.0), 1.0, 0.016) << s;
    EXPECT_NEAR(total_variation(laws[1], p) / tv_of_one_step(s), 1.0, 0.016) << s;
  }
}

TEST(MetropolisHead, DrawsFromTheLawAfterItsSteps) {
  const auto small = example();
  const std::vector<double> beta{1.3};
  const auto laws = metropolis_laws(small.energies(), screened(small), 1.3, 16);
  for (const std::uint32_t steps : {1U, 3U, 16U}) {
    const auto head = make_metropolis(small.matrix(), {.steps = steps}, Team());
    const auto counts = draw_counts(*head, request_of(small, beta), 24, 40'000, Team());
    EXPECT_LT(z_of_counts(counts, laws[steps]), 5.0) << steps;
    EXPECT_GT(z_of_counts(counts, laws[0]), 5.0) << steps;
  }
}

TEST(MetropolisHead, FollowsABetaForEachStep) {
  const auto small = example();
  const std::vector<double> beta{0.2, 2.0, 0.5};
  const auto energies = small.energies(), screen = screened(small);
  auto law = testing::softmax(screen, 0.2);
  for (const double b : beta) law = therma::testing::advance(law, step_matrix(energies, screen, b));
  const auto head = make_metropolis(small.matrix(), {.steps = 3}, Team());
  const auto counts = draw_counts(*head, request_of(small, beta), 24, 40'000, Team());
  EXPECT_LT(z_of_counts(counts, law), 5.0);
}

TEST(MetropolisHead, HonoursFieldMaskAndLazyTests) {
  auto small = example();
  small.masked = {2, 9};
  const TokenField field{.energies = {{1, -1.0F}, {5, kForbidden}, {7, 0.5F}},
                         .repeated = {3, 8},
                         .repeat_penalty = 1.5F,
                         .allows = [](TokenId v) { return v % 4 != 0; }};
  const auto head = make_metropolis(small.matrix(), {.steps = 64}, Team());
  auto energies = small.energies(&field);
  for (TokenId v = 0; v < 24; v += 4) energies[v] = kForbidden;
  const std::vector<double> beta{1.0};
  const auto counts = draw_counts(*head, request_of(small, beta, &field), 24, 20'000, Team());
  EXPECT_LT(z_of_counts(counts, testing::softmax(energies, 1.0)), 5.0);
}

TEST(MetropolisHead, SaysSoWhereNoTokenMayCome) {
  const auto small = example();
  const TokenField field{.energies = {}, .repeated = {}, .allows = [](TokenId) { return false; }};
  const auto head = make_metropolis(small.matrix(), {}, Team());
  const std::vector<double> beta{1.0};
  for (const std::uint32_t top_k : {0U, 3U}) {
    auto request = request_of(small, beta, &field);
    request.truncation.top_k = top_k;
    try {
      (void)head->relax(request, Team());
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::no_answer);
    }
  }
}

TEST(MetropolisHead, CutsTheLawOffByAFullPass) {
  const auto small = example();
  auto cut = small.energies(), order = cut;
  std::ranges::sort(order);
  for (float& energy : cut) {
    if (energy > order[2]) energy = kForbidden;
  }
  const auto head = make_metropolis(small.matrix(), {.steps = 64}, Team());
  const std::vector<double> beta{1.0};
  auto request = request_of(small, beta);
  request.truncation.top_k = 3;
  EXPECT_EQ(head->relax(request, Team()).rows_read, 24U);
  EXPECT_LT(
      z_of_counts(draw_counts(*head, request, 24, 20'000, Team()), testing::softmax(cut, 1.0)),
      5.0);
}

// The field allows none of the three tokens that are left: then it counts alone.
TEST(MetropolisHead, LiftsATruncationThatTheFieldLeavesNothingOf) {
  const auto small = example();
  const auto energies = small.energies();
  auto order = energies;
  std::ranges::sort(order);
  const TokenField field{
      .energies = {}, .repeated = {}, .allows = [&](TokenId v) { return energies[v] > order[2]; }};
  const auto head = make_metropolis(small.matrix(), {}, Team());
  const std::vector<double> beta{1.0};
  auto request = request_of(small, beta, &field);
  request.truncation.top_k = 3;
  EXPECT_GT(energies[head->relax(request, Team()).token], order[2]);
}

TEST(MetropolisHead, FindsTheLeastEnergyWhereItIsCold) {
  const auto small = example();
  const auto energies = small.energies();
  const auto head = make_metropolis(small.matrix(), {.steps = 500}, Team());
  const std::vector<double> beta{std::numeric_limits<double>::infinity()};
  const auto draw = head->relax(request_of(small, beta), Team());
  EXPECT_EQ(draw.token,
            static_cast<TokenId>(std::ranges::min_element(energies) - energies.begin()));
  EXPECT_EQ(draw.energy, static_cast<double>(std::ranges::min(energies)));
}

TEST(MetropolisHead, DrawsTheSameOnAnyTeamAndReadsFewRows) {
  const SmallHead small(3000, 96, 12, 1.5, 3.0, 3);
  const auto make = [&](const Team& team) { return make_metropolis(small.matrix(), {}, team); };
  testing::expect_same_on_any_team(small, make, [](const HeadDraw& draw) {
    EXPECT_LE(draw.rows_read, 17U);
    EXPECT_EQ(draw.steps, 16U);
  });
}

TEST(MetropolisHead, DraftsTheCandidateOfFewerSteps) {
  const SmallHead small(3000, 96, 12, 1.5, 3.0, 3);
  const auto head = make_metropolis(small.matrix(), {.steps = 9, .delay_window = 4}, Team());
  const auto shorter = make_metropolis(small.matrix(), {.steps = 5}, Team());
  testing::expect_drafts_of(*shorter, *head, small);
}

TEST(MetropolisHead, MeasuresTheLawByAFullPass) {
  const auto small = example();
  const auto head = make_metropolis(small.matrix(), {}, Team());
  const std::vector<double> beta{0.8};
  auto request = request_of(small, beta);
  request.wants_thermodynamics = true;
  const auto draw = head->relax(request, Team());
  const auto p = testing::softmax(small.energies(), 0.8);
  double entropy = 0.0;
  for (const double x : p) entropy -= x * std::log(x);
  ASSERT_TRUE(draw.thermodynamics.has_value());
  EXPECT_NEAR(draw.thermodynamics->entropy, entropy, 1e-6);
  EXPECT_NEAR(draw.thermodynamics->log_probability, std::log(p[draw.token]), 1e-6);
}

}  // namespace
}  // namespace therma::llm
