// SPDX-License-Identifier: Apache-2.0
// Where pages keep keys and values, and how they are rounded.
#include "therma/llm/transformer/kv_cache.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "tests/llm/transformer/small_models.hpp"
#include "therma/llm/half.hpp"

namespace therma::llm {
namespace {

using namespace testing;

constexpr std::uint32_t kDim = 24;

struct Stored {
  std::vector<float> key, value;
};

float half_at(const std::byte* from, std::size_t index) {
  std::uint16_t bits;
  std::memcpy(&bits, from + 2 * index, sizeof bits);
  return from_f16(bits);
}

// Reads one position as the header says it lies: keys [position / 16, head_dim, 16].
Stored stored_at(const KvCache& cache, std::uint32_t layer, std::uint32_t head,
                 std::uint32_t position) {
  const auto part = cache.part(layer, head, position / kPagePositions);
  const std::size_t at = position % kPagePositions;
  Stored result;
  for (std::size_t k = 0; k < kDim; ++k) {
    const std::size_t key = (at / 16 * kDim + k) * 16 + at % 16, value = at * kDim + k;
    if (cache.shape().type == CacheAs::f16) {
      result.key.push_back(half_at(part.keys, key));
      result.value.push_back(half_at(part.values, value));
    } else {
      result.key.push_back(part.key_scales[at] * static_cast<std::int8_t>(part.keys[key]));
      result.value.push_back(part.value_scales[at] * static_cast<std::int8_t>(part.values[value]));
    }
  }
  return result;
}

std::vector<float> numbers_for(std::uint32_t layer, std::uint32_t head, std::uint32_t position) {
  return normal_values(kDim, 0.0, 1.0 + layer, 10'000ULL * layer + 1'000ULL * head + position);
}

class Cache : public ::testing::TestWithParam<CacheAs> {};

TEST_P(Cache, KeepsEveryPositionOfEveryHeadAndLayerApart) {
  KvCache cache({2, 3, kDim, GetParam()});
  cache.reserve(300);
  const std::vector<std::uint32_t> positions{0, 1, 15, 16, 255, 256, 299};
  const auto each = [&](auto&& job) {
    for (std::uint32_t layer = 0; layer < 2; ++layer) {
      for (std::uint32_t head = 0; head < 3; ++head) {
        for (const auto p : positions) job(layer, head, p);
      }
    }
  };
  each([&](auto layer, auto head, auto p) {
    const auto key = numbers_for(layer, head, p), value = numbers_for(layer + 5, head, p);
    cache.put(layer, head, p, key.data(), value.data());
  });
  each([&](auto layer, auto head, auto p) {
    const auto key = numbers_for(layer, head, p), value = numbers_for(layer + 5, head, p);
    const auto got = stored_at(cache, layer, head, p);
    for (std::size_t k = 0; k < kDim; ++k) {
      // Half a unit in the last place of 11 bits, or half a code of the largest of 24 numbers.
      const auto error = [&](const std::vector<float>& x) {
        float most = 0.0F;
        for (const float v : x) most = std::max(most, std::fabs(v));
        return GetParam() == CacheAs::f16 ? std::fabs(x[k]) * 0x1p-11F + 0x1p-25F
                                          : most / 127.0F * 0.5001F;
      };
      ASSERT_NEAR(got.key[k], key[k], error(key)) << p;
      ASSERT_NEAR(got.value[k], value[k], error(value)) << p;
    }
  });
}

TEST_P(Cache, GrowsByPagesAndLetsGoOfThem) {
  KvCache cache({2, 3, kDim, GetParam()});
  EXPECT_EQ(cache.bytes(), 0U);
  cache.reserve(1);
  const auto page = cache.bytes();
  const std::size_t numbers = 2 * 3 * 256 * 2;  // layers, heads, positions, keys and values
  EXPECT_EQ(page, numbers * (GetParam() == CacheAs::f16 ? kDim * 2 : kDim + sizeof(float)));
  cache.reserve(256);
  EXPECT_EQ(cache.bytes(), page);
  cache.reserve(513);
  EXPECT_EQ(cache.bytes(), 3 * page);
  cache.truncate(512);
  EXPECT_EQ(cache.bytes(), 2 * page);
  cache.truncate(0);
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST_P(Cache, HoldsZeros) {
  KvCache cache({2, 3, kDim, GetParam()});
  cache.reserve(1);
  const std::vector<float> zeros(kDim, 0.0F);
  cache.put(0, 0, 0, zeros.data(), zeros.data());
  EXPECT_EQ(stored_at(cache, 0, 0, 0).key, zeros);
  EXPECT_EQ(stored_at(cache, 0, 0, 0).value, zeros);
}

INSTANTIATE_TEST_SUITE_P(Types, Cache, ::testing::Values(CacheAs::f16, CacheAs::q8),
                         [](const auto& test) {
                           return test.param == CacheAs::f16 ? "f16" : "q8";
                         });

}  // namespace
}  // namespace therma::llm
