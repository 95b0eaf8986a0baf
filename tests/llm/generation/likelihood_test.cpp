// SPDX-License-Identifier: Apache-2.0
// Likelihoods of a text against sums written out.
#include "therma/llm/generation/likelihood.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/llm/generation/tiny_language.hpp"
#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

// ln P of each byte given those before it within `window`, one forward pass for each.
double summed(const LanguageModel& model, const std::string& text,
              std::size_t first_of(std::size_t)) {
  const auto tokens = model.tokenizer().encode(text);
  std::vector<float> hidden(model.transformer().config().hidden);
  double sum = 0.0;
  for (std::size_t k = 1; k < tokens.size(); ++k) {
    TransformerState state(model.transformer());
    const auto begin = first_of(k);
    model.transformer().forward(std::span(tokens).subspan(begin, k - begin), state, hidden, Team());
    sum += log_probabilities(model.head_matrix(), hidden, Team())[tokens[k]];
  }
  return sum;
}

TEST(Likelihood, IsTheSumOverTokensOfTheirLogProbabilities) {
  const auto model = tiny_language();
  const std::string text = "All happy families are alike.";
  const auto found = likelihood_of(*model, text, Team());
  EXPECT_EQ(found.num_tokens, text.size() - 1);
  EXPECT_NEAR(found.log_likelihood,
              summed(*model, text, [](std::size_t) { return std::size_t{0}; }), 2e-3);
  EXPECT_NEAR(found.perplexity(),
              std::exp(-found.log_likelihood / static_cast<double>(text.size() - 1)), 1e-9);
}

TEST(Likelihood, OfALongTextGivesEachTokenAtLeastHalfAWindow) {
  // A context of 16: the first window predicts targets 1 to 16, each later one begins 8 positions
  // before the first target that is left and predicts 9 of them.
  const auto model = tiny_language(16);
  const std::string text = "every unhappy family is unhappy in its own way";
  const auto found = likelihood_of(*model, text, Team());
  EXPECT_EQ(found.num_tokens, text.size() - 1);
  const auto window = [](std::size_t target) {
    return target <= 16 ? std::size_t{0} : (target - 17) / 9 * 9 + 9;
  };
  EXPECT_NEAR(found.log_likelihood, summed(*model, text, window), 5e-3);
}

TEST(Likelihood, OfLessThanTwoTokensIsAnError) {
  const auto model = tiny_language();
  EXPECT_THROW(static_cast<void>(likelihood_of(*model, "a", Team())), Error);
}

TEST(LogProbabilities, AreMinusInfinityForRowsThatStandForNoToken) {
  auto checkpoint = std::make_shared<Checkpoint>(*tiny_checkpoint());
  checkpoint->tokenizer.pieces.resize(300);  // 256 bytes, the end token, then nothing
  checkpoint->tokenizer.pieces.resize(257);
  const LanguageModel model(checkpoint, {}, Team());
  const std::vector<float> hidden(model.transformer().config().hidden, 0.5F);
  const auto log_p = log_probabilities(model.head_matrix(), hidden, Team());
  double sum = 0.0;
  for (const double value : log_p) sum += std::exp(value);
  EXPECT_EQ(log_p.size(), 257U);
  EXPECT_NEAR(sum, 1.0, 1e-9);
}

}  // namespace
}  // namespace therma::llm
