// SPDX-License-Identifier: Apache-2.0
// Special tokens by their text, and ids against the embedding.
#include "therma/llm/load/tokenizer_config.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/llm/load/support.hpp"

namespace therma::llm {
namespace {

using namespace testing;

TokenizerSpec spec_with(const std::string& config) {
  TokenizerSpec spec;
  spec.pieces = {"<unk>", "<s>", "</s>", "a"};
  spec.added = {{.id = 9, .text = "<|im_end|>", .special = true}};
  spec.bos = 0;
  const auto json = parse_json(config, "t.json");
  apply_tokenizer_config(JsonReader(json, "t.json"), spec);
  return spec;
}

TEST(TokenizerConfig, FindsTokensAmongThePiecesAndTheAddedOnes) {
  const auto spec = spec_with(R"({"bos_token":"<s>","eos_token":{"content":"<|im_end|>"},)"
                              R"("add_bos_token":true,"add_eos_token":false})");
  EXPECT_EQ(spec.bos, 1);
  EXPECT_EQ(spec.eos, 9);
  EXPECT_TRUE(spec.add_bos);
  EXPECT_FALSE(spec.add_eos);
}

TEST(TokenizerConfig, LeavesWhatItDoesNotNameAndAddsNoTokenThatThereIsNot) {
  const auto spec = spec_with(R"({"bos_token":null,"add_eos_token":true})");
  EXPECT_EQ(spec.bos, 0);
  EXPECT_EQ(spec.eos, std::nullopt);
  EXPECT_FALSE(spec.add_eos);
}

TEST(TokenizerConfig, RefusesATokenOutsideTheVocabularyAndOtherTypes) {
  EXPECT_EQ(refusal([] { (void)spec_with(R"({"eos_token":"<end>"})"); }),
            "t.json.eos_token: \"<end>\" is no token of the vocabulary");
  EXPECT_PRED2(contains, refusal([] { (void)spec_with(R"({"eos_token":3})"); }), "a string");
  EXPECT_PRED2(contains, refusal([] { (void)spec_with(R"({"add_bos_token":"yes"})"); }),
               "true or false");
}

TEST(JoinTokenizer, CollectsEndsAndRefusesIdsBeyondTheEmbedding) {
  Checkpoint checkpoint;
  checkpoint.config.vocabulary = 10;
  checkpoint.tokenizer = spec_with(R"({"eos_token":"<|im_end|>"})");
  checkpoint.generation.eos = {2};
  join_tokenizer(checkpoint, "m");
  EXPECT_EQ(checkpoint.generation.eos, (std::vector<TokenId>{2, 9}));
  EXPECT_EQ(checkpoint.generation.bos, 0);
  join_tokenizer(checkpoint, "m");
  EXPECT_EQ(checkpoint.generation.eos.size(), 2);

  checkpoint.config.vocabulary = 9;
  EXPECT_EQ(refusal([&] { join_tokenizer(checkpoint, "m"); }),
            "m: the tokenizer has token 9, but the embedding has 9 rows");
  checkpoint.tokenizer.added.clear();
  checkpoint.generation = {};
  checkpoint.tokenizer.eos.reset();
  checkpoint.config.vocabulary = 3;
  EXPECT_EQ(refusal([&] { join_tokenizer(checkpoint, "m"); }),
            "m: the tokenizer has token 3, but the embedding has 3 rows");
}

}  // namespace
}  // namespace therma::llm
