// SPDX-License-Identifier: Apache-2.0
// Attention over pages against its plain twin, and the bits it promises.
#include "therma/llm/transformer/attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/llm/transformer/small_models.hpp"
#include "tests/support/on_each_target.hpp"

namespace therma::llm {
namespace {

using namespace testing;
using therma::testing::on_each_target;

constexpr std::uint32_t kLayer = 1, kHead = 2, kLength = 600;

// Keys and values of one head at 600 positions, and queries whose scores differ by several units.
struct Scene {
  Scene(CacheAs type, std::uint32_t head_dim, std::uint32_t group_size)
      : dim(head_dim), group(group_size), cache({2, 3, head_dim, type}) {
    cache.reserve(kLength + 1);
    const auto keys = normal_values(std::size_t{kLength} * dim, 0.0, 1.0, 1);
    const auto values = normal_values(std::size_t{kLength} * dim, 0.0, 1.0, 2);
    for (std::uint32_t p = 0; p < kLength; ++p) {
      cache.put(kLayer, kHead, p, &keys[std::size_t{p} * dim], &values[std::size_t{p} * dim]);
    }
    queries = normal_values(std::size_t{kLength} * group * dim, 0.0, 2.0 / std::sqrt(dim), 3);
  }

  [[nodiscard]] AttendCall call(std::uint32_t first, std::uint32_t count,
                                std::uint32_t window) const {
    return {.cache = &cache,
            .layer = kLayer,
            .kv_head = kHead,
            .window = window,
            .first_position = first,
            .num_positions = count,
            .group = group,
            .queries = &queries[std::size_t{first} * group * dim],
            .query_stride = std::size_t{group} * dim,
            .part_stride = group * attend_part_size(dim)};
  }

  std::uint32_t dim, group;
  KvCache cache;
  std::vector<float> queries;
};

std::vector<float> clear_parts(const AttendCall& call) {
  const auto dim = call.cache->shape().head_dim;
  const auto size = attend_part_size(dim);
  std::vector<float> parts(std::size_t{call.num_positions} * call.group * size);
  for (std::size_t at = 0; at < parts.size(); at += size) clear_part(&parts[at], dim);
  return parts;
}

std::vector<float> finished(const std::vector<float>& parts, std::uint32_t dim) {
  std::vector<float> out;
  for (std::size_t at = 0; at < parts.size(); at += attend_part_size(dim)) {
    out.resize(out.size() + dim);
    finish_part(&parts[at], dim, &out[out.size() - dim]);
  }
  return out;
}

constexpr std::uint32_t kPages = (kLength + kPagePositions - 1) / kPagePositions;

std::vector<float> attended(AttendCall call) {
  auto parts = clear_parts(call);
  call.parts = parts.data();
  attend(call, 0, kPages);
  return finished(parts, call.cache->shape().head_dim);
}

// Each page to parts of its own, which are joined afterwards.
std::vector<float> attended_by_page(AttendCall call) {
  const auto dim = call.cache->shape().head_dim;
  auto whole = clear_parts(call);
  for (std::uint32_t page = 0; page < kPages; ++page) {
    auto parts = clear_parts(call);
    call.parts = parts.data();
    attend(call, page, page + 1);
    for (std::size_t at = 0; at < parts.size(); at += attend_part_size(dim)) {
      add_part(&parts[at], dim, &whole[at]);
    }
  }
  return finished(whole, dim);
}

const std::vector<std::uint32_t> kWindows = {0, 1, 17, 256, 300};

TEST(Attention, IsThatOfItsPlainTwinOnEveryTarget) {
  for (const auto type : {CacheAs::f16, CacheAs::q8}) {
    for (const std::uint32_t dim : {4U, 8U, 20U, 64U, 80U, 128U}) {
      const Scene scene(type, dim, 3);
      for (const auto window : kWindows) {
        for (const auto& [first, count] :
             {std::pair{0U, 7U}, std::pair{250U, 13U}, std::pair{599U, 1U}}) {
          const auto call = scene.call(first, count, window);
          std::vector<float> expected(std::size_t{count} * scene.group * dim);
          attend_plain(call, expected.data());
          on_each_target([&] {
            const auto got = attended(call);
            ASSERT_EQ(got.size(), expected.size());
            // Scores below 16 of up to 128 products err by less than 128 2^-24 16 = 1.2e-4 and at
            // random by a tenth of it, weights by as much of themselves, and values are below 5.
            for (std::size_t k = 0; k < got.size(); ++k) {
              ASSERT_NEAR(got[k], expected[k], 6e-5) << dim << " " << window << " " << first;
            }
          });
        }
      }
    }
  }
}

TEST(Attention, HasTheSameBitsWhateverRowsAreBesideARow) {
  for (const std::uint32_t group : {1U, 3U, 7U}) {
    for (const std::uint32_t dim : {20U, 64U}) {
      const Scene scene(CacheAs::f16, dim, group);
      for (const auto window : kWindows) {
        on_each_target([&] {
          const auto all = attended(scene.call(500, 30, window));
          const std::size_t row = std::size_t{group} * dim;
          for (std::uint32_t p = 0; p < 30; ++p) {
            const auto alone = attended(scene.call(500 + p, 1, window));
            ASSERT_TRUE(std::ranges::equal(alone, std::span(all).subspan(p * row, row)));
          }
        });
      }
    }
  }
}

TEST(Attention, HasTheSameBitsWhenPagesAreJoinedAfterwards) {
  for (const auto type : {CacheAs::f16, CacheAs::q8}) {
    for (const std::uint32_t dim : {20U, 64U}) {
      const Scene scene(type, dim, 3);
      for (const auto window : kWindows) {
        const auto call = scene.call(510, 13, window);
        on_each_target([&] { ASSERT_EQ(attended(call), attended_by_page(call)); });
      }
    }
  }
}

TEST(Attention, DoesNotReadPositionsThatAreNotSeen) {
  Scene scene(CacheAs::f16, 64, 3);
  const auto before = attended(scene.call(300, 1, 20));
  const std::vector<float> nothing(64, std::numeric_limits<float>::quiet_NaN());
  for (std::uint32_t p = 0; p < kLength; ++p) {
    if (p <= 280 || p > 300) scene.cache.put(kLayer, kHead, p, nothing.data(), nothing.data());
  }
  on_each_target([&] { attended(scene.call(300, 1, 20)); });
  EXPECT_EQ(attended(scene.call(300, 1, 20)), before);
}

// Scores of 200 and more: exponentials of them are no float32 numbers, those of differences are.
TEST(Attention, HoldsScoresFarBeyondTheRangeOfExponentials) {
  const std::uint32_t dim = 16;
  KvCache cache({2, 3, dim, CacheAs::f16});
  cache.reserve(300);
  for (std::uint32_t p = 0; p < 300; ++p) {
    const std::vector<float> key(dim, p < 256 ? -20.0F : 20.0F);
    const std::vector<float> value(dim, static_cast<float>(p));
    cache.put(kLayer, kHead, p, key.data(), value.data());
  }
  const std::vector<float> query(dim, 1.0F);
  const AttendCall call{.cache = &cache,
                        .layer = kLayer,
                        .kv_head = kHead,
                        .first_position = 299,
                        .num_positions = 1,
                        .group = 1,
                        .queries = query.data(),
                        .query_stride = dim,
                        .part_stride = attend_part_size(dim)};
  // The even mean over positions 256 to 299.
  on_each_target([&] {
    for (const float value : attended(call)) ASSERT_NEAR(value, 277.5, 1e-4);
  });
}

}  // namespace
}  // namespace therma::llm
