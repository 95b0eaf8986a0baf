// SPDX-License-Identifier: Apache-2.0
// Tiles of the batch product: a panel of rows against all positions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "therma/llm/kernels/row_kernels.hpp"

namespace therma::llm {

// Activations of a batch, as tiles read them: position b lies b strides further on.
struct BatchInput {
  std::uint32_t count = 0;
  const std::int8_t* codes = nullptr;  // [count, blocks, 32]
  const float* scales = nullptr;       // [count, blocks]
  const std::int32_t* sums = nullptr;  // [count, blocks]
  std::size_t blocks = 0;
  const std::uint16_t* bf16 = nullptr;  // [count, columns rounded up to 2]
  std::size_t bf16_stride = 0;
};

// Y[b * y_stride + i] = row i . X[b] for up to 32 rows that lie row_bytes apart.
using BatchKernel = void (*)(const std::byte* rows, std::size_t row_bytes, std::uint32_t num_rows,
                             std::uint32_t columns, const BatchInput& X, float* Y,
                             std::size_t y_stride) noexcept;

struct BatchKernels {
  BatchKernel bf16 = nullptr;
  std::uint32_t bf16_multiple = 2;  // its columns are a multiple of this
  BatchKernel q8_0 = nullptr;
  BatchKernel q4_0 = nullptr;
};

// Null where they were not compiled for this platform.
[[nodiscard]] const BatchKernels* batch_kernels_avx512() noexcept;
[[nodiscard]] const BatchKernels* batch_kernels_amx() noexcept;

// The twin of batch_kernels_amx with emulated tiles, for tests: runs everywhere, slowly.
[[nodiscard]] const BatchKernels& batch_kernels_amx_emulated() noexcept;

}  // namespace therma::llm
