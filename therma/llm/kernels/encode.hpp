// SPDX-License-Identifier: Apache-2.0
// int8 codes of activations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace therma::llm {

// Blocks of 32 that hold `count` codes, filled up to whole fours: kernels take four at a time.
[[nodiscard]] constexpr std::size_t padded_blocks(std::size_t count) noexcept {
  return (count + 127) / 128 * 4;
}

// Codes of `count` values in blocks of 32, each with its scale max|x| / 127, minus the sums of four
// codes (quads, [blocks, 8]) and of each block (sums, may be null).
void encode_blocks(const float* x, std::size_t count, std::int8_t* codes, float* scales,
                   std::int32_t* quads, std::int32_t* sums) noexcept;

}  // namespace therma::llm
