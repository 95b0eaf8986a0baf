// SPDX-License-Identifier: Apache-2.0
// Box and Muller on the words of one lane.
#include "therma/dynamics/kernels/lane_noise.hpp"

#include <cmath>
#include <numbers>

namespace therma::kernels {

void fill_normals(const LaneNoise& noise, std::uint32_t chain, std::uint64_t step,
                  std::span<double> out) noexcept {
  LaneDraw at{.first_chain = chain - chain % kGroupLanes, .step = step};
  const auto word = [&](std::uint16_t plane) {
    at.plane = plane;
    return lane_word(noise.key(), at, chain % kGroupLanes);
  };
  for (std::size_t i = 0; i < out.size(); i += 2) {
    at.site = static_cast<std::uint32_t>(i / 2);
    const double u = (static_cast<double>(word(0)) + 0.5) * 0x1p-32;
    const std::uint32_t turn = word(1);
    const auto part = static_cast<std::int32_t>(turn << 2);
    const double angle =
        (static_cast<double>(turn >> 30) + part * 0x1p-32) * (std::numbers::pi / 2.0);
    const double radius = std::sqrt(-2.0 * std::log(u));
    out[i] = radius * std::cos(angle);
    if (i + 1 < out.size()) out[i + 1] = radius * std::sin(angle);
  }
}

}  // namespace therma::kernels
