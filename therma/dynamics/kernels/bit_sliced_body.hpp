// SPDX-License-Identifier: Apache-2.0
// The bit-sliced heat bath, for files that supply a vector type V of 256 bits: the words of a
// site are swept in two halves.
//
// V: load, store, load_key, broadcast, counter(position), ones, zero, & | ^ ~, and_not(a, b) =
// a & ~b, is_zero, aes, aes_last. Everything here depends on V, which is local to its file, so that
// nothing is shared. Equation numbers: docs/theory/bit-slicing.md.
#pragma once

#include "therma/dynamics/kernels/bit_sliced_call.hpp"

namespace therma::kernels::sliced {

inline constexpr unsigned kRounds = 5;
inline constexpr unsigned kSitesPerTurn = 32;  // a multiple of kSlicedGroup
inline constexpr unsigned kRestPlanes = 4;     // drawn together once few lanes are left

// Levels of |f|: k of weight W gives f = 2k - W in units. With c = floor(W / 2), eq. 3.
static constexpr unsigned bits_of(unsigned weight) {
  unsigned bits = 1;
  for (unsigned c = weight / 2; c > 0; c >>= 1) ++bits;
  return bits;
}
static constexpr unsigned shift_of(unsigned weight) {
  return (1U << (bits_of(weight) - 1)) - weight / 2 - weight % 2;
}
// Levels that random bit-planes decide: |f| = 0 takes one bit and is no level.
static constexpr unsigned levels_of(unsigned weight) { return weight / 2 + weight % 2; }
static constexpr unsigned groups_of(unsigned levels) {
  return (levels + kLevelsPerGroup - 1) / kLevelsPerGroup;
}

template <class V>
struct Sum {
  V low, carry;
};
template <class V>
[[gnu::always_inline]] inline Sum<V> full_add(V a, V b, V c) {
  const V ab = a ^ b;
  return {ab ^ c, (a & b) | (ab & c)};
}
template <class V>
[[gnu::always_inline]] inline Sum<V> half_add(V a, V b) {
  return {a ^ b, a & b};
}

// Adds n words of one digit: their parity is returned, floor(n / 2) carries are stored.
template <class V>
[[gnu::always_inline]] inline V add_column(const V* words, unsigned n, V* carries) {
  V sum = words[0];
  unsigned k = 1;
#pragma GCC unroll 16
  for (; k + 1 < n; k += 2) {
    const auto s = full_add(sum, words[k], words[k + 1]);
    sum = s.low;
    carries[k / 2] = s.carry;
  }
  if (k < n) {
    const auto s = half_add(sum, words[k]);
    sum = s.low;
    carries[k / 2] = s.carry;
  }
  return sum;
}

template <class V>
[[gnu::always_inline]] inline V input_word(const SlicedCall& call, const SlicedInput& input) {
  return V::load(call.spins + std::size_t{input.at} * kSlicedWords) ^ V::broadcast(input.flip);
}

// From the digits of k + shift_of(W), eq. 3: the top one is the sign, the others the level once
// they are negated below zero.
template <class V>
[[gnu::always_inline]] inline V magnitude(V* digits, unsigned bits, bool odd) {
  const V up = digits[bits - 1];
  const V down = ~up;
  V carry = down;
#pragma GCC unroll 8
  for (unsigned b = 0; b + 1 < bits; ++b) {
    const V flipped = digits[b] ^ down;
    digits[b] = odd ? flipped : flipped ^ carry;
    carry = odd ? carry : flipped & carry;
  }
  return up;
}

// One-hot masks of the low `bits` digits, `count` of them, beginning with value 0.
template <class V>
[[gnu::always_inline]] inline void decode(const V* digits, unsigned bits, V* masks,
                                          unsigned count) {
  masks[0] = V::ones();
  unsigned have = 1;
#pragma GCC unroll 8
  for (unsigned b = 0; b < bits; ++b) {
    const unsigned more = have < count - have ? have : count - have;
#pragma GCC unroll 16
    for (unsigned k = 0; k < more; ++k) masks[have + k] = masks[k] & digits[b];
#pragma GCC unroll 16
    for (unsigned k = 0; k < have; ++k) masks[k] = V::and_not(masks[k], digits[b]);
    have += more;
  }
}

// The sign of a field, and where it is 0. masks: of levels, one more in front where W is even.
template <class V>
struct Field {
  V up, zero;
};
template <class V>
[[gnu::always_inline]] inline Field<V> classify(V* digits, unsigned weight, V* masks) {
  const unsigned bits = bits_of(weight);
  const bool odd = weight % 2 != 0;
  const V up = magnitude(digits, bits, odd);
  decode(digits, bits - 1, masks, levels_of(weight) + (odd ? 0 : 1));
  return {up, odd ? V::zero() : masks[0]};
}

// All eight unions of a group's three masks, so that a plane's bits pick one.
template <class V>
struct alignas(64) Unions {
  V of[8];

  [[gnu::always_inline]] void fill(V a, V b, V c) {
    const V ab = a | b;
    of[0] = V::zero();
    of[1] = a;
    of[2] = b;
    of[3] = ab;
    of[4] = c;
    of[5] = a | c;
    of[6] = b | c;
    of[7] = ab | c;
  }
  [[gnu::always_inline]] [[nodiscard]] V at(std::uint16_t offset) const {
    return V::load(
        reinterpret_cast<const std::uint64_t*>(reinterpret_cast<const char*>(&of[0]) + offset));
  }
};

// Thresholds of one beta: level bits are the same in all lanes.
template <class V>
struct OneBeta {
  Unions<V>* unions;  // [group]
  const std::uint16_t* patterns;
  unsigned groups;

  OneBeta(const SlicedCall& call, bool odd, unsigned levels, void* space)
      : unions(static_cast<Unions<V>*>(space)),
        patterns(call.patterns + (odd ? kSlicedPlanes * kMostGroups : 0)),
        groups(groups_of(levels)) {}

  [[gnu::always_inline]] void prepare(const V* masks, unsigned levels) {
    for (unsigned g = 0; g < groups; ++g) {
      const unsigned k = kLevelsPerGroup * g;
      unions[g].fill(masks[k], k + 1 < levels ? masks[k + 1] : V::zero(),
                     k + 2 < levels ? masks[k + 2] : V::zero());
    }
  }
  [[gnu::always_inline]] [[nodiscard]] V bits(unsigned plane) const {
    if (groups == 0) return V::zero();
    const std::uint16_t* row = patterns + plane * kMostGroups;
    V t = unions[0].at(row[0]);
    for (unsigned g = 1; g < groups; ++g) t = t | unions[g].at(row[g]);
    return t;
  }
};

// Thresholds of a beta for each lane.
template <class V>
struct EachBeta {
  V* masks_of;  // [level]
  const std::uint64_t* thresholds;
  unsigned levels;

  EachBeta(const SlicedCall& call, bool odd, unsigned num_levels, void* space)
      : masks_of(static_cast<V*>(space)),
        thresholds(call.thresholds +
                   (odd ? call.threshold_levels * kSlicedPlanes * kSlicedWords : 0)),
        levels(num_levels) {}

  [[gnu::always_inline]] void prepare(const V* masks, unsigned /*levels*/) {
    for (unsigned l = 0; l < levels; ++l) masks_of[l] = masks[l];
  }
  [[gnu::always_inline]] [[nodiscard]] V bits(unsigned plane) const {
    const std::uint64_t* row = thresholds + std::size_t{plane} * kSlicedWords;
    V t = V::zero();
    for (unsigned l = 0; l < levels; ++l, row += kSlicedPlanes * kSlicedWords) {
      t = t | (masks_of[l] & V::load(row));
    }
    return t;
  }
};

template <class V>
struct Keys {
  V k[kRounds];
  explicit Keys(const SlicedCall& call) {
    for (unsigned r = 0; r < kRounds; ++r) k[r] = V::load_key(call.keys + 4 * (r + 1));
  }

  // Random bits of `count` planes. Rounds of different planes alternate: a round takes several
  // cycles, but others may begin meanwhile.
  template <unsigned count>
  [[gnu::always_inline]] void draw(const SlicedCall& call, V position, unsigned plane,
                                   V (&random)[count]) const {
    const std::uint64_t* counters = call.counters + std::size_t{plane} * kSlicedWords;
#pragma GCC unroll 8
    for (unsigned p = 0; p < count; ++p) {
      random[p] = position ^ V::load(counters + p * kSlicedWords);
    }
#pragma GCC unroll 5
    for (unsigned r = 0; r < kRounds; ++r) {
#pragma GCC unroll 8
      for (unsigned p = 0; p < count; ++p) {
        random[p] = r + 1 < kRounds ? V::aes(random[p], k[r]) : V::aes_last(random[p], k[r]);
      }
    }
  }
};

// The lanes of one site, or of several that share their last planes: those still undecided, and
// those that turn against their field.
template <class V>
struct Lanes {
  V open, turned;

  // A lane is decided at the first plane whose random bit is one, by that plane's bit of its
  // probability, eq. 4.
  template <class Thresholds>
  [[gnu::always_inline]] void compare(V random, unsigned plane, const Thresholds& thresholds) {
    const V decided = open & random;
    turned = turned | (decided & thresholds.bits(plane));
    open = open ^ decided;
  }
};

// The planes that every site draws for itself. A field of zero is decided by the first one.
template <class V, class Thresholds>
[[gnu::always_inline]] inline Lanes<V> draw_first(const SlicedCall& call, const Keys<V>& keys,
                                                  V position, V zero,
                                                  const Thresholds& thresholds) {
  V random[kOwnPlanes];
  keys.draw(call, position, 0, random);
  Lanes<V> lanes{V::and_not(~random[0], zero), random[0] & (zero | thresholds.bits(0))};
#pragma GCC unroll 8
  for (unsigned p = 1; p < kOwnPlanes; ++p) lanes.compare(random[p], p, thresholds);
  return lanes;
}

// The others, until no lane is left.
template <class V, class Thresholds>
[[gnu::always_inline]] inline void draw_rest(const SlicedCall& call, const Keys<V>& keys,
                                             V position, const Thresholds& thresholds,
                                             Lanes<V>& lanes) {
  for (unsigned plane = kOwnPlanes; plane < kSlicedPlanes; plane += kRestPlanes) {
    if (V::is_zero(lanes.open)) return;
    V random[kRestPlanes];
    keys.draw(call, position, plane, random);
#pragma GCC unroll 4
    for (unsigned p = 0; p < kRestPlanes; ++p) lanes.compare(random[p], plane + p, thresholds);
  }
}

template <class V>
[[gnu::always_inline]] inline void store_spin(const SlicedCall& call, std::uint32_t at, V up,
                                              V turned) {
  V::store(call.spins + std::size_t{at} * kSlicedWords, up ^ turned);
}

// Field and levels of a site whose row is `inputs` terms of weight 1.
template <class V, unsigned inputs>
[[gnu::always_inline]] inline Field<V> unit_field(const SlicedCall& call, const SlicedInput* row,
                                                  V* masks) {
  constexpr unsigned bits = bits_of(inputs);
  V column[inputs + 1], carries[inputs + 1], digits[bits];
#pragma GCC unroll 16
  for (unsigned k = 0; k < inputs; ++k) column[k] = input_word<V>(call, row[k]);
  unsigned n = inputs;
#pragma GCC unroll 8
  for (unsigned b = 0; b < bits; ++b) {
    if ((shift_of(inputs) >> b & 1U) != 0) column[n++] = V::ones();
    digits[b] = n > 0 ? add_column(column, n, carries) : V::zero();
    n /= 2;
#pragma GCC unroll 16
    for (unsigned k = 0; k < n; ++k) column[k] = carries[k];
  }
  return classify(digits, inputs, masks);
}

// Rows of `inputs` terms of weight 1, in groups of sites. After their own planes few lanes are
// undecided: where no lane is so at two sites of a group, all sites go on with the planes of the
// first.
template <class V, template <class> class Thresholds, unsigned inputs>
void sweep_units(const SlicedCall& call, std::uint32_t begin, std::uint32_t end) noexcept {
  constexpr unsigned levels = levels_of(inputs);
  constexpr bool odd = inputs % 2 != 0;
  using T = Thresholds<V>;
  alignas(64) char space[kSlicedGroup + 1][(groups_of(levels) + 1) * sizeof(Unions<V>)];
  const Keys<V> keys(call);
  for (std::uint32_t first = begin; first < end; first += kSlicedGroup) {
    const unsigned count = end - first < kSlicedGroup ? end - first : kSlicedGroup;
    V up[kSlicedGroup], together[levels + 1];
    Lanes<V> lanes[kSlicedGroup], shared{V::zero(), V::zero()};
    V clash = V::zero();
#pragma GCC unroll 8
    for (unsigned l = 0; l < levels; ++l) together[l] = V::zero();
    for (unsigned k = 0; k < count; ++k) {
      const SlicedInput* row = call.inputs + call.sites[first + k].first_input;
      T thresholds(call, odd, levels, space[k]);
      V masks[levels + 1];
      const auto field = unit_field<V, inputs>(call, row, masks);
      thresholds.prepare(masks + (odd ? 0 : 1), levels);
      lanes[k] = draw_first(call, keys, V::counter(first + k), field.zero, thresholds);
      up[k] = field.up;
      clash = clash | (shared.open & lanes[k].open);
      shared.open = shared.open | lanes[k].open;
#pragma GCC unroll 8
      for (unsigned l = 0; l < levels; ++l) {
        together[l] = together[l] | (masks[l + (odd ? 0 : 1)] & lanes[k].open);
      }
    }
    if (V::is_zero(clash)) {
      T thresholds(call, odd, levels, space[kSlicedGroup]);
      thresholds.prepare(together, levels);
      draw_rest(call, keys, V::counter(first), thresholds, shared);
      for (unsigned k = 0; k < count; ++k) {
        store_spin(call, first + k, up[k], lanes[k].turned | (shared.turned & lanes[k].open));
      }
    } else {
      for (unsigned k = 0; k < count; ++k) {
        const T thresholds(call, odd, levels, space[k]);
        draw_rest(call, keys, V::counter(first + k), thresholds, lanes[k]);
        store_spin(call, first + k, up[k], lanes[k].turned);
      }
    }
  }
}

// Rows of any weights.
template <class V, template <class> class Thresholds>
void sweep_digits(const SlicedCall& call, std::uint32_t begin, std::uint32_t end) noexcept {
  alignas(64) char space[(kMostGroups + 1) * sizeof(Unions<V>)];
  V buffers[2][kMostWeight + 2], digits[kSlicedDigits], masks[kMostWeight / 2 + 2];
  const Keys<V> keys(call);
  for (std::uint32_t at = begin; at < end; ++at) {
    const SlicedSite& site = call.sites[at];
    const SlicedInput* row = call.inputs + site.first_input;
    const unsigned weight = site.weight, levels = levels_of(weight);
    V *column = buffers[0], *carries = buffers[1];
    unsigned n = 0, k = 0;
    for (unsigned b = 0; b < bits_of(weight); ++b) {
      for (; k < site.digit_end[b]; ++k) column[n++] = input_word<V>(call, row[k]);
      if ((shift_of(weight) >> b & 1U) != 0) column[n++] = V::ones();
      digits[b] = n > 0 ? add_column(column, n, carries) : V::zero();
      n /= 2;
      V* const next = carries;
      carries = column;
      column = next;
    }
    const bool odd = weight % 2 != 0;
    const auto field = classify(digits, weight, masks);
    Thresholds<V> thresholds(call, odd, levels, space);
    thresholds.prepare(masks + (odd ? 0 : 1), levels);
    const V position = V::counter(at);
    auto lanes = draw_first(call, keys, position, field.zero, thresholds);
    draw_rest(call, keys, position, thresholds, lanes);
    store_spin(call, at, field.up, lanes.turned);
  }
}

template <class V, template <class> class Thresholds, unsigned inputs>
inline void pick_units(const SlicedCall& call, unsigned wanted, std::uint32_t begin,
                       std::uint32_t end) noexcept {
  if (wanted == inputs) return sweep_units<V, Thresholds, inputs>(call, begin, end);
  if constexpr (inputs > 0) pick_units<V, Thresholds, inputs - 1>(call, wanted, begin, end);
}

template <class V, template <class> class Thresholds>
inline void sweep_with(const SlicedCall& call, const SlicedRun& run, std::uint32_t begin,
                       std::uint32_t end) noexcept {
  if (run.by_digits) return sweep_digits<V, Thresholds>(call, begin, end);
  pick_units<V, Thresholds, kMostUnitInputs>(call, run.unit_inputs, begin, end);
}

// Few sites at a time, so that the second half finds its neighbours' words in the first cache.
template <class V>
void sweep(const SlicedCall& whole, const SlicedRun& run, std::uint32_t begin,
           std::uint32_t end) noexcept {
  for (std::uint32_t stop = begin; begin < end; begin = stop) {
    stop = end - begin > kSitesPerTurn ? begin + kSitesPerTurn : end;
    for (unsigned half = 0; half < 2; ++half) {
      SlicedCall call = whole;
      call.spins += kSlicedWords / 2 * half;
      call.counters += kSlicedWords / 2 * half;
      if (call.thresholds == nullptr) {
        sweep_with<V, OneBeta>(call, run, begin, stop);
      } else {
        call.thresholds += kSlicedWords / 2 * half;
        sweep_with<V, EachBeta>(call, run, begin, stop);
      }
    }
  }
}

// Adds a word to bit-planes of counters, from a plane on.
template <class V>
[[gnu::always_inline]] inline void add_to_counts(std::uint64_t* counts, unsigned plane, V word) {
  for (; plane < kCounterPlanes && !V::is_zero(word); ++plane) {
    std::uint64_t* at = counts + std::size_t{plane} * kSlicedWords;
    const V old = V::load(at);
    V::store(at, old ^ word);
    word = old & word;
  }
}

// Carry-save: eight words go down to one of weight eight (Harley and Seal's tree).
template <class V>
void count_half(const std::uint64_t* spins, const SlicedBond* bonds, std::size_t num_bonds,
                std::uint64_t* counts) noexcept {
  const auto broken = [&](std::size_t k) __attribute__((always_inline)) {
    const auto& bond = bonds[k];
    return V::load(spins + std::size_t{bond.a} * kSlicedWords) ^
           V::load(spins + std::size_t{bond.b} * kSlicedWords) ^ V::broadcast(bond.flip);
  };
  V ones = V::zero(), twos = V::zero(), fours = V::zero();
  std::size_t k = 0;
  for (; k + 8 <= num_bonds; k += 8) {
    V two[4], four[2];
#pragma GCC unroll 4
    for (unsigned p = 0; p < 4; ++p) {
      const auto s = full_add(ones, broken(k + 2 * p), broken(k + 2 * p + 1));
      ones = s.low;
      two[p] = s.carry;
    }
#pragma GCC unroll 2
    for (unsigned p = 0; p < 2; ++p) {
      const auto s = full_add(twos, two[2 * p], two[2 * p + 1]);
      twos = s.low;
      four[p] = s.carry;
    }
    const auto s = full_add(fours, four[0], four[1]);
    fours = s.low;
    add_to_counts(counts, 3, s.carry);
  }
  for (; k < num_bonds; ++k) add_to_counts(counts, 0, broken(k));
  add_to_counts(counts, 0, ones);
  add_to_counts(counts, 1, twos);
  add_to_counts(counts, 2, fours);
}

template <class V>
void count(const std::uint64_t* spins, const SlicedBond* bonds, std::size_t num_bonds,
           std::uint64_t* counts) noexcept {
  count_half<V>(spins, bonds, num_bonds, counts);
  count_half<V>(spins + kSlicedWords / 2, bonds, num_bonds, counts + kSlicedWords / 2);
}

}  // namespace therma::kernels::sliced
