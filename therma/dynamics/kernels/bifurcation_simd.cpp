// SPDX-License-Identifier: Apache-2.0
// Simulated bifurcation with replicas in vector lanes.
#include "therma/dynamics/kernels/bifurcation.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/dynamics/kernels/bifurcation_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, kBifurcationLanes>;

// y += dt (sum J felt - pull x) of one spin.
HWY_INLINE void kick(const BifurcationRows& rows, const BifurcationBlock& block, std::uint32_t i,
                     float dt, float pull) noexcept {
  const D d;
  for (std::size_t lane = 0; lane < kBifurcationLanes; lane += hn::Lanes(d)) {
    const std::size_t at = i * kBifurcationLanes + lane;
    auto force = hn::Mul(hn::Set(d, -pull), hn::Load(d, block.x + at));
    for (std::size_t k = rows.row_start[i]; k < rows.row_start[i + 1]; ++k) {
      const auto felt = hn::Load(d, block.felt + rows.column[k] * kBifurcationLanes + lane);
      force = hn::Add(force, hn::Mul(hn::Set(d, rows.value[k]), felt));
    }
    const auto y = hn::Add(hn::Load(d, block.y + at), hn::Mul(hn::Set(d, dt), force));
    hn::Store(y, d, block.y + at);
  }
}

// x += dt y, stopped by walls at +-1.
HWY_INLINE void drift(const BifurcationBlock& block, std::size_t at, float dt,
                      bool discrete) noexcept {
  const D d;
  const auto one = hn::Set(d, 1.0F);
  const auto y = hn::Load(d, block.y + at);
  const auto moved = hn::Add(hn::Load(d, block.x + at), hn::Mul(hn::Set(d, dt), y));
  const auto side = hn::CopySign(one, moved);
  const auto beyond = hn::Gt(hn::Abs(moved), one);
  const auto x = hn::IfThenElse(beyond, side, moved);
  hn::Store(x, d, block.x + at);
  hn::Store(hn::IfThenZeroElse(beyond, y), d, block.y + at);
  hn::Store(discrete ? side : x, d, block.felt + at);
}

void run_steps(const BifurcationRows& rows, const BifurcationBlock& block,
               const BifurcationSteps& steps) {
  const D d;
  const std::size_t numbers = std::size_t{rows.size} * kBifurcationLanes;
  for (std::uint64_t k = steps.first; k < steps.first + steps.count; ++k) {
    const float pull =
        static_cast<float>(1.0 - static_cast<double>(k) / static_cast<double>(steps.total));
    for (std::uint32_t i = 0; i < rows.size; ++i) kick(rows, block, i, steps.dt, pull);
    for (std::size_t at = 0; at < numbers; at += hn::Lanes(d)) {
      drift(block, at, steps.dt, steps.discrete);
    }
  }
}

}  // namespace therma::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cmath>

namespace therma::kernels {

HWY_EXPORT(run_steps);

void bifurcation_steps(const BifurcationRows& rows, const BifurcationBlock& block,
                       const BifurcationSteps& steps) noexcept {
  HWY_DYNAMIC_DISPATCH(run_steps)(rows, block, steps);
}

}  // namespace therma::kernels
#endif
