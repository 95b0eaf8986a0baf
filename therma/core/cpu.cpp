// SPDX-License-Identifier: Apache-2.0
// Asks the processor; whether the system saves wide registers is part of the compiler's answers.
#include "therma/core/cpu.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace therma {
#if defined(__x86_64__)

bool cpu_runs_aesni() noexcept {
  return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("sse4.1") != 0 &&
         __builtin_cpu_supports("popcnt") != 0;
}

bool cpu_runs_vaes() noexcept {
  // Bit 9 of ECX in leaf 7; not every compiler knows the word for it.
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool has_vaes = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c >> 9 & 1U) != 0;
  return has_vaes && cpu_runs_aesni() && __builtin_cpu_supports("avx2") != 0 &&
         __builtin_cpu_supports("bmi2") != 0;
}

bool cpu_runs_avx2() noexcept {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("f16c") != 0;
}

bool cpu_runs_avx512() noexcept {
  return cpu_runs_avx2() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vnni") != 0 &&
         __builtin_cpu_supports("avx512bf16") != 0;
}

#else
bool cpu_runs_aesni() noexcept { return false; }
bool cpu_runs_vaes() noexcept { return false; }
bool cpu_runs_avx2() noexcept { return false; }
bool cpu_runs_avx512() noexcept { return false; }
#endif
}  // namespace therma
