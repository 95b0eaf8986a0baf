// SPDX-License-Identifier: Apache-2.0
// ARS-5 on 256-bit vectors: Highway 1.0 has the instruction only together with AVX-512.
#include <immintrin.h>

#include "therma/engine/bench/limits_simd.hpp"

namespace therma {

std::uint64_t run_aes_vaes(std::size_t rounds) noexcept {
  const __m256i key = _mm256_set1_epi64x(0x0123456789abcdef);
  const __m256i stride = _mm256_set_epi64x(0, 8, 0, 8);
  __m256i counter = _mm256_set_epi64x(0, 1, 0, 0);
  __m256i sum = _mm256_setzero_si256();
  for (std::size_t round = 0; round < rounds; ++round) {
    __m256i v[8];
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) {
      v[k] = _mm256_xor_si256(counter, key);
      counter = _mm256_add_epi64(counter, stride);
    }
#pragma GCC unroll 4
    for (int step = 0; step < 4; ++step) {
#pragma GCC unroll 8
      for (int k = 0; k < 8; ++k) v[k] = _mm256_aesenc_epi128(v[k], key);
    }
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) sum = _mm256_xor_si256(sum, _mm256_aesenclast_epi128(v[k], key));
  }
  return static_cast<std::uint64_t>(_mm256_extract_epi64(sum, 0));
}

}  // namespace therma
