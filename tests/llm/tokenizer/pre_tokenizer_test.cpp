// SPDX-License-Identifier: Apache-2.0
// The scanners against PCRE2 on the expressions that they stand for.
#include "therma/llm/tokenizer/pre_tokenizer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/llm/tokenizer/small_tokenizers.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

using namespace testing;
using Words = std::vector<std::string>;

constexpr std::array kKinds = {PreTokenizer::gpt2, PreTokenizer::llama3, PreTokenizer::qwen2};

Words scanned(PreTokenizer kind, std::string_view text) {
  Words words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = word_end(kind, text, at);
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

Words matched(const Expression& expression, std::string_view text) {
  Words words;
  for (std::size_t at = 0; at < text.size();) {
    const auto match = expression.find(text, at);
    EXPECT_EQ(match.begin, at);  // the expressions match everywhere
    words.emplace_back(text.substr(match.begin, match.end - match.begin));
    at = match.end;
  }
  return words;
}

TEST(PreTokenizer, CutsAsTheExpressionsSay) {
  EXPECT_EQ(scanned(PreTokenizer::gpt2, "I'll  go, 1234\n\n x"),
            (Words{"I", "'ll", " ", " go", ",", " 1234", "\n\n", " x"}));
  EXPECT_EQ(scanned(PreTokenizer::llama3, "I'LL go, 1234\r\n\n x"),
            (Words{"I", "'LL", " go", ",", " ", "123", "4", "\r\n\n", " x"}));
  EXPECT_EQ(scanned(PreTokenizer::qwen2, "\tx 12;\n  \n  y"),
            (Words{"\tx", " ", "1", "2", ";\n", "  \n", " ", " y"}));
}

// Where PCRE2 knows the character: its Unicode may be older. U+180E is a blank to Perl for
// historical reasons only.
TEST(PreTokenizer, ClassesOfCharactersAreThoseOfPcre2) {
  const Expression letter("^\\p{L}$"), number("^\\p{N}$"), space("^\\s$"), unknown("^\\p{Cn}$");
  for (char32_t code = 1; code < 0x110000; ++code) {
    if ((code >= 0xD800 && code <= 0xDFFF) || code == 0x180E) continue;
    std::string text;
    append_utf8(text, code);
    const auto is = [&text](const Expression& class_of) {
      return class_of.find(text, 0).begin == 0;
    };
    if (is(unknown)) continue;
    ASSERT_EQ(is_letter(code), is(letter)) << std::hex << std::uint32_t{code};
    ASSERT_EQ(is_number(code), is(number)) << std::hex << std::uint32_t{code};
    ASSERT_EQ(is_space(code), code == '\n' || is(space)) << std::hex << std::uint32_t{code};
  }
}

TEST(PreTokenizer, ScannersAgreeWithTheExpressionsOnRandomText) {
  // What the alternatives turn on, and some of each class beyond ASCII.
  const std::vector<std::string> kParts = {"'",
                                           "'s",
                                           "'S",
                                           "'re",
                                           "'LL",
                                           "'Ve",
                                           "'\u017F",
                                           "'l",
                                           "a",
                                           "Zq",
                                           "s",
                                           "t",
                                           " ",
                                           "  ",
                                           "\t",
                                           "\n",
                                           "\r",
                                           "\r\n",
                                           "\v",
                                           "\u0085",
                                           "\u00A0",
                                           "\u2003",
                                           "\u3000",
                                           "1",
                                           "12",
                                           "12345",
                                           "\u0663",
                                           "\u00BD",
                                           "\u216B",
                                           ".",
                                           "!?",
                                           "\u20AC",
                                           "_",
                                           "\u0142",
                                           "\u017C\u00F3",
                                           "\u4E2D\u6587",
                                           "\u0301",
                                           "\U0001F600",
                                           "\U0001F468\u200D\U0001F469",
                                           "\U00010348",
                                           "\u200B",
                                           "\uFEFF"};
  for (const auto kind : kKinds) {
    const Expression expression{std::string(expression_of(kind))};
    Draws draws(Rng(5).child("words"), 0, 0);
    for (int round = 0; round < 30'000; ++round) {
      std::string text;
      for (std::uint32_t k = draws.below(12); k > 0; --k) {
        text += kParts[draws.below(static_cast<std::uint32_t>(kParts.size()))];
      }
      ASSERT_EQ(scanned(kind, text), matched(expression, text)) << ::testing::PrintToString(text);
    }
  }
}

TEST(PreTokenizer, EveryWordOfAnyBytesIsNotEmptyAndInside) {
  Draws draws(Rng(6).child("bytes"), 0, 0);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::uint32_t k = draws.below(16); k > 0; --k) {
      text.push_back(static_cast<char>(draws.below(3) == 0 ? draws.below(128) : draws.below(256)));
    }
    for (const auto kind : kKinds) {
      for (std::size_t at = 0; at < text.size();) {
        const auto end = word_end(kind, text, at);
        ASSERT_GT(end, at);
        ASSERT_LE(end, text.size());
        at = end;
      }
    }
  }
}

TEST(PreTokenizer, KnowsExpressionsByTheirText) {
  for (const auto kind : kKinds) EXPECT_EQ(pre_tokenizer_of(expression_of(kind)), kind);
  EXPECT_EQ(pre_tokenizer_of("\\s+"), PreTokenizer::expression);
}

TEST(Expression, RefusesWhatIsMalformedWithThePlace) {
  EXPECT_NE(refusal_of([] { Expression("a(b"); }).find("at character 3"), std::string::npos);
  EXPECT_NE(refusal_of([] { Expression("\\C"); }).find("expression"), std::string::npos);
}

// Twenty-eight letters have 2^28 ways to be cut, none of which reaches a digit.
TEST(Expression, StopsAMatchThatCostsTooMuch) {
  const Expression expression("^(a|a)*\\d");
  EXPECT_NE(refusal_of([&] { (void)expression.find(std::string(28, 'a') + "?", 0); }).find("limit"),
            std::string::npos);
}

}  // namespace
}  // namespace therma::llm
