// SPDX-License-Identifier: Apache-2.0
#include "therma/cli/suggest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace therma::cli {
namespace {

constexpr std::array<std::string_view, 4> kWords = {"solve", "ask", "verify", "doctor"};

TEST(Nearest, FindsWhatATypingErrorMeant) {
  EXPECT_EQ(nearest("slove", kWords), "solve");   // a swap
  EXPECT_EQ(nearest("verfy", kWords), "verify");  // a letter left out
  EXPECT_EQ(nearest("docter", kWords), "doctor");
}

TEST(Nearest, DoesNotGuess) {
  EXPECT_EQ(nearest("zzz", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), kWords), "");
}

}  // namespace
}  // namespace therma::cli
