// SPDX-License-Identifier: Apache-2.0
// Rows of a stored matrix times an activation: the one product that the transformer's decode step
// and every head share, so that a row evaluated alone has the bits that a full pass gives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm {

// x as floats, and as int8 with a scale for each block of 32 for the integer kernels.
struct Activation {
  kernels::AlignedVector<float> x;            // [columns]
  kernels::AlignedVector<std::int8_t> codes;  // [columns rounded up to 32]
  kernels::AlignedVector<float> scales;       // [blocks]: x ~ scale * code
  kernels::AlignedVector<std::int32_t> sums;  // [blocks]: of the codes

  // Copies x; the codes are made only where `with_codes`.
  void assign(std::span<const float> values, bool with_codes);
};

// How block-quantised weights are multiplied.
enum class Product {
  exact,    // float32 accumulation of dequantised weight times float x
  integer,  // int8 codes of x: for the transformer's body, as other runtimes do
};

// y[i] = W[first + i] . x for count rows, float32 accumulation in an order that depends on the
// columns alone: the same bits for any split over calls. Types f32, f16, bf16 ignore `product`.
void multiply_rows(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                   const Activation& x, Product product, float* y) noexcept;

// The plain twin; equal up to rounding (tolerances in tests/llm/kernels/rows_test.cpp).
void multiply_rows_plain(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                         const Activation& x, Product product, float* y) noexcept;

}  // namespace therma::llm
