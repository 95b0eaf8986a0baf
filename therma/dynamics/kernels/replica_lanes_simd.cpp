// SPDX-License-Identifier: Apache-2.0
// The vector code of replica lanes, written once for every target of Highway.
#include <bit>
#include <cstring>

#include "therma/dynamics/kernels/replica_lanes.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/dynamics/kernels/replica_lanes_simd.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::lanes {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // no vectors of bytes: all by definition

std::uint64_t run(const Visits& v, Referee& referee) {
  for (std::uint32_t k = 0; k < v.num_visits; ++k) {
    const std::uint32_t position = v.positions != nullptr ? v.positions[k] : v.first_position + k;
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
          index |= std::size_t{spin(position, r) ^ spin(group.offsets[k] / kSiteBytes, r)} << k;
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

// How decisions are made: heat bath with the error of t in the margin, or (cold) taken off t; see
// parameters_of().
enum class Mode { warm, cold, metropolis };

// Numbers of one visit on their way to a decision.
struct alignas(kSiteBytes) Draft {
  std::uint8_t before[kSiteBytes];  // the site's spins
  std::int16_t sums[kLanes];        // [word] local fields, in units of the site's class
  std::uint16_t reduced[kLanes];    // [word] t, then R(t): docs/theory/replica-lanes.md
};

HWY_INLINE VU16 load(const std::array<std::uint16_t, kLanes>& values, std::size_t word) {
  return hn::Load(du16, values.data() + word);
}

// Eq. 3: the size of a sum as a reduced field.
template <Mode kMode>
HWY_INLINE VU16 reduced(V16 sum, const Parameters& p, std::size_t word) {
  const V16 m = hn::BitCast(d16, load(p.m, word));
  const VU16 scaled = hn::BitCast(du16, hn::MulFixedPoint15(hn::Abs(sum), m));
  const VU16 limited = hn::Min(scaled, load(p.limit, word));
  const VU16 t = hn::Mul(limited, load(p.power, word));
  return kMode == Mode::warm ? t : hn::SaturatedSub(t, load(p.shrink, word));
}

// The tables are read once, in order: fetched some sites ahead.
constexpr std::ptrdiff_t kGroupsAhead = 24;

// Eq. 2 and 3 for 32 (or 16) bytes of a site's replicas.
template <Mode kMode>
HWY_INLINE void add_up(const Visits& v, std::uint32_t position, std::size_t offset, Draft& draft) {
  const Site* site = &v.program->sites[position];
  const V16 field = hn::Set(d16, site->field);
  V16 s00 = field, s01 = field, s10 = field, s11 = field;  // nibble, lower or upper half
  const std::uint8_t* from = v.spins + offset;
  const FieldGroup* group = v.program->groups.data() + site[0].first_group;
  const FieldGroup* const end = v.program->groups.data() + site[1].first_group;
  for (; group != end; ++group) {
    hwy::Prefetch(group + kGroupsAhead);
    const auto at = [&](std::size_t k) HWY_ATTR { return hn::Load(d8, from + group->offsets[k]); };
    const V8 index = four_spins(at(0), at(1), at(2), at(3));
    const V8 low = hn::LoadDup128(d8, group->low.data());
    const V8 high = hn::LoadDup128(d8, group->high.data());
    const V8 i0 = low_nibbles(index), i1 = high_nibbles(index);
    const V8 l0 = hn::TableLookupBytes(low, i0), h0 = hn::TableLookupBytes(high, i0);
    const V8 l1 = hn::TableLookupBytes(low, i1), h1 = hn::TableLookupBytes(high, i1);
    s00 = hn::Add(s00, hn::BitCast(d16, hn::InterleaveLower(d8, l0, h0)));
    s01 = hn::Add(s01, hn::BitCast(d16, hn::InterleaveUpper(d8, l0, h0)));
    s10 = hn::Add(s10, hn::BitCast(d16, hn::InterleaveLower(d8, l1, h1)));
    s11 = hn::Add(s11, hn::BitCast(d16, hn::InterleaveUpper(d8, l1, h1)));
  }
  const Parameters& p = v.parameters[site->site_class];
  const auto put = [&](V16 sum, std::size_t part) HWY_ATTR {
    const std::size_t word = part * 16 + offset / 2;
    hn::Store(sum, d16, draft.sums + word);
    hn::Store(reduced<kMode>(sum, p, word), du16, draft.reduced + word);
  };
  put(s00, 0), put(s01, 1), put(s10, 2), put(s11, 3);
}

// Eq. 4: reduced fields become thresholds, by the cubic of their piece t / 4096. Its coefficients'
// bytes are found by kLocate; r is where t lies in the piece, from -1 to 1.
HWY_INLINE void find_thresholds(const ThresholdTable& table, Draft& draft) {
  const auto row = [&](std::size_t power)
                       HWY_ATTR { return hn::LoadDup128(d8, table.bytes[power].data()); };
  const V8 c0 = row(0), c1 = row(1), c2 = row(2), c3 = row(3);
  for (std::size_t word = 0; word < kLanes; word += hn::Lanes(du16)) {
    const VU16 t = hn::Load(du16, draft.reduced + word);
    const VU16 filled = hn::Or(t, hn::Set(du16, 0x0FFF));
    const V8 entry = hn::BitCast(d8, hn::MulHigh(filled, hn::Set(du16, kLocate)));
    const V16 r = hn::BitCast(d16, hn::Xor(hn::ShiftLeft<4>(t), hn::Set(du16, 0x8000)));
    const auto step = [&](V16 sum, V8 row_of_power) HWY_ATTR {
      const V8 next = hn::TableLookupBytes(row_of_power, entry);
      return hn::Add(hn::MulFixedPoint15(sum, r), hn::BitCast(d16, next));
    };
    const V16 top = hn::BitCast(d16, hn::TableLookupBytes(c3, entry));
    const V16 threshold = step(step(step(top, c2), c1), c0);
    hn::Store(hn::BitCast(du16, threshold), du16, draft.reduced + word);
  }
}

struct Decision {
  V16 down;        // mask: the spin is down after the visit
  VU16 certainty;  // 0 where the word is too close to its threshold
};

// Eq. 5 to 7. before: mask of the spins that were up
template <Mode kMode>
HWY_INLINE Decision decide(const Draft& draft, const std::uint8_t* random, const Parameters& p,
                           std::size_t word, V16 before) {
  const VU16 raw = hn::Load(du16, reinterpret_cast<const std::uint16_t*>(random) + word);
  const V16 negative = hn::ShiftRight<15>(hn::Load(d16, draft.sums + word));
  const VU16 threshold_bits = hn::Load(du16, draft.reduced + word);
  const V16 threshold = hn::BitCast(d16, threshold_bits);
  V16 drawn, down;
  if constexpr (kMode != Mode::metropolis) {
    // Down where U < 1 / (1 + e^t); for a negative field the mirror image.
    (void)before;
    drawn = hn::Xor(hn::BitCast(d16, raw), negative);
    down = hn::Xor(negative, hn::VecFromMask(d16, hn::Gt(threshold, drawn)));
  } else {
    // Against its field a spin turns over at once; along it, by the draw.
    drawn = hn::BitCast(d16, hn::ShiftRight<1>(raw));
    const V16 turned = hn::VecFromMask(d16, hn::Gt(threshold, drawn));
    down = hn::Xor(negative, hn::And(hn::Xor(before, negative), turned));
  }
  // Warm: the slope of the logistic, R (2^16 - R), as 2^14 - (R - 2^15)^2 / 2^16; else R itself.
  const VU16 slope =
      kMode == Mode::warm
          ? hn::Sub(load(p.slack, word), hn::BitCast(du16, hn::MulHigh(threshold, threshold)))
          : hn::Add(threshold_bits, load(p.slack, word));
  const VU16 margin = hn::MulHigh(slope, load(p.spread, word));
  const V16 distance = hn::Abs(hn::SaturatedSub(threshold, drawn));
  return {down, hn::SaturatedSub(hn::BitCast(du16, distance), margin)};
}

// Bits 0 and 4 of bytes from byte masks of the low and the high nibbles' replicas.
HWY_INLINE V8 bits_of(V8 low, V8 high) {
  return hn::Or(hn::And(low, hn::Set(d8, 0x01)), hn::And(high, hn::Set(d8, 0x10)));
}
HWY_INLINE V8 bits_of_not(V8 low, V8 high) {
  return hn::Or(hn::AndNot(low, hn::Set(d8, 0x01)), hn::AndNot(high, hn::Set(d8, 0x10)));
}

// Masks of the spins that are up, in the order of the sums.
struct Masks {
  V16 m00, m01, m10, m11;
};
HWY_INLINE Masks masks_of(V8 spins) {
  const V8 zero = hn::Zero(d8), one = hn::Set(d8, 1);
  const V8 low = hn::Sub(zero, hn::And(spins, one));
  const V8 high = hn::Sub(zero, hn::And(high_nibbles(spins), one));
  const auto lower = [&](V8 b) HWY_ATTR { return hn::BitCast(d16, hn::InterleaveLower(d8, b, b)); };
  const auto upper = [&](V8 b) HWY_ATTR { return hn::BitCast(d16, hn::InterleaveUpper(d8, b, b)); };
  return {lower(low), upper(low), lower(high), upper(high)};
}

struct Settled {
  V8 down0, down1;      // bytes of masks: the low and the high nibbles' spins
  VU16 c0, c1, c2, c3;  // certainties
};

// Decides 32 (or 16) bytes of a visit.
template <Mode kMode>
HWY_INLINE Settled settle(const Draft& draft, const std::uint8_t* random, const Parameters& p,
                          std::size_t offset) {
  const V16 none = hn::Zero(d16);
  Masks up{none, none, none, none};
  if constexpr (kMode == Mode::metropolis) up = masks_of(hn::Load(d8, draft.before + offset));
  const auto one = [&](std::size_t part, V16 before) HWY_ATTR {
    return decide<kMode>(draft, random, p, part * 16 + offset / 2, before);
  };
  const Decision e0 = one(0, up.m00), e1 = one(1, up.m01);
  const Decision e2 = one(2, up.m10), e3 = one(3, up.m11);
  return {masks_as_bytes(e0.down, e1.down),
          masks_as_bytes(e2.down, e3.down),
          e0.certainty,
          e1.certainty,
          e2.certainty,
          e3.certainty};
}

HWY_INLINE bool all_stand(const Settled& s) {
  const VU16 least = hn::Min(hn::Min(s.c0, s.c1), hn::Min(s.c2, s.c3));
  return hn::AllFalse(du16, hn::Eq(least, hn::Zero(du16)));
}

// Replicas whose decision does not stand, one bit each.
template <Mode kMode>
HWY_INLINE std::uint64_t open_lanes(const Draft& draft, const std::uint8_t* random,
                                    const Parameters& p) {
  alignas(kSiteBytes) std::uint8_t open[kSiteBytes];
  const auto zeros = [&](VU16 certainty) HWY_ATTR {
    return hn::BitCast(d16, hn::VecFromMask(du16, hn::Eq(certainty, hn::Zero(du16))));
  };
  for (std::size_t offset = 0; offset < kSiteBytes; offset += hn::MaxLanes(d8)) {
    const Settled s = settle<kMode>(draft, random, p, offset);
    const V8 low = masks_as_bytes(zeros(s.c0), zeros(s.c1));
    const V8 high = masks_as_bytes(zeros(s.c2), zeros(s.c3));
    hn::Store(bits_of(low, high), d8, open + offset);
  }
  std::uint64_t lanes = 0;
  for (std::uint32_t first = 0; first < kSiteBytes; first += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, open + first, sizeof eight);
    for (; eight != 0; eight &= eight - 1) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(eight));
      lanes |= std::uint64_t{1} << (first + bit / 8 + 8 * (bit & 4U));
    }
  }
  return lanes;
}

// Passes over the visits: each is short work on many sites side by side, which fills the
// processor's window better than one long chain of operations after another.
template <Mode kMode>
HWY_INLINE std::uint64_t run_mode(const Visits& v, Referee& referee) {
  constexpr std::size_t kBytes = hn::MaxLanes(d8);  // 32, or 16 in two passes
  const auto position_of = [&](std::uint32_t k) {
    return v.positions != nullptr ? v.positions[k] : v.first_position + k;
  };
  Draft drafts[kVisitsPerBatch];
  for (std::uint32_t k = 0; k < v.num_visits; ++k) {
    for (std::size_t offset = 0; offset < kSiteBytes; offset += kBytes) {
      add_up<kMode>(v, position_of(k), offset, drafts[k]);
    }
  }
  const ThresholdTable& table = threshold_table(v.rule);
  for (std::uint32_t k = 0; k < v.num_visits; ++k) find_thresholds(table, drafts[k]);

  std::uint32_t open[kVisitsPerBatch];  // visits with lanes that do not stand
  std::uint32_t num_open = 0;
  for (std::uint32_t k = 0; k < v.num_visits; ++k) {
    const std::uint32_t position = position_of(k);
    const Parameters& p = v.parameters[v.program->sites[position].site_class];
    std::uint8_t* spins = v.spins + std::size_t{position} * kSiteBytes;
    bool stands = true;
    for (std::size_t offset = 0; offset < kSiteBytes; offset += kBytes) {
      hn::Store(hn::Load(d8, spins + offset), d8, drafts[k].before + offset);
      const Settled s =
          settle<kMode>(drafts[k], v.random + std::size_t{k} * kVisitBytes, p, offset);
      hn::Store(bits_of_not(s.down0, s.down1), d8, spins + offset);
      stands &= all_stand(s);
    }
    open[num_open] = k;  // without a branch, which would be hard to foresee
    num_open += stands ? 0 : 1;
  }
  for (std::uint32_t i = 0; i < num_open; ++i) {  // what the referee asks for, far away as a rule
    const std::uint32_t position = position_of(open[i]);
    const Site* site = &v.program->sites[position];
    hwy::Prefetch(v.program->fields.data() + position);
    for (std::uint32_t g = site[0].first_group; g < site[1].first_group; g += 2) {
      hwy::Prefetch(v.program->couplings.data() + g);
    }
  }
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < num_open; ++i) {
    const std::uint32_t k = open[i], position = position_of(k);
    const Parameters& p = v.parameters[v.program->sites[position].site_class];
    const std::uint8_t* random = v.random + std::size_t{k} * kVisitBytes;
    const std::uint64_t lanes = open_lanes<kMode>(drafts[k], random, p);
    count += static_cast<std::uint64_t>(std::popcount(lanes));
    referee.decide(v.first_visit + k, position, lanes, drafts[k].before, random);
  }
  return count;
}

HWY_ATTR std::uint64_t run(const Visits& visits, Referee& referee) {
  if (visits.rule == LaneRule::metropolis) return run_mode<Mode::metropolis>(visits, referee);
  return visits.cold ? run_mode<Mode::cold>(visits, referee)
                     : run_mode<Mode::warm>(visits, referee);
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
        const auto differs = [&](std::size_t k) HWY_ATTR {
          return hn::Xor(own, hn::Load(d8, spins + group.offsets[k] + offset));
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
