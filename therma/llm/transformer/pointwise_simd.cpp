// SPDX-License-Identifier: Apache-2.0
// Norms and gates in vectors.
#include <cmath>
#include <cstddef>

#include "therma/llm/transformer/pointwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/llm/transformer/pointwise_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After the line above, which chooses the target.

#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace therma::llm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

void normalise(const float* x, const float* weight, double epsilon, std::uint32_t count,
               float* out) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  V a = hn::Zero(d), b = hn::Zero(d);
  std::size_t k = 0;
  for (; k + 2 * N <= count; k += 2 * N) {
    const V u = hn::LoadU(d, x + k), v = hn::LoadU(d, x + k + N);
    a = hn::MulAdd(u, u, a), b = hn::MulAdd(v, v, b);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
  for (; k < count; ++k) sum += double{x[k]} * x[k];
  const auto inverse = static_cast<float>(1.0 / std::sqrt(sum / count + epsilon));
  const V scale = hn::Set(d, inverse);
  for (k = 0; k + N <= count; k += N) {
    const V y = hn::Mul(hn::Mul(hn::LoadU(d, x + k), scale), hn::LoadU(d, weight + k));
    hn::StoreU(y, d, out + k);
  }
  for (; k < count; ++k) out[k] = x[k] * inverse * weight[k];
}

HWY_INLINE V gated(D d, V gate, V up) {
  const V e = hn::Exp(d, hn::Min(hn::Neg(gate), hn::Set(d, 88.0F)));
  return hn::Div(hn::Mul(gate, up), hn::Add(hn::Set(d, 1.0F), e));
}

void gate_up(float* gate, const float* up, std::uint32_t count) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  std::size_t k = 0;
  for (; k + N <= count; k += N) {
    hn::StoreU(gated(d, hn::LoadU(d, gate + k), hn::LoadU(d, up + k)), d, gate + k);
  }
  // The rest lane by lane, so that a number has the same bits wherever a row is cut.
  for (; k < count; ++k) gate[k] = hn::GetLane(gated(d, hn::Set(d, gate[k]), hn::Set(d, up[k])));
}

}  // namespace
}  // namespace therma::llm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::llm {

HWY_EXPORT(normalise);
HWY_EXPORT(gate_up);

void rms_norm(const float* x, const float* weight, double epsilon, std::uint32_t count,
              float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(normalise)(x, weight, epsilon, count, out);
}

void swiglu(float* gate, const float* up, std::uint32_t count) noexcept {
  HWY_DYNAMIC_DISPATCH(gate_up)(gate, up, count);
}

void rms_norm_plain(const float* x, const float* weight, double epsilon, std::uint32_t count,
                    float* out) noexcept {
  double sum = 0.0;
  for (std::uint32_t k = 0; k < count; ++k) sum += double{x[k]} * x[k];
  const double scale = 1.0 / std::sqrt(sum / count + epsilon);
  for (std::uint32_t k = 0; k < count; ++k) {
    out[k] = static_cast<float>(x[k] * scale * double{weight[k]});
  }
}

void swiglu_plain(float* gate, const float* up, std::uint32_t count) noexcept {
  for (std::uint32_t k = 0; k < count; ++k) {
    const double g = gate[k];
    gate[k] = static_cast<float>(g / (1.0 + std::exp(-g)) * up[k]);
  }
}

}  // namespace therma::llm
#endif
