// SPDX-License-Identifier: Apache-2.0
// Norms and gates against their plain twins.
#include "therma/llm/transformer/pointwise.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/llm/transformer/small_models.hpp"
#include "tests/support/on_each_target.hpp"

namespace therma::llm {
namespace {

using namespace testing;
using therma::testing::on_each_target;

constexpr std::uint32_t kSizes[] = {1, 7, 8, 64, 100, 896, 4864};

TEST(RmsNorm, IsThatOfItsPlainTwinOnEveryTarget) {
  for (const auto size : kSizes) {
    const auto x = normal_values(size, 0.5, 3.0, size), weight = normal_values(size, 1.0, 0.5, 2);
    std::vector<float> expected(size), got(size);
    rms_norm_plain(x.data(), weight.data(), 1e-5, size, expected.data());
    on_each_target([&] {
      rms_norm(x.data(), weight.data(), 1e-5, size, got.data());
      for (std::uint32_t k = 0; k < size; ++k) {
        ASSERT_NEAR(got[k], expected[k], 2e-6 * std::fabs(expected[k]));
      }
    });
  }
}

TEST(RmsNorm, WritesOverWhatItReads) {
  auto x = normal_values(100, 0.0, 1.0, 1);
  const auto weight = normal_values(100, 1.0, 0.5, 2);
  std::vector<float> apart(100);
  rms_norm(x.data(), weight.data(), 1e-6, 100, apart.data());
  rms_norm(x.data(), weight.data(), 1e-6, 100, x.data());
  EXPECT_EQ(x, apart);
}

TEST(RmsNorm, GivesZerosForZeros) {
  std::vector<float> x(64, 0.0F), out(64, 1.0F);
  const std::vector<float> weight(64, 2.0F);
  rms_norm(x.data(), weight.data(), 1e-6, 64, out.data());
  EXPECT_EQ(out, x);
}

TEST(Swiglu, IsThatOfItsPlainTwinOnEveryTarget) {
  for (const auto size : kSizes) {
    const auto gate = normal_values(size, 0.0, 8.0, size), up = normal_values(size, 0.0, 3.0, 2);
    auto expected = gate;
    swiglu_plain(expected.data(), up.data(), size);
    on_each_target([&] {
      auto got = gate;
      swiglu(got.data(), up.data(), size);
      for (std::uint32_t k = 0; k < size; ++k) {
        ASSERT_NEAR(got[k], expected[k], 1e-6 * std::fabs(expected[k]));
      }
    });
  }
}

TEST(Swiglu, EndsInZeroAndInTheGateItself) {
  std::vector<float> gate{-200.0F, -88.0F, 0.0F, 90.0F, 1e30F};
  const std::vector<float> up(gate.size(), 2.0F);
  swiglu(gate.data(), up.data(), static_cast<std::uint32_t>(gate.size()));
  EXPECT_NEAR(gate[0], 0.0, 1e-30);
  EXPECT_NEAR(gate[1], 0.0, 1e-30);
  EXPECT_EQ(gate[2], 0.0F);
  EXPECT_EQ(gate[3], 180.0F);
  EXPECT_EQ(gate[4], 2e30F);
}

TEST(Swiglu, GivesANumberTheSameBitsWhereverARowIsCut) {
  const auto gate = normal_values(100, 0.0, 4.0, 1), up = normal_values(100, 0.0, 1.0, 2);
  on_each_target([&] {
    auto whole = gate, cut = gate;
    swiglu(whole.data(), up.data(), 100);
    for (std::uint32_t at = 0; at < 100; at += 9) {
      swiglu(&cut[at], &up[at], std::min(9U, 100 - at));
    }
    ASSERT_EQ(cut, whole);
  });
}

}  // namespace
}  // namespace therma::llm
