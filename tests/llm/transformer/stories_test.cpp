// SPDX-License-Identifier: Apache-2.0
// A small real model against a pass that was computed elsewhere in double precision, and whose text
// two other runtimes give (shared/data/models/stories260K/SOURCES.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/llm/transformer/support.hpp"

namespace therma::llm {
namespace {

using namespace testing;

struct Reference {
  std::vector<TokenId> ids;                                        // BOS and 200 more
  std::vector<std::pair<std::size_t, std::vector<float>>> logits;  // after id k
};

Reference read_reference() {
  std::ifstream file(stories_folder() + "/reference.json");
  const auto json = nlohmann::json::parse(file);
  Reference result{.ids = json.at("ids"), .logits = {}};
  for (const auto& [step, logits] : json.at("logits").items()) {
    result.logits.emplace_back(std::stoul(step), logits.get<std::vector<float>>());
  }
  return result;
}

class Stories260K : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(stories_folder())) {
      GTEST_SKIP() << stories_folder() << " is not there";
    }
    checkpoint_ =
        std::make_shared<Checkpoint>(load_checkpoint(stories_folder() + "/stories260K.gguf"));
    reference_ = read_reference();
  }

  // BOS and what follows it when each token is the likeliest.
  [[nodiscard]] std::vector<TokenId> greedy(const Transformer& model) const {
    TransformerState state(model);
    std::vector<TokenId> ids{reference_.ids.front()};
    while (ids.size() < reference_.ids.size()) {
      ids.push_back(argmax(last_logits(model, state, std::span(ids).last(1), team_)));
    }
    return ids;
  }

  std::shared_ptr<const Checkpoint> checkpoint_;
  Reference reference_;
  Team team_;
};

TEST_F(Stories260K, HasTheLogitsOfADoublePrecisionPass) {
  const Transformer model(checkpoint_, {}, team_);
  ASSERT_EQ(reference_.logits.size(), 4U);
  for (const auto& [step, expected] : reference_.logits) {
    TransformerState state(model);
    const std::span tokens(reference_.ids);
    const auto logits = last_logits(model, state, tokens.first(step + 1), team_);
    // Keys and values are rounded to 2^-11 of themselves, the rest to 2^-24.
    EXPECT_LT(largest_difference(logits, expected), 1e-3F * spread(expected)) << "step " << step;
  }
}

TEST_F(Stories260K, SaysTheSame200TokensWhenGreedy) {
  const Transformer model(checkpoint_, {}, team_);
  EXPECT_EQ(greedy(model), reference_.ids);
}

// Codes err by up to 1/254 of the largest of 32 weights, of 32 activations, or of a key: by half a
// per cent of a usual one, in every product of five layers.
TEST_F(Stories260K, KeepsItsLogitsRoughlyInCodes) {
  for (const TransformerConfig config :
       {TransformerConfig{.weights = WeightsAs::q8}, TransformerConfig{.cache = CacheAs::q8},
        TransformerConfig{.weights = WeightsAs::q8, .cache = CacheAs::q8}}) {
    const Transformer model(checkpoint_, config, team_);
    for (const auto& [step, expected] : reference_.logits) {
      TransformerState state(model);
      const auto logits =
          last_logits(model, state, std::span(reference_.ids).first(step + 1), team_);
      EXPECT_LT(largest_difference(logits, expected), 0.05F * spread(expected)) << "step " << step;
    }
    const auto ids = greedy(model);
    const auto end = std::ranges::mismatch(ids, reference_.ids).in1;
    RecordProperty("tokens_before_the_first_other_one", static_cast<int>(end - ids.begin()));
  }
}

}  // namespace
}  // namespace therma::llm
