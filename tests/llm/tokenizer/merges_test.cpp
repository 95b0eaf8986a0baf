// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/tokenizer/merges.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/llm/tokenizer/small_tokenizers.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"

namespace therma::llm {
namespace {

using namespace testing;

// The definition, word for word: of all neighbours, the least rank, the leftmost of equals.
std::vector<TokenId> merged_slowly(const MergeTable& table, std::vector<TokenId> tokens) {
  for (;;) {
    std::size_t best = 0;
    MergeTable::Merge merge;
    for (std::size_t at = 0; at + 1 < tokens.size(); ++at) {
      const auto found = table.find(tokens[at], tokens[at + 1]);
      if (found.rank < merge.rank) best = at, merge = found;
    }
    if (merge.rank == MergeTable::kNone) return tokens;
    tokens[best] = merge.token;
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(Merges, ShortAndLongWordsMergeAsTheDefinitionSays) {
  Draws draws(Rng(7).child("merges"), 0, 0);
  for (int round = 0; round < 300; ++round) {
    MergeTable table(60);
    for (std::uint32_t rank = 0; rank < 60; ++rank) {
      // Several pairs share a rank, as tokens of one score do.
      table.add(draws.below(12), draws.below(12), {rank / 2, draws.below(12)});
    }
    std::vector<TokenId> tokens(1 + draws.below(80));
    for (auto& token : tokens) token = draws.below(12);
    const auto expected = merged_slowly(table, tokens);
    MergeScratch scratch;
    tokens.resize(merge_all(table, tokens, scratch));
    ASSERT_EQ(tokens, expected) << "round " << round;
  }
}

TEST(Merges, TheFirstOfEqualPairsCounts) {
  MergeTable table(2);
  table.add(1, 2, {0, 3});
  table.add(1, 2, {1, 4});
  EXPECT_EQ(table.find(1, 2).token, 3U);
  EXPECT_EQ(table.find(2, 1).rank, MergeTable::kNone);
}

// A quadratic merge would take hours here, which the limit of the test suite would notice.
TEST(Merges, AWordOfAMillionBytesTakesNoMoreThanItsShare) {
  auto spec = bytes_only();
  for (std::string piece = "aa"; piece.size() <= 1024; piece += piece) {
    const auto half = spec.pieces.size() == 256 ? TokenId{'a'} : TokenId(spec.pieces.size() - 1);
    spec.merges.emplace_back(half, half);
    spec.merged.push_back(static_cast<TokenId>(spec.pieces.size()));
    spec.pieces.push_back(piece);
  }
  const Tokenizer tokenizer(std::move(spec));
  const auto ids = tokenizer.encode(std::string(std::size_t{1} << 20, 'a'));
  EXPECT_EQ(ids, std::vector<TokenId>(1024, 256 + 9));  // 2^20 letters in tokens of 2^10
}

TEST(Merges, WordsThatComeAgainGetTheSameTokens) {
  auto spec = abc();
  spec.pre_tokenizer = PreTokenizer::gpt2;
  const Tokenizer tokenizer(std::move(spec));
  std::string text;
  for (int k = 0; k < 2000; ++k) text += "abcab ";  // long enough for the cache
  const auto ids = tokenizer.encode(text);
  // "abcab", then 1999 times " abcab", then " ".
  ASSERT_EQ(ids.size(), 2U + 1999 * 3 + 1);
  for (std::size_t k = 2; k + 3 < ids.size(); k += 3) {
    ASSERT_EQ(std::vector(ids.begin() + static_cast<std::ptrdiff_t>(k),
                          ids.begin() + static_cast<std::ptrdiff_t>(k) + 3),
              (std::vector<TokenId>{' ', 257, 256}));
  }
}

}  // namespace
}  // namespace therma::llm
