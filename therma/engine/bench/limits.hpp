// SPDX-License-Identifier: Apache-2.0
// What this machine can do at most, measured: the yardsticks of the benchmarks.
#pragma once

namespace therma {

// Rates of one core by CPU time, each the best of several short runs.
struct MachineLimits {
  double fma_per_ns = 0.0;          // float32 multiply-adds, all lanes counted
  double aes_bits_per_ns = 0.0;     // random bits of ARS-5, registers only
  double logic_bits_per_ns = 0.0;   // bitwise operations on the widest vectors, bits counted
  double read_bytes_per_ns = 0.0;   // sequential reads of 256 MiB: main memory
  double cache_bytes_per_ns = 0.0;  // sequential reads of 8 MiB: the last cache, or the one before
};

// Takes about a second.
[[nodiscard]] MachineLimits measure_limits();

}  // namespace therma
