// SPDX-License-Identifier: Apache-2.0
// Implementations of multiply_rows, one table an instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {

// One activation, as kernels read it.
struct RowInput {
  const float* x = nullptr;            // [columns]
  const std::int8_t* codes = nullptr;  // as in Activation
  const float* scales = nullptr;
  const std::int32_t* quads = nullptr;
};

// y[i] = row i . x for count rows that lie row_bytes apart.
using RowsKernel = void (*)(const std::byte* rows, std::size_t row_bytes, std::uint32_t count,
                            std::uint32_t columns, const RowInput& x, float* y) noexcept;

inline constexpr std::size_t kNumDTypes = 11;

struct RowKernels {
  std::string_view name;                         // "avx512", "avx2", "plain"
  std::array<RowsKernel, kNumDTypes> exact{};    // by DType; null: dequantised a block at a time
  std::array<RowsKernel, kNumDTypes> integer{};  // by DType; null: none
  // Dot product of floats, for whatever is dequantised first.
  float (*dot)(const float* a, const float* b, std::uint32_t count) noexcept = nullptr;
};

// Those that this processor runs, the fastest first; the last one is "plain".
[[nodiscard]] std::span<const RowKernels> row_kernels() noexcept;

void multiply_rows_by(const RowKernels& kernels, const MatrixView& W, std::uint32_t first,
                      std::uint32_t count, const RowInput& x, Product product, float* y) noexcept;

// Of rows_avx512.cpp and rows_avx2.cpp; null where they were not compiled for this platform.
[[nodiscard]] const RowKernels* row_kernels_avx512() noexcept;
[[nodiscard]] const RowKernels* row_kernels_avx2() noexcept;

}  // namespace therma::llm
