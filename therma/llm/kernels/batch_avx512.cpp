// SPDX-License-Identifier: Apache-2.0
// Batch tiles on AVX-512: 32 rows by 6 positions of int8 codes, or by 12 of bf16 pairs.
//
// Rows are packed so that a vector holds the same columns of 16 rows: sums stay in their lanes and
// nothing is added across. Columns are taken a part at a time, so that a packed part stays in the
// first-level cache while all positions pass by.
#include "therma/llm/kernels/batch_tiles.hpp"

#if defined(__AVX512VNNI__) && defined(__AVX512BF16__)
#include <immintrin.h>
#define THERMA_HAS_AVX512 1
#endif

namespace therma::llm {

#if defined(THERMA_HAS_AVX512)
namespace {

using Bytes = const std::byte*;

constexpr std::uint32_t kRows = 32;  // two vectors of 16

inline std::uint32_t least(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

// Masks of the rows that are there, for the two vectors.
struct RowMask {
  __mmask16 low;
  __mmask16 high;
};
inline RowMask mask_of(std::uint32_t num_rows) {
  const std::uint32_t bits = num_rows >= 32 ? 0xffffffffU : (1U << num_rows) - 1U;
  return {static_cast<__mmask16>(bits & 0xffffU), static_cast<__mmask16>(bits >> 16)};
}

inline float half_at(Bytes at) {
  unsigned short bits;
  __builtin_memcpy(&bits, at, sizeof bits);
  return _cvtsh_ss(bits);
}

// The sums of T positions: what is in Y, unless they begin.
template <int T>
inline void begin_sums(bool begins, const float* y, std::size_t y_stride, RowMask mask,
                       __m512 (&sum)[T][2]) {
  for (int t = 0; t < T; ++t, y += y_stride) {
    sum[t][0] = begins ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask.low, y);
    sum[t][1] = begins ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask.high, y + 16);
  }
}
template <int T>
inline void store_sums(const __m512 (&sum)[T][2], RowMask mask, float* y, std::size_t y_stride) {
  for (int t = 0; t < T; ++t, y += y_stride) {
    _mm512_mask_storeu_ps(y, mask.low, sum[t][0]);
    _mm512_mask_storeu_ps(y + 16, mask.high, sum[t][1]);
  }
}

// ------------------------------------------------------------------------------- codes

struct Q8 {
  static constexpr std::size_t kBytes = 34;
  static constexpr int kOffsetBits = 7;
  static __m256i codes(Bytes block) {
    return _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + 2)),
                            _mm256_set1_epi8(static_cast<char>(0x80)));
  }
};
struct Q4 {
  static constexpr std::size_t kBytes = 18;
  static constexpr int kOffsetBits = 3;
  static __m256i codes(Bytes block) {
    const __m128i both = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 2));
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(both, 4), both), _mm256_set1_epi8(15));
  }
};

constexpr std::uint32_t kPartBlocks = 38;  // 1216 columns of 32 rows: 38 KiB of codes

struct CodePanel {
  alignas(64) std::uint32_t quads[kPartBlocks][8][kRows];  // four codes of each row
  alignas(64) float scales[kPartBlocks][kRows];
};

template <class Type>
inline void pack(Bytes rows, std::size_t row_bytes, std::uint32_t num_rows, std::uint32_t blocks,
                 CodePanel& panel) {
  for (std::uint32_t row = 0; row < kRows; ++row) {
    for (std::uint32_t block = 0; block < blocks; ++block) {
      alignas(32) std::uint32_t quads[8] = {};
      float scale = 0.0F;
      if (row < num_rows) {
        const Bytes at = rows + row * row_bytes + block * Type::kBytes;
        _mm256_store_si256(reinterpret_cast<__m256i*>(quads), Type::codes(at));
        scale = half_at(at);
      }
      for (std::uint32_t quad = 0; quad < 8; ++quad) panel.quads[block][quad][row] = quads[quad];
      panel.scales[block][row] = scale;
    }
  }
}

// One part of the columns for T positions from b on; adds to Y unless it is the first part.
template <class Type, int T>
inline void tile_codes(const CodePanel& panel, std::uint32_t first_block, std::uint32_t blocks,
                       const BatchInput& X, std::uint32_t b, RowMask mask, float* Y,
                       std::size_t y_stride) {
  __m512 sum[T][2];
  begin_sums<T>(first_block == 0, Y + b * y_stride, y_stride, mask, sum);
  const std::int8_t* codes = X.codes + (b * X.blocks + first_block) * 32;
  const std::int32_t* sums = X.sums + b * X.blocks + first_block;
  const float* scales = X.scales + b * X.blocks + first_block;
  for (std::uint32_t block = 0; block < blocks; ++block) {
    __m512i acc[T][2];
    for (int t = 0; t < T; ++t) {
      const std::int32_t start = sums[static_cast<std::size_t>(t) * X.blocks + block];
      acc[t][0] = acc[t][1] = _mm512_slli_epi32(_mm512_set1_epi32(start), Type::kOffsetBits);
    }
#pragma GCC unroll 8
    for (int quad = 0; quad < 8; ++quad) {
      const __m512i w0 = _mm512_load_si512(panel.quads[block][quad]);
      const __m512i w1 = _mm512_load_si512(panel.quads[block][quad] + 16);
      for (int t = 0; t < T; ++t) {
        std::int32_t four;
        __builtin_memcpy(&four,
                         codes + (static_cast<std::size_t>(t) * X.blocks + block) * 32 +
                             4 * static_cast<std::size_t>(quad),
                         sizeof four);
        const __m512i x = _mm512_set1_epi32(four);
        acc[t][0] = _mm512_dpbusd_epi32(acc[t][0], w0, x);
        acc[t][1] = _mm512_dpbusd_epi32(acc[t][1], w1, x);
      }
    }
    const __m512 d0 = _mm512_load_ps(panel.scales[block]);
    const __m512 d1 = _mm512_load_ps(panel.scales[block] + 16);
    for (int t = 0; t < T; ++t) {
      const __m512 dx = _mm512_set1_ps(scales[static_cast<std::size_t>(t) * X.blocks + block]);
      sum[t][0] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[t][0]), _mm512_mul_ps(d0, dx), sum[t][0]);
      sum[t][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[t][1]), _mm512_mul_ps(d1, dx), sum[t][1]);
    }
  }
  store_sums<T>(sum, mask, Y + b * y_stride, y_stride);
}

template <class Type>
void batch_codes(Bytes rows, std::size_t row_bytes, std::uint32_t num_rows, std::uint32_t columns,
                 const BatchInput& X, float* Y, std::size_t y_stride) noexcept {
  CodePanel panel;
  const auto mask = mask_of(num_rows);
  const std::uint32_t all = columns / 32;
  for (std::uint32_t first = 0; first < all; first += kPartBlocks) {
    const auto blocks = least(kPartBlocks, all - first);
    pack<Type>(rows + first * Type::kBytes, row_bytes, num_rows, blocks, panel);
    std::uint32_t b = 0;
    for (; b + 6 <= X.count; b += 6) {
      tile_codes<Type, 6>(panel, first, blocks, X, b, mask, Y, y_stride);
    }
    for (; b < X.count; ++b) tile_codes<Type, 1>(panel, first, blocks, X, b, mask, Y, y_stride);
  }
}

// -------------------------------------------------------------------------------- bf16

constexpr std::uint32_t kPartPairs = 448;  // 896 columns of 32 rows: 56 KiB

struct PairPanel {
  alignas(64) std::uint32_t pairs[kPartPairs][kRows];  // two columns of each row
};

inline void pack(Bytes rows, std::size_t row_bytes, std::uint32_t num_rows, std::uint32_t pairs,
                 PairPanel& panel) {
  for (std::uint32_t row = 0; row < kRows; ++row) {
    const Bytes at = rows + row * row_bytes;
    for (std::uint32_t pair = 0; pair < pairs; ++pair) {
      std::uint32_t two = 0;
      if (row < num_rows) __builtin_memcpy(&two, at + 4 * std::size_t{pair}, sizeof two);
      panel.pairs[pair][row] = two;
    }
  }
}

inline __m512bh as_pairs(__m512i bits) { return reinterpret_cast<__m512bh>(bits); }

template <int T>
inline void tile_pairs(const PairPanel& panel, std::uint32_t first_pair, std::uint32_t pairs,
                       const BatchInput& X, std::uint32_t b, RowMask mask, float* Y,
                       std::size_t y_stride) {
  __m512 sum[T][2];
  begin_sums<T>(first_pair == 0, Y + b * y_stride, y_stride, mask, sum);
  const std::uint16_t* x = X.bf16 + b * X.bf16_stride + 2 * std::size_t{first_pair};
  for (std::uint32_t pair = 0; pair < pairs; ++pair) {
    const __m512bh w0 = as_pairs(_mm512_load_si512(panel.pairs[pair]));
    const __m512bh w1 = as_pairs(_mm512_load_si512(panel.pairs[pair] + 16));
    for (int t = 0; t < T; ++t) {
      std::int32_t two;
      __builtin_memcpy(&two,
                       x + static_cast<std::size_t>(t) * X.bf16_stride + 2 * std::size_t{pair},
                       sizeof two);
      const __m512bh both = as_pairs(_mm512_set1_epi32(two));
      sum[t][0] = _mm512_dpbf16_ps(sum[t][0], w0, both);
      sum[t][1] = _mm512_dpbf16_ps(sum[t][1], w1, both);
    }
  }
  store_sums<T>(sum, mask, Y + b * y_stride, y_stride);
}

void batch_pairs(Bytes rows, std::size_t row_bytes, std::uint32_t num_rows, std::uint32_t columns,
                 const BatchInput& X, float* Y, std::size_t y_stride) noexcept {
  PairPanel panel;
  const auto mask = mask_of(num_rows);
  const std::uint32_t all = columns / 2;
  for (std::uint32_t first = 0; first < all; first += kPartPairs) {
    const auto pairs = least(kPartPairs, all - first);
    pack(rows + 4 * std::size_t{first}, row_bytes, num_rows, pairs, panel);
    std::uint32_t b = 0;
    for (; b + 12 <= X.count; b += 12) {
      tile_pairs<12>(panel, first, pairs, X, b, mask, Y, y_stride);
    }
    for (; b + 4 <= X.count; b += 4) tile_pairs<4>(panel, first, pairs, X, b, mask, Y, y_stride);
    for (; b < X.count; ++b) tile_pairs<1>(panel, first, pairs, X, b, mask, Y, y_stride);
  }
}

}  // namespace

const BatchKernels* batch_kernels_avx512() noexcept {
  static constexpr BatchKernels kKernels{
      .bf16 = batch_pairs, .q8_0 = batch_codes<Q8>, .q4_0 = batch_codes<Q4>};
  return &kKernels;
}
#else
const BatchKernels* batch_kernels_avx512() noexcept { return nullptr; }
#endif

}  // namespace therma::llm
