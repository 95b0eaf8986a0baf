// SPDX-License-Identifier: Apache-2.0
// Standard normals for one step of one chain, a pure function of their place.
#pragma once

#include <cstdint>
#include <span>

#include "therma/core/random/rng.hpp"

namespace therma {

// Fills `noise` with N(0, 1): components 2j and 2j + 1 are the two draws of site j.
inline void fill_normals(const Rng& rng, std::uint32_t chain, std::uint64_t step,
                         std::span<double> noise) noexcept {
  for (std::size_t i = 0; i < noise.size(); i += 2) {
    const auto pair =
        rng.normal_pair({.chain = chain, .step = step, .site = static_cast<std::uint32_t>(i / 2)});
    noise[i] = pair[0];
    if (i + 1 < noise.size()) noise[i + 1] = pair[1];
  }
}

}  // namespace therma
