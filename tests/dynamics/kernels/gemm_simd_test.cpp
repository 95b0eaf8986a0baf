// SPDX-License-Identifier: Apache-2.0
// The panel multiply against its plain twin, on every target.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/support/on_each_target.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/dynamics/kernels/gemm.hpp"

namespace therma::kernels {
namespace {

using testing::on_each_target;

PackedMatrix random_matrix(std::uint32_t rows, std::uint32_t columns) {
  PackedMatrix A(rows, columns);
  for (std::uint32_t i = 0; i < rows; ++i) {
    for (std::uint32_t j = 0; j < columns; ++j) {
      A.set(i, j, static_cast<float>(Rng(1).normal({.chain = i, .site = j})));
    }
  }
  return A;
}
std::vector<float> random_panel(std::uint32_t rows, std::uint32_t lanes, std::uint64_t seed) {
  std::vector<float> X(std::size_t{rows} * lanes);
  for (std::uint32_t k = 0; k < X.size(); ++k)
    X[k] = static_cast<float>(Rng(seed).normal({.site = k}));
  return X;
}
std::vector<float> magnitudes(std::vector<float> numbers) {
  for (float& x : numbers) x = std::abs(x);
  return numbers;
}

TEST(PanelMultiply, IsWithinItsRoundingsOfThePlainTwinOnEachTarget) {
  for (const std::uint32_t rows : {1U, 6U, 7U, 40U}) {
    for (const std::uint32_t depth : {1U, 63U, 64U, 65U, 300U}) {
      const auto A = random_matrix(rows, depth);
      auto B = A;  // |A|
      for (std::uint32_t i = 0; i < rows; ++i) {
        for (std::uint32_t j = 0; j < depth; ++j) B.set(i, j, std::abs(A.at(i, j)));
      }
      for (const std::uint32_t lanes : {8U, 16U, 24U, 64U}) {
        const PanelPart part{.num_panels = A.num_panels(), .depth = depth};
        const auto X = random_panel(depth, lanes, 2);
        const auto start = random_panel(A.num_panels() * 6, lanes, 3);
        auto expected = start, scale = magnitudes(start);
        multiply_panels_plain(A, part, X.data(), lanes, expected.data());
        multiply_panels_plain(B, part, magnitudes(X).data(), lanes, scale.data());
        on_each_target([&] {
          auto Y = start;
          multiply_panels(A, part, X.data(), lanes, Y.data());
          for (std::size_t k = 0; k < Y.size(); ++k) {
            // gemm.hpp: sqrt(depth) 2^-24 sum |a||x|, and twice that where a product is rounded.
            const double bound = std::sqrt(depth + 1.0) * 0x1p-23 * static_cast<double>(scale[k]);
            ASSERT_NEAR(Y[k], expected[k], bound) << rows << " " << depth << " " << lanes;
          }
        });
      }
    }
  }
}

TEST(PanelMultiply, TakesTheColumnsThatItIsGiven) {
  // Whole numbers: every sum is exact.
  PackedMatrix A(20, 50);
  for (std::uint32_t i = 0; i < 20; ++i) {
    for (std::uint32_t j = 0; j < 50; ++j)
      A.set(i, j, static_cast<float>((i * 7 + j * 3) % 11) - 5);
  }
  const std::vector<std::uint32_t> columns = {3, 4, 17, 49, 8};
  std::vector<float> X(5 * 64);
  for (std::size_t k = 0; k < X.size(); ++k) X[k] = static_cast<float>(k % 5) - 2;
  const PanelPart part{.first_panel = 1, .num_panels = 3, .columns = columns.data(), .depth = 5};
  on_each_target([&] {
    std::vector<float> Y(18 * 64, 1.0F);
    multiply_panels(A, part, X.data(), 64, Y.data());
    for (std::uint32_t row = 0; row < 14; ++row) {
      for (std::uint32_t lane = 0; lane < 64; ++lane) {
        float sum = 1.0F;
        for (std::uint32_t k = 0; k < 5; ++k) sum += A.at(6 + row, columns[k]) * X[k * 64 + lane];
        ASSERT_EQ(Y[row * 64 + lane], sum);
      }
    }
  });
}

TEST(PanelMultiply, GivesTheSameBitsHoweverItIsSplit) {
  const auto A = random_matrix(60, 200);
  const auto X = random_panel(200, 64, 4);
  std::vector<float> whole(60 * 64), parts(60 * 64);
  multiply_panels(A, {.num_panels = 10, .depth = 200}, X.data(), 64, whole.data());
  for (const auto& [first, count] : {std::pair{0U, 1U}, {1U, 4U}, {5U, 5U}}) {
    multiply_panels(A, {.first_panel = first, .num_panels = count, .depth = 200}, X.data(), 64,
                    &parts[first * 6 * 64]);
  }
  EXPECT_EQ(whole, parts);
}

TEST(PanelMultiply, KeepsAnInfiniteLaneToItself) {
  const auto A = random_matrix(12, 30);
  auto X = random_panel(30, 16, 5);
  std::vector<float> clean(12 * 16), spoilt(12 * 16);
  multiply_panels(A, {.num_panels = 2, .depth = 30}, X.data(), 16, clean.data());
  X[7 * 16 + 3] = std::numeric_limits<float>::infinity();
  multiply_panels(A, {.num_panels = 2, .depth = 30}, X.data(), 16, spoilt.data());
  for (std::size_t k = 0; k < clean.size(); ++k) {
    if (k % 16 == 3) {
      EXPECT_FALSE(std::isfinite(spoilt[k]));
    } else {
      EXPECT_EQ(spoilt[k], clean[k]);
    }
  }
}

}  // namespace
}  // namespace therma::kernels
