// SPDX-License-Identifier: Apache-2.0
// Laws of limited heads against direct quadrature, and the reports on them against their
// definitions.
#include "therma/hardware/head_laws.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "tests/llm/heads/chain_support.hpp"
#include "therma/core/error.hpp"

namespace therma::hardware {
namespace {

using llm::testing::SmallHead;
using llm::testing::total_variation;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The law of noisy energies by its definition, E_xi softmax(-beta E - sigma xi), as a sum over a
// grid of xi in as many dimensions as there are tokens (step 1/4 over +-8: exact to 1e-12 for
// moderate sigma).
std::vector<double> noisy_softmax(const std::vector<float>& energies, double beta, double sigma) {
  constexpr int kHalf = 32;
  const std::size_t n = energies.size();
  std::vector<int> index(n, -kHalf);
  std::vector<double> law(n, 0.0), weight(n);
  for (bool is_done = false; !is_done;) {
    double exponent = 0.0, z = 0.0;
    for (std::size_t v = 0; v < n; ++v) {
      const double xi = 0.25 * index[v];
      exponent -= 0.5 * xi * xi;
      weight[v] = std::exp(-beta * static_cast<double>(energies[v]) + sigma * xi);
      z += weight[v];
    }
    const double share = std::exp(exponent) *
                         std::pow(0.25 / std::sqrt(2.0 * std::numbers::pi), static_cast<double>(n));
    for (std::size_t v = 0; v < n; ++v) law[v] += share * weight[v] / z;
    is_done = true;
    for (std::size_t v = 0; v < n && is_done; ++v) {
      is_done = ++index[v] > kHalf;
      if (is_done) index[v] = -kHalf;
    }
  }
  return law;
}

TEST(NoisyRace, GivesTheMeanOfSoftmaxOverTheNoise) {
  for (const double sigma : {0.05, 0.3, 1.0, 2.0}) {
    const NoisyRace race(sigma);
    for (const auto& energies : {std::vector<float>{0.0F, 1.0F},
                                 {-3.0F, 4.0F},
                                 {0.2F, 0.5F, -1.7F},
                                 {5.0F, -1.0F, 3.0F}}) {
      for (const double beta : {0.5, 1.0}) {
        const auto law = race.law(energies, beta), expected = noisy_softmax(energies, beta, sigma);
        for (std::size_t v = 0; v < law.size(); ++v) EXPECT_NEAR(law[v], expected[v], 1e-7);
      }
    }
  }
}

TEST(NoisyRace, HasNoPreferenceBetweenEqualTokensAndNoneForForbiddenOnes) {
  std::vector<float> energies(1000, 2.0F);
  energies[17] = std::numeric_limits<float>::infinity();
  for (const double sigma : {0.2, 3.0, 10.0}) {
    const auto law = NoisyRace(sigma).law(energies, 1.0);
    for (std::size_t v = 0; v < law.size(); ++v) {
      EXPECT_NEAR(law[v], v == 17 ? 0.0 : 1.0 / 999, 1e-12);
    }
  }
}

TEST(NoisyRace, IsSoftmaxWithoutNoiseAndNearItWithLittle) {
  const auto energies = SmallHead(3000, 32, 8, 2.0, 3.0, 1).energies();
  const auto exact = llm::testing::softmax(energies, 1.0);
  EXPECT_LT(total_variation(NoisyRace(0.0).law(energies, 1.0), exact), 1e-14);
  // To second order in sigma, p (1 + sigma^2 (...)) with a bracket below 1.
  EXPECT_LT(total_variation(NoisyRace(0.01).law(energies, 1.0), exact), 1e-4);
  EXPECT_GT(total_variation(NoisyRace(1.0).law(energies, 1.0), exact), 1e-2);
}

// Many alike: the sum of n factors exp(sigma xi) is close to its mean n exp(sigma^2 / 2), so a
// token apart has p ~ E of a / (a + n exp(sigma^2/2)), a = exp(-beta E + sigma xi); n = 20000,
// sigma = 1: the relative spread of the sum is sqrt((e - 1) / n) = 0.0093, whose square is the
// error.
TEST(NoisyRace, SeesAManyTokenBathThroughItsMean) {
  std::vector<float> energies(20'001, 0.0F);
  energies[0] = -10.0F;
  const auto law = NoisyRace(1.0).law(energies, 1.0);
  double expected = 0.0;
  for (int i = -160; i <= 160; ++i) {
    const double xi = 0.05 * i, a = std::exp(10.0 + xi);
    expected += 0.05 * std::exp(-0.5 * xi * xi) / std::sqrt(2.0 * std::numbers::pi) * a /
                (a + 20'000.0 * std::exp(0.5));
  }
  EXPECT_NEAR(law[0], expected, 1e-4);
  EXPECT_NEAR(std::accumulate(law.begin(), law.end(), 0.0), 1.0, 1e-12);
  EXPECT_THROW(NoisyRace(-1.0), Error);
}

TEST(RelaxationTime, LeavesTheStartWithItsExponential) {
  const std::vector<float> energies{0.0F, 1.0F, std::numeric_limits<float>::infinity(), 3.0F};
  const auto relaxed = boltzmann_law(energies, 1.0);
  auto law = relaxed;
  relax_for_one_period(law, energies, 0.0);
  EXPECT_EQ(law, relaxed);
  relax_for_one_period(law, energies, 0.5);
  for (const std::size_t v : {0U, 1U, 3U}) {
    EXPECT_NEAR(law[v], relaxed[v] + std::exp(-2.0) * (1.0 / 3.0 - relaxed[v]), 1e-15);
  }
  EXPECT_EQ(law[2], 0.0);
}

TEST(LawReport, OfALawWithItselfIsNothingAtItsBeta) {
  const auto energies = SmallHead(500, 32, 8, 2.0, 3.0, 1).energies();
  const auto report = compare_laws(energies, std::span<const float>(energies), 0.9);
  EXPECT_EQ(report.tv, 0.0);
  EXPECT_EQ(report.kl, 0.0);
  EXPECT_NEAR(report.effective_beta, 0.9, 1e-9);
}

TEST(LawReport, RecoversTheBetaThatALawWasDrawnAt) {
  const auto energies = SmallHead(500, 32, 8, 2.0, 3.0, 1).energies();
  for (const double beta : {1e-3, 0.1, 0.7, 1.5, 5.0, 30.0}) {
    const auto law = boltzmann_law(energies, beta);
    const auto report = compare_laws(energies, std::span<const double>(law), 1.0);
    EXPECT_NEAR(report.effective_beta, beta, 1e-6 * std::max(beta, 1.0));
  }
  std::vector<double> coldest(500, 0.0);
  coldest[static_cast<std::size_t>(std::ranges::min_element(energies) - energies.begin())] = 1.0;
  EXPECT_EQ(compare_laws(energies, std::span<const double>(coldest), 1.0).effective_beta,
            kInfinity);
  std::vector<double> hottest(500, 0.0);
  hottest[static_cast<std::size_t>(std::ranges::max_element(energies) - energies.begin())] = 1.0;
  EXPECT_EQ(compare_laws(energies, std::span<const double>(hottest), 1.0).effective_beta, 0.0);
}

// p = (4/5, 1/5), p' = (1/2, 1/2): TV 3/10, KL 4/5 ln 8/5 + 1/5 ln 2/5, and the mean energy of p'
// is that of b = 0.
TEST(LawReport, IsWhatItsDefinitionsSay) {
  const std::vector<float> energies{0.0F, std::log(4.0F)};
  const std::vector<double> law{0.5, 0.5};
  const auto report = compare_laws(energies, std::span<const double>(law), 1.0);
  EXPECT_NEAR(report.tv, 0.3, 1e-7);
  EXPECT_NEAR(report.kl, 0.8 * std::log(1.6) + 0.2 * std::log(0.4), 1e-7);
  EXPECT_NEAR(report.effective_beta, 0.0, 1e-9);
}

// The definition: no other b gives exp(-b E) a smaller KL from p'.
TEST(LawReport, HasTheBetaOfTheLeastDivergence) {
  const auto energies = SmallHead(200, 32, 8, 2.0, 3.0, 1).energies();
  const auto law = NoisyRace(1.5).law(energies, 1.0);
  const double best = compare_laws(energies, std::span<const double>(law), 1.0).effective_beta;
  EXPECT_LT(best, 1.0);
  const auto divergence = [&](double b) {
    const auto q = boltzmann_law(energies, b);
    double sum = 0.0;
    for (std::size_t v = 0; v < law.size(); ++v) sum += law[v] * std::log(law[v] / q[v]);
    return sum;
  };
  for (const double factor : {0.8, 0.99, 1.01, 1.2}) {
    EXPECT_GT(divergence(best * factor), divergence(best));
  }
}

struct Text {
  SmallHead head{300, 48, 6, 2.0, 2.0, 8};
  std::vector<float> hidden;  // [position, 48]
  std::vector<llm::TokenId> targets;
  Text() {
    const Rng rng(9);
    for (std::uint32_t t = 0; t < 40; ++t) {
      for (std::uint32_t j = 0; j < 48; ++j) {
        hidden.push_back(static_cast<float>(rng.normal({.step = t, .site = j})));
      }
      targets.push_back(static_cast<llm::TokenId>(rng.bits({.chain = 1, .step = t}) % 300));
    }
  }
};

TEST(HeadSweep, WithoutLimitsHasThePerplexityOfTheText) {
  Text text;
  const auto rows = sweep_limits(text.head.matrix(), text.hidden, text.targets,
                                 {.dac_bits = {0}, .noise_floors = {0.0}, .beta = 0.8}, Team());
  ASSERT_EQ(rows.size(), 1U);
  double surprisal = 0.0;
  for (std::size_t t = 0; t < 40; ++t) {
    text.head.state.assign(text.hidden.begin() + static_cast<std::ptrdiff_t>(48 * t),
                           text.hidden.begin() + static_cast<std::ptrdiff_t>(48 * (t + 1)));
    surprisal -= std::log(llm::testing::softmax(text.head.energies(), 0.8)[text.targets[t]]) / 40;
  }
  EXPECT_NEAR(rows[0].perplexity, std::exp(surprisal), 1e-9 * std::exp(surprisal));
  EXPECT_EQ(rows[0].tv, 0.0);
  EXPECT_EQ(rows[0].kl, 0.0);
  EXPECT_NEAR(rows[0].effective_beta, 0.8, 1e-9);
}

TEST(HeadSweep, IsCloserToTheIdealWithMoreBitsAndLessNoise) {
  const Text text;
  const auto rows = sweep_limits(
      text.head.matrix(), text.hidden, text.targets,
      {.dac_bits = {0, 10, 8, 6, 4, 3, 2}, .noise_floors = {0.0, 0.5, 1.0, 2.0}}, Team());
  ASSERT_EQ(rows.size(), 28U);
  for (std::size_t i = 0; i < 28; ++i) {
    EXPECT_EQ(rows[i].dac_bits, (std::vector<std::uint32_t>{0, 10, 8, 6, 4, 3, 2})[i / 4]);
    EXPECT_EQ(rows[i].noise_floor, (std::vector<double>{0.0, 0.5, 1.0, 2.0})[i % 4]);
  }
  for (std::size_t bits = 1; bits < 7; ++bits) {
    EXPECT_GT(rows[4 * bits].tv, rows[4 * (bits - 1)].tv);
    EXPECT_GT(rows[4 * bits].kl, rows[4 * (bits - 1)].kl);
  }
  for (std::size_t noise = 1; noise < 4; ++noise) {
    EXPECT_GT(rows[noise].tv, rows[noise - 1].tv);
    EXPECT_LT(rows[noise].effective_beta, rows[noise - 1].effective_beta);
  }
}

TEST(HeadSweep, IsTheSameForAnyTeam) {
  const Text text;
  const SweepConfig config{.dac_bits = {0, 4},
                           .noise_floors = {0.0, 1.0},
                           .others = {.gain_mismatch = 0.05, .relaxation_time = 0.3}};
  const auto alone = sweep_limits(text.head.matrix(), text.hidden, text.targets, config, Team());
  for (const unsigned threads : {2U, 3U}) {
    const auto rows =
        sweep_limits(text.head.matrix(), text.hidden, text.targets, config, Team(threads));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].perplexity, alone[i].perplexity);
      EXPECT_EQ(rows[i].tv, alone[i].tv);
      EXPECT_EQ(rows[i].kl, alone[i].kl);
      EXPECT_EQ(rows[i].effective_beta, alone[i].effective_beta);
    }
  }
}

TEST(HeadSweep, RefusesTextsThatDoNotFitTheHead) {
  const Text text;
  const auto matrix = text.head.matrix();
  const std::vector<llm::TokenId> outside{300};
  const std::span<const float> one(text.hidden.data(), 48);
  EXPECT_THROW((void)sweep_limits(matrix, text.hidden, outside, {}, Team()), Error);
  EXPECT_THROW((void)sweep_limits(matrix, one, outside, {}, Team()), Error);
  EXPECT_THROW((void)sweep_limits(matrix, {}, {}, {}, Team()), Error);
}

}  // namespace
}  // namespace therma::hardware
