// SPDX-License-Identifier: Apache-2.0
// lattice_bits on 256-bit AES, AVX2 and BMI2. Intrinsics, since Highway 1.0 draws AES rounds 256
// bits wide only where AVX-512 is; nothing shared is called from here.
#include "therma/core/cpu.hpp"
#include "therma/dynamics/kernels/lattice_bits_plan.hpp"

#if defined(__VAES__) && defined(__AVX2__) && defined(__BMI2__)
#include <immintrin.h>
#define THERMA_HAS_VAES 1
#endif

namespace therma::kernels {

#if defined(THERMA_HAS_VAES)
namespace {

struct Vec {
  using Reg = __m256i;
  static constexpr unsigned kBytes = 32;

  static Reg load(const std::uint8_t* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  }
  static void store(std::uint8_t* at, Reg x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), x);
  }
  static Reg repeat(const std::uint8_t* block) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(block)));
  }
  static Reg repeat_words(std::uint64_t low, std::uint64_t high) {
    const auto l = static_cast<long long>(low), h = static_cast<long long>(high);
    return _mm256_set_epi64x(h, l, h, l);
  }
  static Reg fill(std::uint8_t byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
  static Reg zero() { return _mm256_setzero_si256(); }
  static Reg ones() { return _mm256_set1_epi8(-1); }
  static Reg bit_xor(Reg a, Reg b) { return _mm256_xor_si256(a, b); }
  static Reg bit_and(Reg a, Reg b) { return _mm256_and_si256(a, b); }
  static Reg bit_or(Reg a, Reg b) { return _mm256_or_si256(a, b); }
  static Reg bit_andnot(Reg a, Reg b) { return _mm256_andnot_si256(a, b); }  // ~a & b
  static bool is_zero(Reg a) { return _mm256_testz_si256(a, a) != 0; }
  static Reg round(Reg x, Reg key) { return _mm256_aesenc_epi128(x, key); }
  static Reg last_round(Reg x, Reg key) { return _mm256_aesenclast_epi128(x, key); }
  // 64-bit words one bit up or down, the free bit from the word before or after.
  static Reg shift_up(Reg x, Reg words_before) {
    return _mm256_or_si256(_mm256_slli_epi64(x, 1), _mm256_srli_epi64(words_before, 63));
  }
  static Reg shift_down(Reg x, Reg words_after) {
    return _mm256_or_si256(_mm256_srli_epi64(x, 1), _mm256_slli_epi64(words_after, 63));
  }
  // 32-bit rows turned by one bit; the two 64-bit words of each 16 bytes swapped.
  static Reg turn_up_32(Reg x) {
    return _mm256_or_si256(_mm256_slli_epi32(x, 1), _mm256_srli_epi32(x, 31));
  }
  static Reg turn_down_32(Reg x) {
    return _mm256_or_si256(_mm256_srli_epi32(x, 1), _mm256_slli_epi32(x, 31));
  }
  static Reg swap_words(Reg x) { return _mm256_shuffle_epi32(x, 0x4E); }
  static std::uint64_t take(std::uint64_t bits, std::uint64_t where) {
    return _pext_u64(bits, where);
  }
  static std::uint64_t put(std::uint64_t bits, std::uint64_t where) {
    return _pdep_u64(bits, where);
  }
  static unsigned count(std::uint64_t bits) {
    return static_cast<unsigned>(__builtin_popcountll(bits));
  }
};

#include "therma/dynamics/kernels/lattice_bits_chunk.inc"

bool present() noexcept { return cpu_runs_vaes(); }

}  // namespace

constinit const LatticeBackend kLatticeVaes{"vaes", present, prepare_planes, update_colour};
#else
constinit const LatticeBackend kLatticeVaes{"vaes", []() noexcept { return false; }, nullptr,
                                            nullptr};
#endif

}  // namespace therma::kernels
