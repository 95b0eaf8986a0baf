// SPDX-License-Identifier: Apache-2.0
// Tokens, numbers, times and words: the small readers below the rules.
#include <gtest/gtest.h>

#include <string>

#include "therma/planner/lexicon.hpp"
#include "therma/planner/numbers.hpp"
#include "therma/planner/text.hpp"
#include "therma/planner/units.hpp"

namespace therma::planner {
namespace {

double number(const std::string& text) {
  const auto tokens = tokenise(text);
  const auto n = read_number(tokens, 0);
  return n && n->end == tokens.size() ? n->value : -1.0;
}

std::pair<double, double> minutes(const std::string& text) {
  const auto tokens = tokenise(text);
  const auto s = read_stretch(tokens, 0);
  if (!s || s->end != tokens.size()) return {-1.0, -1.0};
  return {s->low.seconds / 60, s->high.seconds / 60};
}

double hour(const std::string& text) {
  const auto tokens = tokenise(text);
  const auto c = read_clock(tokens, 0);
  return c && c->end == tokens.size() ? c->time.seconds / 3600 : -1.0;
}

std::pair<double, double> window(const std::string& text) {
  const auto tokens = tokenise(text);
  const auto w = read_windows(tokens, 0);
  if (!w || w->end != tokens.size() || w->windows.size() != 1) return {-1.0, -1.0};
  return {w->windows[0].open.seconds / 3600, w->windows[0].close.seconds / 3600};
}

TEST(Tokens, KeepTheirBytesAndLoseTheirDiacritics) {
  const std::string text = "Żółw ma 2,5h";
  const auto tokens = tokenise(text);
  ASSERT_EQ(tokens.size(), 4U);
  EXPECT_EQ(tokens[0].folded, "zolw");
  EXPECT_EQ(text.substr(tokens[0].span.begin, tokens[0].span.end - tokens[0].span.begin), "Żółw");
  EXPECT_DOUBLE_EQ(tokens[2].value, 2.5);
  EXPECT_TRUE(tokens[3].glued);
}

TEST(Tokens, SentencesEndAtStopsButNotAfterAbbreviations) {
  const auto tokens = tokenise("do godz. 12. Potem 30 min. pracy");
  EXPECT_EQ(tokens.front().sentence, 0U);
  EXPECT_EQ(tokens[2].sentence, 0U);  // the stop of "godz."
  EXPECT_EQ(tokens.back().sentence, 1U);
}

TEST(Tokens, SurviveInvalidUtf8AndControlCharacters) {
  const auto tokens =
      tokenise(std::string("\xC5 a\x01"
                           "b \xFF\xFE 3 \xE2\x86",
                           12));
  EXPECT_FALSE(tokens.empty());
}

TEST(Numbers, AreReadInWordsOfBothLanguages) {
  EXPECT_EQ(number("dziesięć"), 10);
  EXPECT_EQ(number("pieciu"), 5);
  EXPECT_EQ(number("trzech"), 3);
  EXPECT_EQ(number("dwadzieścia pięć"), 25);
  EXPECT_EQ(number("sto dwadzieścia"), 120);
  EXPECT_EQ(number("dwa tysiące trzysta"), 2300);
  EXPECT_EQ(number("półtorej"), 1.5);
  EXPECT_EQ(number("dwie i pół"), 2.5);
  EXPECT_EQ(number("twenty-five"), 25);
  EXPECT_EQ(number("two dozen"), 24);
  EXPECT_EQ(number("a dozen"), 12);
  EXPECT_EQ(number("half a dozen"), 6);
  EXPECT_EQ(number("one hundred and twelve"), 112);
  EXPECT_EQ(number("two and a half"), 2.5);
  EXPECT_EQ(number("10 000"), 10'000);
}

TEST(Numbers, WithTwoPossibleReadingsAreNotNumbers) {
  EXPECT_EQ(number("10,000"), -1);  // ten thousand, or ten
  EXPECT_EQ(number("1,5"), 1.5);
}

TEST(Durations, AreReadInEveryCommonShape) {
  using Range = std::pair<double, double>;
  EXPECT_EQ(minutes("90 minut"), Range(90, 90));
  EXPECT_EQ(minutes("2h30"), Range(150, 150));
  EXPECT_EQ(minutes("2h 30 min"), Range(150, 150));
  EXPECT_EQ(minutes("2 godziny i 30 minut"), Range(150, 150));
  EXPECT_EQ(minutes("półtorej godziny"), Range(90, 90));
  EXPECT_EQ(minutes("pół godziny"), Range(30, 30));
  EXPECT_EQ(minutes("kwadrans"), Range(15, 15));
  EXPECT_EQ(minutes("godzinę"), Range(60, 60));
  EXPECT_EQ(minutes("an hour and a half"), Range(90, 90));
  EXPECT_EQ(minutes("half an hour"), Range(30, 30));
  EXPECT_EQ(minutes("three quarters of an hour"), Range(45, 45));
  EXPECT_EQ(minutes("1-4 godziny"), Range(60, 240));
  EXPECT_EQ(minutes("od 20 do 40 minut"), Range(20, 40));
  EXPECT_EQ(minutes("between 1 and 3 hours"), Range(60, 180));
  EXPECT_EQ(minutes("30 min - 2 h"), Range(30, 120));
  EXPECT_EQ(minutes("2 dni"), Range(2880, 2880));
  EXPECT_EQ(minutes("5 zadań"), Range(-1, -1));
}

TEST(Clocks, AreReadAsHoursSinceMidnight) {
  EXPECT_DOUBLE_EQ(hour("16:30"), 16.5);
  EXPECT_DOUBLE_EQ(hour("5 pm"), 17);
  EXPECT_DOUBLE_EQ(hour("12 am"), 0);
  EXPECT_DOUBLE_EQ(hour("godziny 12"), 12);
  EXPECT_DOUBLE_EQ(hour("ósmej"), 8);
  EXPECT_DOUBLE_EQ(hour("noon"), 12);
  EXPECT_DOUBLE_EQ(hour("8.30"), 8.5);
  EXPECT_DOUBLE_EQ(hour("12h"), 12);
}

TEST(Windows, MayLackUnitsAndCrossMidnight) {
  using Range = std::pair<double, double>;
  EXPECT_EQ(window("0-8h"), Range(0, 8));
  EXPECT_EQ(window("od 8 do 16"), Range(8, 16));
  EXPECT_EQ(window("8:00–16:00"), Range(8, 16));
  EXPECT_EQ(window("9am to 5pm"), Range(9, 17));
  EXPECT_EQ(window("9 to 5"), Range(9, 17));
  EXPECT_EQ(window("22-6"), Range(22, 30));
  EXPECT_EQ(window("całą dobę"), Range(0, 24));
  EXPECT_EQ(window("around the clock"), Range(0, 24));
}

TEST(Words, AreTheSameUpToTheirEndings) {
  EXPECT_TRUE(same_word("malowanie", "malowaniu"));
  EXPECT_TRUE(same_word("obrobka", "obrobce"));
  EXPECT_TRUE(same_word("montaz", "montazem"));
  EXPECT_TRUE(same_word("painting", "paint"));
  EXPECT_FALSE(same_word("malowanie", "spawanie"));
  EXPECT_FALSE(same_word("spawanie", "spawacz"));
}

}  // namespace
}  // namespace therma::planner
