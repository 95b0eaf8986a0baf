// SPDX-License-Identifier: Apache-2.0
// Small heads with planted clusters of rows, and what the tests of relaxing heads share.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/llm/heads/field.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm::testing {

// float32 rows around planted centres: token v belongs to cluster v % clusters.
struct SmallHead {
  std::uint32_t vocabulary, hidden, clusters;
  std::vector<float> rows;   // [vocabulary, hidden]
  std::vector<float> state;  // h
  std::vector<TokenId> masked;
  std::uint32_t num_tokens;

  SmallHead(std::uint32_t vocabulary_, std::uint32_t hidden_, std::uint32_t clusters_, double apart,
            double spread, std::uint64_t seed)
      : vocabulary(vocabulary_),
        hidden(hidden_),
        clusters(clusters_),
        rows(std::size_t{vocabulary_} * hidden_),
        state(hidden_),
        num_tokens(vocabulary_) {
    const Rng rng(seed);
    const double scale = 1.0 / std::sqrt(static_cast<double>(hidden));
    for (std::uint32_t v = 0; v < vocabulary; ++v) {
      for (std::uint32_t j = 0; j < hidden; ++j) {
        rows[std::size_t{v} * hidden + j] = static_cast<float>(
            scale * (apart * rng.normal({.chain = 1, .step = v % clusters, .site = j}) +
                     spread * rng.normal({.chain = 2, .step = v, .site = j})));
      }
    }
    for (std::uint32_t j = 0; j < hidden; ++j) {
      state[j] = static_cast<float>(rng.normal({.chain = 3, .site = j}));
    }
  }
  [[nodiscard]] HeadMatrix matrix() const {
    return {.weights = {.type = DType::f32,
                        .rows = vocabulary,
                        .columns = hidden,
                        .bytes = reinterpret_cast<const std::byte*>(rows.data())},
            .num_tokens = num_tokens,
            .masked = masked};
  }
  // By the kernel that the heads use; +infinity for rows that stand for no token.
  [[nodiscard]] std::vector<float> energies(const TokenField* field = nullptr) const {
    Activation x;
    x.assign(state, false);
    std::vector<float> values(num_tokens);
    multiply_rows(matrix().weights, 0, num_tokens, x, Product::exact, values.data());
    products_to_energies(field, 0, values);
    for (const TokenId v : masked) values[v] = std::numeric_limits<float>::infinity();
    return values;
  }
};

// exp(-beta E) / Z in float64.
[[nodiscard]] inline std::vector<double> softmax(std::span<const float> energies, double beta) {
  double least = std::numeric_limits<double>::infinity(), z = 0.0;
  for (const float e : energies) least = std::min(least, static_cast<double>(e));
  std::vector<double> p(energies.size(), 0.0);
  for (std::size_t v = 0; v < p.size(); ++v) {
    if (std::isfinite(energies[v])) {
      p[v] = std::exp(-beta * (static_cast<double>(energies[v]) - least));
    }
    z += p[v];
  }
  for (double& x : p) x /= z;
  return p;
}

[[nodiscard]] inline double total_variation(std::span<const double> p, std::span<const double> q) {
  double sum = 0.0;
  for (std::size_t v = 0; v < p.size(); ++v) sum += std::abs(p[v] - q[v]);
  return 0.5 * sum;
}

// Chi-square of counts against a law, as a z score (Wilson and Hilferty 1931); tokens that expect
// fewer than 10 are joined. +infinity where a token came that may not.
[[nodiscard]] inline double z_of_counts(std::span<const std::uint64_t> counts,
                                        std::span<const double> law) {
  double total = 0.0, chi2 = 0.0, cells = 0.0, rest_seen = 0.0, rest_expected = 0.0;
  for (const auto count : counts) total += static_cast<double>(count);
  const auto add = [&](double seen, double expected) {
    chi2 += (seen - expected) * (seen - expected) / expected;
    ++cells;
  };
  for (std::size_t v = 0; v < law.size(); ++v) {
    const double seen = static_cast<double>(counts[v]), expected = total * law[v];
    if (law[v] == 0.0 && seen > 0.0) return std::numeric_limits<double>::infinity();
    if (expected >= 10.0) {
      add(seen, expected);
    } else {
      rest_seen += seen;
      rest_expected += expected;
    }
  }
  if (rest_expected >= 5.0) add(rest_seen, rest_expected);
  const double freedom = cells - 1.0, spread = 2.0 / (9.0 * freedom);
  return (std::cbrt(chi2 / freedom) - (1.0 - spread)) / std::sqrt(spread);
}

[[nodiscard]] inline RelaxRequest request_of(const SmallHead& head, const std::vector<double>& beta,
                                             const TokenField* field = nullptr) {
  return {.hidden = head.state, .field = field, .beta = beta, .noise = {.seed = 7}};
}

// How often each token is drawn at positions 0, 1, ...
[[nodiscard]] inline std::vector<std::uint64_t> draw_counts(TokenHead& head, RelaxRequest request,
                                                            std::uint32_t vocabulary,
                                                            std::uint32_t draws, const Team& team) {
  std::vector<std::uint64_t> counts(vocabulary, 0);
  for (std::uint32_t t = 0; t < draws; ++t) {
    request.noise.position = t;
    ++counts[head.relax(request, team).token];
  }
  return counts;
}

// Heads of one kind on teams of 1, 2 and 3 draw alike; `holds` checks each draw further.
template <class Make, class Holds>
void expect_same_on_any_team(const SmallHead& small, const Make& make, const Holds& holds) {
  const std::vector<double> beta{0.5, 1.0};
  const auto alone = make(Team());
  for (const unsigned threads : {2U, 3U}) {
    const Team team(threads);
    const auto head = make(team);
    for (std::uint32_t t = 0; t < 100; ++t) {
      auto request = request_of(small, beta);
      request.noise.position = t;
      const auto a = alone->relax(request, Team()), b = head->relax(request, team);
      EXPECT_EQ(a.token, b.token);
      EXPECT_EQ(a.energy, b.energy);
      EXPECT_EQ(a.rows_read, b.rows_read);
      EXPECT_EQ(a.accepted, b.accepted);
      holds(a);
    }
  }
}

// The candidate after steps - window steps is what a head of so few steps draws.
inline void expect_drafts_of(TokenHead& shorter, TokenHead& head, const SmallHead& small) {
  const std::vector<double> beta{1.0};
  for (std::uint32_t t = 0; t < 50; ++t) {
    auto request = request_of(small, beta);
    request.noise.position = t;
    std::vector<TokenId> drafts;
    const auto draw = head.relax(request, Team(), [&](TokenId v) { drafts.push_back(v); });
    EXPECT_EQ(drafts, std::vector<TokenId>{shorter.relax(request, Team()).token});
    EXPECT_EQ(draw.token, head.relax(request, Team()).token);
  }
}

}  // namespace therma::llm::testing
