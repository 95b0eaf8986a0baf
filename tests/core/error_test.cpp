// SPDX-License-Identifier: Apache-2.0
// The error table is total and says what CONTRIBUTING.md promises; Result holds one of two.
#include "therma/core/error.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "therma/core/result.hpp"

namespace therma {
namespace {

// Without a default, so that -Werror stops at an enumerator which this test does not know.
// The numbers are the exit codes that users are promised.
int promised_exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::no_answer:
      return 1;
    case ErrorCode::usage:
    case ErrorCode::invalid_argument:
      return 2;
    case ErrorCode::bad_data:
      return 3;
    case ErrorCode::io:
    case ErrorCode::device:
    case ErrorCode::remote:
      return 4;
    case ErrorCode::stopped:
      return 5;
    case ErrorCode::internal:
      return 70;
  }
  return -1;
}

TEST(ErrorTable, HasOneRowPerCodeWithItsPromisedExitCode) {
  std::set<std::string_view> names;
  std::set<int> c_statuses;
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const auto& row = traits(code);
    EXPECT_EQ(row.code, code) << "code " << i << " has no row";
    EXPECT_EQ(row.exit_code, promised_exit_code(code)) << row.name;
    EXPECT_TRUE(row.http_status >= 400 && row.http_status < 600) << row.name;
    EXPECT_FALSE(row.python_exception.empty()) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(c_statuses.insert(row.c_status).second) << row.name;
    EXPECT_NE(row.c_status, 0) << row.name << ": 0 is success";
  }
}

TEST(ErrorTable, TreatsAnUnknownCodeAsOurBug) {
  EXPECT_EQ(traits(static_cast<ErrorCode>(1000)).code, ErrorCode::internal);
}

TEST(Error, CarriesItsCodeAndFormattedMessage) {
  try {
    fail(ErrorCode::io, "{}: ends at byte {}", "model.bin", 812);
    FAIL() << "fail() returned";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::io);
    EXPECT_STREQ(e.what(), "model.bin: ends at byte 812");
  }
}

Result<int> half(int number) {
  if (number % 2 != 0) return Unexpected{Error(ErrorCode::bad_data, "odd")};
  return number / 2;
}

TEST(Result, HoldsAValue) {
  const auto result = half(6);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result);
  EXPECT_EQ(*result, 3);
  EXPECT_EQ(result.value(), 3);
}

TEST(Result, HoldsAnErrorAndThrowsItWhenTheValueIsAskedFor) {
  const auto result = half(5);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::bad_data);
  EXPECT_THROW((void)result.value(), Error);
}

TEST(Result, GivesAwayAValueThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result{std::make_unique<int>(4)};
  EXPECT_EQ(**result, 4);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 4);
}

TEST(Result, TellsValueFromErrorWhereBothHaveTheSameType) {
  const Result<std::string, std::string> value{std::string("v")};
  const Result<std::string, std::string> error{Unexpected{std::string("e")}};
  EXPECT_TRUE(value.has_value());
  EXPECT_EQ(error.error(), "e");
}

#if defined(THERMA_CHECKED)
TEST(Assert, StopsWithTheConditionAndItsPlace) {
  EXPECT_DEATH(THERMA_ASSERT(1 + 1 == 3), "1 \\+ 1 == 3 does not hold .*error_test");
}
#else
TEST(Assert, DoesNotEvaluateItsConditionInRelease) {
  int calls = 0;
  THERMA_ASSERT(++calls > 0);
  EXPECT_EQ(calls, 0);
}
#endif

}  // namespace
}  // namespace therma
