// SPDX-License-Identifier: Apache-2.0
// The screened head draws what the race draws, bit for bit, and reads few rows.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "tests/llm/heads/random_head.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/heads/noise.hpp"
#include "therma/llm/heads/screen.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {
namespace {

using testing::HeadShape;
using testing::RandomHead;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kBetas[] = {0.1, 0.7, 1.0, 1.3, 20.0, kInfinity};

void expect_equal(const HeadDraw& screened, const HeadDraw& race) {
  ASSERT_EQ(screened.token, race.token);
  ASSERT_EQ(screened.energy, race.energy);
  ASSERT_EQ(screened.beta, race.beta);
}

struct Rivals {
  explicit Rivals(const RandomHead& head)
      : screened(head_named("screened").make(head.matrix(), {}, team)),
        race(head_named("race").make(head.matrix(), {}, team)) {}

  Team team;
  std::unique_ptr<TokenHead> screened;
  std::unique_ptr<TokenHead> race;
};

class EachType : public ::testing::TestWithParam<DType> {};

TEST_P(EachType, DrawsTheSameTokenAsTheRaceForThousandsOfStatesAndKeys) {
  const RandomHead head({.type = GetParam(), .rows = 1203, .columns = 96, .mean = 0.3}, 5);
  Rivals rivals(head);
  std::uint64_t rows_read = 0, draws = 0;
  for (std::uint32_t i = 0; i < 600; ++i) {
    const auto h = head.hidden(i, 0.5 + 0.01 * i);
    for (const double beta : kBetas) {
      const RelaxRequest request{.hidden = h, .beta = {&beta, 1}, .noise = {i % 7, i % 3, i}};
      const auto drawn = rivals.screened->relax(request, rivals.team);
      expect_equal(drawn, rivals.race->relax(request, rivals.team));
      rows_read += drawn.rows_read;
      ++draws;
    }
  }
  EXPECT_LT(static_cast<double>(rows_read) / static_cast<double>(draws), 0.5 * 1203);
}

INSTANTIATE_TEST_SUITE_P(Screened, EachType,
                         ::testing::Values(DType::bf16, DType::f32, DType::f16, DType::q8_0),
                         [](const auto& param) { return std::string(traits(param.param).name); });

// Large enough that the screen pays for itself.
const RandomHead& large_head() {
  static const RandomHead kHead(
      {.rows = 6007, .columns = 128, .num_tokens = 5990, .masked = {0, 700, 5000}, .mean = 0.3}, 6);
  return kHead;
}

struct Variant {
  std::string name;
  Truncation truncation;
  std::uint32_t allowed_one_in = 1;
  bool has_energies = false;
  bool lists = false;
};

class EachVariant : public ::testing::TestWithParam<Variant> {};

TokenField field_of(const Variant& variant) {
  TokenField field;
  if (variant.has_energies) {
    field.energies = {{0, -50.0F}, {5, -3.0F}, {60, -1.0F}, {61, 2.0F}, {70, INFINITY}};
    field.repeated = {5, 9, 10, 11, 5989};
    field.repeat_penalty = 1.3F;
  }
  const auto n = variant.allowed_one_in;
  if (n > 1) field.allows = [n](TokenId v) { return v % n == 1; };
  if (variant.lists) {
    field.list_allowed = [n] {
      std::vector<TokenId> listed;
      for (TokenId v = 1; v < 5990; v += n) listed.push_back(v);
      return listed;
    };
  }
  return field;
}

TEST_P(EachVariant, DrawsTheSameTokenAsTheRace) {
  const auto& variant = GetParam();
  const auto field = field_of(variant);
  Rivals rivals(large_head());
  std::uint32_t fallbacks = 0, draws = 0;
  for (std::uint32_t i = 0; i < 60; ++i) {
    const auto h = large_head().hidden(i, 2.0 + 0.05 * i);
    for (const double beta : {0.7, 1.0, 1.3, kInfinity}) {
      const RelaxRequest request{.hidden = h,
                                 .field = &field,
                                 .truncation = variant.truncation,
                                 .beta = {&beta, 1},
                                 .noise = {1, 0, i}};
      const auto drawn = rivals.screened->relax(request, rivals.team);
      expect_equal(drawn, rivals.race->relax(request, rivals.team));
      EXPECT_NE(drawn.token, 700U);  // masked
      EXPECT_LT(drawn.token, 5990U);
      fallbacks += drawn.fell_back ? 1 : 0;
      ++draws;
    }
  }
  const bool is_rare = variant.allowed_one_in > 100 && !variant.lists;
  if (!is_rare) {
    EXPECT_LT(fallbacks, draws / 2);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Screened, EachVariant,
    ::testing::Values(Variant{.name = "plain"}, Variant{.name = "field", .has_energies = true},
                      Variant{.name = "grammar", .allowed_one_in = 9},
                      Variant{
                          .name = "grammar_and_field", .allowed_one_in = 3, .has_energies = true},
                      Variant{.name = "rare", .allowed_one_in = 2000},
                      Variant{.name = "rare_but_listed", .allowed_one_in = 2000, .lists = true},
                      Variant{.name = "top_k", .truncation = {.top_k = 20}},
                      Variant{.name = "top_one", .truncation = {.top_k = 1}},
                      Variant{.name = "min_p", .truncation = {.min_p = 0.05}},
                      Variant{.name = "top_k_min_p_field",
                              .truncation = {.top_k = 30, .min_p = 0.02},
                              .allowed_one_in = 2,
                              .has_energies = true},
                      Variant{.name = "top_p", .truncation = {.top_p = 0.9}},
                      Variant{.name = "all",
                              .truncation = {.top_k = 40, .min_p = 0.01, .top_p = 0.95},
                              .allowed_one_in = 2,
                              .has_energies = true}),
    [](const auto& param) { return param.param.name; });

TEST(Screened, ReadsAsManyRowsAsTheFormulaExpects) {
  // 1 + sum_v (1 - p)(r - 1) p / (1 + (r - 1) p), r = exp(beta (a + eps - l)): the winner and those
  // that its score does not beat in their bound. Twice that and the first batch are allowed for.
  const Team team;
  const auto head = head_named("screened").make(large_head().matrix(), {}, team);
  const auto& weights = large_head().matrix().weights;
  const Screen screen(weights, team);
  double expected = 0.0, seen = 0.0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto h = large_head().hidden(i, 4.0);
    const double beta = 1.0;
    ScreenInput input;
    screen.prepare(h, input);
    std::vector<float> a(weights.rows), l(weights.rows);
    screen.approximate(input, 0, weights.rows, a.data());
    Activation x;
    x.assign(h, false);
    multiply_rows(weights, 0, weights.rows, x, Product::exact, l.data());
    double z = 0.0;
    for (TokenId v = 0; v < 5990; ++v) z += std::exp(double{l[v]});
    for (TokenId v = 0; v < 5990; ++v) {
      const double p = std::exp(double{l[v]}) / z;
      const double r = std::exp(double{a[v]} + screen.error_bound(input, v) - l[v]);
      expected += (1.0 - p) * (r - 1.0) * p / (1.0 + (r - 1.0) * p);
    }
    seen += static_cast<double>(
        head->relax({.hidden = h, .beta = {&beta, 1}, .noise = {3, 0, i}}, team).rows_read);
  }
  EXPECT_GT(seen, 0.5 * expected);
  EXPECT_LT(seen, 2.0 * expected + 100 * 16);
}

TEST(Screened, FallsBackWhereTheScreenSaysNothing) {
  Rivals rivals(large_head());
  const std::vector<float> h(128, 1e-43F);
  const double beta = kInfinity;
  const RelaxRequest request{.hidden = h, .beta = {&beta, 1}};
  const auto drawn = rivals.screened->relax(request, rivals.team);
  EXPECT_TRUE(drawn.fell_back);
  expect_equal(drawn, rivals.race->relax(request, rivals.team));
}

}  // namespace
}  // namespace therma::llm
