// SPDX-License-Identifier: Apache-2.0
// The vector code of replica lanes, written once for every target of Highway.
#include <bit>
#include <cstring>

#include "therma/dynamics/kernels/replica_lanes.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/dynamics/kernels/replica_lanes_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::lanes {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // no vectors of bytes: all by definition

std::uint64_t run(const Visits& v, Referee& referee) {
  for (std::uint32_t k = 0; k < v.num_visits; ++k) {
    const std::uint32_t position = v.positions != nullptr ? v.positions[k] : v.first_visit + k;
    std::uint8_t before[kSiteBytes];
    std::memcpy(before, v.spins + std::size_t{position} * kSiteBytes, kSiteBytes);
    referee.decide(v.first_visit + k, position, ~std::uint64_t{0}, before,
                   v.random + std::size_t{k} * kVisitBytes);
  }
  return std::uint64_t{v.num_visits} * kLanes;
}

void energies(const LaneProgram& program, const std::uint8_t* spins, double* out) {
  const auto spin = [&](std::uint32_t position, std::uint32_t r) {
    return spins[std::size_t{position} * kSiteBytes + r % 32] >> (4 * (r / 32)) & 1U;
  };
  for (std::uint32_t position = 0; position < program.num_sites; ++position) {
    for (std::uint32_t g = program.energy_start[position]; g < program.energy_start[position + 1];
         ++g) {
      const EnergyGroup& group = program.energy_groups[g];
      for (std::uint32_t r = 0; r < kLanes; ++r) {
        std::size_t index = 0;
        for (std::size_t k = 0; k < 4; ++k) {
          index |= std::size_t{spin(position, r) ^ spin(group.neighbours[k], r)} << k;
        }
        std::uint32_t sum = 0;
        for (std::size_t p = 0; p < 4; ++p) {
          sum |= static_cast<std::uint32_t>(group.planes[p][index]) << (8 * p);
        }
        out[r] += static_cast<std::int32_t>(sum);
      }
    }
  }
}

#else

// At most the spins of a site: 32 bytes, or two halves of 16.
using D8 = hn::CappedTag<std::uint8_t, kSiteBytes>;
using D16 = hn::Repartition<std::int16_t, D8>;
using DU16 = hn::Repartition<std::uint16_t, D8>;
using DI32 = hn::Repartition<std::int32_t, D8>;
using V8 = hn::Vec<D8>;
using V16 = hn::Vec<D16>;
using VU16 = hn::Vec<DU16>;
constexpr D8 d8;
constexpr D16 d16;
constexpr DU16 du16;
constexpr DI32 di32;

// Two vectors of 16-bit masks as bytes, in the order that InterleaveLower and -Upper undo.
HWY_INLINE V8 masks_as_bytes(V16 lower, V16 upper) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return V8{_mm256_packs_epi16(lower.raw, upper.raw)};
#else
  return hn::ConcatEven(d8, hn::BitCast(d8, upper), hn::BitCast(d8, lower));
#endif
}

// The spins of four sites as numbers below 16, two replicas to a byte (its nibbles).
HWY_INLINE V8 four_spins(V8 a, V8 b, V8 c, V8 e) {
  const V8 low = hn::Add(a, hn::Add(b, b));
  const V8 high = hn::Add(c, hn::Add(e, e));
  return hn::Add(low, hn::BitCast(d8, hn::ShiftLeft<2>(hn::BitCast(du16, high))));
}
HWY_INLINE V8 low_nibbles(V8 v) { return hn::And(v, hn::Set(d8, 0x0F)); }
HWY_INLINE V8 high_nibbles(V8 v) {
  return low_nibbles(hn::BitCast(d8, hn::ShiftRight<4>(hn::BitCast(du16, v))));
}

// Local fields of 32 (or 16) bytes of a site's replicas: sums[2 * nibble + (lower, upper) half].
struct Sums {
  V16 s00, s01, s10, s11;
};

HWY_INLINE Sums local_fields(const LaneProgram& program, const std::uint8_t* spins,
                             std::uint32_t position, std::size_t offset) {
  const Site* site = &program.sites[position];
  const V16 field = hn::Set(d16, site->field);
  Sums sums{field, field, field, field};
  const std::uint8_t* from = spins + offset;
  const FieldGroup* group = &program.groups[site[0].first_group];
  const FieldGroup* const end = &program.groups[0] + site[1].first_group;
  for (; group != end; ++group) {
    const auto at = [&](int k) HWY_ATTR {
      return hn::Load(d8, from + std::size_t{group->neighbours[k]} * kSiteBytes);
    };
    const V8 index = four_spins(at(0), at(1), at(2), at(3));
    const V8 low = hn::LoadDup128(d8, group->low.data());
    const V8 high = hn::LoadDup128(d8, group->high.data());
    const V8 i0 = low_nibbles(index), i1 = high_nibbles(index);
    const V8 l0 = hn::TableLookupBytes(low, i0), h0 = hn::TableLookupBytes(high, i0);
    const V8 l1 = hn::TableLookupBytes(low, i1), h1 = hn::TableLookupBytes(high, i1);
    sums.s00 = hn::Add(sums.s00, hn::BitCast(d16, hn::InterleaveLower(d8, l0, h0)));
    sums.s01 = hn::Add(sums.s01, hn::BitCast(d16, hn::InterleaveUpper(d8, l0, h0)));
    sums.s10 = hn::Add(sums.s10, hn::BitCast(d16, hn::InterleaveLower(d8, l1, h1)));
    sums.s11 = hn::Add(sums.s11, hn::BitCast(d16, hn::InterleaveUpper(d8, l1, h1)));
  }
  return sums;
}

// What all decisions share.
struct Constants {
  V8 c0, c1, c2, c3;
};

struct Decision {
  V16 less_likely;  // mask: the less likely of the two ends is taken, or: it is turned over
  VU16 certainty;   // 0 where the word is too close to its threshold
};

// docs/theory/replica-lanes.md eq. 4 to 7, word by word. `word` is the offset into Parameters.
template <LaneRule kRule>
HWY_INLINE Decision decide(V16 sum, VU16 random, const Parameters& p, std::size_t word,
                           const Constants& table) {
  const auto at = [&](const std::array<std::uint16_t, kLanes>& values)
                      HWY_ATTR { return hn::LoadU(du16, values.data() + word); };
  const V16 scaled = hn::MulFixedPoint15(hn::Abs(sum), hn::BitCast(d16, at(p.m)));
  const VU16 limited = hn::Min(hn::BitCast(du16, scaled), at(p.limit));
  const VU16 t = hn::SaturatedSub(hn::Mul(limited, at(p.power)), at(p.shrink));

  // Piece: the nearest multiple of 4096; r: the rest, as a 15-bit fraction of 2048.
  const VU16 piece = hn::ShiftRight<12>(hn::Add(t, hn::Set(du16, 2048)));
  const V8 entry =
      hn::BitCast(d8, hn::Add(hn::Mul(piece, hn::Set(du16, 0x0202)), hn::Set(du16, 0x0100)));
  const auto coefficient = [&](V8 values) HWY_ATTR {
    return hn::BitCast(d16, hn::TableLookupBytes(values, entry));
  };
  const V16 r = hn::BitCast(d16, hn::ShiftLeft<4>(t));
  V16 threshold = coefficient(table.c3);
  threshold = hn::Add(hn::MulFixedPoint15(threshold, r), coefficient(table.c2));
  threshold = hn::Add(hn::MulFixedPoint15(threshold, r), coefficient(table.c1));
  threshold = hn::Add(hn::MulFixedPoint15(threshold, r), coefficient(table.c0));

  // Words as signed numbers on the scale of the threshold.
  V16 drawn;
  if constexpr (kRule == LaneRule::heat_bath) {
    // Down where U < 1 / (1 + e^t); for a negative field the mirror image.
    const VU16 shifted = hn::Xor(random, hn::Set(du16, 0x8000));
    drawn = hn::Xor(hn::BitCast(d16, shifted), hn::ShiftRight<15>(sum));
  } else {
    drawn = hn::BitCast(d16, hn::ShiftRight<1>(random));
  }
  const VU16 margin = hn::MulHigh(hn::Add(hn::BitCast(du16, threshold), at(p.slack)), at(p.spread));
  const V16 distance = hn::Abs(hn::SaturatedSub(threshold, drawn));
  return {hn::VecFromMask(d16, hn::Gt(threshold, drawn)),
          hn::SaturatedSub(hn::BitCast(du16, distance), margin)};
}

// Bits 0 and 4 of bytes from byte masks of the low and the high nibbles' replicas.
HWY_INLINE V8 spins_of(V8 low, V8 high) {
  return hn::Or(hn::And(low, hn::Set(d8, 0x01)), hn::And(high, hn::Set(d8, 0x10)));
}

// Masks of spins after the visit.
template <LaneRule kRule>
HWY_INLINE V16 after(V16 sum, const Decision& decision, V16 before) {
  const V16 negative = hn::ShiftRight<15>(sum);
  if constexpr (kRule == LaneRule::heat_bath) {
    (void)before;
    return hn::Not(hn::Xor(negative, decision.less_likely));
  } else {
    // Against its field a spin turns over at once; along it, by the draw.
    const V16 aligned = hn::Xor(before, negative);
    return hn::Xor(hn::Not(negative), hn::And(aligned, decision.less_likely));
  }
}

HWY_NOINLINE HWY_ATTR void report(std::uint32_t visit, std::uint32_t position,
                                  const std::uint8_t* bytes, const std::uint8_t* before,
                                  const std::uint8_t* random, Referee& referee,
                                  std::uint64_t& count) {
  std::uint64_t undecided = 0;
  for (std::uint32_t r = 0; r < kLanes; ++r) {
    undecided |= static_cast<std::uint64_t>(bytes[r % 32] >> (4 * (r / 32)) & 1U) << r;
  }
  count += static_cast<std::uint64_t>(std::popcount(undecided));
  referee.decide(visit, position, undecided, before, random);
}

template <LaneRule kRule>
HWY_INLINE std::uint64_t run_rule(const Visits& v, Referee& referee) {
  const auto& table = threshold_table(kRule).coefficients;
  const auto load = [&](std::size_t power) HWY_ATTR {
    return hn::LoadDup128(d8, reinterpret_cast<const std::uint8_t*>(table[power].data()));
  };
  const Constants constants{load(0), load(1), load(2), load(3)};
  constexpr std::size_t kBytes = hn::MaxLanes(d8);  // 32, or 16 in two passes
  std::uint64_t count = 0;
  for (std::uint32_t k = 0; k < v.num_visits; ++k) {
    const std::uint32_t position = v.positions != nullptr ? v.positions[k] : v.first_visit + k;
    const Parameters& p = v.parameters[v.program->sites[position].site_class];
    std::uint8_t* spins = v.spins + std::size_t{position} * kSiteBytes;
    const std::uint8_t* random = v.random + std::size_t{k} * kVisitBytes;
    alignas(32) std::uint8_t open[kSiteBytes];
    alignas(32) std::uint8_t before[kSiteBytes];
    bool any_open = false;
    for (std::size_t offset = 0; offset < kSiteBytes; offset += kBytes) {
      const Sums sums = local_fields(*v.program, v.spins, position, offset);
      const auto drawn = [&](std::size_t part) HWY_ATTR {
        return hn::Load(
            du16, reinterpret_cast<const std::uint16_t*>(random + part * kSiteBytes + offset));
      };
      const auto one = [&](V16 sum, std::size_t part) HWY_ATTR {
        return decide<kRule>(sum, drawn(part), p, part * 16 + offset / 2, constants);
      };
      const Decision e00 = one(sums.s00, 0), e01 = one(sums.s01, 1);
      const Decision e10 = one(sums.s10, 2), e11 = one(sums.s11, 3);
      const V8 old = hn::Load(d8, spins + offset);
      V16 b00 = hn::Zero(d16), b01 = b00, b10 = b00, b11 = b00;
      if constexpr (kRule == LaneRule::metropolis) {
        const V8 zero = hn::Zero(d8), one8 = hn::Set(d8, 1);
        const V8 low = hn::Sub(zero, hn::And(old, one8));
        const V8 high = hn::Sub(zero, hn::And(high_nibbles(old), one8));
        b00 = hn::BitCast(d16, hn::InterleaveLower(d8, low, low));
        b01 = hn::BitCast(d16, hn::InterleaveUpper(d8, low, low));
        b10 = hn::BitCast(d16, hn::InterleaveLower(d8, high, high));
        b11 = hn::BitCast(d16, hn::InterleaveUpper(d8, high, high));
      }
      const V8 low =
          masks_as_bytes(after<kRule>(sums.s00, e00, b00), after<kRule>(sums.s01, e01, b01));
      const V8 high =
          masks_as_bytes(after<kRule>(sums.s10, e10, b10), after<kRule>(sums.s11, e11, b11));
      hn::Store(spins_of(low, high), d8, spins + offset);
      const VU16 least =
          hn::Min(hn::Min(e00.certainty, e01.certainty), hn::Min(e10.certainty, e11.certainty));
      if (HWY_UNLIKELY(!hn::AllFalse(du16, hn::Eq(least, hn::Zero(du16))))) {
        const auto zeros = [&](const Decision& e) HWY_ATTR {
          return hn::BitCast(d16, hn::VecFromMask(du16, hn::Eq(e.certainty, hn::Zero(du16))));
        };
        any_open = true;
        hn::Store(old, d8, before + offset);
        hn::Store(spins_of(masks_as_bytes(zeros(e00), zeros(e01)),
                           masks_as_bytes(zeros(e10), zeros(e11))),
                  d8, open + offset);
      } else if (kBytes < kSiteBytes) {
        hn::Store(old, d8, before + offset);
        hn::Store(hn::Zero(d8), d8, open + offset);
      }
    }
    if (HWY_UNLIKELY(any_open)) {
      report(v.first_visit + k, position, open, before, random, referee, count);
    }
  }
  return count;
}

HWY_ATTR std::uint64_t run(const Visits& visits, Referee& referee) {
  return visits.rule == LaneRule::heat_bath ? run_rule<LaneRule::heat_bath>(visits, referee)
                                            : run_rule<LaneRule::metropolis>(visits, referee);
}

// Four byte planes as 32-bit numbers, added to eight (of 16 bytes) accumulators.
HWY_INLINE void add_planes(const EnergyGroup& group, V8 index, std::int32_t* sums) {
  const auto plane = [&](std::size_t k) HWY_ATTR {
    return hn::TableLookupBytes(hn::LoadDup128(d8, group.planes[k].data()), index);
  };
  const V8 p0 = plane(0), p1 = plane(1), p2 = plane(2), p3 = plane(3);
  const auto add = [&](V8 low, V8 high, std::size_t which) HWY_ATTR {
    const V16 l = hn::BitCast(d16, low), h = hn::BitCast(d16, high);
    std::int32_t* to = sums + which * 2 * hn::Lanes(di32);
    const auto first = hn::BitCast(di32, hn::InterleaveLower(d16, l, h));
    const auto second = hn::BitCast(di32, hn::InterleaveUpper(d16, l, h));
    hn::Store(hn::Add(hn::Load(di32, to), first), di32, to);
    to += hn::Lanes(di32);
    hn::Store(hn::Add(hn::Load(di32, to), second), di32, to);
  };
  add(hn::InterleaveLower(d8, p0, p1), hn::InterleaveLower(d8, p2, p3), 0);
  add(hn::InterleaveUpper(d8, p0, p1), hn::InterleaveUpper(d8, p2, p3), 1);
}

HWY_ATTR void energies(const LaneProgram& program, const std::uint8_t* spins, double* out) {
  constexpr std::size_t kBytes = hn::MaxLanes(d8);
  constexpr std::uint32_t kGroupsPerFlush = 64;  // 2^6 numbers below 2^24 fit into 32 bits
  alignas(32) std::int32_t sums[2 * kSiteBytes];
  for (std::size_t offset = 0; offset < kSiteBytes; offset += kBytes) {
    std::uint32_t pending = 0;
    for (auto& s : sums) s = 0;
    // Accumulator 4 n + 2 i + j, lane w: nibble n; byte of lane w after unpacking by i, then j.
    const auto flush = [&]() HWY_ATTR {
      for (std::size_t k = 0; k < 2 * kBytes; ++k) {
        const std::size_t lanes = kBytes / 4, lane = k % lanes, which = k / lanes;
        const std::size_t byte = lane / 4 * 16 + which % 4 * 4 + lane % 4;
        out[32 * (which / 4) + offset + byte] += sums[k];
        sums[k] = 0;
      }
      pending = 0;
    };
    for (std::uint32_t position = 0; position < program.num_sites; ++position) {
      const V8 own = hn::Load(d8, spins + std::size_t{position} * kSiteBytes + offset);
      for (std::uint32_t g = program.energy_start[position]; g < program.energy_start[position + 1];
           ++g) {
        const EnergyGroup& group = program.energy_groups[g];
        const auto differs = [&](int k) HWY_ATTR {
          return hn::Xor(
              own, hn::Load(d8, spins + std::size_t{group.neighbours[k]} * kSiteBytes + offset));
        };
        const V8 index = four_spins(differs(0), differs(1), differs(2), differs(3));
        add_planes(group, low_nibbles(index), sums);
        add_planes(group, high_nibbles(index), sums + kBytes);
        if (++pending == kGroupsPerFlush) flush();
      }
    }
    flush();
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

HWY_ATTR void bits(const BitsPlace& place, std::uint32_t first_visit, std::uint32_t num_visits,
                   std::uint8_t* out) {
#if HWY_TARGET == HWY_SCALAR
  const auto& k = place.round_keys;
  for (std::uint32_t b = 0; b < num_visits * (kVisitBytes / 16); ++b) {
    const auto block =
        ars_block({first_visit + b / 8, place.block, static_cast<std::uint32_t>(place.step),
                   static_cast<std::uint32_t>(place.step >> 32) << 16 | b % 8},
                  k[0]);
    std::memcpy(out + std::size_t{b} * 16, block.data(), 16);
  }
#else
  const hn::FixedTag<std::uint8_t, 16> db;
  const hn::FixedTag<std::uint32_t, 4> dw;
  const auto key = [&](std::size_t k) HWY_ATTR {
    return hn::BitCast(db, hn::LoadU(dw, place.round_keys[k].data()));
  };
  const auto k0 = key(0), k1 = key(1), k2 = key(2), k3 = key(3), k4 = key(4), k5 = key(5);
  for (std::uint32_t v = 0; v < num_visits; ++v) {
    for (std::uint32_t plane = 0; plane < kVisitBytes / 16; ++plane) {
      const std::uint32_t counter[4] = {first_visit + v, place.block,
                                        static_cast<std::uint32_t>(place.step),
                                        static_cast<std::uint32_t>(place.step >> 32) << 16 | plane};
      auto state = hn::Xor(hn::BitCast(db, hn::LoadU(dw, counter)), k0);
      state = hn::AESRound(hn::AESRound(state, k1), k2);
      state = hn::AESRound(hn::AESRound(state, k3), k4);
      hn::Store(hn::AESLastRound(state, k5), db, out + std::size_t{v} * kVisitBytes + plane * 16);
    }
  }
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace therma::kernels::lanes
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::kernels::lanes {

HWY_EXPORT(run);
HWY_EXPORT(energies);
HWY_EXPORT(bits);

std::uint64_t run_visits(const Visits& visits, Referee& referee) noexcept {
  return HWY_DYNAMIC_DISPATCH(run)(visits, referee);
}

void sum_energies(const LaneProgram& program, const std::uint8_t* spins,
                  std::span<double> sums) noexcept {
  for (auto& s : sums) s = 0.0;
  HWY_DYNAMIC_DISPATCH(energies)(program, spins, sums.data());
}

void fill_bits(const BitsPlace& place, std::uint32_t first_visit, std::uint32_t num_visits,
               std::uint8_t* out) noexcept {
  HWY_DYNAMIC_DISPATCH(bits)(place, first_visit, num_visits, out);
}

}  // namespace therma::kernels::lanes
#endif
