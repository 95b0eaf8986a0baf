// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <Random123/philox.h>

#include "therma/core/random/rng.hpp"

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

}  // namespace
}  // namespace therma
