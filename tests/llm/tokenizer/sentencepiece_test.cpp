// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/tokenizer/sentencepiece_model.hpp"

#include <gtest/gtest.h>

#include "tests/llm/tokenizer/model_bytes.hpp"
#include "tests/llm/tokenizer/small_tokenizers.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"

namespace therma::llm {
namespace {

using namespace testing;
using Ids = std::vector<TokenId>;

TokenizerSpec spec_of(const std::string& bytes) {
  return tokenizer_spec_from_sentencepiece(std::as_bytes(std::span(bytes)), "m.model");
}

TEST(SentencePiece, BothKindsCutASmallTextAsByHand) {
  for (const std::uint64_t kind : {1U, 2U}) {
    const Tokenizer tokenizer(spec_of(small_model(kind)));
    // <s> first; "▁hi" is the best whole; "x" is unknown; "<mark>" is matched as it stands.
    EXPECT_EQ(tokenizer.encode("hi hix"), (Ids{1, 3, 3, 0}));
    EXPECT_EQ(tokenizer.encode("  hi   hi ", {.add_special = false}), (Ids{3, 3}));
    EXPECT_EQ(tokenizer.encode("hi<mark>", {.add_special = false}), (Ids{3, 8}));
    EXPECT_EQ(tokenizer.decode(Ids{1, 3, 3}), "hi hi");
  }
}

TEST(SentencePiece, KeepsBlanksWhereTheModelSaysSo) {
  const Tokenizer tokenizer(spec_of(small_model(2, false)));
  EXPECT_EQ(tokenizer.encode("hi  hi", {.add_special = false}), (Ids{3, 5, 3}));
}

TEST(SentencePiece, TheFirstOfTwoBestSegmentationsByTotalScoreIsTaken) {
  // "ab" costs 3, "a"+"b" 2: unigram takes the cheaper pair, BPE the merge there is.
  const auto model = [](std::uint64_t kind) {
    return piece("<unk>", 0, 2) + piece("a", -1) + piece("b", -1) + piece("ab", -3) +
           field(2, field(3, kind)) + field(3, field(3, 0));
  };
  EXPECT_EQ(Tokenizer(spec_of(model(1))).encode("ab"), (Ids{1, 2}));
  EXPECT_EQ(Tokenizer(spec_of(model(2))).encode("ab"), (Ids{3}));
}

TEST(SentencePiece, RefusesWhatIsNoModelWithTheByte) {
  const auto refused = [](const std::string& bytes) {
    return refusal_of([&] { (void)spec_of(bytes); });
  };
  EXPECT_NE(refused("").find("has none"), std::string::npos);
  EXPECT_NE(refused("\x0A\x7F").find("byte 2"), std::string::npos);  // longer than the file
  EXPECT_NE(refused(std::string(11, '\xFF')).find("ten bytes"), std::string::npos);
  EXPECT_NE(refused("\x0B").find("known type"), std::string::npos);  // a group
  EXPECT_NE(refused(piece("\xFF", 0)).find("UTF-8"), std::string::npos);
  EXPECT_NE(refused(piece("a", 0, 7)).find("1 to 6"), std::string::npos);
  EXPECT_NE(refused(piece("x", 0, 6)).find("<0xNN>"), std::string::npos);  // a byte
  EXPECT_NE(refused(piece("a", 0) + field(2, field(3, 3))).find("unigram or BPE"),
            std::string::npos);
}

}  // namespace
}  // namespace therma::llm
