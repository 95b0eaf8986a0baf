// SPDX-License-Identifier: Apache-2.0
// The logarithm of the vector kernels: included once for each target.
#if defined(THERMA_LANE_MATH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef THERMA_LANE_MATH_INL
#undef THERMA_LANE_MATH_INL
#else
#define THERMA_LANE_MATH_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// -2 ln u for normal u in (0, 1]: u = 2^e m with m in [sqrt(1/2), sqrt(2)), ln m = 2 artanh s with
// s = (m - 1) / (m + 1), |s| < 0.172: the first power left out adds less than 1e-9. Good to 3e-7
// of the result.
template <class D>
HWY_INLINE hn::Vec<D> minus_two_log(D d, hn::Vec<D> u) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, u);
  const auto root_half = hn::Set(di, 0x3f3504f3);
  const auto exponent = hn::ShiftRight<23>(hn::Sub(bits, root_half));
  const auto m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(exponent)));
  const auto one = hn::Set(d, 1.0F);
  const auto s = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const auto s2 = hn::Mul(s, s);
  auto series = hn::MulAdd(s2, hn::Set(d, 1.0F / 9.0F), hn::Set(d, 1.0F / 7.0F));
  series = hn::MulAdd(s2, series, hn::Set(d, 1.0F / 5.0F));
  series = hn::MulAdd(s2, series, hn::Set(d, 1.0F / 3.0F));
  series = hn::MulAdd(s2, series, one);
  const auto minus_two_ln2 = hn::Set(d, -1.38629436F);
  return hn::MulAdd(hn::ConvertTo(d, exponent), minus_two_ln2,
                    hn::Mul(hn::Mul(hn::Set(d, -4.0F), s), series));
}

// (w + 1/2) 2^-32, rounded once.
template <class D>
HWY_INLINE hn::Vec<D> unit_interval(D d, hn::Vec<hn::RebindToUnsigned<D>> words) {
  return hn::MulAdd(hn::ConvertTo(d, words), hn::Set(d, 0x1p-32F), hn::Set(d, 0x1p-33F));
}

}  // namespace therma::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
