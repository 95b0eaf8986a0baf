// SPDX-License-Identifier: Apache-2.0
// Rows of a stored matrix times an activation: the one product that the transformer's decode step
// and every head share, so that a row evaluated alone has the bits that a full pass gives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm {

// x as floats, and as int8 with a scale for each block of 32 for the integer kernels. Codes, scales
// and quads are filled up with zeros to whole fours of blocks.
struct Activation {
  kernels::AlignedVector<float> x;             // [columns]
  kernels::AlignedVector<std::int8_t> codes;   // [blocks, 32]
  kernels::AlignedVector<float> scales;        // [blocks]: x ~ scale * code, scale = max|x| / 127
  kernels::AlignedVector<std::int32_t> quads;  // [blocks, 8]: minus the sum of four codes

  // Copies x; the codes are made only where `with_codes` (blocks beyond the last whole one of a
  // row that is no multiple of 32 hold what there is).
  void assign(std::span<const float> values, bool with_codes);
};

// How block-quantised weights are multiplied.
enum class Product : std::uint8_t {
  exact,    // float32 accumulation of dequantised weight times float x
  integer,  // int8 codes of x: for the transformer's body, as other runtimes do
};

// y[i] = W[first + i] . x for count rows, float32 accumulation in an order that depends on the
// columns alone: the same bits for any split over calls. f32, f16 and bf16 ignore `product`.
// Thread-safe.
void multiply_rows(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                   const Activation& x, Product product, float* y) noexcept;

// The plain twin, which sums in double; equal up to rounding (tests/llm/kernels/rows_test.cpp).
void multiply_rows_plain(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                         const Activation& x, Product product, float* y) noexcept;

// Whether `product` takes int8 codes of x for this type; otherwise they need not be made.
[[nodiscard]] bool wants_codes(DType type, Product product) noexcept;

}  // namespace therma::llm
