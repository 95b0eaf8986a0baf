// SPDX-License-Identifier: Apache-2.0
// ARS-5 in plain integers against Random123, which draws it with AES instructions.
//
// The one test that is compiled with -maes: Random123 has no ARS without.
#include "therma/core/random/ars.hpp"

#include <gtest/gtest.h>

#include "therma/core/random/rng.hpp"

#if defined(__AES__)
#include <Random123/ars.h>
#endif

namespace therma {
namespace {

#if defined(__AES__)
r123array4x32 reference(const ArsBlock& counter, const ArsBlock& key) {
  return ars4x32_R(kArsRounds, {{counter[0], counter[1], counter[2], counter[3]}},
                   {{key[0], key[1], key[2], key[3]}});
}
#endif

class Ars : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__AES__)
    if (!__builtin_cpu_supports("aes")) GTEST_SKIP() << "this processor has no AES instructions";
#else
    GTEST_SKIP() << "this compiler draws no AES instructions";
#endif
  }
};

#if defined(__AES__)
TEST_F(Ars, EqualsRandom123OnManyCounters) {
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const ArsBlock counter{i, i * 0x9E3779B9U, ~i, i << 7};
    const ArsBlock key{i ^ 0xDEADBEEFU, i * 77, 0xFFFFFFFFU - 3 * i, i << 19};
    const auto expected = reference(counter, key);
    const auto got = ars_block(counter, key);
    for (std::size_t word = 0; word < 4; ++word) ASSERT_EQ(got[word], expected[word]) << i;
  }
}

TEST_F(Ars, EqualsRandom123OnEveryByteOfCounterAndKey) {
  for (std::size_t word = 0; word < 4; ++word) {
    for (std::uint32_t bit = 0; bit < 32; ++bit) {
      for (const bool in_key : {false, true}) {
        ArsBlock counter{}, key{};
        (in_key ? key : counter)[word] = 1U << bit;
        const auto expected = reference(counter, key);
        const auto got = ars_block(counter, key);
        for (std::size_t k = 0; k < 4; ++k) ASSERT_EQ(got[k], expected[k]) << word << ' ' << bit;
      }
    }
  }
}
#endif

TEST(ArsKeys, DifferForEverySeedAndPurpose) {
  const Rng rng(1);
  EXPECT_NE(rng.ars_key(), Rng(2).ars_key());
  EXPECT_NE(rng.ars_key(), rng.child("start").ars_key());
  EXPECT_EQ(rng.ars_key(), Rng(1).ars_key());
}

}  // namespace
}  // namespace therma
