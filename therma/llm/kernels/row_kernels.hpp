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

// Rows that lie row_bytes apart times a few activations: y[p * y_stride + i] = row i . x[p].
struct RowsCall {
  const std::byte* rows = nullptr;
  std::size_t row_bytes = 0;
  std::uint32_t count = 0;
  std::uint32_t columns = 0;
  const RowInput* x = nullptr;  // [positions]
  std::uint32_t positions = 1;
  float* y = nullptr;
  std::size_t y_stride = 0;
};

// The bits of a result depend on its row and its activation alone, not on what else is asked for.
using RowsKernel = void (*)(const RowsCall& call) noexcept;

inline constexpr std::size_t kNumDTypes = 11;

struct RowKernels {
  std::string_view name;                         // "avx512", "avx2", "plain"
  std::array<RowsKernel, kNumDTypes> exact{};    // by DType
  std::array<RowsKernel, kNumDTypes> integer{};  // by DType; null for those that have no blocks
};

// Those that this processor runs, the fastest first; the last one is "plain".
[[nodiscard]] std::span<const RowKernels> row_kernels() noexcept;

// multiply_rows with kernels of the caller's choice, for any number of activations.
void multiply_rows_by(const RowKernels& kernels, const MatrixView& W, std::uint32_t first,
                      std::uint32_t count, std::span<const RowInput> x, Product product, float* y,
                      std::size_t y_stride) noexcept;

[[nodiscard]] const RowKernels& row_kernels_plain() noexcept;
// Of rows_avx512.cpp and rows_avx2.cpp; null where they were not compiled for this platform.
[[nodiscard]] const RowKernels* row_kernels_avx512() noexcept;
[[nodiscard]] const RowKernels* row_kernels_avx2() noexcept;

// Parts of the table of rows_avx512.cpp: rows_codes_avx512.cpp and rows_exact_avx512.cpp.
void add_code_kernels_avx512(RowKernels& table) noexcept;
void add_exact_kernels_avx512(RowKernels& table) noexcept;  // replaces some of the former

}  // namespace therma::llm
