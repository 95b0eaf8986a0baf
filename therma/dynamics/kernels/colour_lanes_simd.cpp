// SPDX-License-Identifier: Apache-2.0
// Sweeps over the sites of one chain, 32 of a colour class at a time.
// Equation numbers: docs/theory/bit-slicing.md.
#include "therma/dynamics/kernels/colour_lanes.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/dynamics/kernels/colour_lanes_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace therma::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // no vectors of bytes: all by definition

void sweep_narrow(const SweepCall& call, std::size_t begin, std::size_t end) {
  sweep_sites_narrow(call, begin, end);
}
void sweep_wide(const SweepCall& call, std::size_t begin, std::size_t end) {
  sweep_sites_wide(call, begin, end);
}

#else

// One vector, or several in turn, cover a block.
template <class T>
using Lanes = hn::CappedTag<T, kSitesPerBlock>;
constexpr std::size_t kGathersAtOnce = 8;
constexpr std::size_t kAhead = 2048;  // bytes of weights asked for before they are needed

// Vectors of a block.
template <class D>
constexpr std::size_t kParts = kSitesPerBlock / hn::MaxLanes(D());

// Adds w_j & s_j of one slot to each vector, eq. 7.
template <class D, class V, class Load>
HWY_INLINE void add_slot(D d, const hn::TFromD<D>* weights, const Load& load, V* sums) {
  for (std::size_t p = 0; p < kParts<D>; ++p) {
    const std::size_t from = p * hn::Lanes(d);
    sums[p] = hn::Add(sums[p], hn::And(load(from), hn::LoadU(d, weights + from)));
  }
}

// Fields of a block's sites, [part]: eq. 7.
template <class D, class V>
HWY_INLINE void local_fields(D d, const SweepCall& call, std::size_t b, V* fields) {
  using T = hn::TFromD<D>;
  const SiteBlock& block = call.blocks[b];
  const auto* spins = static_cast<const T*>(call.spins);
  const T* weights = static_cast<const T*>(call.weights) + block.first_slot * kSitesPerBlock;
  const std::uint32_t* source = call.sources + block.first_source;
  V sums[kParts<D>];
  for (auto& sum : sums) sum = hn::Zero(d);
  for (std::uint32_t k = 0; k < block.num_runs; ++k, weights += kSitesPerBlock) {
    const T* run = spins + *source++;
    hwy::Prefetch(weights + kAhead / sizeof(T));
    add_slot(
        d, weights, [&](std::size_t from) { return hn::LoadU(d, run + from); }, sums);
  }
  for (std::uint32_t k = 0; k < block.num_splits; ++k, weights += kSitesPerBlock, source += 3) {
    const auto load = [&](std::size_t from) {
      const auto a = hn::LoadU(d, spins + source[0] + from);
      const auto rest = hn::LoadU(d, spins + source[1] + from);
      return hn::IfThenElse(hn::FirstN(d, source[2] > from ? source[2] - from : 0), a, rest);
    };
    add_slot(d, weights, load, sums);
  }
  // Spins one by one into a buffer that is read only once it is full: no load waits for its store.
  HWY_ALIGN T gathered[kGathersAtOnce][kSitesPerBlock];
  for (std::uint32_t k = 0; k < block.num_gathers;) {
    const std::uint32_t end = HWY_MIN(block.num_gathers, k + std::uint32_t{kGathersAtOnce});
    for (std::uint32_t g = k; g < end; ++g, source += kSitesPerBlock) {
      for (std::size_t t = 0; t < kSitesPerBlock; ++t) gathered[g - k][t] = spins[source[t]];
    }
    for (std::uint32_t g = k; g < end; ++g, weights += kSitesPerBlock) {
      const T* slot = gathered[g - k];
      add_slot(
          d, weights, [&](std::size_t from) { return hn::Load(d, slot + from); }, sums);
    }
    k = end;
  }
  const T* bases = static_cast<const T*>(call.bases) + b * kSitesPerBlock;
  for (std::size_t p = 0; p < kParts<D>; ++p) {
    const auto base = hn::LoadU(d, bases + p * hn::Lanes(d));
    fields[p] = hn::Sub(base, hn::Add(sums[p], sums[p]));
  }
}

using Bytes = Lanes<std::uint8_t>;

// Random bytes of a block's lanes: ARS block `quarter` and those behind it, eq. 8.
template <class D>
HWY_INLINE hn::Vec<D> draw(D d, const SweepCall& call, std::uint32_t first, std::size_t quarter) {
  const hn::Repartition<std::uint32_t, D> d32;
  const auto* counters = reinterpret_cast<const std::uint8_t*>(call.counters) + 16 * quarter;
  const auto* keys = reinterpret_cast<const std::uint8_t*>(call.keys);
  HWY_ALIGN static constexpr std::uint32_t kFirstWord[4] = {~0U, 0, 0, 0};
  const auto at = hn::And(hn::Set(d32, first), hn::LoadDup128(d32, kFirstWord));
  auto x = hn::Xor(hn::LoadU(d, counters), hn::BitCast(d, at));
  for (int round = 1; round < 5; ++round) x = hn::AESRound(x, hn::LoadDup128(d, keys + 16 * round));
  return hn::AESLastRound(x, hn::LoadDup128(d, keys + 16 * 5));
}

// The first byte of P(up) by the size of the field, one table of 16 after another.
HWY_INLINE hn::Vec<Bytes> look_up(const SweepCall& call, hn::Vec<Bytes> size) {
  const Bytes d;
  auto found = hn::Zero(d);
  for (std::uint32_t k = 0; k < call.num_tables; ++k) {
    const auto table = hn::LoadDup128(d, call.first_bytes + 16 * k);
    const auto at = hn::Sub(size, hn::Set(d, static_cast<std::uint8_t>(16 * k)));
    // Anything but 0 to 15 gets its top bit set, which looks up 0.
    const auto index = hn::SaturatedAdd(at, hn::Set(d, std::uint8_t{0x70}));
    found = hn::Or(found, hn::TableLookupBytesOr0(table, index));
  }
  return found;
}

void sweep_narrow(const SweepCall& call, std::size_t begin, std::size_t end) {
  const Lanes<std::int8_t> d;
  const Bytes du;
  auto* spins = static_cast<std::int8_t*>(call.spins) + kSpinPadding;
  for (std::size_t b = begin; b < end; ++b) {
    hn::Vec<decltype(d)> fields[kParts<decltype(d)>];
    local_fields(d, call, b, fields);
    for (std::size_t from = 0; from < kSitesPerBlock; from += hn::Lanes(d)) {
      const std::size_t first = b * kSitesPerBlock + from;
      const auto field = fields[from / hn::Lanes(d)];
      const auto random = draw(du, call, static_cast<std::uint32_t>(2 * b), from / 16);

      // Below zero, P(up) = 1 - P(up at -f): both sides are turned over.
      const auto negative = hn::BitCast(du, hn::VecFromMask(d, hn::Lt(field, hn::Zero(d))));
      const auto draw_or_rest = hn::Xor(random, negative);
      const auto byte = look_up(call, hn::BitCast(du, hn::Abs(field)));
      const auto undecided = hn::Eq(draw_or_rest, byte);
      const auto less = hn::VecFromMask(du, hn::Eq(hn::Min(draw_or_rest, byte), draw_or_rest));
      hn::StoreU(hn::BitCast(d, hn::Not(hn::Xor(less, negative))), d, spins + first);
      if (hn::AllFalse(du, undecided)) continue;

      HWY_ALIGN std::int8_t exact[HWY_MAX_BYTES];
      HWY_ALIGN std::uint8_t heads[HWY_MAX_BYTES], bits[HWY_MAX_BYTES / 8 + 8] = {};
      hn::Store(field, d, exact);
      hn::Store(random, du, heads);
      hn::StoreMaskBits(du, undecided, bits);
      for (std::size_t t = 0; t < hn::Lanes(d); ++t) {
        if ((bits[t / 8] >> t % 8 & 1) == 0) continue;
        const std::uint64_t tail = call.tail(call, static_cast<std::uint32_t>(first + t));
        const std::uint64_t whole = std::uint64_t{heads[t]} << 56 | tail >> 8;
        spins[first + t] =
            whole < call.thresholds[exact[t] + 128] ? std::int8_t{0} : std::int8_t{-1};
      }
    }
  }
}

// exp(-x) for |x| <= 80, to 2^-17: 2^n times a polynomial of degree 5 in the rest.
template <class D, class V = hn::Vec<D> >
HWY_INLINE V exp_minus(D d, V x) {
  const hn::RebindToSigned<D> di;
  // Adding 1.5 * 2^23 rounds to an integer n, which then stands in the low bits.
  const auto shift = hn::Set(d, 12582912.0F);
  const auto y = hn::Mul(x, hn::Set(d, -1.442695041F));
  const auto shifted = hn::Add(y, shift);
  const auto r = hn::Sub(y, hn::Sub(shifted, shift));
  auto p = hn::MulAdd(r, hn::Set(d, 0.0013333558F), hn::Set(d, 0.0096181291F));
  p = hn::MulAdd(p, r, hn::Set(d, 0.0555041087F));
  p = hn::MulAdd(p, r, hn::Set(d, 0.2402265070F));
  p = hn::MulAdd(p, r, hn::Set(d, 0.6931471806F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F));
  const auto power = hn::ShiftLeft<23>(hn::BitCast(di, shifted));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), power));
}

// What a block's temperature makes of its integers: x = 2 beta f = gain k, off by `error`.
struct Gain {
  float gain, error, low, high;  // low and high: bounds of exp(-error) and exp(error)
};
constexpr float kSmallError = 0.25F;

// Lanes that are up, and those that are down, for certain: eq. 9.
template <class D>
struct Verdict {
  hn::Mask<D> up, down;
};
template <class D, class V = hn::Vec<D> >
HWY_INLINE Verdict<D> judge(D d, V k, V head, const Gain& g) {
  const auto x = hn::Mul(k, hn::Set(d, g.gain));
  const auto clamped = [&](V v) {
    return hn::Min(hn::Max(v, hn::Set(d, -80.0F)), hn::Set(d, 80.0F));
  };
  V most, least;  // of exp(-x)
  if (g.error < kSmallError) {
    const auto e = exp_minus(d, clamped(x));
    most = hn::Mul(e, hn::Set(d, g.high));
    least = hn::Mul(e, hn::Set(d, g.low));
  } else {
    const auto error = hn::Set(d, g.error);
    most = hn::Mul(exp_minus(d, clamped(hn::Sub(x, error))), hn::Set(d, g.high));
    least = hn::Mul(exp_minus(d, clamped(hn::Add(x, error))), hn::Set(d, g.low));
  }
  const auto u = hn::Mul(head, hn::Set(d, 0x1.0p-16F));
  const auto above = hn::Add(u, hn::Set(d, 0x1.0p-16F));
  return {hn::Lt(hn::MulAdd(above, most, above), hn::Set(d, 1.0F - 0x1.0p-20F)),
          hn::Gt(hn::MulAdd(u, least, u), hn::Set(d, 1.0F + 0x1.0p-20F))};
}

HWY_INLINE Gain gain_of(const SweepCall& call, const SiteBlock& block) {
  constexpr float kPolynomial = 0x1.0p-16F;
  Gain g{};
  g.gain = static_cast<float>(HWY_MIN(call.two_beta * static_cast<double>(block.scale), 1e30));
  g.error = g.gain * block.slack;
  const float inside = g.error < kSmallError ? g.error : 0.0F;  // else it goes into x itself
  g.high = (1.0F + kPolynomial) / (1.0F - inside);              // exp(e) <= 1 / (1 - e)
  g.low = (1.0F - kPolynomial) * (1.0F - inside);               // exp(-e) >= 1 - e
  return g;
}

void sweep_wide(const SweepCall& call, std::size_t begin, std::size_t end) {
  const Lanes<std::int16_t> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Repartition<std::uint8_t, decltype(d)> d8;
  const hn::Repartition<std::int32_t, decltype(d)> d32;
  const hn::Repartition<float, decltype(d)> df;
  auto* spins = static_cast<std::int16_t*>(call.spins) + kSpinPadding;
  SiteBlock last{};
  Gain g{};
  for (std::size_t b = begin; b < end; ++b) {
    const SiteBlock& block = call.blocks[b];
    if (b == begin || block.scale != last.scale || block.slack != last.slack) {
      g = gain_of(call, block);
      last = block;
    }
    hn::Vec<decltype(d)> fields[kParts<decltype(d)>];
    local_fields(d, call, b, fields);
    for (std::size_t from = 0; from < kSitesPerBlock; from += hn::Lanes(d)) {
      const std::size_t first = b * kSitesPerBlock + from;
      const auto field = fields[from / hn::Lanes(d)];
      const auto random =
          hn::BitCast(du, draw(d8, call, static_cast<std::uint32_t>(4 * b), from / 8));
      const hn::Half<decltype(d)> dh;
      const hn::RebindToUnsigned<decltype(dh)> dhu;
      const auto low = judge(df, hn::ConvertTo(df, hn::PromoteTo(d32, hn::LowerHalf(dh, field))),
                             hn::ConvertTo(df, hn::PromoteTo(d32, hn::LowerHalf(dhu, random))), g);
      const auto high = judge(df, hn::ConvertTo(df, hn::PromoteTo(d32, hn::UpperHalf(dh, field))),
                              hn::ConvertTo(df, hn::PromoteTo(d32, hn::UpperHalf(dhu, random))), g);
      const auto narrowed = [&](auto mask) {  // 0 or -1 for each lane
        return hn::DemoteTo(dh, hn::BitCast(d32, hn::VecFromMask(df, mask)));
      };
      const auto up = hn::Combine(d, narrowed(high.up), narrowed(low.up));
      hn::StoreU(hn::Not(up), d, spins + first);

      const auto open_low = hn::Not(hn::Or(low.up, low.down));
      const auto open_high = hn::Not(hn::Or(high.up, high.down));
      if (hn::AllFalse(df, hn::Or(open_low, open_high))) continue;
      HWY_ALIGN std::int16_t open[HWY_MAX_BYTES / 2];
      HWY_ALIGN std::uint16_t heads[HWY_MAX_BYTES / 2];
      hn::Store(hn::Combine(d, narrowed(open_high), narrowed(open_low)), d, open);
      hn::Store(random, du, heads);
      for (std::size_t t = 0; t < hn::Lanes(d); ++t) {
        if (open[t] == 0) continue;
        const bool is_up = call.settle(call, static_cast<std::uint32_t>(first + t), heads[t]);
        spins[first + t] = is_up ? std::int16_t{0} : std::int16_t{-1};
      }
    }
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace therma::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::kernels {

HWY_EXPORT(sweep_narrow);
HWY_EXPORT(sweep_wide);

void sweep_narrow(const SweepCall& call, std::size_t begin, std::size_t end) {
  HWY_DYNAMIC_DISPATCH(sweep_narrow)(call, begin, end);
}
void sweep_wide(const SweepCall& call, std::size_t begin, std::size_t end) {
  HWY_DYNAMIC_DISPATCH(sweep_wide)(call, begin, end);
}

}  // namespace therma::kernels
#endif
