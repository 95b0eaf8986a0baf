// SPDX-License-Identifier: Apache-2.0
// Sums of Boltzmann factors in vectors of float64.
#include <limits>

#include "therma/llm/heads/thermodynamics.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/llm/heads/thermodynamics_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace therma::llm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Beyond x = 700 a factor is below 1e-304 and counts as none.
PartialMoments sum_factors(const float* HWY_RESTRICT energies, std::size_t count, double beta,
                           float least) {
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> df;
  const auto b = hn::Set(d, beta), low = hn::Set(d, static_cast<double>(least));
  const auto most = hn::Set(d, 700.0);
  auto z = hn::Zero(d), zx = hn::Zero(d);
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN float rest[8];
  for (std::size_t i = 0; i < count; i += lanes) {
    const float* from = energies + i;
    if (i + lanes > count) {
      for (std::size_t k = 0; k < lanes; ++k) {
        rest[k] = i + k < count ? energies[i + k] : std::numeric_limits<float>::infinity();
      }
      from = rest;
    }
    const auto above = hn::Sub(hn::PromoteTo(d, hn::LoadU(df, from)), low);
    // At the minimum x is 0 for any beta; otherwise infinity stays infinity, NaN counts as none.
    const auto x = hn::IfThenZeroElse(hn::Eq(above, hn::Zero(d)), hn::Mul(above, b));
    const auto is_counted = hn::And(
        hn::Le(x, most), hn::Lt(above, hn::Set(d, std::numeric_limits<double>::infinity())));
    const auto clear = hn::IfThenElseZero(is_counted, x);
    const auto weight = hn::IfThenElseZero(is_counted, hn::Exp(d, hn::Neg(clear)));
    z = hn::Add(z, weight);
    zx = hn::Add(zx, hn::Mul(weight, clear));
  }
  return {hn::GetLane(hn::SumOfLanes(d, z)), hn::GetLane(hn::SumOfLanes(d, zx))};
}

}  // namespace
}  // namespace therma::llm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::llm {
HWY_EXPORT(sum_factors);

PartialMoments partial_moments(std::span<const float> energies, double beta, float least) noexcept {
  return HWY_DYNAMIC_DISPATCH(sum_factors)(energies.data(), energies.size(), beta, least);
}
}  // namespace therma::llm
#endif
