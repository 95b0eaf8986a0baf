// SPDX-License-Identifier: Apache-2.0
// Keys, ranges, and the plain twin of the vectors.
#include "therma/llm/heads/noise.hpp"

#include <algorithm>
#include <bit>

#include "therma/core/random/rng.hpp"
#include "therma/llm/heads/noise_words.hpp"

namespace therma::llm {
namespace {

float twice_artanh(float a, float b) noexcept {
  const float s = a / b;
  const float square = s * s;
  float series = 0.0F;
  for (const float term : kArtanh) series = series * square + term;
  const float twice = s + s;
  return series * square * twice + twice;
}

struct Parts {
  float exponent;
  float mantissa;  // in [sqrt(1/2), sqrt(2))
};
Parts parts_of(float x) noexcept {
  const auto bits = std::bit_cast<std::int32_t>(x);
  const std::int32_t exponent = (bits - kRootHalfBits) >> 23;
  return {static_cast<float>(exponent), std::bit_cast<float>(bits - exponent * (1 << 23))};
}

float minus_log(float exponent, float twice) noexcept { return exponent * kMinusLn2 - twice; }

}  // namespace

float gumbel_of_word(std::uint32_t word) noexcept {
  const bool is_high = (word >> 31) != 0;
  const auto distance = static_cast<std::int32_t>(is_high ? ~word : word);
  const float end = static_cast<float>(distance) * 0x1p-32F + 0x1p-33F;  // from 0 or from 1
  const bool is_near_one = is_high && end < kNearOne;  // 1 - u keeps what u would lose
  const Parts u = parts_of(is_high ? 1.0F - end : end);
  const float waiting =  // -ln u
      is_near_one ? minus_log(0.0F, twice_artanh(-end, 2.0F - end))
                  : minus_log(u.exponent, twice_artanh(u.mantissa - 1.0F, u.mantissa + 1.0F));
  const Parts waited = parts_of(waiting);
  return minus_log(waited.exponent, twice_artanh(waited.mantissa - 1.0F, waited.mantissa + 1.0F));
}

void fill_gumbels_plain(const ArsBlock* round_keys, ArsBlock counter, std::size_t num_blocks,
                        float* out) noexcept {
  for (std::size_t block = 0; block < num_blocks; ++block, ++counter[0]) {
    // The first round key is the key itself.
    for (const std::uint32_t word : ars_block(counter, round_keys[0]))
      *out++ = gumbel_of_word(word);
  }
}

TokenNoise::TokenNoise(const NoiseKey& key, std::uint32_t step) noexcept
    : round_keys_(ars_round_keys(Rng(key.seed).child("token noise").ars_key())),
      counter_{0, key.chain, key.position, step} {}

void TokenNoise::gumbels(TokenId first, std::span<float> out) const noexcept {
  std::array<float, 4> block;
  auto counter = counter_;
  counter[0] = first / 4;
  const auto take = [&](std::size_t skipped) {
    fill_gumbels(round_keys_.data(), counter, 1, block.data());
    ++counter[0];
    const auto count = std::min<std::size_t>(4 - skipped, out.size());
    std::ranges::copy(std::span(block).subspan(skipped, count), out.begin());
    out = out.subspan(count);
  };
  if (first % 4 != 0) take(first % 4);
  const auto whole = out.size() / 4;
  fill_gumbels(round_keys_.data(), counter, whole, out.data());
  counter[0] += static_cast<std::uint32_t>(whole);
  out = out.subspan(4 * whole);
  if (!out.empty()) take(0);
}

float TokenNoise::gumbel(TokenId token) const noexcept {
  auto counter = counter_;
  counter[0] = token / 4;
  return gumbel_of_word(ars_block(counter, round_keys_[0])[token % 4]);
}

}  // namespace therma::llm
