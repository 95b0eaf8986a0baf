// SPDX-License-Identifier: Apache-2.0
// Random bits of replica lanes by 256-bit AES instructions, which Highway 1.0 does not reach on
// processors without AVX-512. Raw intrinsics: no shared inline function may be called here.
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>

namespace therma::kernels::lanes {

void fill_bits_vaes(const std::uint32_t* round_keys, std::uint32_t block, std::uint64_t step,
                    std::uint32_t first_visit, std::uint32_t num_visits,
                    std::uint8_t* out) noexcept;

void fill_bits_vaes(const std::uint32_t* round_keys, std::uint32_t block, std::uint64_t step,
                    std::uint32_t first_visit, std::uint32_t num_visits,
                    std::uint8_t* out) noexcept {
  __m256i key[6];
  for (int k = 0; k < 6; ++k) {
    const auto* words = reinterpret_cast<const __m128i*>(round_keys + 4 * k);
    key[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128(words));
  }
  const int low = static_cast<int>(step), high = static_cast<int>(step >> 32 << 16);
  const int chain = static_cast<int>(block);
  __m256i start[4];  // visit 0, planes 2 j and 2 j + 1, first key added
  for (int j = 0; j < 4; ++j) {
    const __m256i counter = _mm256_setr_epi32(0, chain, low, high | 2 * j,  //
                                              0, chain, low, high | (2 * j + 1));
    start[j] = _mm256_xor_si256(counter, key[0]);
  }
  const __m256i one = _mm256_setr_epi32(1, 0, 0, 0, 1, 0, 0, 0);
  const int first = static_cast<int>(first_visit);
  __m256i visit = _mm256_setr_epi32(first, 0, 0, 0, first, 0, 0, 0);
  for (std::uint32_t v = 0; v < num_visits; ++v) {
    __m256i a = _mm256_xor_si256(start[0], visit), b = _mm256_xor_si256(start[1], visit);
    __m256i c = _mm256_xor_si256(start[2], visit), d = _mm256_xor_si256(start[3], visit);
    for (int k = 1; k < 5; ++k) {
      a = _mm256_aesenc_epi128(a, key[k]);
      b = _mm256_aesenc_epi128(b, key[k]);
      c = _mm256_aesenc_epi128(c, key[k]);
      d = _mm256_aesenc_epi128(d, key[k]);
    }
    auto* to = reinterpret_cast<__m256i*>(out + 128 * static_cast<std::uint64_t>(v));
    _mm256_store_si256(to, _mm256_aesenclast_epi128(a, key[5]));
    _mm256_store_si256(to + 1, _mm256_aesenclast_epi128(b, key[5]));
    _mm256_store_si256(to + 2, _mm256_aesenclast_epi128(c, key[5]));
    _mm256_store_si256(to + 3, _mm256_aesenclast_epi128(d, key[5]));
    visit = _mm256_add_epi32(visit, one);
  }
}

}  // namespace therma::kernels::lanes

#else

namespace therma::kernels::lanes {
void fill_bits_vaes(const std::uint32_t*, std::uint32_t, std::uint64_t, std::uint32_t,
                    std::uint32_t, std::uint8_t*) noexcept;
void fill_bits_vaes(const std::uint32_t*, std::uint32_t, std::uint64_t, std::uint32_t,
                    std::uint32_t, std::uint8_t*) noexcept {}
}  // namespace therma::kernels::lanes

#endif
