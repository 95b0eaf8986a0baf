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

}  // namespace
}  // namespace therma::llm
