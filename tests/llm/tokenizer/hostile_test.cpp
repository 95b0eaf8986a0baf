// SPDX-License-Identifier: Apache-2.0
// Specs that contradict themselves are refused, each with what is wrong.
#include <gtest/gtest.h>

#include <limits>

#include "tests/llm/tokenizer/small_tokenizers.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"

namespace therma::llm {
namespace {

using namespace testing;

// The abc tokenizer with one change.
template <class Change>
std::string refusal_after(const Change& change) {
  return refusal_of([&] {
    auto spec = abc();
    change(spec);
    const Tokenizer tokenizer(std::move(spec));
  });
}

void expect_part(const std::string& message, std::string_view part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(HostileSpec, TheUnchangedOneIsTaken) {
  EXPECT_EQ(Tokenizer(abc()).encode("abcab"), (std::vector<TokenId>{257, 256}));
}

TEST(HostileSpec, MergesMustBeOfTokens) {
  expect_part(refusal_after([](auto& spec) { spec.merges[1].second = 258; }), "merge 1 names");
  expect_part(refusal_after([](auto& spec) { spec.merged[0] = 4'000'000'000U; }), "merge 0 names");
  expect_part(refusal_after([](auto& spec) { spec.merged.pop_back(); }), "2 merges but 1 results");
}

TEST(HostileSpec, MergesMustMakeWhatTheirPartsSpell) {
  expect_part(refusal_after([](auto& spec) { spec.merged[0] = 257; }), "merge 0 must make");
  expect_part(refusal_after([](auto& spec) { spec.merged[1] = 'a'; }), "merge 1 must make");
}

TEST(HostileSpec, EveryByteMustBeAToken) {
  expect_part(refusal_after([](auto& spec) { spec.pieces[200].clear(); }), "byte 200 must be");
}

TEST(HostileSpec, AddedTokensMustHaveTextsAndIdsOfTheirOwn) {
  expect_part(refusal_after([](auto& spec) {
                spec.added = {{.id = 258, .text = "<a>"}, {.id = 258, .text = "<b>"}};
              }),
              "258 must come once");
  expect_part(refusal_after([](auto& spec) { spec.added = {{.id = 258, .text = ""}}; }),
              "must have a text");
  expect_part(refusal_after([](auto& spec) { spec.added = {{.id = 1U << 31, .text = "<a>"}}; }),
              "ids must be below");
}

TEST(HostileSpec, TokensThatBeginAndEndTextsMustExist) {
  expect_part(refusal_after([](auto& spec) { spec.bos = 258; }), "258 is named");
  expect_part(refusal_after([](auto& spec) { spec.eos = 4'000'000'000U; }), "is named");
}

TEST(HostileSpec, ExpressionsMustBeWellFormed) {
  expect_part(refusal_after([](auto& spec) {
                spec.pre_tokenizer = PreTokenizer::expression;
                spec.expression = "[a";
              }),
              "expression \"[a\"");
}

TEST(HostileSpec, ATextOnWhichTheExpressionCostsTooMuchIsRefused) {
  auto spec = abc();
  spec.pre_tokenizer = PreTokenizer::expression;
  spec.expression = "(a|a)*\\d";
  const Tokenizer tokenizer(std::move(spec));
  expect_part(refusal_of([&] { (void)tokenizer.encode(std::string(40, 'a')); }), "limit");
}

// "<u>" and one letter.
TokenizerSpec tiny_scored(TokenizerKind kind) {
  TokenizerSpec spec;
  spec.kind = kind;
  spec.pieces = {"", "a", "aa"};
  spec.scores = {0.0F, -2.0F, -1.0F};
  spec.added = {{.id = 0, .text = "<u>", .special = true}};
  spec.unknown = 0;
  return spec;
}

TEST(HostileSpec, ScoredKindsMustHaveAFiniteScoreForEveryToken) {
  for (const auto kind : {TokenizerKind::sentencepiece_bpe, TokenizerKind::unigram}) {
    EXPECT_EQ(Tokenizer(tiny_scored(kind)).encode("aab"), (std::vector<TokenId>{2, 0}));
    const auto refusal = [kind](const auto& change) {
      return refusal_of([&] {
        auto spec = tiny_scored(kind);
        change(spec);
        const Tokenizer tokenizer(std::move(spec));
      });
    };
    expect_part(refusal([](auto& spec) { spec.scores.pop_back(); }), "3 tokens but 2 scores");
    expect_part(
        refusal([](auto& spec) { spec.scores[1] = std::numeric_limits<float>::quiet_NaN(); }),
        "token 1 must have a finite score");
    expect_part(refusal([](auto& spec) { spec.unknown.reset(); }), "for what is unknown");
    expect_part(refusal([](auto& spec) { spec.byte_tokens = {1, 2}; }), "256 tokens for bytes");
    expect_part(refusal([](auto& spec) { spec.byte_tokens.assign(256, 9); }), "byte token 9");
    expect_part(refusal([](auto& spec) { spec.pieces[2].assign(100'000, 'a'); }), "bytes long");
  }
}

// A thousand tokens that begin alike, and a text that begins each of them at every byte.
TEST(AddedTokens, ManyThatBeginAlikeCostNoMoreThanOne) {
  auto spec = abc();
  const std::string start(60, '[');
  for (TokenId k = 0; k < 1000; ++k) {
    spec.added.push_back({.id = 258 + k, .text = start + std::to_string(k) + "]"});
  }
  const Tokenizer tokenizer(std::move(spec));
  const auto ids = tokenizer.encode(std::string(200'000, '[') + "7]");
  EXPECT_EQ(ids.size(), 200'000U - 60 + 1);
  EXPECT_EQ(ids.back(), 258U + 7);
}

TEST(AddedTokens, TheLeftmostThenTheLongestCountsAndBlanksGoWithIt) {
  auto spec = abc();
  spec.added = {{.id = 258, .text = "<x>"},
                {.id = 259, .text = "<x><y>"},
                {.id = 260, .text = "<s>", .special = true},
                {.id = 261, .text = "<l>", .strip_left = true, .strip_right = true}};
  const Tokenizer tokenizer(std::move(spec));
  EXPECT_EQ(tokenizer.encode("<x><y><x>"), (std::vector<TokenId>{259, 258}));
  EXPECT_EQ(tokenizer.encode("a<s>"), (std::vector<TokenId>{'a', 260}));
  EXPECT_EQ(tokenizer.encode("a<s>", {.parse_special = false}),
            (std::vector<TokenId>{'a', '<', 's', '>'}));
  EXPECT_EQ(tokenizer.encode("a \u3000<l>\n b"), (std::vector<TokenId>{'a', 261, 'b'}));
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{258, 260}), "<x>");
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{258, 260}, true), "<x><s>");
}

}  // namespace
}  // namespace therma::llm
