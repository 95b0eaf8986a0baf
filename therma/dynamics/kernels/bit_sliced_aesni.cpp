// SPDX-License-Identifier: Apache-2.0
// Bit-sliced kernels for processors with AES instructions on 128 bits: half a site in two
// registers. This file alone is compiled for SSE4.1 and AES, and shares no function with others.
#include "therma/core/cpu.hpp"
#include "therma/dynamics/kernels/bit_sliced_call.hpp"

#if defined(__x86_64__) && defined(__AES__)
#include <immintrin.h>

#include "therma/dynamics/kernels/bit_sliced_body.hpp"

namespace therma::kernels {
namespace {

struct Pair {
  __m128i q0, q1;

  static Pair load(const std::uint64_t* p) {
    const auto* at = reinterpret_cast<const __m128i*>(p);
    return {_mm_load_si128(at), _mm_load_si128(at + 1)};
  }
  static void store(std::uint64_t* p, Pair v) {
    auto* at = reinterpret_cast<__m128i*>(p);
    _mm_store_si128(at, v.q0);
    _mm_store_si128(at + 1, v.q1);
  }
  static Pair both(__m128i v) { return {v, v}; }
  static Pair load_key(const std::uint32_t* p) {
    return both(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Pair broadcast(std::uint32_t word) { return both(_mm_set1_epi32(static_cast<int>(word))); }
  static Pair counter(std::uint32_t position) {
    return both(_mm_cvtsi32_si128(static_cast<int>(position)));
  }
  static Pair zero() { return both(_mm_setzero_si128()); }
  static Pair ones() { return both(_mm_set1_epi32(-1)); }
  static Pair and_not(Pair x, Pair y) {
    return {_mm_andnot_si128(y.q0, x.q0), _mm_andnot_si128(y.q1, x.q1)};
  }
  static bool is_zero(Pair x) {
    const __m128i any = _mm_or_si128(x.q0, x.q1);
    return _mm_testz_si128(any, any) != 0;
  }
  static Pair aes(Pair x, Pair key) {
    return {_mm_aesenc_si128(x.q0, key.q0), _mm_aesenc_si128(x.q1, key.q1)};
  }
  static Pair aes_last(Pair x, Pair key) {
    return {_mm_aesenclast_si128(x.q0, key.q0), _mm_aesenclast_si128(x.q1, key.q1)};
  }

  friend Pair operator&(Pair x, Pair y) {
    return {_mm_and_si128(x.q0, y.q0), _mm_and_si128(x.q1, y.q1)};
  }
  friend Pair operator|(Pair x, Pair y) {
    return {_mm_or_si128(x.q0, y.q0), _mm_or_si128(x.q1, y.q1)};
  }
  friend Pair operator^(Pair x, Pair y) {
    return {_mm_xor_si128(x.q0, y.q0), _mm_xor_si128(x.q1, y.q1)};
  }
  friend Pair operator~(Pair x) { return x ^ ones(); }
};

constexpr SlicedKernels kKernels{"aesni", sliced::sweep<Pair>, sliced::count<Pair>};

}  // namespace

const SlicedKernels* sliced_aesni() noexcept { return cpu_runs_aesni() ? &kKernels : nullptr; }

}  // namespace therma::kernels

#else

const therma::kernels::SlicedKernels* therma::kernels::sliced_aesni() noexcept { return nullptr; }

#endif
