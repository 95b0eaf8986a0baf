// SPDX-License-Identifier: Apache-2.0
// Random bits for 64 chains in lanes: ARS blocks, each of which serves four neighbouring chains.
#pragma once

#include <array>
#include <cstdint>

#include "therma/core/random/rng.hpp"

namespace therma::kernels {

inline constexpr std::uint32_t kGroupLanes = 64;  // chains of one group, one in each lane

using ArsKeys = std::array<ArsBlock, kArsRounds + 1>;

// Where 64 words are drawn, one for each chain of a group. The counter of the block that serves
// chains 4q ... 4q + 3 is {site, step's low word, step's high half << 16 | plane, q}: a draw
// depends on its chain, step, site and plane alone.
struct LaneDraw {
  std::uint32_t first_chain = 0;  // of the group, a multiple of 64
  std::uint64_t step = 0;         // below 2^48
  std::uint32_t site = 0;
  std::uint16_t plane = 0;  // tells the draws of one site apart
};

[[nodiscard]] constexpr ArsBlock counter_of(const LaneDraw& at, std::uint32_t quad) noexcept {
  return {at.site, static_cast<std::uint32_t>(at.step),
          static_cast<std::uint32_t>(at.step >> 32) << 16 | at.plane, at.first_chain / 4 + quad};
}

// The word of one chain, in plain integers: the twin of the vector versions.
[[nodiscard]] inline std::uint32_t lane_word(ArsBlock key, const LaneDraw& at,
                                             std::uint32_t lane) noexcept {
  return ars_block(counter_of(at, lane / 4), key)[lane % 4];
}

}  // namespace therma::kernels
