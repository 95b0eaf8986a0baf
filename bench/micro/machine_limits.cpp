// SPDX-License-Identifier: Apache-2.0
// Loops that do nothing but load, or nothing but multiply.
#include "machine_limits.hpp"

#include <cstring>

#if defined(__x86_64__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 on its own headers: bug 105593
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#endif

namespace therma::bench {

std::uint64_t read_all(const std::byte* bytes, std::size_t num_bytes, std::size_t ahead) noexcept {
  using Words = std::uint64_t __attribute__((vector_size(16), may_alias));
  Words sum[4] = {};
  for (std::size_t at = 0; at < num_bytes; at += 256) {
    const auto* words = reinterpret_cast<const Words*>(bytes + at);
    for (std::size_t line = 0; line < 4; ++line) {
      if (ahead != 0) __builtin_prefetch(bytes + at + ahead + 64 * line);
      for (std::size_t k = 0; k < 4; ++k) sum[k] += words[4 * line + k];
    }
  }
  const Words all = sum[0] + sum[1] + sum[2] + sum[3];
  return all[0] + all[1];
}

#if defined(__x86_64__)
namespace {

constexpr std::uint64_t kChains = 16;  // independent sums: more than latency times throughput

#define THERMA_SUMS(op)                                                                          \
  op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) \
      op(15)

__attribute__((target("avx512f"))) void fma_rounds(std::uint64_t rounds) noexcept {
  for (std::uint64_t k = 0; k < rounds; ++k) {
#define THERMA_OP(n) asm volatile("vfmadd231ps %%zmm30, %%zmm31, %%zmm" #n ::: "xmm" #n);
    THERMA_SUMS(THERMA_OP)
#undef THERMA_OP
  }
}
__attribute__((target("avx512f"))) void bf16_rounds(std::uint64_t rounds) noexcept {
  for (std::uint64_t k = 0; k < rounds; ++k) {
#define THERMA_OP(n) asm volatile("vdpbf16ps %%zmm30, %%zmm31, %%zmm" #n ::: "xmm" #n);
    THERMA_SUMS(THERMA_OP)
#undef THERMA_OP
  }
}
__attribute__((target("avx512f"))) void integer_rounds(std::uint64_t rounds) noexcept {
  for (std::uint64_t k = 0; k < rounds; ++k) {
#define THERMA_OP(n) asm volatile("vpdpbusd %%zmm30, %%zmm31, %%zmm" #n ::: "xmm" #n);
    THERMA_SUMS(THERMA_OP)
#undef THERMA_OP
  }
}

}  // namespace

std::uint64_t run_fma(std::uint64_t rounds) noexcept {
  if (__builtin_cpu_supports("avx512f") == 0) return 0;
  fma_rounds(rounds);
  return rounds * kChains * 16;
}
std::uint64_t run_bf16(std::uint64_t rounds) noexcept {
  if (__builtin_cpu_supports("avx512bf16") == 0) return 0;
  bf16_rounds(rounds);
  return rounds * kChains * 32;
}
std::uint64_t run_integer(std::uint64_t rounds) noexcept {
  if (__builtin_cpu_supports("avx512vnni") == 0) return 0;
  integer_rounds(rounds);
  return rounds * kChains * 64;
}
#else
std::uint64_t run_fma(std::uint64_t) noexcept { return 0; }
std::uint64_t run_bf16(std::uint64_t) noexcept { return 0; }
std::uint64_t run_integer(std::uint64_t) noexcept { return 0; }
#endif

}  // namespace therma::bench
