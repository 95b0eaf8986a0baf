// SPDX-License-Identifier: Apache-2.0
// The screen: kernels against their twin, and its bound on hostile states.
#include "therma/llm/heads/screen.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "tests/llm/heads/random_head.hpp"
#include "therma/core/error.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {
namespace {

using testing::HeadShape;
using testing::RandomHead;

std::vector<float> estimates(const Screen& screen, ScreenKernel kernel, const ScreenInput& input) {
  std::vector<float> a(screen.rows());
  screen.approximate_by(kernel, input, 0, screen.rows(), a.data());
  return a;
}

TEST(Screen, GivesTheSameBitsOnEachInstructionSetAsItsPlainTwin) {
  for (const std::uint32_t columns : {32U, 40U, 64U, 288U, 896U}) {
    const RandomHead head({.type = DType::f32, .rows = 77, .columns = columns, .mean = 0.5},
                          columns);
    const Screen screen(head.matrix().weights, Team());
    ScreenInput input;
    screen.prepare(head.hidden(2, 3.0), input);
    const auto twin = estimates(screen, screen_kernels().back().run, input);
    for (const auto& entry : screen_kernels()) {
      EXPECT_EQ(estimates(screen, entry.run, input), twin) << entry.name << ' ' << columns;
    }
  }
}

TEST(Screen, HasAKernelBesideThePlainOneWhereTheProcessorHasAvx2) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") == 0) GTEST_SKIP() << "this processor has no AVX2";
  EXPECT_GT(screen_kernels().size(), 1U);
#else
  GTEST_SKIP() << "not an x86 processor";
#endif
}

TEST(Screen, GivesTheSameBitsForAnyRangeAndTeam) {
  const RandomHead head({.rows = 203, .columns = 96}, 4);
  const Screen one(head.matrix().weights, Team()), three(head.matrix().weights, Team(3));
  ScreenInput input;
  one.prepare(head.hidden(1, 2.0), input);
  std::vector<float> whole(203), parts(203);
  one.approximate(input, 0, 203, whole.data());
  three.approximate(input, 0, 64, parts.data());
  three.approximate(input, 64, 16, parts.data() + 64);
  three.approximate(input, 80, 123, parts.data() + 80);
  EXPECT_EQ(whole, parts);
}

// |l_v - a_v| <= eps_v for the float that multiply_rows gives and for the exact product.
void expect_bounded(const RandomHead& head, const Screen& screen, const std::vector<float>& h) {
  ScreenInput input;
  screen.prepare(h, input);
  const auto& weights = head.matrix().weights;
  std::vector<float> a(weights.rows), product(weights.rows);
  screen.approximate(input, 0, weights.rows, a.data());
  Activation x;
  x.assign(h, false);
  multiply_rows(weights, 0, weights.rows, x, Product::exact, product.data());
  for (std::uint32_t v = 0; v < weights.rows; ++v) {
    const double bound = screen.error_bound(input, v), estimate = a[v];
    const auto row = head.row(v);
    double exact = 0.0;
    for (std::size_t k = 0; k < row.size(); ++k) exact += static_cast<double>(row[k]) * h[k];
    ASSERT_LE(std::abs(product[v] - estimate), bound) << v;
    ASSERT_LE(std::abs(exact - estimate), bound) << v;
  }
}

TEST(Screen, BoundsItsErrorForHostileStates) {
  for (const auto type : {DType::bf16, DType::f32, DType::f16, DType::q8_0, DType::q4_0}) {
    const RandomHead head({.type = type, .rows = 130, .columns = 96, .mean = 1.0}, 8);
    const Screen screen(head.matrix().weights, Team());
    SCOPED_TRACE(std::string(traits(type).name));
    const auto check = [&](auto value_at) {
      std::vector<float> h(96);
      for (std::size_t k = 0; k < h.size(); ++k) h[k] = static_cast<float>(value_at(k));
      expect_bounded(head, screen, h);
    };
    check([](std::size_t) { return 0.0; });
    check([](std::size_t) { return 1.0; });
    check([](std::size_t) { return -1e28; });
    check([](std::size_t) { return 1e-38; });
    check([](std::size_t k) { return k % 2 == 0 ? 1e-45 : -3e-42; });
    check([](std::size_t k) { return k == 40 ? 1.0 : 0.0; });
    check([](std::size_t k) { return k == 95 ? -1e25 : 1.0; });
    check([](std::size_t k) { return std::pow(10.0, static_cast<double>(k % 50) - 25.0); });
    check([](std::size_t k) { return std::sin(static_cast<double>(k * k)); });
    // The direction in which one row is rounded worst.
    const auto row = head.row(7);
    check([&](std::size_t k) { return row[k]; });
    check([&](std::size_t k) { return row[k] > 0 ? 1.0 : -1.0; });
  }
}

RC_GTEST_PROP(Screen, BoundsItsErrorForAnyState, (const std::vector<std::uint32_t>& bits)) {
  static const RandomHead kHead({.rows = 60, .columns = 64, .mean = 0.5}, 11);
  static const Screen kScreen(kHead.matrix().weights, Team());
  std::vector<float> h(64, 0.0F);
  for (std::size_t k = 0; k < std::min<std::size_t>(bits.size(), 64); ++k) {
    const auto value = std::bit_cast<float>(bits[k] * 2654435761U);
    h[k] = std::isfinite(value) && std::abs(value) < 1e28F ? value : 0.5F;
  }
  expect_bounded(kHead, kScreen, h);
}

// A Gaussian block of 32 has a root mean square maximum of 2.4 deviations: levels are 2.4 / 8
// apart, so that what is left over is 0.3 / sqrt(12) = 0.087 of the row.
TEST(Screen, LeavesANinthPartOfGaussianRowsOver) {
  const RandomHead head({.type = DType::f32, .rows = 200, .columns = 896}, 12);
  const Screen screen(head.matrix().weights, Team());
  for (std::uint32_t v = 0; v < 200; ++v) {
    EXPECT_NEAR(screen.residual_norms()[v] / screen.code_norms()[v], 0.089, 0.009);
  }
}

TEST(Screen, TakesTheCommonPartOutOfAllRows) {
  const HeadShape plain{.type = DType::f32, .rows = 200, .columns = 128};
  HeadShape shifted = plain;
  shifted.mean = 3.0;
  const RandomHead a(plain, 13), b(shifted, 13);
  const Screen screen(a.matrix().weights, Team()), other(b.matrix().weights, Team());
  for (std::uint32_t v = 0; v < 200; ++v) {
    EXPECT_LT(other.residual_norms()[v], 1.3F * screen.residual_norms()[v]);
  }
}

TEST(Screen, CountsZeroRowsAsExact) {
  const std::vector<float> zeros(64 * 20, 0.0F);
  const MatrixView weights{DType::f32, 20, 64, reinterpret_cast<const std::byte*>(zeros.data())};
  const Screen screen(weights, Team());
  EXPECT_LT(screen.residual_norms()[3], 1e-15F);
}

ErrorCode code_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(Screen, RefusesWhatIsNotFinite) {
  const RandomHead head({.rows = 20, .columns = 64}, 14);
  const Screen screen(head.matrix().weights, Team());
  ScreenInput input;
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e31F}) {
    std::vector<float> h(64, 1.0F);
    h[5] = bad;
    EXPECT_EQ(code_of([&] { screen.prepare(h, input); }), ErrorCode::bad_data);
    std::vector<float> rows(64 * 20, 1.0F);
    rows[700] = bad;
    const MatrixView weights{DType::f32, 20, 64, reinterpret_cast<const std::byte*>(rows.data())};
    EXPECT_EQ(code_of([&] { Screen(weights, Team()); }), ErrorCode::bad_data);
  }
}

}  // namespace
}  // namespace therma::llm
