// SPDX-License-Identifier: Apache-2.0
// multiply_rows on AVX-512 with VNNI. Intrinsics, since Highway 1.0 lacks VNNI; nothing shared is
// called from here.
//
// A row is read once from memory and bounded by it: one row at a time, four sums of 16 lanes, which
// keeps the bits of a row independent of its neighbours.
#include "therma/llm/kernels/row_kernels.hpp"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>
#define THERMA_HAS_AVX512 1
#endif

namespace therma::llm {

#if defined(THERMA_HAS_AVX512)
namespace {

using Bytes = const std::byte*;

inline __m128i load16(Bytes at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
inline __m256i load32(Bytes at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }

// The half-precision scale at `at` in 16 lanes, or two of them in 8 lanes each.
inline short half_bits(Bytes at) {
  short bits;
  __builtin_memcpy(&bits, at, sizeof bits);
  return bits;
}
inline __m512 scale16(Bytes at) { return _mm512_cvtph_ps(_mm256_set1_epi16(half_bits(at))); }
inline __m512 scale8x2(Bytes low, Bytes high) {
  return _mm512_cvtph_ps(
      _mm256_set_m128i(_mm_set1_epi16(half_bits(high)), _mm_set1_epi16(half_bits(low))));
}
inline __m512 scale8(Bytes low) {
  return _mm512_cvtph_ps(_mm256_set_m128i(_mm_setzero_si128(), _mm_set1_epi16(half_bits(low))));
}
// Two scales of x in 8 lanes each.
inline __m512 pair_of(const float* scales) {
  const __m512i first8 = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm512_permutexvar_ps(
      first8,
      _mm512_castps128_ps512(_mm_castpd_ps(_mm_load_sd(reinterpret_cast<const double*>(scales)))));
}

inline float sum4(__m512 a, __m512 b, __m512 c, __m512 d) {
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
}

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

template <class Type>
inline float dot_floats(Bytes row, const float* x, std::uint32_t columns) {
  __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
  std::uint32_t k = 0;
  constexpr std::size_t kStep = 16 * Type::kBytes;
  for (; k + 64 <= columns; k += 64, row += 4 * kStep) {
    a = _mm512_fmadd_ps(Type::load(row), _mm512_loadu_ps(x + k), a);
    b = _mm512_fmadd_ps(Type::load(row + kStep), _mm512_loadu_ps(x + k + 16), b);
    c = _mm512_fmadd_ps(Type::load(row + 2 * kStep), _mm512_loadu_ps(x + k + 32), c);
    d = _mm512_fmadd_ps(Type::load(row + 3 * kStep), _mm512_loadu_ps(x + k + 48), d);
  }
  for (; k + 16 <= columns; k += 16, row += kStep) {
    a = _mm512_fmadd_ps(Type::load(row), _mm512_loadu_ps(x + k), a);
  }
  if (k < columns) {
    const auto mask = static_cast<__mmask16>((1U << (columns - k)) - 1U);
    b = _mm512_fmadd_ps(Type::load(mask, row), _mm512_maskz_loadu_ps(mask, x + k), b);
  }
  return sum4(a, b, c, d);
}

// Two blocks of 32 codes, as unsigned bytes; the second one may be absent.
struct Q8 {
  static constexpr std::size_t kBytes = 34;
  static constexpr int kOffsetBits = 7;  // unsigned = signed + 128
  static __m256i codes(Bytes block) {
    return _mm256_xor_si256(load32(block + 2), _mm256_set1_epi8(static_cast<char>(0x80)));
  }
};
struct Q4 {
  static constexpr std::size_t kBytes = 18;
  static constexpr int kOffsetBits = 3;  // unsigned = signed + 8
  static __m256i codes(Bytes block) {
    const __m128i both = load16(block + 2);
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(both, 4), both), _mm256_set1_epi8(15));
  }
};

// Codes of two blocks by codes of x: unsigned = signed + 2^b gives sum(w x) + 2^b sum(x), and quads
// holds minus the sums.
template <class Type>
inline __m512 product_of(__m512i codes, const RowInput& x, std::size_t block) {
  const __m512i start =
      _mm512_slli_epi32(_mm512_load_si512(x.quads + 8 * block), Type::kOffsetBits);
  return _mm512_cvtepi32_ps(
      _mm512_dpbusd_epi32(start, codes, _mm512_load_si512(x.codes + 32 * block)));
}

template <class Type>
inline float dot_codes(Bytes row, const RowInput& x, std::uint32_t columns) {
  constexpr std::size_t kBytes = Type::kBytes;
  const std::size_t blocks = columns / 32;
  __m512 a = _mm512_setzero_ps(), b = a;
  const auto add_pair = [&](std::size_t block, __m512 sum) {
    const Bytes w = row + block * kBytes;
    const __m512i codes =
        _mm512_inserti64x4(_mm512_castsi256_si512(Type::codes(w)), Type::codes(w + kBytes), 1);
    const __m512 scale = _mm512_mul_ps(scale8x2(w, w + kBytes), pair_of(x.scales + block));
    return _mm512_fmadd_ps(product_of<Type>(codes, x, block), scale, sum);
  };
  std::size_t block = 0;
  for (; block + 4 <= blocks; block += 4) {
    a = add_pair(block, a);
    b = add_pair(block + 2, b);
  }
  if (block + 2 <= blocks) {
    a = add_pair(block, a);
    block += 2;
  }
  if (block < blocks) {
    const Bytes w = row + block * kBytes;
    const __m512i codes = _mm512_zextsi256_si512(Type::codes(w));
    const __m512 scale = _mm512_mul_ps(scale8(w), pair_of(x.scales + block));
    b = _mm512_fmadd_ps(product_of<Type>(codes, x, block), scale, b);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(a, b));
}

inline __m512 floats_of(__m128i codes) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes)); }

struct ExactQ8 {
  static constexpr std::size_t kBytes = 34;
  static __m512 low(Bytes block) { return floats_of(load16(block + 2)); }
  static __m512 high(Bytes block) { return floats_of(load16(block + 18)); }
};
struct ExactQ4 {
  static constexpr std::size_t kBytes = 18;
  static __m512 signed_of(__m128i nibbles) {
    return floats_of(_mm_sub_epi8(_mm_and_si128(nibbles, _mm_set1_epi8(15)), _mm_set1_epi8(8)));
  }
  static __m512 low(Bytes block) { return signed_of(load16(block + 2)); }
  static __m512 high(Bytes block) { return signed_of(_mm_srli_epi16(load16(block + 2), 4)); }
};

template <class Type>
inline float dot_exact(Bytes row, const float* x, std::uint32_t columns) {
  __m512 a = _mm512_setzero_ps(), b = a;
  const auto of_block = [&](std::uint32_t k) {
    const Bytes w = row + (k / 32) * Type::kBytes;
    const __m512 low = _mm512_mul_ps(Type::low(w), _mm512_loadu_ps(x + k));
    return _mm512_fmadd_ps(Type::high(w), _mm512_loadu_ps(x + k + 16), low);
  };
  std::uint32_t k = 0;
  for (; k + 64 <= columns; k += 64) {
    a = _mm512_fmadd_ps(of_block(k), scale16(row + (k / 32) * Type::kBytes), a);
    b = _mm512_fmadd_ps(of_block(k + 32), scale16(row + (k / 32 + 1) * Type::kBytes), b);
  }
  if (k < columns) a = _mm512_fmadd_ps(of_block(k), scale16(row + (k / 32) * Type::kBytes), a);
  return _mm512_reduce_add_ps(_mm512_add_ps(a, b));
}

template <class Type>
void rows_floats(Bytes rows, std::size_t row_bytes, std::uint32_t count, std::uint32_t columns,
                 const RowInput& x, float* y) noexcept {
  for (std::uint32_t i = 0; i < count; ++i, rows += row_bytes) {
    y[i] = dot_floats<Type>(rows, x.x, columns);
  }
}
template <class Type>
void rows_codes(Bytes rows, std::size_t row_bytes, std::uint32_t count, std::uint32_t columns,
                const RowInput& x, float* y) noexcept {
  for (std::uint32_t i = 0; i < count; ++i, rows += row_bytes) {
    y[i] = dot_codes<Type>(rows, x, columns);
  }
}
template <class Type>
void rows_exact(Bytes rows, std::size_t row_bytes, std::uint32_t count, std::uint32_t columns,
                const RowInput& x, float* y) noexcept {
  for (std::uint32_t i = 0; i < count; ++i, rows += row_bytes) {
    y[i] = dot_exact<Type>(rows, x.x, columns);
  }
}

float dot(const float* a, const float* b, std::uint32_t count) noexcept {
  return dot_floats<F32>(reinterpret_cast<Bytes>(a), b, count);
}

constexpr std::size_t index_of(DType type) { return static_cast<std::size_t>(type); }

RowKernels make_table() noexcept {
  RowKernels table{.name = "avx512"};
  table.exact[index_of(DType::f32)] = rows_floats<F32>;
  table.exact[index_of(DType::f16)] = rows_floats<F16>;
  table.exact[index_of(DType::bf16)] = rows_floats<BF16>;
  table.exact[index_of(DType::q8_0)] = rows_exact<ExactQ8>;
  table.exact[index_of(DType::q4_0)] = rows_exact<ExactQ4>;
  table.integer[index_of(DType::q8_0)] = rows_codes<Q8>;
  table.integer[index_of(DType::q4_0)] = rows_codes<Q4>;
  table.dot = dot;
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
