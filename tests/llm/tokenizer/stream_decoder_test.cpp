// SPDX-License-Identifier: Apache-2.0
// Text out of tokens, one at a time and all at once.
#include <gtest/gtest.h>

#include "tests/llm/tokenizer/small_tokenizers.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

using namespace testing;

const std::string kBad = "\uFFFD";

std::string streamed(const Tokenizer& tokenizer, std::string_view bytes) {
  StreamDecoder decoder(tokenizer);
  std::string out;
  for (const char byte : bytes) out += decoder.push(static_cast<unsigned char>(byte));
  return out + decoder.finish();
}

// Each line is Python's bytes(...).decode("utf-8", errors="replace").
TEST(StreamDecoder, ReplacesWhatIsNoUtf8AsPythonDoes) {
  const Tokenizer tokenizer(bytes_only());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\xFF"
       "b",
       "a" + kBad + "b"},
      {"\xC0\xAF", kBad + kBad},                        // overlong
      {"\xE0\x80\x80", kBad + kBad + kBad},             // overlong
      {"\xED\xA0\x80", kBad + kBad + kBad},             // a surrogate
      {"\xF4\x90\x80\x80", kBad + kBad + kBad + kBad},  // beyond U+10FFFF
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
       "A",
       kBad + kBad + kBad + kBad + "A"},
      {"\xF0\x9F\x98", kBad},  // one beginning, one replacement
      {"\xF0\x9F\x98\x80", "\U0001F600"},
      {"\x80\xBF", kBad + kBad},
      {"\xC5\xC5\x82", kBad + "\u0142"},
      {"", ""}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(streamed(tokenizer, bytes), text);
    EXPECT_EQ(repaired_utf8(bytes), text);
  }
}

TEST(StreamDecoder, ShowsOnlyWholeCharactersAndEachAsSoonAsItIsWhole) {
  const Tokenizer tokenizer(bytes_only());
  StreamDecoder decoder(tokenizer);
  EXPECT_EQ(decoder.push(0xF0), "");
  EXPECT_EQ(decoder.push(0x9F), "");
  EXPECT_EQ(decoder.push(0x98), "");
  EXPECT_EQ(decoder.push(0x80), "\U0001F600");
  EXPECT_EQ(decoder.push(0xE2), "");
  EXPECT_EQ(decoder.push('x'), kBad + "x");
  EXPECT_EQ(decoder.finish(), "");
}

TEST(StreamDecoder, GivesWhatRepairingTheWholeTextGives) {
  const Tokenizer tokenizer(bytes_only());
  Draws draws(Rng(3).child("bytes"), 0, 0);
  constexpr std::string_view kBytes = "a\x80\xBF\xC2\xC5\xE0\xA0\xED\x9F\xF0\x90\xF4\x8F\xFF";
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (std::uint32_t k = draws.below(12); k > 0; --k) bytes += kBytes[draws.below(kBytes.size())];
    ASSERT_EQ(streamed(tokenizer, bytes), repaired_utf8(bytes));
  }
}

TokenizerSpec with_blanks() {
  TokenizerSpec spec;
  spec.kind = TokenizerKind::sentencepiece_bpe;
  spec.pieces = {"", "\u2581hi", "\u2581", "h", "i", "\u2581h"};
  spec.scores = {0, -1, -4, -4, -4, -2};
  spec.added = {{.id = 0, .text = "<unk>", .special = true}};
  spec.unknown = 0;
  spec.add_prefix_blank = true;
  return spec;
}

TEST(StreamDecoder, TakesAwayTheBlankThatWasPutBeforeTheTextOnly) {
  const Tokenizer tokenizer(with_blanks());
  EXPECT_EQ(tokenizer.encode("hi hi"), (std::vector<TokenId>{1, 1}));
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{1, 1}), "hi hi");
  StreamDecoder at_start(tokenizer), later(tokenizer, false);
  EXPECT_EQ(at_start.push(0), "");
  EXPECT_EQ(at_start.push(1), "hi");
  EXPECT_EQ(at_start.push(1), " hi");
  EXPECT_EQ(later.push(1), " hi");
}

}  // namespace
}  // namespace therma::llm
