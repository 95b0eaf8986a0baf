// SPDX-License-Identifier: Apache-2.0
// multiply_rows of q8_0 and q4_0 weights as floats on AVX-512, 16 at a time; nothing shared is
// called from here.
#include "therma/llm/kernels/row_kernels.hpp"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>
#define THERMA_HAS_AVX512 1
#endif

namespace therma::llm {

#if defined(THERMA_HAS_AVX512)
namespace {

constexpr std::uint32_t kRowsAlone = 1, kRowsTogether = 2, kRowsAtOnce = 8;
#include "therma/llm/kernels/tiles.inl"

inline __m512 scale16(Bytes at) {
  short bits;
  __builtin_memcpy(&bits, at, sizeof bits);
  return _mm512_cvtph_ps(_mm256_set1_epi16(bits));
}

struct Codes {
  __m512 low;
  __m512 high;
};

struct Q8 {
  static constexpr std::size_t kBytes = 34;
  static Codes codes(Bytes block) {
    return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load16(block + 2))),
            _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load16(block + 18)))};
  }
};
struct Q4 {
  static constexpr std::size_t kBytes = 18;
  // A permutation reads the low four bits of its index: it is the table of what nibbles stand for.
  static Codes codes(Bytes block) {
    const __m512 meaning = _mm512_setr_ps(-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7);
    const __m512i both = _mm512_cvtepu8_epi32(load16(block + 2));
    return {_mm512_permutexvar_ps(both, meaning),
            _mm512_permutexvar_ps(_mm512_srli_epi32(both, 4), meaning)};
  }
};

// Two sums of 16 lanes for each result: even blocks, and odd ones.
template <class Type, int R, int P>
struct BlockTile {
  static void multiply(const RowsCall& call, std::uint32_t i, std::uint32_t p) {
    const Bytes row = call.rows + i * call.row_bytes;
    __m512 sum[R][P][2];
    for (auto& of_row : sum) {
      for (auto& one : of_row) one[0] = one[1] = _mm512_setzero_ps();
    }
    std::size_t block = 0;
    const auto add = [&](int which) {
      for (int r = 0; r < R; ++r) {
        const Bytes at = row + r * call.row_bytes + block * Type::kBytes;
        const Codes w = Type::codes(at);
        const __m512 scale = scale16(at);
        for (int t = 0; t < P; ++t) {
          const float* x = call.x[p + t].x + 32 * block;
          const __m512 low = _mm512_mul_ps(w.low, _mm512_loadu_ps(x));
          const __m512 both = _mm512_fmadd_ps(w.high, _mm512_loadu_ps(x + 16), low);
          sum[r][t][which] = _mm512_fmadd_ps(both, scale, sum[r][t][which]);
        }
      }
      ++block;
    };
    const std::size_t blocks = call.columns / 32;
    while (block + 2 <= blocks) {
      add(0);
      add(1);
    }
    if (block < blocks) add(0);
    for (int r = 0; r < R; ++r) {
      for (int t = 0; t < P; ++t) {
        call.y[(p + t) * call.y_stride + i + r] =
            _mm512_reduce_add_ps(_mm512_add_ps(sum[r][t][0], sum[r][t][1]));
      }
    }
  }
};

}  // namespace

void add_exact_kernels_avx512(RowKernels& table) noexcept {
  table.exact[static_cast<std::size_t>(DType::q8_0)] = cover<BlockTile, Q8>;
  table.exact[static_cast<std::size_t>(DType::q4_0)] = cover<BlockTile, Q4>;
}
#else
void add_exact_kernels_avx512(RowKernels&) noexcept {}
#endif

}  // namespace therma::llm
