// SPDX-License-Identifier: Apache-2.0
// Random draws: Philox against its published vectors, and the numbers built from its blocks.
#include "therma/core/random/rng.hpp"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <cmath>

namespace therma {
namespace {

TEST(Philox, EqualsRandom123OnManyCounters) {
  const r123::Philox4x32 reference;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const PhiloxCounter counter{i, i * 0x9E3779B9U, ~i, i << 7};
    const PhiloxKey key{i ^ 0xDEADBEEFU, i * 77};
    const auto expected =
        reference({{counter[0], counter[1], counter[2], counter[3]}}, {{key[0], key[1]}});
    const auto got = philox_block(counter, key);
    for (std::size_t word = 0; word < 4; ++word) ASSERT_EQ(got[word], expected[word]);
  }
}

// The three vectors for philox4x32 with 10 rounds in Random123's kat_vectors.
TEST(Philox, GivesThePublishedVectors) {
  constexpr std::uint32_t kOnes = 0xFFFFFFFF;
  EXPECT_EQ(philox_block({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(philox_block({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (PhiloxCounter{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(
      philox_block({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}),
      (PhiloxCounter{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

struct KnownDraw {
  std::uint64_t seed;
  DrawAt at;
  double uniform;
  std::array<double, 2> normal;
};

// Printed by known_draws.py beside this file: another implementation, in 60-digit arithmetic.
constexpr KnownDraw kKnownDraws[] = {
    {0x0,
     {0x0, 0x0, 0x0, 0x0},
     0.88052019788861424221,
     {-0.39766753844418212433, -0.31039547880173808404}},
    {0x2a,
     {0x0, 0x0, 0x1, 0x0},
     0.32706338120338473985,
     {-1.43388918065373849588, 0.42327818124445254935}},
    {0x2a,
     {0x3, 0x3e8, 0x11, 0x2},
     0.99636219135315451378,
     {0.06030910180350165091, 0.06042925919821936370}},
    {0xfedcba9876543210,
     {0x7, 0xffffffffffff, 0xffffffff, 0xffff},
     0.84266957609915948968,
     {-0.01941971396909536178, -0.58479363384841869697}},
    {0x7ea,
     {0xffffffff, 0x100000000, 0x0, 0x1},
     0.61814454387220807430,
     {0.60638194337187960895, -0.77095191612422734416}},
};

TEST(Rng, UniformGivesTheKnownAnswersExactly) {
  for (const auto& known : kKnownDraws) {
    EXPECT_EQ(Rng(known.seed).uniform(known.at), known.uniform) << "seed " << known.seed;
  }
}

// Logarithm, root, cosine and two products, each within an ulp or two: 1e-15 absolute is ample.
TEST(Rng, NormalPairGivesTheKnownAnswersToRounding) {
  for (const auto& known : kKnownDraws) {
    const auto got = Rng(known.seed).normal_pair(known.at);
    EXPECT_NEAR(got[0], known.normal[0], 1e-15) << "seed " << known.seed;
    EXPECT_NEAR(got[1], known.normal[1], 1e-15) << "seed " << known.seed;
    EXPECT_EQ(Rng(known.seed).normal(known.at), got[0]);
  }
}

TEST(Rng, EveryPartOfAPlaceChangesTheDraw) {
  const Rng rng(1);
  const DrawAt here{.chain = 1, .step = 1, .site = 1, .lane = 1};
  const DrawAt elsewhere[] = {{2, 1, 1, 1},
                              {1, 2, 1, 1},
                              {1, 1 + (std::uint64_t{1} << 32), 1, 1},
                              {1, 1, 2, 1},
                              {1, 1, 1, 2}};
  for (const auto& other : elsewhere) EXPECT_NE(rng.bits(here), rng.bits(other));
  EXPECT_NE(rng.bits(here), Rng(2).bits(here));
  EXPECT_NE(rng.bits(here), Rng(1 + (std::uint64_t{1} << 32)).bits(here));
}

TEST(Rng, ChildrenDifferByNameByIndexAndFromTheirParent) {
  const Rng parent(7);
  const std::uint64_t draws[] = {parent.bits({}),
                                 parent.child("accept").bits({}),
                                 parent.child("propose").bits({}),
                                 parent.child("").bits({}),
                                 parent.child(std::uint64_t{0}).bits({}),
                                 parent.child(std::uint64_t{1}).bits({}),
                                 parent.child("accept").child("accept").bits({})};
  for (std::size_t i = 0; i < std::size(draws); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(draws[i], draws[j]) << i << " " << j;
  }
  EXPECT_EQ(parent.child("accept").bits({}), Rng(7).child("accept").bits({}));
}

TEST(Draws, ReadBothHalvesOfEachBlockSiteBySite) {
  const Rng rng(5);
  Draws draws(rng, 2, 9);
  for (std::uint32_t site = 0; site < 4; ++site) {
    const auto block = rng.block({.chain = 2, .step = 9, .site = site});
    EXPECT_EQ(draws.bits(), std::uint64_t{block[1]} << 32 | block[0]);
    EXPECT_EQ(draws.bits(), std::uint64_t{block[3]} << 32 | block[2]);
  }
}

TEST(Draws, ACopyContinuesLikeItsOriginal) {
  Draws original(Rng(5), 0, 0);
  for (int i = 0; i < 3; ++i) (void)original.bits();
  Draws copy = original;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(original.bits(), copy.bits());
}

TEST(Draws, BelowStaysBelowItsBound) {
  Draws draws(Rng(5), 0, 0);
  for (const std::uint32_t bound : {1U, 2U, 3U, 1000U, 0x80000001U, 0xFFFFFFFFU}) {
    for (int i = 0; i < 1000; ++i) ASSERT_LT(draws.below(bound), bound);
  }
}

// The longest Box-Muller radius is sqrt(2 ln 2^53) < 8.58, the longest exponential ln 2^53 < 36.8:
// the intervals given to the logarithm never hold 0.
TEST(UnitInterval, EndsAreClosedWhereTheLogarithmNeedsIt) {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  EXPECT_EQ(unit_interval(0), 0.0);
  EXPECT_EQ(unit_interval(kMost), 1.0 - 0x1.0p-53);
  EXPECT_EQ(open_unit_interval(0), 0x1.0p-53);
  EXPECT_EQ(open_unit_interval(kMost), 1.0);
}

}  // namespace
}  // namespace therma
