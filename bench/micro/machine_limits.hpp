// SPDX-License-Identifier: Apache-2.0
// What this processor can do at most: the yardsticks of the kernels' benchmarks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace therma::bench {

// Adds up `num_bytes` (a multiple of 4096) with plain vector loads, asking for the line `ahead`
// bytes further on; returns something that depends on all of them.
std::uint64_t read_all(const std::byte* bytes, std::size_t num_bytes, std::size_t ahead) noexcept;

// Multiply-adds in registers alone; how many were done. Zero where the processor lacks them.
std::uint64_t run_fma(std::uint64_t rounds) noexcept;      // float32
std::uint64_t run_bf16(std::uint64_t rounds) noexcept;     // vdpbf16ps
std::uint64_t run_integer(std::uint64_t rounds) noexcept;  // vpdpbusd

}  // namespace therma::bench
