// SPDX-License-Identifier: Apache-2.0
// The loop of a text: the same tokens however the work is arranged, and every way to end.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/llm/generation/tiny_language.hpp"
#include "therma/core/error.hpp"
#include "therma/llm/generation/generation.hpp"
#include "therma/llm/grammar/schema.hpp"

namespace therma::llm {
namespace {

struct Arrangement {
  unsigned threads = 1;
  bool two_units = false;
  std::uint32_t lookup = 0;
  std::uint32_t delay_window = 0;
};

GenerationPlan plan_for(const LanguageModel& model) {
  return {.field = FieldBuilder(model.head_matrix().num_tokens),
          .max_tokens = 40,
          .seed = 11,
          .ends = false};
}

Generated made(const LanguageModel& model, std::string_view head_name, GenerationPlan plan,
               const Arrangement& how, std::string_view prompt = "abcabcabc",
               const Resources& resources = {}) {
  const Team all(how.threads), one;
  const Team pair(how.two_units ? std::min(2U, how.threads) : 1);
  const UnitTeams teams{.all = &all, .a = &one, .b = &one, .pair = how.two_units ? &pair : nullptr};
  plan.lookup = how.lookup;
  const HeadConfig config{.steps = 6, .delay_window = how.delay_window};
  const auto head = head_named(head_name).make(model.head_matrix(), config, all);
  plan.steps = 6;
  const auto context = model.prompt_tokens(prompt);
  Body body(model.transformer());
  body.read(context, all);
  return generate(model, *head, body, context, plan, teams, resources);
}

class EveryHead : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryHead, MakesTheSameTextWithTwoUnitsWithLookUpAndOnMoreThreads) {
  const auto model = tiny_language();
  const auto plan = plan_for(*model);
  const auto alone = made(*model, GetParam(), plan, {});
  ASSERT_EQ(alone.tokens.size(), 40U);
  const Arrangement others[] = {{.threads = 2},
                                {.threads = 3},
                                {.threads = 1, .two_units = true},
                                {.threads = 2, .two_units = true},
                                {.threads = 2, .two_units = true, .delay_window = 4},
                                {.threads = 1, .lookup = 4},
                                {.threads = 2, .two_units = true, .lookup = 4}};
  for (const auto& how : others) {
    const auto other = made(*model, GetParam(), plan, how);
    EXPECT_EQ(other.tokens, alone.tokens)
        << how.threads << " threads, " << how.two_units << ", " << how.lookup;
    EXPECT_EQ(other.text, alone.text);
  }
}

INSTANTIATE_TEST_SUITE_P(Generation, EveryHead, ::testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& entry : heads()) names.emplace_back(entry.name);
                           return names;
                         }()),
                         [](const auto& each) { return each.param; });

TEST(Generation, DependsOnTheSeedAndOnTheChain) {
  const auto model = tiny_language();
  auto plan = plan_for(*model);
  const auto first = made(*model, "race", plan, {});
  plan.chain = 1;
  EXPECT_NE(made(*model, "race", plan, {}).tokens, first.tokens);
  plan.chain = 0;
  plan.seed = 12;
  EXPECT_NE(made(*model, "race", plan, {}).tokens, first.tokens);
}

TEST(Generation, CountsGuessesThatCameTrueAndThoseThatDidNot) {
  const auto model = tiny_language();
  auto plan = plan_for(*model);
  plan.field.bias('a', 1000.0);  // nothing else is ever drawn, so that look-ups come true
  const auto sure = made(*model, "race", plan, {.lookup = 4}, "bcd");
  EXPECT_EQ(sure.text, std::string(40, 'a'));
  EXPECT_GT(sure.guesses.used, 12U);
  plan.field.bias('b', 1000.0);  // two letters, about alike
  const auto open = made(*model, "race", plan, {.lookup = 4}, "bcd");
  EXPECT_GT(open.guesses.used, 0U);
  EXPECT_GT(open.guesses.discarded, 0U);
}

TEST(Generation, EndsAtAStopStringThatTokensCut) {
  const auto model = tiny_language();
  const auto whole = made(*model, "race", plan_for(*model), {});
  auto plan = plan_for(*model);
  plan.stop = {whole.text.substr(whole.text.size() / 2, 2)};
  const auto at = whole.text.find(plan.stop.front());
  const auto text = made(*model, "race", plan, {});
  EXPECT_EQ(text.finish, Finish::stop_string);
  EXPECT_EQ(text.text, whole.text.substr(0, at));
}

TEST(Generation, EndsAtTheEndTokenAndDoesNotShowIt) {
  const auto model = tiny_language();
  auto plan = plan_for(*model);
  plan.ends = true;
  plan.field.bias(256, 100.0);
  const auto text = made(*model, "race", plan, {});
  EXPECT_EQ(text.finish, Finish::end);
  EXPECT_TRUE(text.tokens.empty());
  EXPECT_EQ(text.reports.size(), 1U);
  EXPECT_EQ(text.text, "");
}

TEST(Generation, EndsWhereTheContextIsFull) {
  const auto model = tiny_language(16);
  const auto text = made(*model, "race", plan_for(*model), {}, "0123456789");
  EXPECT_EQ(text.finish, Finish::context);
  // 16 positions hold the prompt and six tokens; the token drawn from the last one is not read.
  EXPECT_EQ(text.tokens.size(), 7U);
}

TEST(Generation, StopsWhenAsked) {
  const auto model = tiny_language();
  std::stop_source source;
  source.request_stop();
  const auto text = made(*model, "race", plan_for(*model), {}, "a", {.stop = source.get_token()});
  EXPECT_EQ(text.finish, Finish::stopped);
  EXPECT_TRUE(text.tokens.empty());
}

TEST(Generation, KeepsToAGrammarWithEveryHead) {
  const auto model = tiny_language();
  auto plan = plan_for(*model);
  plan.ends = true;
  auto tokens =
      std::make_shared<const TokenBytes>(token_bytes(model->tokenizer(), model->end_tokens()));
  plan.grammar.emplace(compile_expression("[0-9]{2,5}", "grammar").grammar, std::move(tokens));
  for (const auto& entry : heads()) {
    const auto text = made(*model, entry.name, plan, {});
    EXPECT_TRUE(text.finish == Finish::complete || text.finish == Finish::end) << entry.name;
    EXPECT_GE(text.text.size(), 2U);
    EXPECT_LE(text.text.size(), 5U);
    EXPECT_EQ(text.text.find_first_not_of("0123456789"), std::string::npos) << text.text;
  }
}

TEST(Generation, NeverDrawsARowThatStandsForNoToken) {
  const auto model = tiny_language();
  EXPECT_EQ(model->head_matrix().num_tokens, 257U);
  auto plan = plan_for(*model);
  plan.beta = {.schedule = Schedule::constant(0.0)};  // every token alike
  plan.max_tokens = 300;
  for (const auto token : made(*model, "race", plan, {}).tokens) EXPECT_LT(token, 257U);
}

TEST(Generation, ReportsTheLikeliestTokensWithTheirProbabilities) {
  const auto model = tiny_language();
  auto plan = plan_for(*model);
  plan.alternatives = 300;
  plan.max_tokens = 1;
  const auto text = made(*model, "race", plan, {});
  const auto& likeliest = text.reports.front().alternatives;
  ASSERT_EQ(likeliest.size(), 257U);
  double sum = 0.0;
  for (std::size_t k = 0; k < likeliest.size(); ++k) {
    sum += std::exp(likeliest[k].second);
    if (k > 0) {
      EXPECT_LE(likeliest[k].second, likeliest[k - 1].second);
    }
  }
  EXPECT_NEAR(sum, 1.0, 1e-6);
}

}  // namespace
}  // namespace therma::llm
