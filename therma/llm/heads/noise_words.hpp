// SPDX-License-Identifier: Apache-2.0
// From random words to Gumbel noise, in plain floats (noise.cpp) or in vectors (noise_simd.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "therma/core/random/ars.hpp"

namespace therma::llm {

// Odd powers of artanh s = s (1 + s^2/3 + s^4/5 + ...), for |s| < 0.172: the first power left out
// adds less than 2e-9 of the whole.
inline constexpr float kArtanh[] = {1.0F / 9.0F, 1.0F / 7.0F, 1.0F / 5.0F, 1.0F / 3.0F};
// Below this distance from 1, u is kept as 1 - u: 1 - sqrt(1/2), where |s| is as large as
// elsewhere.
inline constexpr float kNearOne = 0.29289F;
inline constexpr float kMinusLn2 = -0.693147181F;
inline constexpr std::int32_t kRootHalfBits = 0x3f3504f3;

// Blocks of four tokens: out[4 b + k] = g of word k of the block with word 0 of the counter raised
// by b. No operation is fused, so that all targets agree.
void fill_gumbels(const ArsBlock* round_keys, ArsBlock counter, std::size_t num_blocks,
                  float* out) noexcept;
void fill_gumbels_plain(const ArsBlock* round_keys, ArsBlock counter, std::size_t num_blocks,
                        float* out) noexcept;
// g of u = (word + 1/2) 2^-32.
[[nodiscard]] float gumbel_of_word(std::uint32_t word) noexcept;

}  // namespace therma::llm
