// SPDX-License-Identifier: Apache-2.0
// The screen on AVX2. Intrinsics, so that this file has its own flags; nothing shared is called
// from here.
#include "therma/llm/heads/screen_kernels.hpp"

#if defined(__AVX2__)
#include <immintrin.h>

namespace therma::llm {
namespace {

inline __m256i four_codes(const std::int8_t* x) {
  int word;
  __builtin_memcpy(&word, x, sizeof word);
  return _mm256_set1_epi32(word);
}

// Eight rows of a block. Pairs of products are below 2 * 15 * 127, and eight of those still fit
// into 16 bits.
inline __m256i dot_of(const std::uint8_t* codes, const std::int8_t* x, int sums) {
  const __m256i low_half = _mm256_set1_epi8(15);
  __m256i pairs = _mm256_setzero_si256();
  for (std::size_t j = 0; j < 4; ++j) {
    const __m256i both = _mm256_load_si256(reinterpret_cast<const __m256i*>(codes + 64 * j));
    const __m256i low = _mm256_and_si256(both, low_half);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(both, 4), low_half);
    pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(low, four_codes(x + 4 * j)));
    pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(high, four_codes(x + 16 + 4 * j)));
  }
  const __m256i dot = _mm256_madd_epi16(pairs, _mm256_set1_epi16(2));
  return _mm256_add_epi32(dot, _mm256_set1_epi32(sums));
}

void run(const ScreenCall& call, float* a) noexcept {
  const std::uint8_t* data = call.data;
  for (std::uint32_t group = 0; group < call.num_groups; ++group, data += call.group_bytes) {
    for (std::size_t half = 0; half < 2; ++half) {
      const std::uint8_t* scales = data + std::size_t{256} * call.blocks + 8 * half;
      __m256 sum = _mm256_setzero_ps();
      for (std::size_t b = 0; b < call.blocks; ++b) {
        const __m256i dot = dot_of(data + 256 * b + 32 * half, call.codes + 32 * b, call.sums[b]);
        const __m256i units = _mm256_cvtepu8_epi32(
            _mm_loadl_epi64(reinterpret_cast<const __m128i*>(scales + 16 * b)));
        const __m256 whole = _mm256_mul_ps(_mm256_cvtepi32_ps(dot), _mm256_cvtepi32_ps(units));
        sum = _mm256_add_ps(sum, _mm256_mul_ps(whole, _mm256_set1_ps(call.scales[b])));
      }
      const std::size_t row = std::size_t{16} * group + 8 * half;
      const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(call.row_scales + row), sum);
      _mm256_storeu_ps(a + row, _mm256_add_ps(_mm256_set1_ps(call.mean_product), scaled));
    }
  }
}

}  // namespace

ScreenKernel screen_kernel_avx2() noexcept { return run; }

}  // namespace therma::llm
#else
namespace therma::llm {
ScreenKernel screen_kernel_avx2() noexcept { return nullptr; }
}  // namespace therma::llm
#endif
