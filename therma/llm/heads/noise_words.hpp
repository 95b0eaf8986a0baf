// SPDX-License-Identifier: Apache-2.0
// From random words to Gumbel noise, in plain floats (noise.cpp) or in vectors (noise_simd.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "therma/core/random/ars.hpp"

namespace therma::llm {

// Odd powers of artanh s = s (1 + s^2/3 + s^4/5 + ...), for |s| <= 1/3: the first power left out
// adds less than 2e-9.
inline constexpr float kArtanh[] = {1.0F / 15.0F, 1.0F / 13.0F, 1.0F / 11.0F, 1.0F / 9.0F,
                                    1.0F / 7.0F,  1.0F / 5.0F,  1.0F / 3.0F};
inline constexpr float kLn2High = 0.693359375F;  // ten bits: its product with an exponent is exact
inline constexpr float kLn2Low = -2.12194440e-4F;
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
