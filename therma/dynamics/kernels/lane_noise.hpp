// SPDX-License-Identifier: Apache-2.0
// Standard normals of the vector kernels, in plain double: the twin of fill_lane_normals().
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "therma/dynamics/kernels/lane_bits.hpp"

namespace therma::kernels {

// Takes an Rng's place in the scalar Langevin kernels, which then draw what the lanes draw, to the
// rounding of float.
class LaneNoise {
 public:
  explicit LaneNoise(const Rng& rng) : rng_(rng), key_(rng.ars_key()) {}
  [[nodiscard]] Rng child(std::string_view purpose) const noexcept { return rng_.child(purpose); }
  [[nodiscard]] const ArsBlock& key() const noexcept { return key_; }

 private:
  Rng rng_;
  ArsBlock key_;
};

// Components 2j and 2j + 1 are the two draws by Box and Muller from planes 0 and 1 of site j:
// u = (w0 + 1/2) 2^-32, radius sqrt(-2 ln u), angle (q + t) pi/2 with q the top two bits of w1 and
// t its rest, signed, in [-1/2, 1/2). The radius ends at 6.76: beyond it lies 2^-33 of the law.
void fill_normals(const LaneNoise& noise, std::uint32_t chain, std::uint64_t step,
                  std::span<double> out) noexcept;

}  // namespace therma::kernels
