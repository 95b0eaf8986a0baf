// SPDX-License-Identifier: Apache-2.0
// multiply_rows on AVX-512: floats here, codes of eight bits in rows_codes_avx512.cpp.
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

struct F32 {
  static constexpr std::size_t kBytes = 4;
  static __m512 load(Bytes at) { return _mm512_loadu_ps(at); }
  static __m512 load(__mmask16 mask, Bytes at) { return _mm512_maskz_loadu_ps(mask, at); }
};
struct F16 {
  static constexpr std::size_t kBytes = 2;
  static __m512 load(Bytes at) { return _mm512_cvtph_ps(load32(at)); }
  static __m512 load(__mmask16 mask, Bytes at) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, at));
  }
};
struct BF16 {
  static constexpr std::size_t kBytes = 2;
  static __m512 widen(__m256i bits) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
  static __m512 load(Bytes at) { return widen(load32(at)); }
  static __m512 load(__mmask16 mask, Bytes at) { return widen(_mm256_maskz_loadu_epi16(mask, at)); }
};

// Two sums of 16 lanes for each result: the even sixteens of columns, and the odd ones.
template <class Type, int R, int P>
struct FloatTile {
  static void multiply(const RowsCall& call, std::uint32_t i, std::uint32_t p) {
    const Bytes row = call.rows + i * call.row_bytes;
    __m512 sum[R][P][2];
    for (auto& of_row : sum) {
      for (auto& one : of_row) one[0] = one[1] = _mm512_setzero_ps();
    }
    std::size_t k = 0;
    const auto add16 = [&](int which) {
      for (int r = 0; r < R; ++r) {
        const __m512 w = Type::load(row + r * call.row_bytes + k * Type::kBytes);
        for (int t = 0; t < P; ++t) {
          sum[r][t][which] =
              _mm512_fmadd_ps(w, _mm512_loadu_ps(call.x[p + t].x + k), sum[r][t][which]);
        }
      }
      k += 16;
    };
    while (k + 32 <= call.columns) {
      add16(0);
      add16(1);
    }
    if (k + 16 <= call.columns) add16(0);
    if (k < call.columns) {
      const auto mask = static_cast<__mmask16>((1U << (call.columns - k)) - 1U);
      for (int r = 0; r < R; ++r) {
        const __m512 w = Type::load(mask, row + r * call.row_bytes + k * Type::kBytes);
        for (int t = 0; t < P; ++t) {
          const __m512 x = _mm512_maskz_loadu_ps(mask, call.x[p + t].x + k);
          sum[r][t][1] = _mm512_fmadd_ps(w, x, sum[r][t][1]);
        }
      }
    }
    for (int r = 0; r < R; ++r) {
      for (int t = 0; t < P; ++t) {
        call.y[(p + t) * call.y_stride + i + r] =
            _mm512_reduce_add_ps(_mm512_add_ps(sum[r][t][0], sum[r][t][1]));
      }
    }
  }
};

constexpr std::size_t index_of(DType type) { return static_cast<std::size_t>(type); }

RowKernels make_table() noexcept {
  RowKernels table{.name = "avx512", .exact = {}, .integer = {}};
  table.exact[index_of(DType::f32)] = cover<FloatTile, F32>;
  table.exact[index_of(DType::f16)] = cover<FloatTile, F16>;
  table.exact[index_of(DType::bf16)] = cover<FloatTile, BF16>;
  add_code_kernels_avx512(table);
  add_exact_kernels_avx512(table);
  return table;
}

}  // namespace

const RowKernels* row_kernels_avx512() noexcept {
  static const RowKernels kTable = make_table();
  return &kTable;
}
#else
const RowKernels* row_kernels_avx512() noexcept { return nullptr; }
#endif

}  // namespace therma::llm
