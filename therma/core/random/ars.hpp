// SPDX-License-Identifier: Apache-2.0
// ARS-5: five AES rounds over a 128-bit counter, the cheapest counter-based bits where a processor
// has AES instructions.
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.2;
// five rounds pass BigCrush there. Rounds as in FIPS 197.
#pragma once

#include <array>
#include <cstdint>

namespace therma {

// Little-endian words, as in a vector register: word 0 holds bytes 0 to 3.
using ArsBlock = std::array<std::uint32_t, 4>;

// 128 random bits, a pure function of counter and key, without AES hardware: the plain twin of
// every vector version. About 1 ns per bit-plane of table look-ups; kernels call it only in twins.
[[nodiscard]] ArsBlock ars_block(ArsBlock counter, ArsBlock key) noexcept;

// The keys of rounds 0 to 5, for vector versions: block = aesenclast(aesenc^4(counter ^ key[0],
// key[1..4]), key[5]). Each key is the one before plus a Weyl constant, in two 64-bit halves.
inline constexpr int kArsRounds = 5;
[[nodiscard]] std::array<ArsBlock, kArsRounds + 1> ars_round_keys(ArsBlock key) noexcept;

}  // namespace therma
