// SPDX-License-Identifier: Apache-2.0
// What every head of the table promises: threads, drafts, ties, reports and errors.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "tests/llm/heads/exact_law.hpp"
#include "therma/core/error.hpp"
#include "therma/llm/heads/head.hpp"

namespace therma::llm {
namespace {

using testing::RandomHead;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const RandomHead& test_head() {
  static const RandomHead kHead(
      {.rows = 3011, .columns = 96, .num_tokens = 3000, .masked = {4, 9}, .mean = 0.3}, 21);
  return kHead;
}

class EachHead : public ::testing::TestWithParam<const HeadEntry*> {
 protected:
  [[nodiscard]] std::unique_ptr<TokenHead> make(const HeadConfig& config = {},
                                                const Team& team = Team()) const {
    return GetParam()->make(test_head().matrix(), config, team);
  }
};

TEST_P(EachHead, DrawsTheSameOnOneTwoAndThreeThreads) {
  const auto draws_by = [&](unsigned threads) {
    const Team team(threads);
    const auto head = make({}, team);
    std::vector<std::vector<double>> seen;
    for (std::uint32_t i = 0; i < 40; ++i) {
      const auto h = test_head().hidden(i, 3.0);
      const double beta = i % 3 == 0 ? kInfinity : 0.9;
      const RelaxRequest request{.hidden = h,
                                 .truncation = {.top_k = i % 2 == 0 ? 20U : 0U},
                                 .beta = {&beta, 1},
                                 .noise = {7, 1, i},
                                 .wants_thermodynamics = i % 5 == 0};
      const auto drawn = head->relax(request, team);
      seen.push_back({static_cast<double>(drawn.token), drawn.energy,
                      static_cast<double>(drawn.rows_read),
                      drawn.thermodynamics ? drawn.thermodynamics->entropy : 0.0});
    }
    return seen;
  };
  const auto one = draws_by(1);
  EXPECT_EQ(draws_by(2), one);
  EXPECT_EQ(draws_by(3), one);
}

TEST_P(EachHead, ReportsTheEnergyOfTheTokenItDrew) {
  const Team team;
  const auto head = make();
  TokenField field;
  field.energies = {{30, -6.0F}, {31, 1.0F}};
  field.repeated = {30, 32};
  field.repeat_penalty = 1.2F;
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto h = test_head().hidden(i, 2.0);
    const double beta = 1.0;
    const RelaxRequest request{
        .hidden = h, .field = &field, .beta = {&beta, 1}, .noise = {2, 0, i}};
    const auto drawn = head->relax(request, team);
    EXPECT_NEAR(drawn.energy, testing::exact_energies(test_head(), request)[drawn.token], 1e-4);
    EXPECT_EQ(drawn.beta, 1.0);
    EXPECT_GE(drawn.steps, 1U);
    EXPECT_GE(drawn.rows_read, 1U);
  }
}

TEST_P(EachHead, ReportsFreeEnergyEntropyAndLogProbability) {
  const Team team;
  const auto head = make();
  for (const double beta : {0.3, 1.0, 2.5}) {
    const auto h = test_head().hidden(3, 2.5);
    const RelaxRequest request{.hidden = h, .beta = {&beta, 1}, .wants_thermodynamics = true};
    const auto drawn = head->relax(request, team);
    const auto energies = testing::exact_energies(test_head(), request);
    double z = 0.0, sum = 0.0;
    for (const double e : energies) {
      if (std::isinf(e)) continue;
      z += std::exp(-beta * e);
      sum += e * std::exp(-beta * e);
    }
    ASSERT_TRUE(drawn.thermodynamics.has_value());
    // Energies are float32 sums of 96 products: off by some 1e-6.
    EXPECT_NEAR(drawn.thermodynamics->free_energy, -std::log(z) / beta, 1e-5);
    EXPECT_NEAR(drawn.thermodynamics->entropy, beta * sum / z + std::log(z), 2e-5);
    EXPECT_NEAR(drawn.thermodynamics->log_probability, -beta * energies[drawn.token] - std::log(z),
                1e-5);
  }
}

TEST_P(EachHead, DrawsTheLowestOfEqualTokensWithoutNoiseOrOneOfThemIfItConverges) {
  std::vector<float> rows(std::size_t{200} * 64, 0.0F);
  for (const std::size_t v : {50, 51, 120}) rows[v * 64] = 2.0F;
  const HeadMatrix matrix{
      {DType::f32, 200, 64, reinterpret_cast<const std::byte*>(rows.data())}, 200, {50}};
  std::vector<float> h(64, 0.0F);
  h[0] = 3.0F;
  const double beta = kInfinity;
  const Team team;
  const auto head = GetParam()->make(matrix, {}, team);
  const auto drawn =
      head->relax({.hidden = h, .beta = {&beta, 1}, .wants_thermodynamics = true}, team);
  if (GetParam()->is_exact) {
    EXPECT_EQ(drawn.token, 51U);
  } else {
    EXPECT_TRUE(drawn.token == 51 || drawn.token == 120) << drawn.token;
  }
  EXPECT_DOUBLE_EQ(drawn.thermodynamics->free_energy, -6.0);
  EXPECT_DOUBLE_EQ(drawn.thermodynamics->entropy, std::log(2.0));  // two minima are left
}

TEST_P(EachHead, NamesADraftAtMostOnceAndDrawsTheSameWithIt) {
  const Team team;
  const auto head = make({.delay_window = 16}), alone = make({.delay_window = 16});
  std::uint32_t drafts = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto h = test_head().hidden(i, 3.0);
    const double beta = 1.0;
    const RelaxRequest request{.hidden = h, .beta = {&beta, 1}, .noise = {4, 0, i}};
    std::uint32_t calls = 0;
    const auto drawn = head->relax(request, team, [&](TokenId token) {
      ++calls;
      EXPECT_LT(token, 3000U);
    });
    EXPECT_LE(calls, 1U);
    drafts += calls;
    EXPECT_EQ(drawn.token, alone->relax(request, team).token);
  }
  if (GetParam()->name != "softmax") {
    EXPECT_GT(drafts, 0U);
  }
}

ErrorCode code_of(TokenHead& head, const RelaxRequest& request) {
  try {
    static_cast<void>(head.relax(request, Team()));
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST_P(EachHead, RefusesStatesThatAreNotFiniteAndBadRequests) {
  const auto head = make();
  auto h = test_head().hidden(1, 1.0);
  const double beta = 1.0, bad_beta = -1.0;
  EXPECT_EQ(code_of(*head, {.hidden = h}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(*head, {.hidden = h, .beta = {&bad_beta, 1}}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(*head, {.hidden = std::span(h).first(95), .beta = {&beta, 1}}),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(*head, {.hidden = h, .truncation = {.min_p = 2.0}, .beta = {&beta, 1}}),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(*head, {.hidden = h, .truncation = {.top_p = 0.0}, .beta = {&beta, 1}}),
            ErrorCode::invalid_argument);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e31F}) {
    h[7] = bad;
    EXPECT_EQ(code_of(*head, {.hidden = h, .beta = {&beta, 1}}), ErrorCode::bad_data);
  }
}

TEST_P(EachHead, SaysThatNoTokenIsAllowed) {
  const auto head = make();
  const auto h = test_head().hidden(1, 1.0);
  TokenField none;
  none.allows = [](TokenId) { return false; };
  for (const double beta : {1.0, kInfinity}) {
    EXPECT_EQ(code_of(*head, {.hidden = h, .field = &none, .beta = {&beta, 1}}),
              ErrorCode::no_answer);
  }
}

INSTANTIATE_TEST_SUITE_P(Heads, EachHead, ::testing::ValuesIn([] {
                           std::vector<const HeadEntry*> all;
                           for (const auto& entry : heads()) all.push_back(&entry);
                           return all;
                         }()),
                         [](const auto& param) { return std::string(param.param->name); });

TEST(Heads, AreFoundByNameAndUnknownOnesNameTheOthers) {
  std::set<std::string_view> names;
  for (const auto& entry : heads()) {
    EXPECT_EQ(&head_named(entry.name), &entry);
    EXPECT_TRUE(names.insert(entry.name).second);
  }
  try {
    static_cast<void>(head_named("argmax"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_NE(std::string(error.what()).find("screened"), std::string::npos);
  }
}

}  // namespace
}  // namespace therma::llm
