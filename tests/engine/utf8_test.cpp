// SPDX-License-Identifier: Apache-2.0
#include "therma/engine/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace therma {
namespace {

TEST(Columns, CountsCodePointsAndNotBytes) {
  EXPECT_EQ(columns("zażółć"), 6U);            // 10 bytes
  EXPECT_EQ(columns("e\xCC\x81"), 1U);         // e and a combining accent
  EXPECT_EQ(columns("\xE7\x84\x8A"), 2U);      // 焊, wide
  EXPECT_EQ(columns("\xF0\x9F\x94\xA7"), 2U);  // a wrench, wide
}

TEST(Printable, ReplacesControlsAndBrokenBytes) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(printable("a\x1b[31mb"), "a" + replacement + "[31mb");
  EXPECT_EQ(printable("a\xFFz"), "a" + replacement + "z");
  EXPECT_EQ(printable("\xC0\x80"), replacement + replacement);  // overlong
  EXPECT_EQ(printable("\xE2\x80\xAE"), replacement);            // right-to-left override
  EXPECT_EQ(printable("\xE2\x80"), replacement + replacement);  // cut short
  EXPECT_EQ(printable("Łódź 焊 €"), "Łódź 焊 €");
}

TEST(Printable, GivesTextThatIsPrintableForAnyBytes) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    const auto once = printable(bytes);
    RC_ASSERT(printable(once) == once);
    RC_ASSERT(once.find('\x1b') == std::string::npos);
  }));
}

TEST(Padded, IsExactlyAsWideAsAskedForAnyText) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    const auto width = *rc::gen::inRange<std::size_t>(0, 30);
    RC_ASSERT(columns(padded(printable(bytes), width)) == width);
  }));
}

TEST(Fitted, SaysWithAnEllipsisThatSomethingWasCut) {
  EXPECT_EQ(fitted("spawanie", 8), "spawanie");
  EXPECT_EQ(fitted("spawanie", 5), "spaw…");
  EXPECT_EQ(fitted("spawanie", 0), "");
}

TEST(Wrapped, BreaksAtSpacesAndIndentsWhatFollows) {
  EXPECT_EQ(wrapped("one two three", 7, 0), "one two\nthree");
  EXPECT_EQ(wrapped("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrapped("", 10, 2), "");
  EXPECT_EQ(wrapped("unbreakable", 4, 0), "unbreakable");
}

TEST(NumberText, IsWholeForWholeNumbers) {
  EXPECT_EQ(number_text(12.0), "12");
  EXPECT_EQ(number_text(-3.0), "-3");
  EXPECT_EQ(number_text(1.5), "1.5");
  EXPECT_EQ(number_text(2.0 / 3.0), "0.666667");
  EXPECT_EQ(number_text(123456789.0), "123456789");
}

TEST(Counted, UsesThePluralForAllButOne) {
  EXPECT_EQ(counted(0, "task"), "0 tasks");
  EXPECT_EQ(counted(1, "task"), "1 task");
  EXPECT_EQ(counted(2, "task"), "2 tasks");
}

}  // namespace
}  // namespace therma
