// SPDX-License-Identifier: Apache-2.0
// The block sweep of dense spins in vectors.
#include "therma/dynamics/kernels/dense_spins.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/dynamics/kernels/dense_spins_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "therma/dynamics/kernels/lane_bits.inl"
#include "therma/dynamics/kernels/lane_math.inl"

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::HWY_NAMESPACE {
namespace {

// At most 8, so that 8 vectors cover no more than the 64 lanes.
using Tag = hn::CappedTag<float, 8>;
using Floats = hn::Vec<Tag>;
using Mask = hn::Mask<Tag>;
constexpr std::size_t kLanes = kGroupLanes;

// e^{-x} for |x| <= 87: 2^k e^r with |r| <= ln 2 / 2; the first power left out adds less than 6e-9.
HWY_INLINE Floats exp_minus(Tag d, Floats x) {
  const hn::RebindToSigned<Tag> di;
  const auto k = hn::NearestInt(hn::Mul(x, hn::Set(d, -1.44269504F)));
  const auto power = hn::ConvertTo(d, k);
  // ln 2 in two parts, the first of which times k is exact.
  auto r = hn::NegMulAdd(power, hn::Set(d, 0.693359375F), hn::Neg(x));
  r = hn::NegMulAdd(power, hn::Set(d, -2.12194440e-4F), r);
  auto series = hn::MulAdd(r, hn::Set(d, 1.0F / 5040.0F), hn::Set(d, 1.0F / 720.0F));
  series = hn::MulAdd(r, series, hn::Set(d, 1.0F / 120.0F));
  series = hn::MulAdd(r, series, hn::Set(d, 1.0F / 24.0F));
  series = hn::MulAdd(r, series, hn::Set(d, 1.0F / 6.0F));
  series = hn::MulAdd(r, series, hn::Set(d, 0.5F));
  series = hn::MulAdd(r, series, hn::Set(d, 1.0F));
  series = hn::MulAdd(r, series, hn::Set(d, 1.0F));
  const auto scale = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(k, hn::Set(di, 127))));
  return hn::Mul(series, scale);
}

// u q < 1 with q = 1 + e^{-x}, and where float cannot tell. x carries two roundings, 2.6e-6 where
// |x| <= 22, u and the exponential less than 3e-7 each; beyond 22, q 2^-31 covers all of u's step.
HWY_INLINE void decide(Tag d, Floats twice_beta, Floats field, const std::uint32_t* words, Mask& up,
                       Mask& unsure) {
  const hn::RebindToUnsigned<Tag> du;
  const auto most = hn::Set(d, 87.0F);
  const auto x = hn::Max(hn::Neg(most), hn::Min(most, hn::Mul(twice_beta, field)));
  const auto u = unit_interval(d, hn::Load(du, words));
  const auto one = hn::Set(d, 1.0F);
  const auto q = hn::Add(one, exp_minus(d, x));
  const auto rest = hn::MulSub(u, q, one);
  up = hn::Lt(rest, hn::Zero(d));
  unsure = hn::Le(hn::Abs(rest), hn::MulAdd(q, hn::Set(d, 0x1p-31F), hn::Set(d, 1e-5F)));
}

HWY_INLINE std::uint64_t bits_of(Tag d, Mask mask) {
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(d, mask, bytes);
  return bytes[0];
}
HWY_INLINE Mask mask_of(Tag d, std::uint64_t bits) {
  const std::uint8_t bytes[8] = {static_cast<std::uint8_t>(bits)};
  return hn::LoadMaskBits(d, bytes);
}

// field + sum over the block's changed sites of J changes.  J: [num_changed]
HWY_INLINE void current_field(const float* J, std::uint32_t num_changed, const LaneRow* changes,
                              const LaneRow& before, LaneRow& now) {
  const Tag d;
  const std::size_t N = hn::Lanes(d);
  for (std::size_t lane = 0; lane < kLanes; lane += 8 * N) {
    const float* from = before.lane + lane;
    float* to = now.lane + lane;
    auto f0 = hn::Load(d, from), f1 = hn::Load(d, from + N), f2 = hn::Load(d, from + 2 * N),
         f3 = hn::Load(d, from + 3 * N), f4 = hn::Load(d, from + 4 * N),
         f5 = hn::Load(d, from + 5 * N), f6 = hn::Load(d, from + 6 * N),
         f7 = hn::Load(d, from + 7 * N);
    for (std::uint32_t k = 0; k < num_changed; ++k) {
      const float* c = changes[k].lane + lane;
      const auto a = hn::Set(d, J[k]);
      f0 = hn::MulAdd(a, hn::Load(d, c), f0), f1 = hn::MulAdd(a, hn::Load(d, c + N), f1);
      f2 = hn::MulAdd(a, hn::Load(d, c + 2 * N), f2),
      f3 = hn::MulAdd(a, hn::Load(d, c + 3 * N), f3);
      f4 = hn::MulAdd(a, hn::Load(d, c + 4 * N), f4),
      f5 = hn::MulAdd(a, hn::Load(d, c + 5 * N), f5);
      f6 = hn::MulAdd(a, hn::Load(d, c + 6 * N), f6),
      f7 = hn::MulAdd(a, hn::Load(d, c + 7 * N), f7);
    }
    hn::Store(f0, d, to), hn::Store(f1, d, to + N), hn::Store(f2, d, to + 2 * N);
    hn::Store(f3, d, to + 3 * N), hn::Store(f4, d, to + 4 * N), hn::Store(f5, d, to + 5 * N);
    hn::Store(f6, d, to + 6 * N), hn::Store(f7, d, to + 7 * N);
  }
}

// Where float could not tell: some 2e-5 of all decisions.
HWY_NOINLINE std::uint64_t settle(const SpinBlock& block, const LaneDraw& at,
                                  const std::uint32_t* words, const LaneRow& field,
                                  std::uint64_t up, std::uint64_t unsure) {
  LaneDraw more = at;
  for (; unsure != 0; unsure &= unsure - 1) {
    const auto lane = static_cast<std::uint32_t>(__builtin_ctzll(unsure));
    more.plane = 1;
    const std::uint64_t high = lane_word((*block.keys)[0], more, lane);
    more.plane = 2;
    const std::uint64_t rest = high << 32 | lane_word((*block.keys)[0], more, lane);
    const bool is_up =
        settle_spin(words[lane], rest, block.betas[lane], static_cast<double>(field.lane[lane]));
    const std::uint64_t bit = std::uint64_t{1} << lane;
    up = is_up ? up | bit : up & ~bit;
  }
  return up;
}

std::uint32_t sweep(SpinBlock& block) {
  const Tag d;
  alignas(64) std::uint32_t words[kLanes];
  float J[kSpinBlock];
  LaneRow now;
  LaneDraw at = block.at;
  std::uint32_t num_changed = 0;
  for (std::uint32_t t = 0; t < block.num_sites; ++t, ++at.site) {
    for (std::uint32_t k = 0; k < num_changed; ++k) {
      J[k] = block.couplings->at(at.site, block.changed[k]);
    }
    current_field(J, num_changed, block.changes, block.fields[t], now);
    fill_lane_bits(block.keys->data(), at, words);
    std::uint64_t up = 0, unsure = 0;
    for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(d)) {
      Mask is_up, is_unsure;
      decide(d, hn::Load(d, block.twice_betas->lane + lane), hn::Load(d, now.lane + lane),
             words + lane, is_up, is_unsure);
      up |= bits_of(d, is_up) << lane;
      unsure |= bits_of(d, is_unsure) << lane;
    }
    if (HWY_UNLIKELY(unsure != 0)) up = settle(block, at, words, now, up, unsure);
    const std::uint64_t flipped = up ^ block.spins[t];
    if (flipped == 0) continue;
    block.spins[t] = up;
    block.flips += static_cast<std::uint64_t>(__builtin_popcountll(flipped & block.counted));
    float* change = block.changes[num_changed].lane;
    for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(d)) {
      const auto two = hn::IfThenElse(mask_of(d, up >> lane), hn::Set(d, 2.0F), hn::Set(d, -2.0F));
      hn::Store(hn::IfThenElseZero(mask_of(d, flipped >> lane), two), d, change + lane);
    }
    block.changed[num_changed++] = at.site;
  }
  return num_changed;
}

}  // namespace
}  // namespace therma::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::kernels {

HWY_EXPORT(sweep);

std::uint32_t sweep_block(SpinBlock& block) noexcept { return HWY_DYNAMIC_DISPATCH(sweep)(block); }

}  // namespace therma::kernels
#endif
