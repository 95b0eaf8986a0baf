// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/tokenizer/normal_form.hpp"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <cstdlib>

#include "therma/core/random/rng.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

std::string utf8(std::initializer_list<char32_t> codes) {
  std::string out;
  for (const auto code : codes) append_utf8(out, code);
  return out;
}

bool is_character(char32_t code) { return code < 0xD800 || code > 0xDFFF; }

// utf8proc's whole-text normaliser, which ours replaces.
std::string reference(const std::string& text, int form) {
  utf8proc_uint8_t* out = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &out,
                                 static_cast<utf8proc_option_t>(int{UTF8PROC_STABLE} | form));
  std::string result(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  std::free(out);
  return result;
}

// Examples of UAX 15: figures 3 to 6.
TEST(NormalForm, ComposesTheExamplesOfTheStandard) {
  EXPECT_EQ(to_nfc(utf8({0x212B})), utf8({0xC5}));      // Angstrom sign: a singleton
  EXPECT_EQ(to_nfc(utf8({'A', 0x30A})), utf8({0xC5}));  // A with a ring
  EXPECT_EQ(to_nfc(utf8({0x1E9B, 0x323})), utf8({0x1E9B, 0x323}));
  EXPECT_EQ(to_nfkc(utf8({0x1E9B, 0x323})), utf8({0x1E69}));
  EXPECT_EQ(to_nfkc(utf8({0xFB01})), "fi");
  EXPECT_EQ(to_nfc(utf8({0xFB01})), utf8({0xFB01}));
  EXPECT_EQ(to_nfc(utf8({'q', 0x307, 0x323})), utf8({'q', 0x323, 0x307}));  // marks in order
  EXPECT_EQ(to_nfc(utf8({0x1100, 0x1161, 0x11A8})), utf8({0xAC01}));        // Hangul
}

TEST(NormalForm, AgreesWithTheLibraryOnEveryCharacterAloneAndBehindALetter) {
  for (char32_t code = 1; code < 0x110000; ++code) {
    if (!is_character(code)) continue;
    for (const auto& text : {utf8({code}), utf8({'a', code})}) {
      ASSERT_EQ(to_nfc(text), reference(text, UTF8PROC_COMPOSE)) << std::hex << std::uint32_t{code};
    }
    ASSERT_TRUE(!is_settled_in_nfc(code) || to_nfc(utf8({code})) == utf8({code}));
  }
}

TEST(NormalForm, AgreesWithTheLibraryOnRandomText) {
  constexpr std::array<std::pair<char32_t, char32_t>, 8> kRanges = {{{' ', '~'},
                                                                     {0xC0, 0x17F},
                                                                     {0x300, 0x345},
                                                                     {0x1100, 0x11FF},
                                                                     {0xAC00, 0xAC40},
                                                                     {0x1E00, 0x2030},
                                                                     {0x3040, 0x30FF},
                                                                     {0x900, 0x9FF}}};
  Draws draws(Rng(11).child("text"), 0, 0);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::uint32_t k = draws.below(24); k > 0; --k) {
      const auto [low, high] = kRanges[draws.below(kRanges.size())];
      append_utf8(text, low + draws.below(high - low + 1));
    }
    ASSERT_EQ(to_nfc(text), reference(text, UTF8PROC_COMPOSE)) << ::testing::PrintToString(text);
    ASSERT_EQ(to_nfkc(text), reference(text, int{UTF8PROC_COMPOSE} | int{UTF8PROC_COMPAT}));
    ASSERT_TRUE(!is_settled_in_nfc(text) || to_nfc(text) == text);
  }
}

// Exchanging neighbours would take 3e10 steps for this run: 250,000 marks, each past half of the
// others on average.
TEST(NormalForm, ARunOfHalfAMillionMarksIsSortedInTime) {
  std::string text = "a", lower, upper;
  for (int k = 0; k < 250'000; ++k) {
    text += utf8({0x302, 0x316});  // above: class 230, below: class 220
    lower += utf8({0x316});
    upper += utf8({0x302});
  }
  // The first mark above joins the letter.
  EXPECT_EQ(to_nfc(text), utf8({0xE2}) + lower + upper.substr(2));
}

}  // namespace
}  // namespace therma::llm
