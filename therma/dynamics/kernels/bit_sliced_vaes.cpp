// SPDX-License-Identifier: Apache-2.0
// Bit-sliced kernels with two AES blocks to an instruction, which Highway 1.0 lacks without
// AVX-512. This file alone is compiled for AVX2 and VAES, and shares no function with others.
#include "therma/core/cpu.hpp"
#include "therma/dynamics/kernels/bit_sliced_call.hpp"

#if defined(__x86_64__) && defined(__VAES__)
#include <immintrin.h>

#include "therma/dynamics/kernels/bit_sliced_body.hpp"

namespace therma::kernels {
namespace {

struct Wide {
  __m256i raw;

  static Wide load(const std::uint64_t* p) {
    return {_mm256_load_si256(reinterpret_cast<const __m256i*>(p))};
  }
  static void store(std::uint64_t* p, Wide v) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(p), v.raw);
  }
  static Wide load_key(const std::uint32_t* p) {
    return {_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
  }
  static Wide broadcast(std::uint32_t word) { return {_mm256_set1_epi32(static_cast<int>(word))}; }
  static Wide counter(std::uint32_t position) {
    return {_mm256_broadcastsi128_si256(_mm_cvtsi32_si128(static_cast<int>(position)))};
  }
  static Wide zero() { return {_mm256_setzero_si256()}; }
  static Wide ones() { return {_mm256_set1_epi32(-1)}; }
  static Wide and_not(Wide x, Wide y) { return {_mm256_andnot_si256(y.raw, x.raw)}; }
  static bool is_zero(Wide x) { return _mm256_testz_si256(x.raw, x.raw) != 0; }
  static Wide aes(Wide x, Wide key) { return {_mm256_aesenc_epi128(x.raw, key.raw)}; }
  static Wide aes_last(Wide x, Wide key) { return {_mm256_aesenclast_epi128(x.raw, key.raw)}; }

  friend Wide operator&(Wide x, Wide y) { return {_mm256_and_si256(x.raw, y.raw)}; }
  friend Wide operator|(Wide x, Wide y) { return {_mm256_or_si256(x.raw, y.raw)}; }
  friend Wide operator^(Wide x, Wide y) { return {_mm256_xor_si256(x.raw, y.raw)}; }
  friend Wide operator~(Wide x) { return x ^ ones(); }
};

constexpr SlicedKernels kKernels{"vaes", sliced::sweep<Wide>, sliced::count<Wide>};

}  // namespace

const SlicedKernels* sliced_vaes() noexcept { return cpu_runs_vaes() ? &kKernels : nullptr; }

}  // namespace therma::kernels

#else

const therma::kernels::SlicedKernels* therma::kernels::sliced_vaes() noexcept { return nullptr; }

#endif
