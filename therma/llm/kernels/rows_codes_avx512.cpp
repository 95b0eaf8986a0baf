// SPDX-License-Identifier: Apache-2.0
// multiply_rows of block-quantised weights on AVX-512 with VNNI. Intrinsics, since Highway 1.0
// lacks VNNI; nothing shared is called from here.
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

inline __m256i dot_unsigned(__m256i start, __m256i w, __m256i x) {
  return _mm256_dpbusd_epi32(start, w, x);
}
// |w| is unsigned, 128 included, and its sign goes to x, which has no -128.
inline __m256i dot_signed(__m256i w, __m256i x) {
  const __m256i other = _mm256_sign_epi8(x, w);
  return _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_abs_epi8(w), other);
}
#include "therma/llm/kernels/rows_blocks.inl"

// Four scales, one a block, to the lanes of a vector: eight lanes for each of two blocks, or four
// lanes for each of four.
inline __m512 first_two(__m128 scales) {
  const __m512i lanes = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm512_permutexvar_ps(lanes, _mm512_castps128_ps512(scales));
}
inline __m512 last_two(__m128 scales) {
  const __m512i lanes = _mm512_set_epi32(3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2);
  return _mm512_permutexvar_ps(lanes, _mm512_castps128_ps512(scales));
}
inline __m512 all_four(__m128 scales) {
  const __m512i lanes = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
  return _mm512_permutexvar_ps(lanes, _mm512_castps128_ps512(scales));
}
inline short half_bits(Bytes at) {
  short bits;
  __builtin_memcpy(&bits, at, sizeof bits);
  return bits;
}

// Four q8_0 blocks, the codes of two in a vector. Loads of 32 bytes: of 64, nearly all would cross
// a cache line.
struct FourQ8 {
  struct Step {
    __m512i codes[2];  // unsigned: signed + 128
    __m128 scales;
  };
  static __m512i two(Bytes at) {
    const __m512i codes =
        _mm512_inserti64x4(_mm512_castsi256_si512(load32(at + 2)), load32(at + 36), 1);
    return _mm512_xor_si512(codes, _mm512_set1_epi8(static_cast<char>(0x80)));
  }
  static Step load(Bytes at) {
    const __m128i halves = _mm_setr_epi16(half_bits(at), half_bits(at + 34), half_bits(at + 68),
                                          half_bits(at + 102), 0, 0, 0, 0);
    return {{two(at), two(at + 68)}, _mm_cvtph_ps(halves)};
  }
  static Step load(Bytes at, std::size_t blocks) {  // fewer than four
    std::byte copy[4 * 34] = {};
    __builtin_memcpy(copy, at, blocks * 34);
    return load(copy);
  }
  struct Other {
    __m512i codes[2];
    __m512i start[2];
    __m128 scales;
  };
  static Other other(const RowInput& x, std::size_t block) {
    const std::int8_t* codes = x.codes + 32 * block;
    const std::int32_t* quads = x.quads + 8 * block;
    return {{_mm512_loadu_si512(codes), _mm512_loadu_si512(codes + 64)},
            {_mm512_slli_epi32(_mm512_loadu_si512(quads), 7),
             _mm512_slli_epi32(_mm512_loadu_si512(quads + 16), 7)},
            _mm_loadu_ps(x.scales + block)};
  }
  static __m512 add(const Step& w, const Other& x, __m512 sum) {
    const __m128 scales = _mm_mul_ps(w.scales, x.scales);
    const __m512i low = _mm512_dpbusd_epi32(x.start[0], w.codes[0], x.codes[0]);
    const __m512i high = _mm512_dpbusd_epi32(x.start[1], w.codes[1], x.codes[1]);
    sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(low), first_two(scales), sum);
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(high), last_two(scales), sum);
  }
};

// Four q4_0 blocks: 9 words of 16 bits each, lined up by one permutation of words. Low nibbles are
// the first halves of the blocks, high nibbles the second ones; both go to the same four lanes of
// their block.
struct FourQ4 {
  struct Step {
    __m512i low;
    __m512i high;
    __m128 scales;
  };
  static Step load(Bytes at) { return line_up(_mm512_loadu_si512(at), _mm512_loadu_si512(at + 8)); }
  static Step load(Bytes at, std::size_t blocks) {  // fewer than four
    const auto mask = static_cast<__mmask32>((1U << (9 * blocks)) - 1U);
    return line_up(_mm512_maskz_loadu_epi16(mask, at), _mm512_maskz_loadu_epi16(mask >> 4, at + 8));
  }
  // Words 0 .. 31 and 4 .. 35.
  static Step line_up(__m512i whole, __m512i last) {
    // Word 9 b + 1 + j of the four blocks; those from 32 on are word k - 4 of `last`.
    alignas(64) static constexpr std::uint16_t kCodes[32] = {
        1,  2,  3,  4,  5,  6,  7,  8,  10, 11, 12, 13, 14, 15, 16, 17,
        19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31, 60, 61, 62, 63};
    alignas(64) static constexpr std::uint16_t kScales[32] = {0, 9, 18, 27};
    const __m512i both = _mm512_permutex2var_epi16(whole, _mm512_load_si512(kCodes), last);
    const __m512i halves = _mm512_permutexvar_epi16(_mm512_load_si512(kScales), whole);
    const __m512i fifteen = _mm512_set1_epi8(15);
    return {_mm512_and_si512(both, fifteen), _mm512_and_si512(_mm512_srli_epi16(both, 4), fifteen),
            _mm_cvtph_ps(_mm512_castsi512_si128(halves))};
  }
  struct Other {
    __m512i low;
    __m512i high;
    __m512i start;
    __m128 scales;
  };
  static Other other(const RowInput& x, std::size_t block) {
    const __m512i a = _mm512_loadu_si512(x.codes + 32 * block);
    const __m512i b = _mm512_loadu_si512(x.codes + 32 * block + 64);
    const __m512i c = _mm512_loadu_si512(x.quads + 8 * block);
    const __m512i d = _mm512_loadu_si512(x.quads + 8 * block + 16);
    const __m512i sums =
        _mm512_add_epi32(_mm512_shuffle_i64x2(c, d, 0x88), _mm512_shuffle_i64x2(c, d, 0xDD));
    return {_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xDD),
            _mm512_slli_epi32(sums, 3), _mm_loadu_ps(x.scales + block)};
  }
  static __m512 add(const Step& w, const Other& x, __m512 sum) {
    const __m512i half = _mm512_dpbusd_epi32(x.start, w.low, x.low);
    const __m512i dots = _mm512_dpbusd_epi32(half, w.high, x.high);
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), all_four(_mm_mul_ps(w.scales, x.scales)), sum);
  }
};

// Activations are filled up with zeros to whole fours of blocks; rows end where they end.
template <class Type, int R, int P>
struct VnniTile {
  static void multiply(const RowsCall& call, std::uint32_t i, std::uint32_t p) {
    const Bytes row = call.rows + i * call.row_bytes;
    __m512 sum[R][P];
    for (auto& of_row : sum) {
      for (auto& one : of_row) one = _mm512_setzero_ps();
    }
    const std::size_t blocks = call.columns / 32, block_bytes = call.row_bytes / blocks;
    for (std::size_t block = 0; block < blocks; block += 4) {
      typename Type::Other x[P];
      for (int t = 0; t < P; ++t) x[t] = Type::other(call.x[p + t], block);
      for (int r = 0; r < R; ++r) {
        const Bytes at = row + r * call.row_bytes + block * block_bytes;
        const auto w = block + 4 <= blocks ? Type::load(at) : Type::load(at, blocks - block);
        for (int t = 0; t < P; ++t) sum[r][t] = Type::add(w, x[t], sum[r][t]);
      }
    }
    for (int r = 0; r < R; ++r) {
      for (int t = 0; t < P; ++t) {
        call.y[(p + t) * call.y_stride + i + r] = _mm512_reduce_add_ps(sum[r][t]);
      }
    }
  }
};

// One activation lined up once for many rows, which are then read one after the other: memory likes
// that better than several rows at once. The same sums as in VnniTile.
template <class Type>
void multiply_in_order(const RowsCall& call, const typename Type::Other* x) {
  const std::size_t blocks = call.columns / 32, block_bytes = call.row_bytes / blocks;
  const std::size_t steps = blocks / 4, rest = blocks % 4;
  const Bytes begin = call.rows;
  for (std::uint32_t i = 0; i < call.count; ++i) {
    Bytes at = begin + i * call.row_bytes;
    __m512 sum = _mm512_setzero_ps();
    for (std::size_t step = 0; step < steps; ++step) {
      sum = Type::add(Type::load(at), x[step], sum);
      at += 4 * block_bytes;
    }
    if (rest != 0) sum = Type::add(Type::load(at, rest), x[steps], sum);
    call.y[i] = _mm512_reduce_add_ps(sum);
  }
}

template <class Type>
void multiply_codes(const RowsCall& call) noexcept {
  constexpr std::size_t kMostBlocks = 256;  // 16 or 20 KiB on the stack
  const std::size_t blocks = call.columns / 32;
  if (call.positions > 1 || call.count < 4 || blocks > kMostBlocks) {
    return cover<VnniTile, Type>(call);
  }
  typename Type::Other x[kMostBlocks / 4];
  for (std::size_t block = 0; block < blocks; block += 4) {
    x[block / 4] = Type::other(call.x[0], block);
  }
  multiply_in_order<Type>(call, x);
}

constexpr std::size_t index_of(DType type) { return static_cast<std::size_t>(type); }

template <class Type>
void add_type(RowKernels& table, DType type) noexcept {
  table.exact[index_of(type)] = cover<ExactTile, Type>;
  table.integer[index_of(type)] = cover<CodeTile, Type>;
}

}  // namespace

void add_code_kernels_avx512(RowKernels& table) noexcept {
  add_type<Q8>(table, DType::q8_0);
  add_type<Q4>(table, DType::q4_0);
  add_type<Q4Min>(table, DType::q4_1);
  add_type<Q5>(table, DType::q5_0);
  add_type<Q5Min>(table, DType::q5_1);
  add_type<Q4K>(table, DType::q4_k);
  add_type<Q5K>(table, DType::q5_k);
  add_type<Q6K>(table, DType::q6_k);
  table.integer[index_of(DType::q8_0)] = multiply_codes<FourQ8>;
  table.integer[index_of(DType::q4_0)] = multiply_codes<FourQ4>;
}
#else
void add_code_kernels_avx512(RowKernels&) noexcept {}
#endif

}  // namespace therma::llm
