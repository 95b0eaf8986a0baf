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

using Bytes = const std::byte*;

inline __m128i load16(Bytes at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
inline __m256i load32(Bytes at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }

inline float half_at(Bytes at) {
  unsigned short bits;
  __builtin_memcpy(&bits, at, sizeof bits);
  return _cvtsh_ss(bits);
}

inline float sum_of(__m256 v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

struct F32 {
  static constexpr std::size_t kBytes = 4;
  static __m256 load(Bytes at) { return _mm256_loadu_ps(reinterpret_cast<const float*>(at)); }
  static float one(Bytes at) {
    float value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
  }
};
struct F16 {
  static constexpr std::size_t kBytes = 2;
  static __m256 load(Bytes at) { return _mm256_cvtph_ps(load16(at)); }
  static float one(Bytes at) { return half_at(at); }
};
struct BF16 {
  static constexpr std::size_t kBytes = 2;
  static __m256 load(Bytes at) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load16(at)), 16));
  }
  static float one(Bytes at) {
    unsigned short bits;
    __builtin_memcpy(&bits, at, sizeof bits);
    const unsigned wide = static_cast<unsigned>(bits) << 16;
    float value;
    __builtin_memcpy(&value, &wide, sizeof value);
    return value;
  }
};

template <class Type>
inline float dot_floats(Bytes row, const float* x, std::uint32_t columns) {
  constexpr std::size_t kStep = 8 * Type::kBytes;
  __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
  std::uint32_t k = 0;
  for (; k + 32 <= columns; k += 32, row += 4 * kStep) {
    a = _mm256_fmadd_ps(Type::load(row), _mm256_loadu_ps(x + k), a);
    b = _mm256_fmadd_ps(Type::load(row + kStep), _mm256_loadu_ps(x + k + 8), b);
    c = _mm256_fmadd_ps(Type::load(row + 2 * kStep), _mm256_loadu_ps(x + k + 16), c);
    d = _mm256_fmadd_ps(Type::load(row + 3 * kStep), _mm256_loadu_ps(x + k + 24), d);
  }
  for (; k + 8 <= columns; k += 8, row += kStep) {
    a = _mm256_fmadd_ps(Type::load(row), _mm256_loadu_ps(x + k), a);
  }
  float sum = sum_of(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)));
  for (; k < columns; ++k, row += Type::kBytes) sum += Type::one(row) * x[k];
  return sum;
}

// 32 signed codes of a block.
struct Q8 {
  static constexpr std::size_t kBytes = 34;
  static __m256i codes(Bytes block) { return load32(block + 2); }
};
struct Q4 {
  static constexpr std::size_t kBytes = 18;
  static __m256i codes(Bytes block) {
    const __m128i both = load16(block + 2);
    const __m256i nibbles =
        _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(both, 4), both), _mm256_set1_epi8(15));
    return _mm256_sub_epi8(nibbles, _mm256_set1_epi8(8));
  }
};

// Codes lie in [-127, 127], so that no pair of products leaves 16 bits; a code of -128 in a file
// counts as what |x| makes of it, which is right since the sign goes to the other factor.
template <class Type>
inline float dot_codes(Bytes row, const RowInput& x, std::uint32_t columns) {
  __m256 a = _mm256_setzero_ps(), b = a;
  const std::size_t blocks = columns / 32;
  const auto add_block = [&](std::size_t block, __m256 sum) {
    const Bytes w = row + block * Type::kBytes;
    const __m256i codes = Type::codes(w);
    const __m256i other = _mm256_load_si256(reinterpret_cast<const __m256i*>(x.codes + 32 * block));
    const __m256i magnitude = _mm256_sign_epi8(other, other);  // of x, so that |-128| is no worry
    const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(codes, other));
    const __m256i quads = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    const __m256 scale = _mm256_set1_ps(half_at(w) * x.scales[block]);
    return _mm256_fmadd_ps(_mm256_cvtepi32_ps(quads), scale, sum);
  };
  std::size_t block = 0;
  for (; block + 2 <= blocks; block += 2) {
    a = add_block(block, a);
    b = add_block(block + 1, b);
  }
  if (block < blocks) a = add_block(block, a);
  return sum_of(_mm256_add_ps(a, b));
}

template <class Type>
inline float dot_exact(Bytes row, const float* x, std::uint32_t columns) {
  __m256 a = _mm256_setzero_ps();
  for (std::uint32_t k = 0; k < columns; k += 32, row += Type::kBytes) {
    alignas(32) signed char codes[32];
    _mm256_store_si256(reinterpret_cast<__m256i*>(codes), Type::codes(row));
    __m256 part = _mm256_setzero_ps();
    for (std::uint32_t j = 0; j < 32; j += 8) {
      const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + j));
      part = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight)),
                             _mm256_loadu_ps(x + k + j), part);
    }
    a = _mm256_fmadd_ps(part, _mm256_set1_ps(half_at(row)), a);
  }
  return sum_of(a);
}

template <class Type>
void rows_floats(Bytes rows, std::size_t row_bytes, std::uint32_t count, std::uint32_t columns,
                 const RowInput& x, float* y) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) {
    y[i] = dot_floats<Type>(rows + i * row_bytes, x.x, columns);
  }
}
template <class Type>
void rows_codes(Bytes rows, std::size_t row_bytes, std::uint32_t count, std::uint32_t columns,
                const RowInput& x, float* y) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) {
    y[i] = dot_codes<Type>(rows + i * row_bytes, x, columns);
  }
}
template <class Type>
void rows_exact(Bytes rows, std::size_t row_bytes, std::uint32_t count, std::uint32_t columns,
                const RowInput& x, float* y) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) {
    y[i] = dot_exact<Type>(rows + i * row_bytes, x.x, columns);
  }
}

float dot(const float* a, const float* b, std::uint32_t count) noexcept {
  return dot_floats<F32>(reinterpret_cast<Bytes>(a), b, count);
}

constexpr std::size_t index_of(DType type) { return static_cast<std::size_t>(type); }

RowKernels make_table() noexcept {
  RowKernels table{.name = "avx2"};
  table.exact[index_of(DType::f32)] = rows_floats<F32>;
  table.exact[index_of(DType::f16)] = rows_floats<F16>;
  table.exact[index_of(DType::bf16)] = rows_floats<BF16>;
  table.exact[index_of(DType::q8_0)] = rows_exact<Q8>;
  table.exact[index_of(DType::q4_0)] = rows_exact<Q4>;
  table.integer[index_of(DType::q8_0)] = rows_codes<Q8>;
  table.integer[index_of(DType::q4_0)] = rows_codes<Q4>;
  table.dot = dot;
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
