// SPDX-License-Identifier: Apache-2.0
// lattice_bits on 128-bit AES and SSE4.1, for processors without VAES. Intrinsics, as in
// lattice_bits_vaes.cpp; nothing shared is called from here.
#include "therma/core/cpu.hpp"
#include "therma/dynamics/kernels/lattice_bits_plan.hpp"

#if defined(__AES__) && defined(__SSE4_1__) && defined(__POPCNT__)
#include <immintrin.h>
#define THERMA_HAS_AES 1
#endif

namespace therma::kernels {

#if defined(THERMA_HAS_AES)
namespace {

struct Vec {
  using Reg = __m128i;
  static constexpr unsigned kBytes = 16;

  static Reg load(const std::uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  }
  static void store(std::uint8_t* at, Reg x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), x);
  }
  static Reg repeat(const std::uint8_t* block) { return load(block); }
  static Reg repeat_words(std::uint64_t low, std::uint64_t high) {
    return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
  }
  static Reg fill(std::uint8_t byte) { return _mm_set1_epi8(static_cast<char>(byte)); }
  static Reg zero() { return _mm_setzero_si128(); }
  static Reg ones() { return _mm_set1_epi8(-1); }
  static Reg bit_xor(Reg a, Reg b) { return _mm_xor_si128(a, b); }
  static Reg bit_and(Reg a, Reg b) { return _mm_and_si128(a, b); }
  static Reg bit_or(Reg a, Reg b) { return _mm_or_si128(a, b); }
  static Reg bit_andnot(Reg a, Reg b) { return _mm_andnot_si128(a, b); }  // ~a & b
  static bool is_zero(Reg a) { return _mm_testz_si128(a, a) != 0; }
  static Reg round(Reg x, Reg key) { return _mm_aesenc_si128(x, key); }
  static Reg last_round(Reg x, Reg key) { return _mm_aesenclast_si128(x, key); }
  // 64-bit words one bit up or down, the free bit from the word before or after.
  static Reg shift_up(Reg x, Reg words_before) {
    return _mm_or_si128(_mm_slli_epi64(x, 1), _mm_srli_epi64(words_before, 63));
  }
  static Reg shift_down(Reg x, Reg words_after) {
    return _mm_or_si128(_mm_srli_epi64(x, 1), _mm_slli_epi64(words_after, 63));
  }
  // 32-bit rows turned by one bit; the two 64-bit words swapped.
  static Reg turn_up_32(Reg x) { return _mm_or_si128(_mm_slli_epi32(x, 1), _mm_srli_epi32(x, 31)); }
  static Reg turn_down_32(Reg x) {
    return _mm_or_si128(_mm_srli_epi32(x, 1), _mm_slli_epi32(x, 31));
  }
  static Reg swap_words(Reg x) { return _mm_shuffle_epi32(x, 0x4E); }
  // What pext and pdep do; two bits of a word on average.
  static std::uint64_t take(std::uint64_t bits, std::uint64_t where) {
    std::uint64_t taken = 0;
    for (unsigned k = 0; where != 0; ++k, where &= where - 1) {
      taken |= (bits >> __builtin_ctzll(where) & 1U) << k;
    }
    return taken;
  }
  static std::uint64_t put(std::uint64_t bits, std::uint64_t where) {
    std::uint64_t put = 0;
    for (; where != 0; where &= where - 1, bits >>= 1) {
      put |= (bits & 1U) << __builtin_ctzll(where);
    }
    return put;
  }
  static unsigned count(std::uint64_t bits) {
    return static_cast<unsigned>(__builtin_popcountll(bits));
  }
};

#include "therma/dynamics/kernels/lattice_bits_chunk.inc"

bool present() noexcept { return cpu_runs_aesni(); }

}  // namespace

constinit const LatticeBackend kLatticeAes{"aes", present, prepare_planes, update_colour};
#else
constinit const LatticeBackend kLatticeAes{"aes", []() noexcept { return false; }, nullptr,
                                           nullptr};
#endif

}  // namespace therma::kernels
