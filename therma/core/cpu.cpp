// SPDX-License-Identifier: Apache-2.0
// Asks the processor; whether the system saves wide registers is part of the compiler's answers,
// but for tiles, which the system is asked for.
#include "therma/core/cpu.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace therma {
#if defined(__x86_64__)
namespace {

bool cpu_has_amx() noexcept {
  // Bits 22 (bf16), 24 (tile) and 25 (int8) of EDX in leaf 7.
  constexpr unsigned kAll = 1U << 22 | 1U << 24 | 1U << 25;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kAll) == kAll;
}

// Tiles fault until the process has asked for them; kernels before 5.16 refuse.
bool system_permits_amx() noexcept {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM of asm/prctl.h
  constexpr long kTileData = 18;               // the component of the saved state
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

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

bool cpu_runs_amx() noexcept {
  static const bool kRuns = cpu_runs_avx512() && cpu_has_amx() && system_permits_amx();
  return kRuns;
}

#else
bool cpu_runs_aesni() noexcept { return false; }
bool cpu_runs_vaes() noexcept { return false; }
bool cpu_runs_avx2() noexcept { return false; }
bool cpu_runs_avx512() noexcept { return false; }
bool cpu_runs_amx() noexcept { return false; }
#endif
}  // namespace therma
