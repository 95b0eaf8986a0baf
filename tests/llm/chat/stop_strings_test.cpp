// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/stop_strings.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"

namespace therma::llm {
namespace {

TEST(StopStrings, HoldsBackWhatMayBecomeAStop) {
  StopStrings stops({"<end>", "\n\n"});
  EXPECT_EQ(stops.push("a<"), "a");
  EXPECT_EQ(stops.push("en"), "");
  EXPECT_EQ(stops.push("x"), "<enx");
  EXPECT_EQ(stops.push("\n"), "");
  EXPECT_EQ(stops.push("b<en"), "\nb");
  EXPECT_EQ(stops.finish(), "<en");
  EXPECT_FALSE(stops.has_stopped());
}

TEST(StopStrings, EndsBeforeTheStopAcrossPieces) {
  StopStrings stops({"<end>"});
  EXPECT_EQ(stops.push("abc<e"), "abc");
  EXPECT_EQ(stops.push("nd>def"), "");
  EXPECT_TRUE(stops.has_stopped());
  EXPECT_EQ(stops.push("more"), "");
  EXPECT_EQ(stops.finish(), "");
}

TEST(StopStrings, OfStopsThatAreCompleteTogetherTheOneThatBeginsFirstCounts) {
  StopStrings stops({"c", "abc"});
  EXPECT_EQ(stops.push("xabcd"), "x");
}

TEST(StopStrings, AnEmptyStopIsRefused) {
  EXPECT_THROW(StopStrings({""}), Error);
  EXPECT_THROW(StopStrings({std::string(100'000, 'a')}), Error);
}

// The earliest end of any stop, found by looking everywhere.
std::string cut(const std::string& text, const std::vector<std::string>& stops) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    std::size_t longest = 0;
    for (const auto& stop : stops)
      if (std::string_view(text).substr(0, end).ends_with(stop))
        longest = std::max(longest, stop.size());
    if (longest > 0) return text.substr(0, end - longest);
  }
  return text;
}

TEST(StopStrings, AnyCutOfAnyTextGivesWhatASearchOfTheWholeGives) {
  const Rng rng(5);
  for (std::uint32_t round = 0; round < 20'000; ++round) {
    std::uint32_t next = 0;
    const auto draw = [&](std::uint64_t count) {
      return rng.bits({.chain = round, .step = next++}) % count;
    };
    const auto word = [&](std::uint64_t most) {
      std::string out;
      for (auto n = 1 + draw(most); n > 0; --n) out += static_cast<char>('a' + draw(2));
      return out;
    };
    std::vector<std::string> stops;
    for (auto n = draw(4); n > 0; --n) stops.push_back(word(6));
    const auto text = word(30);
    StopStrings matcher(stops);
    std::string shown;
    for (std::size_t at = 0; at < text.size();) {
      const auto size = 1 + draw(4);
      shown += matcher.push(std::string_view(text).substr(at, size));
      ASSERT_TRUE(text.starts_with(shown));
      at += size;
    }
    shown += matcher.finish();
    ASSERT_EQ(shown, cut(text, stops)) << text;
  }
}

}  // namespace
}  // namespace therma::llm
