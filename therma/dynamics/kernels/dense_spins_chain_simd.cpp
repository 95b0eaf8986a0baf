// SPDX-License-Identifier: Apache-2.0
// Sweeps of single dense chains in vectors: eight decisions are compared at once, and a flip
// streams one row of couplings through the fields.
#include "therma/dynamics/kernels/dense_spins_chain.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/dynamics/kernels/dense_spins_chain_simd.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "therma/dynamics/kernels/lane_bits.inl"
#include "therma/dynamics/kernels/lane_math.inl"

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::HWY_NAMESPACE {
namespace {

using Tag = hn::CappedTag<float, 8>;
using Floats = hn::Vec<Tag>;

// Fields of one vector of sites, as floats.
HWY_INLINE Floats load_fields(Tag d, const float* fields) { return hn::LoadU(d, fields); }
HWY_INLINE Floats load_fields(Tag d, const std::int16_t* fields) {
  const hn::Rebind<std::int16_t, Tag> narrow;
  const hn::RebindToSigned<Tag> wide;
  return hn::ConvertTo(d, hn::PromoteTo(wide, hn::LoadU(narrow, fields)));
}

// fields += factor * row; asks for the next row meanwhile, where there is one.
HWY_INLINE void add_row_to(const float* HWY_RESTRICT row, int factor, std::size_t stride,
                           float* HWY_RESTRICT fields, const float* next) {
  const hn::CappedTag<float, 16> d;
  const auto f = hn::Set(d, static_cast<float>(factor));
  const std::size_t N = hn::Lanes(d);
  constexpr std::size_t kLine = 16;
  for (std::size_t j = 0; j < stride; j += kLine) {
    if (next != nullptr) hwy::Prefetch(next + j);
    for (std::size_t k = j; k < j + kLine; k += N) {
      hn::Store(hn::MulAdd(f, hn::Load(d, row + k), hn::Load(d, fields + k)), d, fields + k);
    }
  }
}
HWY_INLINE void add_row_to(const std::int8_t* HWY_RESTRICT row, int factor, std::size_t stride,
                           std::int16_t* HWY_RESTRICT fields, const std::int8_t* next) {
  const hn::CappedTag<std::int16_t, 16> d;
  const hn::Rebind<std::int8_t, decltype(d)> narrow;
  const auto f = hn::Set(d, static_cast<std::int16_t>(factor));
  const std::size_t N = hn::Lanes(d);
  constexpr std::size_t kLine = 64;
  for (std::size_t j = 0; j < stride; j += kLine) {
    if (next != nullptr) hwy::Prefetch(next + j);
    for (std::size_t k = j; k < j + kLine; k += N) {
      const auto J = hn::PromoteTo(d, hn::Load(narrow, row + k));
      hn::Store(hn::Add(hn::Load(d, fields + k), hn::Mul(f, J)), d, fields + k);
    }
  }
}

// ln(u / (1 - u)) of each site's word: u < 1 / (1 + e^{-x}) where x exceeds it.
template <class Sweep>
HWY_INLINE void fill_thresholds(const Sweep& sweep) {
  const Tag d;
  const hn::RebindToUnsigned<Tag> du;
  alignas(64) std::uint32_t words[kGroupLanes];
  for (std::uint32_t base = 0; base < sweep.num_sites; base += kGroupLanes) {
    fill_blocks(sweep.keys->data(), chain_counter(sweep.chain, sweep.step, base, kChainPlane), 0,
                words);
    for (std::size_t k = 0; k < kGroupLanes; k += hn::Lanes(d)) {
      const auto w = hn::Load(du, words + k);
      const auto below = minus_two_log(d, unit_interval(d, w));
      const auto above = minus_two_log(d, unit_interval(d, hn::Not(w)));
      hn::StoreU(hn::Mul(hn::Set(d, 0.5F), hn::Sub(above, below)), d, sweep.thresholds + base + k);
    }
  }
}

HWY_INLINE std::uint32_t bits_of(Tag d, hn::Mask<Tag> mask) {
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(d, mask, bytes);
  return bytes[0];
}

struct Choice {
  std::uint32_t flips;   // bit k: site base + k would turn over
  std::uint32_t unsure;  // bit k: float cannot tell
};
// Thresholds are good to 3e-6 and 2 beta f to 2e-6 while they are below 10; beyond, where a
// threshold lies with probability 1e-4, the steps of 2^-32 begin to show.
template <class Field>
HWY_INLINE Choice choose(Floats twice_beta, const Field* fields, const float* thresholds,
                         const Spin* spins) {
  const Tag d;
  const hn::Rebind<std::int8_t, Tag> narrow;
  const hn::RebindToSigned<Tag> wide;
  const auto threshold = hn::LoadU(d, thresholds);
  const auto most = hn::Set(d, 1e30F);
  const auto x = hn::Max(hn::Neg(most), hn::Min(most, hn::Mul(twice_beta, load_fields(d, fields))));
  const auto is_up =
      hn::RebindMask(d, hn::Gt(hn::PromoteTo(wide, hn::LoadU(narrow, spins)), hn::Zero(wide)));
  const auto gap = hn::Abs(hn::Sub(x, threshold));
  const auto unsure =
      hn::Or(hn::Lt(gap, hn::Set(d, 1e-5F)), hn::Gt(hn::Abs(threshold), hn::Set(d, 10.0F)));
  return {bits_of(d, hn::Xor(hn::Gt(x, threshold), is_up)), bits_of(d, unsure)};
}

// The row of the site that will turn over next, as far as the fields tell by now, or null: it lies
// in memory, and is asked for while the row before is added.
template <class Row, class Field>
HWY_INLINE const Row* next_row(const ChainSweep<Row, Field>& sweep, Floats twice_beta,
                               std::uint32_t base, std::uint32_t later) {
  const auto N = static_cast<std::uint32_t>(hn::Lanes(Tag()));
  for (int tries = 0; later == 0 && tries < 4; ++tries) {
    base += N;
    if (base >= sweep.num_sites) return nullptr;
    later =
        choose(twice_beta, sweep.fields + base, sweep.thresholds + base, sweep.spins + base).flips;
  }
  if (later == 0) return nullptr;
  const std::uint32_t site = base + static_cast<std::uint32_t>(__builtin_ctz(later));
  return site < sweep.num_sites ? sweep.rows + site * sweep.stride : nullptr;
}

template <class Row, class Field>
HWY_INLINE std::uint64_t sweep_sites(const ChainSweep<Row, Field>& sweep) {
  const Tag d;
  const auto N = static_cast<std::uint32_t>(hn::Lanes(d));
  const auto twice_beta = hn::Set(d, sweep.twice_beta);
  fill_thresholds(sweep);
  std::uint64_t flips = 0;
  for (std::uint32_t base = 0; base < sweep.num_sites; base += N) {
    const std::uint32_t left = sweep.num_sites - base;
    std::uint32_t open = (1U << (left < N ? left : N)) - 1;  // sites not yet visited
    while (true) {
      const auto choice =
          choose(twice_beta, sweep.fields + base, sweep.thresholds + base, sweep.spins + base);
      const std::uint32_t found = (choice.flips | choice.unsure) & open;
      if (found == 0) break;
      const auto k = static_cast<std::uint32_t>(__builtin_ctz(found));
      const std::uint32_t site = base + k;
      bool flipped = (choice.flips >> k & 1U) != 0;
      if ((choice.unsure >> k & 1U) != 0) {
        const bool up = settle_chain_spin((*sweep.keys)[0], sweep.chain, sweep.step, site,
                                          sweep.beta, static_cast<double>(sweep.fields[site]));
        flipped = up != (sweep.spins[site] > 0);
      }
      if (flipped) {
        sweep.spins[site] = static_cast<Spin>(-sweep.spins[site]);
        const auto* next = next_row(sweep, twice_beta, base, choice.flips & open & ~1U << k);
        add_row_to(sweep.rows + site * sweep.stride, 2 * sweep.spins[site], sweep.stride,
                   sweep.fields, next);
        ++flips;
      }
      open &= ~1U << k;  // later sites: bits above k
    }
  }
  return flips;
}

std::uint64_t sweep_float(const ChainSweep<float, float>& sweep) { return sweep_sites(sweep); }
std::uint64_t sweep_whole(const ChainSweep<std::int8_t, std::int16_t>& sweep) {
  return sweep_sites(sweep);
}
void add_float(const float* row, int factor, std::size_t stride, float* fields) {
  add_row_to(row, factor, stride, fields, nullptr);
}
void add_whole(const std::int8_t* row, int factor, std::size_t stride, std::int16_t* fields) {
  add_row_to(row, factor, stride, fields, nullptr);
}

}  // namespace
}  // namespace therma::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::kernels {

HWY_EXPORT(sweep_float);
HWY_EXPORT(sweep_whole);
HWY_EXPORT(add_float);
HWY_EXPORT(add_whole);

std::uint64_t sweep_chain(const ChainSweep<float, float>& sweep) noexcept {
  return HWY_DYNAMIC_DISPATCH(sweep_float)(sweep);
}
std::uint64_t sweep_chain(const ChainSweep<std::int8_t, std::int16_t>& sweep) noexcept {
  return HWY_DYNAMIC_DISPATCH(sweep_whole)(sweep);
}
void add_row(const float* row, int factor, std::size_t stride, float* fields) noexcept {
  HWY_DYNAMIC_DISPATCH(add_float)(row, factor, stride, fields);
}
void add_row(const std::int8_t* row, int factor, std::size_t stride,
             std::int16_t* fields) noexcept {
  HWY_DYNAMIC_DISPATCH(add_whole)(row, factor, stride, fields);
}

}  // namespace therma::kernels
#endif
