// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "matrices.hpp"
#include "therma/llm/kernels/batch.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {
namespace {

using testing::kAllTypes;
using testing::random_floats;
using testing::RandomMatrix;

ActivationBatch batch_of(const std::vector<float>& values, std::uint32_t count, DType type,
                         Product product) {
  const auto columns = static_cast<std::uint32_t>(values.size() / count);
  ActivationBatch X;
  X.resize(count, columns, forms_for(type, product, count));
  for (std::uint32_t b = 0; b < count; ++b) {
    X.assign(b, std::span(values).subspan(std::size_t{b} * columns, columns));
  }
  return X;
}

std::vector<float> one_by_one(const MatrixView& W, const std::vector<float>& values,
                              std::uint32_t count, Product product) {
  std::vector<float> Y(std::size_t{count} * W.rows);
  Activation x;
  for (std::uint32_t b = 0; b < count; ++b) {
    x.assign(std::span(values).subspan(std::size_t{b} * W.columns, W.columns), true);
    multiply_rows(W, 0, W.rows, x, product, Y.data() + std::size_t{b} * W.rows);
  }
  return Y;
}

std::uint32_t some_columns(DType type) {
  return traits(type).block_weights == 1 ? 172 : std::max(160U, traits(type).block_weights);
}

TEST(Batch, UpToSixteenPositionsHaveTheBitsOfSingleRows) {
  for (const auto type : kAllTypes) {
    for (const auto product : {Product::exact, Product::integer}) {
      const RandomMatrix matrix(type, 37, some_columns(type), 1);
      const auto& W = matrix.view();
      for (const std::uint32_t count : {1, 2, 5, 16}) {
        const auto values = random_floats(std::size_t{count} * W.columns, 2);
        const auto X = batch_of(values, count, type, product);
        std::vector<float> Y(std::size_t{count} * W.rows);
        multiply_batch(W, 0, W.rows, X, product, Y.data(), W.rows);
        EXPECT_EQ(Y, one_by_one(W, values, count, product)) << traits(type).name << " " << count;
      }
    }
  }
}

// Beyond, activations may be rounded to bf16 (2^-9 of each) where the weights are bf16; sums differ
// by rounding otherwise.
TEST(Batch, LargeOnesEqualSingleRowsUpToRounding) {
  for (const auto type : kAllTypes) {
    for (const auto product : {Product::exact, Product::integer}) {
      for (const std::uint32_t columns : {some_columns(type), 6 * some_columns(type)}) {
        const RandomMatrix matrix(type, 37, columns, 3);
        const auto& W = matrix.view();
        for (const std::uint32_t count : {17, 31, 48}) {
          const auto values = random_floats(std::size_t{count} * columns, 4);
          const auto X = batch_of(values, count, type, product);
          std::vector<float> Y(std::size_t{count} * W.rows);
          multiply_batch(W, 0, W.rows, X, product, Y.data(), W.rows);
          const auto alone = one_by_one(W, values, count, product);
          std::vector<float> weights(columns);
          for (std::uint32_t i = 0; i < W.rows; ++i) {
            dequantise(type, W.row(i), weights);
            for (std::uint32_t b = 0; b < count; ++b) {
              double size = 0.0;
              for (std::size_t k = 0; k < columns; ++k) {
                size += std::abs(double{weights[k]} * values[std::size_t{b} * columns + k]);
              }
              const double unit = type == DType::bf16 ? 0x1p-8 : (columns + 8) * 0x1p-23;
              ASSERT_NEAR(Y[std::size_t{b} * W.rows + i], alone[std::size_t{b} * W.rows + i],
                          unit * size)
                  << traits(type).name << " " << columns << " " << count << " " << i << " " << b;
            }
          }
        }
      }
    }
  }
}

TEST(Batch, ARowHasTheSameBitsInEverySplit) {
  for (const auto type : kAllTypes) {
    for (const auto product : {Product::exact, Product::integer}) {
      constexpr std::uint32_t kRows = 75, kCount = 29;
      const RandomMatrix matrix(type, kRows, some_columns(type), 5);
      const auto& W = matrix.view();
      const auto values = random_floats(std::size_t{kCount} * W.columns, 6);
      const auto X = batch_of(values, kCount, type, product);
      std::vector<float> whole(kCount * kRows), split(kCount * kRows);
      multiply_batch(W, 0, kRows, X, product, whole.data(), kRows);
      for (const std::uint32_t size : {1, 13, 32}) {
        for (std::uint32_t i = 0; i < kRows; i += size) {
          multiply_batch(W, i, std::min(size, kRows - i), X, product, split.data() + i, kRows);
        }
        EXPECT_EQ(split, whole) << traits(type).name << " " << size;
      }
    }
  }
}

TEST(Batch, WritesNothingBesideItsRows) {
  for (const auto type : {DType::bf16, DType::q8_0, DType::q4_0}) {
    constexpr std::uint32_t kRows = 33, kCount = 19, kStride = 40;
    const RandomMatrix matrix(type, kRows, 96, 7);
    const auto X = batch_of(random_floats(kCount * 96, 8), kCount, type, Product::integer);
    std::vector<float> Y(kCount * kStride, 7.0F);
    multiply_batch(matrix.view(), 0, kRows, X, Product::integer, Y.data(), kStride);
    for (std::size_t b = 0; b < kCount; ++b) {
      for (std::size_t i = kRows; i < kStride; ++i) ASSERT_EQ(Y[b * kStride + i], 7.0F) << b;
    }
  }
}

// What was held before leaves no trace: a batch is used for matrices of several widths.
TEST(Batch, ABatchThatIsUsedAgainHasTheBitsOfAFreshOne) {
  const RandomMatrix matrix(DType::q4_0, 5, 160, 9);
  const auto wide = random_floats(std::size_t{20} * 896, 10);
  const auto values = random_floats(std::size_t{20} * 160, 11);
  ActivationBatch X;
  X.resize(20, 896, {.codes = true, .bf16 = true});
  for (std::uint32_t b = 0; b < 20; ++b) X.assign(b, std::span(wide).subspan(b * 896, 896));
  X.resize(20, 160, {.codes = true, .bf16 = true});
  for (std::uint32_t b = 0; b < 20; ++b) X.assign(b, std::span(values).subspan(b * 160, 160));
  const auto fresh = batch_of(values, 20, DType::q4_0, Product::integer);
  std::vector<float> again(100), first(100);
  multiply_batch(matrix.view(), 0, 5, X, Product::integer, again.data(), 5);
  multiply_batch(matrix.view(), 0, 5, fresh, Product::integer, first.data(), 5);
  EXPECT_EQ(again, first);
}

}  // namespace
}  // namespace therma::llm
