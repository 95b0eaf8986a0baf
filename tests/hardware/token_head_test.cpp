// SPDX-License-Identifier: Apache-2.0
// Converters, cells and draws of a limited token head.
//
// Statistical tests compare z scores with 5: a right head fails one with probability 6e-7.
#include "therma/hardware/token_head.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/llm/heads/chain_support.hpp"
#include "therma/core/error.hpp"
#include "therma/hardware/head_laws.hpp"
#include "therma/llm/heads/head_table.hpp"

namespace therma::hardware {
namespace {

using llm::TokenId;
using llm::testing::SmallHead;

TEST(Converter, HasTwoToTheBitsLevelsFromEndToEnd) {
  for (const std::uint32_t bits : {1U, 2U, 3U, 5U}) {
    const Converter converter(bits, 1.5);
    std::set<float> levels;
    for (int i = -4000; i <= 4000; ++i)
      levels.insert(converter.convert(static_cast<float>(i) / 2000));
    EXPECT_EQ(levels.size(), std::size_t{1} << bits);
    EXPECT_FLOAT_EQ(*levels.begin(), -1.5F);
    EXPECT_FLOAT_EQ(*levels.rbegin(), 1.5F);
    float before = *levels.begin();
    for (auto at = std::next(levels.begin()); at != levels.end(); ++at) {
      EXPECT_NEAR(*at - before, converter.step(), 1e-6);
      before = *at;
    }
  }
}

TEST(Converter, IsOffByHalfAStepAtMostAndClipsBeyondItsRange) {
  const Rng rng(3);
  for (std::uint32_t bits = 1; bits <= 16; ++bits) {
    const Converter converter(bits, 0.7);
    for (std::uint32_t i = 0; i < 2000; ++i) {
      const auto x = static_cast<float>(0.7 * (2.0 * rng.uniform({.site = i}) - 1.0));
      EXPECT_LE(std::abs(static_cast<double>(converter.convert(x)) - static_cast<double>(x)),
                0.5 * converter.step() + 1e-7);
      EXPECT_EQ(converter.convert(converter.convert(x)), converter.convert(x));
    }
    EXPECT_FLOAT_EQ(converter.convert(9.0F), 0.7F);
    EXPECT_FLOAT_EQ(converter.convert(-9.0F), -0.7F);
  }
}

TEST(Converter, RefusesRangesAndBitsThatAreNone) {
  EXPECT_THROW(Converter(4, 0.0), Error);
  EXPECT_THROW(Converter(4, std::nan("")), Error);
  EXPECT_THROW(Converter(17, 1.0), Error);
  EXPECT_EQ(Converter(0, 0.0).convert(0.3F), 0.3F);
}

SmallHead example() {
  SmallHead head(40, 24, 4, 1.0, 1.5, 5);
  head.masked = {3};
  return head;
}

std::vector<float> energies_of(const SmallHead& head, const HeadLimits& limits,
                               const llm::TokenField* field = nullptr) {
  std::vector<float> energies(head.vocabulary);
  LimitedMatrix(head.matrix(), limits, Team()).energies(head.state, field, Team(), energies);
  return energies;
}

TEST(LimitedMatrix, WithoutLimitsHasTheBitsOfTheIdeal) {
  const auto head = example();
  EXPECT_EQ(energies_of(head, {}), head.energies());
  const llm::TokenField field{
      .energies = {{1, 0.5F}}, .repeated = {2, 7}, .repeat_penalty = 1.3F, .allows = {}};
  EXPECT_EQ(energies_of(head, {}, &field), head.energies(&field));
}

// h^ . W^ - h . W = h . (W^ - W) + (h^ - h) . W^: at most |h|_1 step_W / 2 + |W^|_1 step_h / 2.
TEST(LimitedMatrix, IsOffByNoMoreThanItsConvertersAllow) {
  const auto head = example();
  const auto ideal = head.energies();
  const double range_h = calibrated_range(head.state);
  const double range_w = calibrated_range(head.matrix(), Team());
  for (const std::uint32_t bits : {1U, 2U, 4U, 8U, 11U, 12U, 16U}) {
    const auto limited = energies_of(head, {.dac_bits = bits, .field_range = range_h});
    const Converter of_h(bits, range_h), of_w(bits, range_w);
    for (TokenId v = 0; v < head.vocabulary; ++v) {
      if (v == 3) continue;
      double bound = 1e-5, exact = 0.0;
      for (std::uint32_t j = 0; j < head.hidden; ++j) {
        const float h = head.state[j], w = head.rows[v * head.hidden + j];
        bound += std::abs(static_cast<double>(h)) * 0.5 * of_w.step() +
                 std::abs(static_cast<double>(of_w.convert(w))) * 0.5 * of_h.step();
        exact -= 0.25 * of_h.step() * of_w.step() * of_h.code(h) * of_w.code(w);
      }
      EXPECT_LE(std::abs(static_cast<double>(limited[v]) - static_cast<double>(ideal[v])), bound);
      EXPECT_NEAR(limited[v], exact, 1e-5) << bits;
    }
    EXPECT_EQ(limited[3], std::numeric_limits<float>::infinity());
  }
}

TEST(LimitedMatrix, NeedsARangeForH) {
  const auto head = example();
  EXPECT_THROW(LimitedMatrix(head.matrix(), {.dac_bits = 4}, Team()), Error);
  EXPECT_THROW(LimitedMatrix(head.matrix(), {.noise_floor = -1.0}, Team()), Error);
}

// E' / E - 1 and E' - E are normal numbers of the given spread, one for each cell.
TEST(LimitedMatrix, HasCellsWhoseGainsAndOffsetsBelongToTheDevice) {
  const SmallHead head(4000, 16, 4, 1.0, 1.0, 6);
  const auto ideal = head.energies();
  const auto gained = energies_of(head, {.gain_mismatch = 0.1});
  const auto offset = energies_of(head, {.offset_mismatch = 0.2});
  EXPECT_EQ(gained, energies_of(head, {.gain_mismatch = 0.1}));
  EXPECT_NE(gained, energies_of(head, {.gain_mismatch = 0.1, .device = 2}));
  const auto expect_normal = [](const std::vector<double>& x, double spread) {
    double sum = 0.0, squares = 0.0;
    for (const double one : x) {
      sum += one / spread;
      squares += one * one / (spread * spread);
    }
    const double n = static_cast<double>(x.size());
    EXPECT_LT(std::abs(sum / std::sqrt(n)), 5.0);
    EXPECT_LT(std::abs((squares - n) / std::sqrt(2.0 * n)), 5.0);
  };
  std::vector<double> gains, offsets;
  for (TokenId v = 0; v < 4000; ++v) {
    const double e = static_cast<double>(ideal[v]);
    if (std::abs(e) > 0.05) gains.push_back(static_cast<double>(gained[v]) / e - 1.0);
    offsets.push_back(static_cast<double>(offset[v]) - e);
  }
  expect_normal(gains, 0.1);
  expect_normal(offsets, 0.2);
}

TEST(LimitedHead, WithoutLimitsDrawsWhatTheRaceDraws) {
  const SmallHead small(700, 24, 4, 1.0, 1.5, 5);
  const auto race = llm::make_race(small.matrix(), {}, Team());
  const llm::TokenField field{
      .energies = {{1, 0.5F}}, .repeated = {2, 7}, .repeat_penalty = 1.3F, .allows = [](TokenId v) {
        return v % 3 != 0;
      }};
  const std::vector<double> beta{1.2};
  for (const unsigned threads : {1U, 2U, 3U}) {
    const Team team(threads);
    const auto head = make_limited_head(small.matrix(), {}, team);
    for (std::uint32_t t = 0; t < 300; ++t) {
      llm::RelaxRequest request{.hidden = small.state, .beta = beta};
      request.noise = {.seed = 4, .position = t};
      if (t % 2 == 0) request.field = &field;
      if (t % 3 == 0) request.truncation = {.top_k = 20, .min_p = 0.01, .top_p = 0.9};
      const auto a = head->relax(request, team), b = race->relax(request, Team());
      EXPECT_EQ(a.token, b.token);
      EXPECT_EQ(a.energy, b.energy);
    }
  }
}

TEST(LimitedHead, DrawsFromTheLawThatItsLimitsGive) {
  const auto small = example();
  const std::vector<double> beta{1.3};
  const HeadLimits limits{.dac_bits = 4,
                          .noise_floor = 1.0,
                          .gain_mismatch = 0.1,
                          .offset_mismatch = 0.3,
                          .relaxation_time = 0.6,
                          .field_range = calibrated_range(small.state)};
  const auto energies = energies_of(small, limits);
  auto law = NoisyRace(1.0).law(energies, 1.3);
  relax_for_one_period(law, energies, 0.6);
  const auto head = make_limited_head(small.matrix(), limits, Team());
  const auto counts = llm::testing::draw_counts(
      *head, {.hidden = small.state, .beta = beta, .noise = {.seed = 2}}, 40, 40'000, Team());
  EXPECT_LT(llm::testing::z_of_counts(counts, law), 5.0);
  // Without any one of the limits it would be another law.
  const auto noiseless = boltzmann_law(energies, 1.3);
  EXPECT_GT(llm::testing::z_of_counts(counts, noiseless), 5.0);
  EXPECT_GT(llm::testing::z_of_counts(counts, NoisyRace(1.0).law(energies, 1.3)), 5.0);
  EXPECT_GT(llm::testing::z_of_counts(counts, boltzmann_law(small.energies(), 1.3)), 5.0);
}

TEST(LimitedHead, SaysSoWhereNoTokenMayCome) {
  const auto small = example();
  const llm::TokenField field{
      .energies = {}, .repeated = {}, .allows = [](TokenId) { return false; }};
  const std::vector<double> beta{1.0};
  const auto head = make_limited_head(small.matrix(), {}, Team());
  EXPECT_THROW((void)head->relax({.hidden = small.state, .field = &field, .beta = beta}, Team()),
               Error);
}

}  // namespace
}  // namespace therma::hardware
