// SPDX-License-Identifier: Apache-2.0
// Gumbel noise in vectors.
#include <hwy/base.h>

#include <iterator>

#include "therma/llm/heads/noise_words.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/llm/heads/noise_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace therma::llm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
#if HWY_TARGET != HWY_SCALAR
using Floats = hn::CappedTag<float, 16>;
using Words = hn::RebindToSigned<Floats>;
using F = hn::Vec<Floats>;
using W = hn::Vec<Words>;

// Twice artanh of a / b.
HWY_INLINE F twice_artanh(F a, F b) {
  const Floats d;
  const F s = hn::Div(a, b);
  const F square = hn::Mul(s, s);
  F series = hn::Set(d, kArtanh[0]);
  for (std::size_t k = 1; k < std::size(kArtanh); ++k) {
    series = hn::Add(hn::Mul(series, square), hn::Set(d, kArtanh[k]));
  }
  const F twice = hn::Add(s, s);
  return hn::Add(hn::Mul(hn::Mul(series, square), twice), twice);
}

struct Parts {
  F exponent;
  F mantissa;  // in [sqrt(1/2), sqrt(2))
};
HWY_INLINE Parts parts_of(F x) {
  const Floats d;
  const Words di;
  const W bits = hn::BitCast(di, x);
  const W exponent = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, kRootHalfBits)));
  return {hn::ConvertTo(d, exponent), hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(exponent)))};
}

// -ln(2^e m) from 2 artanh((m - 1) / (m + 1)).
HWY_INLINE F minus_log(F exponent, F twice) {
  return hn::Sub(hn::Mul(exponent, hn::Set(Floats(), kMinusLn2)), twice);
}

HWY_INLINE F gumbel_of(W word) {
  const Floats d;
  const Words di;
  const F one = hn::Set(d, 1.0F);
  const W sign = hn::ShiftRight<31>(word);
  const auto is_high = hn::RebindMask(d, hn::Lt(word, hn::Zero(di)));
  const F end = hn::Add(hn::Mul(hn::ConvertTo(d, hn::Xor(word, sign)), hn::Set(d, 0x1p-32F)),
                        hn::Set(d, 0x1p-33F));
  const auto is_near_one = hn::And(is_high, hn::Lt(end, hn::Set(d, kNearOne)));
  const Parts u = parts_of(hn::IfThenElse(is_high, hn::Sub(one, end), end));
  const F top = hn::IfThenElse(is_near_one, hn::Neg(end), hn::Sub(u.mantissa, one));
  const F bottom =
      hn::IfThenElse(is_near_one, hn::Sub(hn::Set(d, 2.0F), end), hn::Add(u.mantissa, one));
  const F exponent = hn::IfThenZeroElse(is_near_one, u.exponent);
  const Parts waited = parts_of(minus_log(exponent, twice_artanh(top, bottom)));
  return minus_log(waited.exponent,
                   twice_artanh(hn::Sub(waited.mantissa, one), hn::Add(waited.mantissa, one)));
}
#endif

void fill(const ArsBlock* HWY_RESTRICT keys, ArsBlock counter, std::size_t num_blocks,
          float* HWY_RESTRICT out) {
#if HWY_TARGET != HWY_SCALAR
  const Words di;
  const hn::RebindToUnsigned<Words> du;
  const hn::Repartition<std::uint8_t, Words> bytes;
  const std::size_t lanes = hn::Lanes(di);
  HWY_ALIGN std::uint32_t words[7][16];
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    words[6][lane] = counter[lane % 4] + (lane % 4 == 0 ? static_cast<std::uint32_t>(lane / 4) : 0);
    for (std::size_t k = 0; k < 6; ++k) words[k][lane] = keys[k][lane % 4];
  }
  auto at = hn::Load(du, words[6]);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    words[6][lane] = lane % 4 == 0 ? static_cast<std::uint32_t>(lanes / 4) : 0;
  }
  const auto step = hn::Load(du, words[6]);
  const auto key = [&](std::size_t k)
                       HWY_ATTR { return hn::BitCast(bytes, hn::Load(du, words[k])); };
  const auto k0 = key(0), k1 = key(1), k2 = key(2), k3 = key(3), k4 = key(4), k5 = key(5);
  const auto next = [&]() HWY_ATTR {
    auto state = hn::Xor(hn::BitCast(bytes, at), k0);
    at = hn::Add(at, step);
    state = hn::AESRound(hn::AESRound(state, k1), k2);
    state = hn::AESLastRound(hn::AESRound(hn::AESRound(state, k3), k4), k5);
    return gumbel_of(hn::BitCast(di, state));
  };
  const Floats d;
  const std::size_t count = 4 * num_blocks;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(next(), d, out + i);
  if (i < count) {
    HWY_ALIGN float rest[16];
    hn::Store(next(), d, rest);
    for (std::size_t k = 0; i + k < count; ++k) out[i + k] = rest[k];
  }
#else
  fill_gumbels_plain(keys, counter, num_blocks, out);
#endif
}

}  // namespace
}  // namespace therma::llm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::llm {
HWY_EXPORT(fill);

void fill_gumbels(const ArsBlock* round_keys, ArsBlock counter, std::size_t num_blocks,
                  float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(fill)(round_keys, counter, num_blocks, out);
}
}  // namespace therma::llm
#endif
