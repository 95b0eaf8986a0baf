// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/dynamics/schedule.hpp"

namespace therma {
namespace {

TEST(Schedule, ReachesBothEndsExactly) {
  for (const auto* text : {"linear:0.2:1.5", "exp:0.2:1.5"}) {
    const auto schedule = Schedule::parse(text);
    EXPECT_EQ(schedule.at(0, 10), 0.2);
    EXPECT_EQ(schedule.at(9, 10), 1.5);
    EXPECT_EQ(schedule.at(100, 10), 1.5);
    EXPECT_EQ(schedule.at(0, 1), 1.5);
  }
}

TEST(Schedule, InterpolatesInEqualStepsOrEqualRatios) {
  EXPECT_DOUBLE_EQ(Schedule::parse("linear:1:3").at(1, 5), 1.5);
  EXPECT_DOUBLE_EQ(Schedule::parse("exp:0.1:10").at(1, 3), 1.0);
  EXPECT_DOUBLE_EQ(Schedule::parse("linear:3:1").at(1, 3), 2.0);
}

TEST(Schedule, HoldsEachValueOfAListForAnEqualShare) {
  const auto schedule = Schedule::parse("list:1,2,4");
  const std::vector<double> expected = {1, 1, 2, 2, 4, 4};
  for (std::uint64_t k = 0; k < 6; ++k) EXPECT_EQ(schedule.at(k, 6), expected[k]);
  for (std::uint64_t k = 0; k < 3; ++k) EXPECT_EQ(schedule.at(k, 3), expected[2 * k]);
}

TEST(Schedule, TakesAPlainNumberAndInfinity) {
  EXPECT_EQ(Schedule::parse("0.7").at(3, 10), 0.7);
  EXPECT_EQ(Schedule::parse("const:1").at(3, 10), 1.0);
  EXPECT_EQ(Schedule::parse("inf").at(3, 10), std::numeric_limits<double>::infinity());
}

TEST(Schedule, WritesWhatItReads) {
  for (const auto* text :
       {"const:0.7", "const:inf", "linear:0.2:1.5", "exp:0.1:10", "list:0.1,0.5,2"}) {
    EXPECT_EQ(Schedule::parse(text).text(), text);
  }
}

TEST(Schedule, RejectsWhatItDoesNotUnderstandInOneSentence) {
  const auto message = [](std::string_view text) {
    try {
      return Schedule::parse(text).text();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::invalid_argument);
      return std::string(e.what());
    }
  };
  for (const auto* text :
       {"", "abc", "linear", "linear:", "linear:1", "linear:1:2:3", "exp:1:x", "cosine:1:2", "1 ",
        "1:2", "list:", "list:1,", "list:1;2", "const:1:2"}) {
    EXPECT_EQ(
        message(text),
        "schedule: must be a number, inf, const:A, linear:A:B, exp:A:B or list:A,B,..., got \"" +
            std::string(text) + "\"");
  }
  EXPECT_EQ(message("-1"), "schedule: values must not be negative, got -1");
  EXPECT_EQ(message("nan"), "schedule: values must not be negative, got nan");
  EXPECT_EQ(message("exp:0:1"), "schedule: the ends of exp must be positive and finite, got 0");
  EXPECT_EQ(message("linear:1:inf"), "schedule: the ends of linear must be finite, got inf");
}

}  // namespace
}  // namespace therma
