// SPDX-License-Identifier: Apache-2.0
// The screen's inner loops: products with codes, one table row an instruction set, and encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace therma::llm {

// Groups of 16 rows in a row, and h, as kernels read them.
struct ScreenCall {
  const std::uint8_t* data = nullptr;  // [groups, group_bytes], as in Screen
  const float* row_scales = nullptr;   // [groups, 16]
  const std::int8_t* codes = nullptr;  // of h  [blocks, 32]
  const float* scales = nullptr;       // [blocks]
  const std::int32_t* sums = nullptr;  // [blocks]
  std::size_t group_bytes = 0;
  std::uint32_t num_groups = 0;
  std::uint32_t blocks = 0;
  float mean_product = 0.0F;
};

// a of row r = mean_product + row_scale sum_b ((D u) s), D = 2 sum(c x) + sums: D u is an integer
// below 2^24, so that all of it but the two products and sums of floats is exact; these are
// rounded one by one, in this order, by every kernel.  a: [groups, 16]
using ScreenKernel = void (*)(const ScreenCall& call, float* a) noexcept;

struct ScreenKernelEntry {
  std::string_view name;  // "avx512", "avx2", "plain"
  ScreenKernel run;
};
// Those that this processor runs, the fastest first; the last one is "plain".
[[nodiscard]] std::span<const ScreenKernelEntry> screen_kernels() noexcept;

// Null where they were not compiled for this platform.
[[nodiscard]] ScreenKernel screen_kernel_avx512() noexcept;
[[nodiscard]] ScreenKernel screen_kernel_avx2() noexcept;

// What becomes of one row y = W_v - mean.
struct EncodedRow {
  float scale = 0.0F;            // row scale
  float residual_square = 0.0F;  // ||R_v||^2, up to rounding
  float code_square = 0.0F;      // ||W~_v||^2, up to rounding
};

// Block b of the row goes to codes + 256 b, 4 bytes at strides of 64, and its scale to scales[16
// b]. y is filled up with zeros to whole blocks.
EncodedRow encode_screen_row(const float* y, std::uint32_t blocks, std::uint8_t* codes,
                             std::uint8_t* scales) noexcept;

}  // namespace therma::llm
