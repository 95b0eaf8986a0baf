// SPDX-License-Identifier: Apache-2.0
// The yardsticks' inner loops; each returns a number that keeps its work from vanishing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace therma {

inline constexpr std::size_t kMultiplyAddsPerRound = 10;  // vectors
inline constexpr std::size_t kLogicPerRound = 8;          // vectors
inline constexpr std::size_t kAesBlocksPerRound = 16;     // ARS-5 blocks of 128 bits

[[nodiscard]] double run_multiply_adds(std::size_t rounds);
[[nodiscard]] std::uint64_t run_logic(std::size_t rounds);
[[nodiscard]] std::uint64_t run_read(const std::uint64_t* data, std::size_t count);
[[nodiscard]] std::size_t widest_vector_bits();
// Null where the processor has no AES instructions on 256-bit vectors.
using AesLoop = std::uint64_t (*)(std::size_t rounds);
[[nodiscard]] AesLoop aes_loop() noexcept;
std::uint64_t run_aes_vaes(std::size_t rounds) noexcept;

}  // namespace therma
