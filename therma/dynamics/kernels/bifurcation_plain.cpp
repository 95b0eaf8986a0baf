// SPDX-License-Identifier: Apache-2.0
// The plain twin of the vector code of simulated bifurcation.
#include <cmath>

#include "therma/dynamics/kernels/bifurcation.hpp"

namespace therma::kernels {
namespace {

void one_step(const BifurcationRows& rows, const BifurcationBlock& block, std::size_t lane,
              float pull, float dt, bool discrete) noexcept {
  const auto at = [&](std::uint32_t spin) { return spin * kBifurcationLanes + lane; };
  for (std::uint32_t i = 0; i < rows.size; ++i) {
    float force = -pull * block.x[at(i)];
    for (std::size_t k = rows.row_start[i]; k < rows.row_start[i + 1]; ++k) {
      force += rows.value[k] * block.felt[at(rows.column[k])];
    }
    block.y[at(i)] += dt * force;
  }
  for (std::uint32_t i = 0; i < rows.size; ++i) {
    float& x = block.x[at(i)];
    float& y = block.y[at(i)];
    x += dt * y;
    const float side = std::copysign(1.0F, x);
    if (std::abs(x) > 1.0F) {
      x = side;
      y = 0.0F;
    }
    block.felt[at(i)] = discrete ? side : x;
  }
}

}  // namespace

void bifurcation_steps_plain(const BifurcationRows& rows, const BifurcationBlock& block,
                             const BifurcationSteps& steps) noexcept {
  for (std::uint64_t k = steps.first; k < steps.first + steps.count; ++k) {
    const float pull =
        static_cast<float>(1.0 - static_cast<double>(k) / static_cast<double>(steps.total));
    for (std::size_t lane = 0; lane < kBifurcationLanes; ++lane) {
      one_step(rows, block, lane, pull, steps.dt, steps.discrete);
    }
  }
}

}  // namespace therma::kernels
