// SPDX-License-Identifier: Apache-2.0
// The screen on AVX-512 with VNNI. Intrinsics, since Highway 1.0 lacks VNNI; nothing shared is
// called from here.
#include "therma/llm/heads/screen_kernels.hpp"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
#include <immintrin.h>

namespace therma::llm {
namespace {

// Bytes: into the second cache far ahead, into the first one a little later. Without the first the
// loop runs at half the speed of memory (bench/micro/bench_heads.cpp, part "screen").
constexpr std::size_t kFarAhead = 32768, kAhead = 2048;

inline __m512i four_codes(const std::int8_t* x) {
  int word;
  __builtin_memcpy(&word, x, sizeof word);
  return _mm512_set1_epi32(word);
}

void run(const ScreenCall& call, float* a) noexcept {
  const __m512i low_half = _mm512_set1_epi8(15);
  const std::uint8_t* data = call.data;
  for (std::uint32_t group = 0; group < call.num_groups; ++group, data += call.group_bytes) {
    const std::uint8_t* scales = data + std::size_t{256} * call.blocks;
    __m512 sum = _mm512_setzero_ps();
    for (std::size_t b = 0; b < call.blocks; ++b) {
      const std::uint8_t* codes = data + 256 * b;
      const std::int8_t* x = call.codes + 32 * b;
      __m512i low = _mm512_setzero_si512(), high = low;
      for (std::size_t j = 0; j < 4; ++j) {
        const auto* at = reinterpret_cast<const char*>(codes + 64 * j);
        _mm_prefetch(at + kFarAhead, _MM_HINT_T1);
        _mm_prefetch(at + kAhead, _MM_HINT_T0);
        const __m512i both = _mm512_load_si512(at);
        low = _mm512_dpbusd_epi32(low, _mm512_and_si512(both, low_half), four_codes(x + 4 * j));
        high = _mm512_dpbusd_epi32(high, _mm512_and_si512(_mm512_srli_epi16(both, 4), low_half),
                                   four_codes(x + 16 + 4 * j));
      }
      const __m512i dot = _mm512_add_epi32(_mm512_slli_epi32(_mm512_add_epi32(low, high), 1),
                                           _mm512_set1_epi32(call.sums[b]));
      const __m512i units =
          _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(scales + 16 * b)));
      const __m512 whole = _mm512_mul_ps(_mm512_cvtepi32_ps(dot), _mm512_cvtepi32_ps(units));
      sum = _mm512_add_ps(sum, _mm512_mul_ps(whole, _mm512_set1_ps(call.scales[b])));
    }
    const std::size_t row = std::size_t{16} * group;
    const __m512 scaled = _mm512_mul_ps(_mm512_loadu_ps(call.row_scales + row), sum);
    _mm512_storeu_ps(a + row, _mm512_add_ps(_mm512_set1_ps(call.mean_product), scaled));
  }
}

}  // namespace

ScreenKernel screen_kernel_avx512() noexcept { return run; }

}  // namespace therma::llm
#else
namespace therma::llm {
ScreenKernel screen_kernel_avx512() noexcept { return nullptr; }
}  // namespace therma::llm
#endif
