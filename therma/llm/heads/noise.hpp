// SPDX-License-Identifier: Apache-2.0
// Gumbel noise of tokens, as a pure function of (seed, chain, position, step, token).
//
//   g = -ln(-ln u),   u = (x + 1/2) 2^-32     docs/theory/token-head.md
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "therma/core/random/ars.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/model_config.hpp"

namespace therma::llm {

// The noise of one step of one token's relaxation. A small value, safe to share. x is word
// token % 4 of the ARS-5 block with counter (token / 4, chain, position, step) under a key of the
// seed; u near 1 is kept as 1 - u, so that g ends at 33 ln 2 = 22.87, and below at -3.13.
// Off from the logarithms of x by less than 2^-21 max(1, |g|) (tests/llm/heads/noise_test.cpp).
class TokenNoise {
 public:
  explicit TokenNoise(const NoiseKey& key, std::uint32_t step = 0) noexcept;

  // out[i] = g of token first + i. Vectors; the same bits on every processor and for any range.
  void gumbels(TokenId first, std::span<float> out) const noexcept;
  // The plain twin, a token at a time.
  [[nodiscard]] float gumbel(TokenId token) const noexcept;

 private:
  std::array<ArsBlock, kArsRounds + 1> round_keys_;
  ArsBlock counter_;  // of token 0
};

}  // namespace therma::llm
