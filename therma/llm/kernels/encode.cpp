// SPDX-License-Identifier: Apache-2.0
// Written as plain loops that compilers turn into vectors.
#include "therma/llm/kernels/encode.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace therma::llm {
namespace {

constexpr std::size_t kBlock = 32;
constexpr float kToInteger = 0x1.8p23F;  // adding it leaves the nearest integer in the low bits

float encode_block(const float* x, std::int8_t* codes) noexcept {
  float most = 0.0F;
  for (std::size_t k = 0; k < kBlock; ++k) most = std::max(most, std::fabs(x[k]));
  const float inverse = most > 0.0F ? 127.0F / most : 0.0F;
  for (std::size_t k = 0; k < kBlock; ++k) {
    const auto bits = std::bit_cast<std::uint32_t>(x[k] * inverse + kToInteger);
    codes[k] = static_cast<std::int8_t>(bits & 0xffU);
  }
  return most / 127.0F;
}

}  // namespace

void encode_blocks(const float* x, std::size_t count, std::int8_t* codes, float* scales,
                   std::int32_t* quads, std::int32_t* sums) noexcept {
  for (std::size_t block = 0; block * kBlock < count; ++block) {
    float padded[kBlock] = {};
    const auto at = block * kBlock;
    const float* from = x + at;
    if (at + kBlock > count) {
      std::copy(from, x + count, padded);
      from = padded;
    }
    scales[block] = encode_block(from, codes + at);
    std::int32_t sum = 0;
    for (std::size_t quad = 0; quad < 8; ++quad) {
      const auto* four = codes + at + 4 * quad;
      quads[block * 8 + quad] = -(four[0] + four[1] + four[2] + four[3]);
      sum += quads[block * 8 + quad];
    }
    if (sums != nullptr) sums[block] = sum;
  }
}

}  // namespace therma::llm
