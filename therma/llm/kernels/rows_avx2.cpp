// SPDX-License-Identifier: Apache-2.0
// multiply_rows on AVX2, FMA and F16C. Intrinsics, so that this file has its own flags; nothing
// shared is called from here.
#include "therma/llm/kernels/row_kernels.hpp"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>
#define THERMA_HAS_AVX2 1
#endif

namespace therma::llm {

#if defined(THERMA_HAS_AVX2)
namespace {

constexpr std::uint32_t kRowsAlone = 2, kRowsTogether = 1, kRowsAtOnce = 8;
#include "therma/llm/kernels/tiles.inl"

// Pairs of products must fit 16 bits: codes below 64 do, and |w| <= 128 does since |x| <= 127.
inline __m256i quads_of(__m256i unsigned_codes, __m256i signed_codes) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(unsigned_codes, signed_codes),
                           _mm256_set1_epi16(1));
}
inline __m256i dot_unsigned(__m256i start, __m256i w, __m256i x) {
  return _mm256_add_epi32(start, quads_of(w, x));
}
inline __m256i dot_signed(__m256i w, __m256i x) {
  return quads_of(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
}
#include "therma/llm/kernels/rows_blocks.inl"

struct F32 {
  static constexpr std::size_t kBytes = 4;
  static __m256 load(Bytes at) { return _mm256_loadu_ps(reinterpret_cast<const float*>(at)); }
};
struct F16 {
  static constexpr std::size_t kBytes = 2;
  static __m256 load(Bytes at) { return _mm256_cvtph_ps(load16(at)); }
};
struct BF16 {
  static constexpr std::size_t kBytes = 2;
  static __m256 load(Bytes at) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load16(at)), 16));
  }
};

// Two sums of 8 lanes for each result; what is left of a row is copied and filled up with zeros.
template <class Type, int R, int P>
struct FloatTile {
  static void multiply(const RowsCall& call, std::uint32_t i, std::uint32_t p) {
    const Bytes row = call.rows + i * call.row_bytes;
    __m256 sum[R][P][2];
    for (auto& of_row : sum) {
      for (auto& one : of_row) one[0] = one[1] = _mm256_setzero_ps();
    }
    std::size_t k = 0;
    const auto add8 = [&](int which) {
      for (int r = 0; r < R; ++r) {
        const __m256 w = Type::load(row + r * call.row_bytes + k * Type::kBytes);
        for (int t = 0; t < P; ++t) {
          sum[r][t][which] =
              _mm256_fmadd_ps(w, _mm256_loadu_ps(call.x[p + t].x + k), sum[r][t][which]);
        }
      }
      k += 8;
    };
    while (k + 16 <= call.columns) {
      add8(0);
      add8(1);
    }
    if (k + 8 <= call.columns) add8(0);
    if (k < call.columns) add_rest(call, row, p, k, sum);
    for (int r = 0; r < R; ++r) {
      for (int t = 0; t < P; ++t) {
        call.y[(p + t) * call.y_stride + i + r] = sum_of(_mm256_add_ps(sum[r][t][0], sum[r][t][1]));
      }
    }
  }
  static void add_rest(const RowsCall& call, Bytes row, std::uint32_t p, std::size_t k,
                       __m256 (&sum)[R][P][2]) {
    const std::size_t rest = call.columns - k;
    for (int r = 0; r < R; ++r) {
      std::byte bytes[8 * Type::kBytes] = {};
      __builtin_memcpy(bytes, row + r * call.row_bytes + k * Type::kBytes, rest * Type::kBytes);
      const __m256 w = Type::load(bytes);
      for (int t = 0; t < P; ++t) {
        float x[8] = {};
        __builtin_memcpy(x, call.x[p + t].x + k, rest * sizeof(float));
        sum[r][t][1] = _mm256_fmadd_ps(w, _mm256_loadu_ps(x), sum[r][t][1]);
      }
    }
  }
};

constexpr std::size_t index_of(DType type) { return static_cast<std::size_t>(type); }

template <class Type>
void add_type(RowKernels& table, DType type) noexcept {
  table.exact[index_of(type)] = cover<ExactTile, Type>;
  table.integer[index_of(type)] = cover<CodeTile, Type>;
}

RowKernels make_table() noexcept {
  RowKernels table{.name = "avx2", .exact = {}, .integer = {}};
  table.exact[index_of(DType::f32)] = cover<FloatTile, F32>;
  table.exact[index_of(DType::f16)] = cover<FloatTile, F16>;
  table.exact[index_of(DType::bf16)] = cover<FloatTile, BF16>;
  add_type<Q8>(table, DType::q8_0);
  add_type<Q4>(table, DType::q4_0);
  add_type<Q4Min>(table, DType::q4_1);
  add_type<Q5>(table, DType::q5_0);
  add_type<Q5Min>(table, DType::q5_1);
  add_type<Q4K>(table, DType::q4_k);
  add_type<Q5K>(table, DType::q5_k);
  add_type<Q6K>(table, DType::q6_k);
  return table;
}

}  // namespace

const RowKernels* row_kernels_avx2() noexcept {
  static const RowKernels kTable = make_table();
  return &kTable;
}
#else
const RowKernels* row_kernels_avx2() noexcept { return nullptr; }
#endif

}  // namespace therma::llm
