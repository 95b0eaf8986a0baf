// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "matrices.hpp"
#include "therma/llm/kernels/batch.hpp"
#include "therma/llm/kernels/row_kernels.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {
namespace {

using testing::kAllTypes;
using testing::random_floats;
using testing::RandomMatrix;

struct Case {
  DType type;
  std::uint32_t columns;
};

// Whole rows of registers, and what is left over of them; one block and odd numbers of blocks.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto type : kAllTypes) {
    const auto block = traits(type).block_weights;
    if (block == 1) {
      for (const std::uint32_t n : {1, 7, 8, 15, 16, 17, 31, 33, 172, 896})
        all.push_back({type, n});
    } else {
      for (const std::uint32_t n : {1, 2, 3, 4, 5, 6, 7, 28}) all.push_back({type, n * block});
    }
  }
  return all;
}

std::string words(const RowKernels& kernels, const Case& c, Product product) {
  return std::string(kernels.name) + " " + std::string(traits(c.type).name) + " of " +
         std::to_string(c.columns) + (product == Product::exact ? ", exact" : ", integer");
}

RowInput input_of(const Activation& x) {
  return {x.x.data(), x.codes.data(), x.scales.data(), x.quads.data()};
}

void for_each_kernel(const auto& body) {
  for (const auto& kernels : row_kernels()) {
    for (const auto& c : cases()) {
      for (const auto product : {Product::exact, Product::integer}) {
        SCOPED_TRACE(words(kernels, c, product));
        body(kernels, c, product);
      }
    }
  }
}

// n roundings of at most 2^-24 of what has been added so far, in any order of adding.
float rounding_bound(const MatrixView& W, std::uint32_t row, const std::vector<float>& x) {
  std::vector<float> weights(W.columns);
  dequantise(W.type, W.row(row), weights);
  double size = 0.0;
  for (std::size_t k = 0; k < x.size(); ++k) size += std::abs(double{weights[k]} * x[k]);
  return static_cast<float>((W.columns + 8.0) * 0x1p-24 * size);
}

TEST(RowKernels, EqualThePlainTwinUpToRounding) {
  for_each_kernel([](const RowKernels& kernels, const Case& c, Product product) {
    const RandomMatrix matrix(c.type, 7, c.columns, 11);
    const auto& W = matrix.view();
    const auto values = random_floats(c.columns, 12);
    Activation x;
    x.assign(values, true);
    const auto input = input_of(x);
    std::vector<float> plain(7), fast(7);
    multiply_rows_plain(W, 0, 7, x, product, plain.data());
    multiply_rows_by(kernels, W, 0, 7, {&input, 1}, product, fast.data(), 0);
    for (std::uint32_t i = 0; i < 7; ++i) {
      EXPECT_NEAR(fast[i], plain[i], rounding_bound(W, i, values)) << i;
    }
  });
}

// The twin itself: the definition of the types, in double.
TEST(RowKernels, PlainTwinMultipliesDequantisedWeights) {
  for (const auto& c : cases()) {
    const RandomMatrix matrix(c.type, 3, c.columns, 21);
    const auto values = random_floats(c.columns, 22);
    Activation x;
    x.assign(values, true);
    float y[3];
    multiply_rows_plain(matrix.view(), 0, 3, x, Product::exact, y);
    for (std::uint32_t i = 0; i < 3; ++i) {
      std::vector<float> weights(c.columns);
      dequantise(c.type, matrix.view().row(i), weights);
      double sum = 0.0;
      for (std::size_t k = 0; k < c.columns; ++k) sum += double{weights[k]} * values[k];
      EXPECT_EQ(y[i], static_cast<float>(sum)) << traits(c.type).name << " " << c.columns;
    }
  }
}

// Each of the n rounded activations is off by half a step of its block at most.
TEST(RowKernels, IntegerProductIsExactUpToHalfAStepOfEachActivation) {
  for (const auto& c : cases()) {
    if (traits(c.type).block_weights == 1) continue;
    const RandomMatrix matrix(c.type, 1, c.columns, 31);
    const auto values = random_floats(c.columns, 32);
    Activation x;
    x.assign(values, true);
    float exact = 0.0F, coded = 0.0F;
    multiply_rows_plain(matrix.view(), 0, 1, x, Product::exact, &exact);
    multiply_rows_plain(matrix.view(), 0, 1, x, Product::integer, &coded);
    std::vector<float> weights(c.columns);
    dequantise(c.type, matrix.view().row(0), weights);
    double bound = 0.0;
    for (std::size_t k = 0; k < c.columns; ++k) {
      const auto* block = values.data() + k / 32 * 32;
      float most = 0.0F;
      for (int j = 0; j < 32; ++j) most = std::max(most, std::abs(block[j]));
      bound += std::abs(weights[k]) * most / 127.0 * 0.5001;
    }
    EXPECT_NEAR(coded, exact, bound + rounding_bound(matrix.view(), 0, values));
    EXPECT_NE(coded, exact);
  }
}

TEST(RowKernels, ARowHasTheSameBitsInEverySplit) {
  for_each_kernel([](const RowKernels& kernels, const Case& c, Product product) {
    constexpr std::uint32_t kRows = 23;
    const RandomMatrix matrix(c.type, kRows, c.columns, 41);
    Activation x;
    x.assign(random_floats(c.columns, 42), true);
    const auto input = input_of(x);
    std::vector<float> whole(kRows), split(kRows);
    multiply_rows_by(kernels, matrix.view(), 0, kRows, {&input, 1}, product, whole.data(), 0);
    for (const std::uint32_t size : {1, 2, 3, 4, 5, 8, 11}) {
      for (std::uint32_t i = 0; i < kRows; i += size) {
        multiply_rows_by(kernels, matrix.view(), i, std::min(size, kRows - i), {&input, 1}, product,
                         split.data() + i, 0);
      }
      EXPECT_EQ(split, whole) << size;
    }
  });
}

TEST(RowKernels, PositionsOfABatchHaveTheBitsThatTheyHaveAlone) {
  for_each_kernel([](const RowKernels& kernels, const Case& c, Product product) {
    constexpr std::uint32_t kRows = 11;
    const RandomMatrix matrix(c.type, kRows, c.columns, 51);
    std::vector<Activation> x(kExactBatch);
    std::vector<RowInput> inputs;
    for (std::uint32_t p = 0; p < kExactBatch; ++p) {
      x[p].assign(random_floats(c.columns, 60 + p), true);
      inputs.push_back(input_of(x[p]));
    }
    for (const std::uint32_t count : {1, 2, 3, 4, 5, 7, 16}) {
      std::vector<float> together(count * kRows), alone(kRows);
      multiply_rows_by(kernels, matrix.view(), 0, kRows, std::span(inputs).first(count), product,
                       together.data(), kRows);
      for (std::uint32_t p = 0; p < count; ++p) {
        multiply_rows_by(kernels, matrix.view(), 0, kRows, {&inputs[p], 1}, product, alone.data(),
                         0);
        ASSERT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + p * kRows)) << p;
      }
    }
  });
}

// -128 has no counterpart in eight bits: negating it would turn the product's sign.
TEST(RowKernels, TheLeastCodeOfQ8ZeroKeepsItsSign) {
  std::vector<std::byte> block(34, std::byte{0x80});
  block[0] = std::byte{0x00};
  block[1] = std::byte{0x3C};  // 1.0 as a half: every weight is -128
  const MatrixView W{.type = DType::q8_0, .rows = 1, .columns = 32, .bytes = block.data()};
  for (const float value : {1.0F, -1.0F}) {
    Activation x;
    x.assign(std::vector<float>(32, value), true);
    const auto input = input_of(x);
    for (const auto& kernels : row_kernels()) {
      for (const auto product : {Product::exact, Product::integer}) {
        float y = 0.0F;
        multiply_rows_by(kernels, W, 0, 1, {&input, 1}, product, &y, 0);
        EXPECT_NEAR(y, -128.0F * 32.0F * value, 1e-2F) << kernels.name;
      }
    }
  }
}

TEST(Activation, CodesOfZerosAndOfWhatIsNoNumberAreFinite) {
  std::vector<float> values(96, 0.0F);
  values[40] = NAN;
  values[41] = 1.0F;
  values[70] = INFINITY;
  Activation x;
  x.assign(values, true);
  EXPECT_EQ(x.scales[0], 0.0F);
  EXPECT_EQ(x.codes[41], 127);
  EXPECT_TRUE(std::isfinite(x.scales[1]));
}

}  // namespace
}  // namespace therma::llm
