// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "matrices.hpp"
#include "therma/core/cpu.hpp"
#include "therma/llm/half.hpp"
#include "therma/llm/kernels/batch.hpp"
#include "therma/llm/kernels/batch_check.hpp"
#include "therma/llm/kernels/batch_tiles.hpp"
#include "therma/llm/kernels/row_kernels.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {
namespace {

using testing::random_floats;
using testing::RandomMatrix;

constexpr DType kTypes[] = {DType::bf16, DType::q8_0, DType::q4_0};

// Values that bf16 holds: what is compared then differs by the rounding of sums alone.
std::vector<float> activations(std::size_t count) {
  auto values = random_floats(count, 2);
  for (auto& value : values) value = from_bf16(to_bf16(value));
  return values;
}

std::vector<float> by_tiles(const BatchKernels& kernels, const MatrixView& W,
                            const std::vector<float>& values, std::uint32_t count,
                            std::size_t y_stride) {
  ActivationBatch X;
  X.resize(count, W.columns, {.codes = true, .bf16 = true});
  for (std::uint32_t b = 0; b < count; ++b) {
    X.assign(b, std::span(values).subspan(std::size_t{b} * W.columns, W.columns));
  }
  const BatchInput input{.count = count,
                         .codes = X.codes(0),
                         .scales = X.scales(0),
                         .sums = X.sums(0),
                         .blocks = X.blocks(),
                         .bf16 = X.bf16(0),
                         .bf16_stride = W.columns};
  const auto tile = W.type == DType::bf16   ? kernels.bf16
                    : W.type == DType::q8_0 ? kernels.q8_0
                                            : kernels.q4_0;
  std::vector<float> Y(count * y_stride, 7.0F);
  for (std::uint32_t i = 0; i < W.rows; i += kBatchRows) {
    tile(W.row(i), W.row_bytes(), std::min(kBatchRows, W.rows - i), W.columns, input, Y.data() + i,
         y_stride);
  }
  return Y;
}

// Against multiply_rows_plain. Errors of float sums of n terms, in units of the sum of magnitudes:
// at most n * 2^-24, whatever the order.
void expect_plain_products(const BatchKernels& kernels, DType type, std::uint32_t rows,
                           std::uint32_t columns, std::uint32_t count) {
  const RandomMatrix matrix(type, rows, columns, 1);
  const auto& W = matrix.view();
  const std::size_t stride = rows + 3;
  const auto values = activations(std::size_t{count} * columns);
  const auto Y = by_tiles(kernels, W, values, count, stride);
  std::vector<float> weights(std::size_t{rows} * columns), expected(rows);
  for (std::uint32_t i = 0; i < rows; ++i) {
    dequantise(type, W.row(i), std::span(weights).subspan(std::size_t{i} * columns, columns));
  }
  Activation x;
  for (std::uint32_t b = 0; b < count; ++b) {
    x.assign(std::span(values).subspan(std::size_t{b} * columns, columns), true);
    multiply_rows_plain(W, 0, rows, x, Product::integer, expected.data());
    for (std::uint32_t i = 0; i < rows; ++i) {
      double size = 0.0;
      for (std::size_t k = 0; k < columns; ++k) {
        size += std::abs(double{weights[std::size_t{i} * columns + k]} * x.x[k]);
      }
      const double terms = type == DType::bf16 ? columns : columns / 32 + 4;
      ASSERT_NEAR(Y[b * stride + i], expected[i], terms * 0x1p-24 * size)
          << traits(type).name << " " << rows << " x " << columns << ", position " << b << " of "
          << count << ", row " << i;
    }
    for (std::size_t i = rows; i < stride; ++i) ASSERT_EQ(Y[b * stride + i], 7.0F) << b;
  }
}

void expect_plain_products_of_all_shapes(const BatchKernels& kernels) {
  for (const auto type : kTypes) {
    for (const std::uint32_t rows : {1, 16, 21, 37}) {
      for (const std::uint32_t columns : {64, 96, 896}) {
        for (const std::uint32_t count : {17, 32, 33, 47, 64}) {
          expect_plain_products(kernels, type, rows, columns, count);
        }
      }
    }
    expect_plain_products(kernels, type, 19, 1056, 300);  // parts of 1024 and 32 columns
    expect_plain_products(kernels, type, 37, 4864, 17);
    expect_plain_products(kernels, type, 5, 4864, 300);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(AmxBatch, EmulatedTilesMakeTheProductsOfTheRowKernels) {
  expect_plain_products_of_all_shapes(batch_kernels_amx_emulated());
}

TEST(AmxBatch, TilesOfTheProcessorMakeTheProductsOfTheRowKernels) {
  if (batch_kernels_amx() == nullptr) GTEST_SKIP() << "compiled without AMX instructions";
  if (!cpu_runs_amx()) GTEST_SKIP() << "this processor or system has no AMX tiles";
  expect_plain_products_of_all_shapes(*batch_kernels_amx());
}

// Exact int32 sums and fused float sums in one order leave no room for a difference.
TEST(AmxBatch, CodesHaveTheSameBitsOnTheProcessorAndEmulated) {
  if (batch_kernels_amx() == nullptr) GTEST_SKIP() << "compiled without AMX instructions";
  if (!cpu_runs_amx()) GTEST_SKIP() << "this processor or system has no AMX tiles";
  for (const auto type : {DType::q8_0, DType::q4_0}) {
    const RandomMatrix matrix(type, 37, 896, 3);
    const auto values = activations(std::size_t{49} * 896);
    EXPECT_EQ(by_tiles(*batch_kernels_amx(), matrix.view(), values, 49, 37),
              by_tiles(batch_kernels_amx_emulated(), matrix.view(), values, 49, 37));
  }
}

// A position's sums must not depend on which others are in its tile.
TEST(AmxBatch, APositionHasTheSameBitsInEveryBatch) {
  for (const auto type : kTypes) {
    const RandomMatrix matrix(type, 37, 896, 4);
    const auto values = activations(std::size_t{61} * 896);
    const auto& kernels = batch_kernels_amx_emulated();
    const auto all = by_tiles(kernels, matrix.view(), values, 61, 37);
    for (const std::uint32_t count : {17, 32, 40}) {
      const auto some = by_tiles(kernels, matrix.view(), values, count, 37);
      EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << count;
    }
  }
}

TEST(TilesAgree, WhereTheyAreRightAndNowhereElse) {
  const auto& emulated = batch_kernels_amx_emulated();
  EXPECT_TRUE(tiles_agree(emulated, emulated));
  if (const auto* avx512 = batch_kernels_avx512(); row_kernels().front().name == "avx512") {
    EXPECT_TRUE(tiles_agree(emulated, *avx512));
  }
  // One that forgets the last position.
  constexpr BatchKernel kForgetful =
      [](const std::byte* rows, std::size_t row_bytes, std::uint32_t num_rows,
         std::uint32_t columns, const BatchInput& X, float* Y, std::size_t y_stride) noexcept {
        auto fewer = X;
        --fewer.count;
        batch_kernels_amx_emulated().q8_0(rows, row_bytes, num_rows, columns, fewer, Y, y_stride);
      };
  auto wrong = emulated;
  wrong.q8_0 = kForgetful;
  EXPECT_FALSE(tiles_agree(wrong, emulated));
}

}  // namespace
}  // namespace therma::llm
