// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "therma/llm/grammar/regex.hpp"

#include <gtest/gtest.h>
#include <pcre2.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/llm/grammar/grammar.hpp"
#include "therma/llm/grammar/schema.hpp"

namespace therma::llm {
namespace {

// PCRE2 as the other opinion.
class Pcre {
 public:
  Pcre(const std::string& expression, bool is_whole) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    const auto options =
        PCRE2_UTF | (is_whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0U) | PCRE2_DOLLAR_ENDONLY;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                              options, &error, &offset, nullptr));
    data_.reset(code_ ? pcre2_match_data_create_from_pattern(code_.get(), nullptr) : nullptr);
  }
  bool is_valid() const { return code_ != nullptr; }
  bool matches(const std::string& text) const {
    return pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                       data_.get(), nullptr) >= 0;
  }

 private:
  struct Free {
    void operator()(pcre2_code* p) const { pcre2_code_free(p); }
    void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> data_;
};

constexpr std::array<std::string_view, 24> kLetters = {
    "a", "b",  "c", "ab", "ba", "0", "7", " ", "-", "\n", "_",  "ż",
    "ó", "中", "🐢", "z",  "A",  "9", ".", "é", "]", "x",  "\t", "aa"};

std::string random_text(const Rng& rng, std::uint32_t round, std::uint32_t salt) {
  std::string out;
  const auto length = rng.bits({.chain = round, .step = salt}) % 8;
  for (std::uint32_t i = 0; i < length; ++i)
    out += kLetters[rng.bits({.chain = round, .step = salt, .site = i + 1}) % kLetters.size()];
  return out;
}

// An expression drawn from a grammar of expressions.
class RandomExpression {
 public:
  RandomExpression(const Rng& rng, std::uint32_t round) : rng_(rng), round_(round) {}

  std::string run(int depth = 3) {
    std::string out;
    const auto parts = 1 + draw(3);
    for (std::uint64_t i = 0; i < parts; ++i) out += repeated(depth);
    if (depth > 0 && draw(4) == 0) out += "|" + run(depth - 1);
    return out;
  }

 private:
  std::uint64_t draw(std::uint64_t count) {
    return rng_.bits({.chain = round_, .step = next_++}) % count;
  }
  std::string repeated(int depth) {
    constexpr std::array<std::string_view, 9> kTimes = {"",  "",    "",      "*",   "+",
                                                        "?", "{2}", "{1,3}", "{0,}"};
    return atom(depth) + std::string(kTimes[draw(kTimes.size())]);
  }
  std::string atom(int depth) {
    constexpr std::array<std::string_view, 22> kAtoms = {
        "a",     "b",        "c",       "ż",   "中",      "🐢",      ".",    "\\d",
        "\\w",   "\\s",      "\\D",     "\\W", "\\S",     "[a-c]",  "[^a]", "[^a-z\\d]",
        "[ż-ó]", "[\\-\\]]", "[a\\sż]", "\\.", "\\x{61}", "[^\\W_]"};
    if (depth > 0 && draw(3) == 0) {
      auto inner = run(depth - 1);
      return (draw(2) == 0 ? "(" : "(?:") + inner + ")";
    }
    const auto atom = std::string(kAtoms[draw(kAtoms.size())]);
    return atom == "[ż-ó]" ? "[à-ż]" : atom == "\\x{61}" ? "\\x61" : atom;
  }

  const Rng& rng_;
  std::uint32_t round_;
  std::uint32_t next_ = 0;
};

// Some of the expressions drawn need more states than are allowed.
std::optional<Automaton> compiled(const std::string& expression) {
  try {
    return compile_regex(expression, "test");
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("states"), std::string::npos) << e.what();
    return std::nullopt;
  }
}

TEST(Regex, MatchesWhatPcreMatchesAsAWhole) {
  const Rng rng(7);
  std::size_t num_matches = 0;
  std::size_t num_too_large = 0;
  for (std::uint32_t round = 0; round < 500; ++round) {
    const auto expression = RandomExpression(rng.child("expression"), round).run();
    const Pcre reference(expression, true);
    ASSERT_TRUE(reference.is_valid()) << expression;
    const auto automaton = compiled(expression);
    num_too_large += automaton ? 0 : 1;
    for (std::uint32_t i = 0; automaton && i < 40; ++i) {
      const auto text = random_text(rng.child("text"), round, i);
      const bool expected = reference.matches(text);
      num_matches += expected ? 1 : 0;
      ASSERT_EQ(automaton->matches(text), expected) << expression << " on <" << text << ">";
    }
  }
  EXPECT_LT(num_too_large, 25U);
  EXPECT_GT(num_matches, 500U);  // the texts are not all foreign to the expressions
}

TEST(Regex, SearchesAsPcreSearches) {
  const Rng rng(8);
  for (std::uint32_t round = 0; round < 300; ++round) {
    auto expression = RandomExpression(rng.child("expression"), round).run(1);
    const auto held = round % 4;
    if (expression.find('|') == std::string::npos) {
      if (held & 1U) expression = "^" + expression;
      if (held & 2U) expression += "$";
    }
    const Pcre reference(expression, false);
    ASSERT_TRUE(reference.is_valid()) << expression;
    const auto automaton = compile_regex(expression, "test", RegexMatch::search);
    for (std::uint32_t i = 0; i < 40; ++i) {
      const auto text = random_text(rng.child("text"), round, i);
      ASSERT_EQ(automaton.matches(text), reference.matches(text))
          << expression << " on <" << text << ">";
    }
  }
}

TEST(Regex, EveryByteThatIsTakenLeadsToAMatch) {
  const Rng rng(9);
  for (std::uint32_t round = 0; round < 100; ++round) {
    const auto expression = RandomExpression(rng, round).run();
    if (!compiled(expression)) continue;
    Acceptor acceptor(compile_expression(expression, "test").grammar);
    // Bytes drawn among those accepted: the text ends, or can always go on.
    for (std::uint32_t step = 0; step < 200 && !acceptor.must_end(); ++step) {
      std::vector<char> ways;
      for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        if (acceptor.accepts({&c, 1})) ways.push_back(c);
      }
      ASSERT_FALSE(ways.empty()) << expression;
      const char c = ways[rng.bits({.chain = round, .step = 1, .site = step}) % ways.size()];
      ASSERT_TRUE(acceptor.advance({&c, 1}));
    }
    ASSERT_TRUE(!acceptor.must_end() || acceptor.may_end()) << expression;
  }
}

TEST(Regex, AcceptsEveryCharacterOfUtf8OnceAndNoOtherBytes) {
  const auto any = compile_regex("[\\d\\D]", "test");
  std::size_t count = 0;
  // Sequences by their lead: what RFC 3629 allows is counted, 0x110000 less 0x800 surrogates.
  const auto visit = [&](const auto& self, Automaton::State state) -> void {
    for (int byte = 0; byte < 256; ++byte) {
      const auto next = any.step(state, static_cast<std::uint8_t>(byte));
      if (next == Automaton::kNone) continue;
      if (any.is_accepted[next]) ++count;
      self(self, next);
    }
  };
  visit(visit, 0);
  EXPECT_EQ(count, 0x110000U - 0x800U);
  EXPECT_FALSE(any.matches("\xed\xa0\x80"));      // a surrogate
  EXPECT_FALSE(any.matches("\xc0\x80"));          // an overlong null
  EXPECT_FALSE(any.matches("\xf4\x90\x80\x80"));  // beyond the last
}

TEST(Regex, InsideJsonTheQuoteTheBackslashAndControlsAreEscaped) {
  const auto json = compile_regex("a\"\\\\\\n\\x01ż", "t", RegexMatch::whole, RegexText::json);
  EXPECT_TRUE(json.matches("a\\\"\\\\\\n\\u0001ż"));
  EXPECT_FALSE(json.matches("a\"\\\\\\n\\u0001ż"));
}

TEST(Regex, WhatIsNotRegularOrMalformedOrTooLargeIsRefused) {
  const std::string_view refused[] = {"(",
                                      ")",
                                      "[a",
                                      "a**",
                                      "*a",
                                      "a{2,1}",
                                      "a{99999}",
                                      "\\1",
                                      "(?=a)",
                                      "(?<n>a)",
                                      "\\b",
                                      "a^b",
                                      "a$b",
                                      "[b-a]",
                                      "[]",
                                      "\\",
                                      "\\ud800",
                                      "[[:alpha:]]",
                                      "\\p{L}",
                                      "a++",
                                      "\xff",
                                      "\\u{110000}",
                                      "a{2",
                                      "\\xg1",
                                      "(a|b)*a(a|b){16}",
                                      "((((a{999}){999}){999}){999})",
                                      "((((){9999}){9999}){9999}){9999}"};
  for (const auto expression : refused) {
    try {
      (void)compile_regex(expression, "test");
      ADD_FAILURE() << expression;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data) << expression;
      EXPECT_TRUE(std::string_view(e.what()).starts_with("test: ")) << e.what();
    }
  }
  EXPECT_THROW((void)compile_regex(std::string(100'000, '('), "test"), Error);
  EXPECT_THROW((void)compile_regex(std::string(50'000, '('), "test"), Error);
}

}  // namespace
}  // namespace therma::llm
