// SPDX-License-Identifier: Apache-2.0
// int8 codes of activations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace therma::llm {

// Codes of `count` values in blocks of 32, each with its scale max|x| / 127, minus the sums of four
// codes (quads, [blocks, 8]) and of each block (sums, may be null).
void encode_blocks(const float* x, std::size_t count, std::int8_t* codes, float* scales,
                   std::int32_t* quads, std::int32_t* sums) noexcept;

}  // namespace therma::llm
