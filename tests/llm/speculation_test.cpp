// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/speculation.hpp"

#include <gtest/gtest.h>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"

namespace therma::llm {
namespace {

using Tokens = std::vector<TokenId>;

TEST(PromptLookup, DraftsWhatFollowedTheLongestEndingThatCameBefore) {
  PromptLookup lookup({.longest = 3, .shortest = 1, .max_drafts = 2});
  lookup.push(Tokens{1, 2, 3, 4, 9, 3, 5, 1, 2, 3});
  EXPECT_EQ(lookup.draft(), (Tokens{4, 9}));  // after 1 2 3, though 3 came later before 5
}

TEST(PromptLookup, OfEqualEndingsTheLatestCounts) {
  PromptLookup lookup({.longest = 2, .shortest = 1, .max_drafts = 1});
  lookup.push(Tokens{1, 7, 1, 8, 1});
  EXPECT_EQ(lookup.draft(), Tokens{8});
}

TEST(PromptLookup, WithoutAnEarlierOccurrenceThereIsNoDraft) {
  PromptLookup lookup;
  EXPECT_TRUE(lookup.draft().empty());
  lookup.push(Tokens{1, 2, 3, 4, 5});
  EXPECT_TRUE(lookup.draft().empty());
}

TEST(PromptLookup, BoundsThatMakeNoSenseAreRefused) {
  EXPECT_THROW(PromptLookup({.longest = 1, .shortest = 2}), Error);
  EXPECT_THROW(PromptLookup({.longest = 4, .shortest = 0}), Error);
  EXPECT_THROW(PromptLookup({.longest = 100}), Error);
}

// The rule itself, by looking at every place.
Tokens looked_up(const Tokens& text, const LookupConfig& config) {
  for (std::size_t length = std::min<std::size_t>(config.longest, text.size());
       length >= config.shortest; --length) {
    for (std::size_t end = text.size() - 1; end >= length && end > 0; --end) {
      const auto at = [](std::size_t i) { return static_cast<std::ptrdiff_t>(i); };
      if (!std::equal(text.end() - at(length), text.end(), text.begin() + at(end - length)))
        continue;
      const auto count = std::min<std::size_t>(config.max_drafts, text.size() - end);
      return {text.begin() + at(end), text.begin() + at(end + count)};
    }
  }
  return {};
}

TEST(PromptLookup, AgreesWithASearchOfTheWholeText) {
  const Rng rng(6);
  const LookupConfig config{.longest = 4, .shortest = 2, .max_drafts = 5};
  for (std::uint32_t round = 0; round < 200; ++round) {
    PromptLookup lookup(config);
    Tokens text;
    for (std::uint32_t i = 0; i < 60; ++i) {
      text.push_back(static_cast<TokenId>(rng.bits({.chain = round, .step = i}) % 3));
      lookup.push(text.back());
      ASSERT_EQ(lookup.draft(), looked_up(text, config));
    }
  }
}

}  // namespace
}  // namespace therma::llm
