// SPDX-License-Identifier: Apache-2.0
// Ising programs laid out by colour for sweeps over the sites of one chain.
#pragma once

#include <cstdint>
#include <vector>

#include "therma/dynamics/kernels/colour_lanes_call.hpp"
#include "therma/energy/ising.hpp"

namespace therma::kernels {

struct ColourProgram {
  // Narrow: every field is an integer of at most 127 units. Wide: weights are rounded to 16 bits
  // with one scale to a block, exactly where they are integers of at most 32767 units.
  bool narrow = false;
  double unit = 0.0;                       // narrow only
  std::uint32_t most_weight = 0;           // narrow only: largest |h| + sum |J|, in units
  std::vector<std::uint32_t> position_of;  // [site]
  std::vector<std::uint32_t> site_at;      // [position], kNoSite where a class is padded
  std::vector<std::uint32_t> class_start;  // [class + 1] into blocks
  std::vector<SiteBlock> blocks;
  std::vector<std::uint32_t> sources;
  std::vector<std::int8_t> narrow_weights, narrow_bases;
  std::vector<std::int16_t> wide_weights, wide_bases;
};

inline constexpr std::uint32_t kNoSite = ~0U;

[[nodiscard]] ColourProgram lay_out_by_colour(const IsingProgram& program);

}  // namespace therma::kernels
