// SPDX-License-Identifier: Apache-2.0
// The bit-sliced heat bath over 256-bit vectors, for files that supply the vector type V.
//
// V: load, store, ones, zero, & | ^ ~, and_not(a, b) = a & ~b, is_zero, aes, aes_last, and
// counter(position). Everything here depends on V, which is local to its file: nothing is shared.
// Equation numbers: docs/theory/bit-slicing.md.
#pragma once

#include "therma/dynamics/kernels/bit_sliced_call.hpp"

namespace therma::kernels::sliced {

inline constexpr unsigned kHalves = 2;
inline constexpr unsigned kRounds = 5;
inline constexpr unsigned kBatch = 4;  // planes drawn together

// Levels of |f|: k of weight W gives f = 2k - W in units. With c = floor(W / 2), eq. 3.
static constexpr unsigned bits_of(unsigned weight) {
  unsigned bits = 1;
  for (unsigned c = weight / 2; c > 0; c >>= 1) ++bits;
  return bits;
}
static constexpr unsigned shift_of(unsigned weight) {
  return (1U << (bits_of(weight) - 1)) - weight / 2 - weight % 2;
}
// Levels that a random bit-plane decides: |f| = 0 takes one bit and is no level.
static constexpr unsigned levels_of(unsigned weight) { return weight / 2 + weight % 2; }
static constexpr unsigned groups_of(unsigned levels) {
  return (levels + kLevelsPerGroup - 1) / kLevelsPerGroup;
}

template <class V>
struct Sum {
  V low, carry;
};
template <class V>
inline Sum<V> full_add(V a, V b, V c) {
  const V ab = a ^ b;
  return {ab ^ c, (a & b) | (ab & c)};
}
template <class V>
inline Sum<V> half_add(V a, V b) {
  return {a ^ b, a & b};
}

// Adds n words of one digit: their parity is returned, floor(n / 2) carries are stored.
template <class V>
inline V add_column(const V* words, unsigned n, V* carries) {
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
inline V input_word(const SlicedCall& call, const SlicedInput& input, unsigned half) {
  const V spin = V::load(call.spins + std::size_t{input.at} * kSlicedWords + 4 * half);
  return spin ^ V::broadcast(input.flip);
}

// Where the lanes stand: `up` the sign of the field, `zero` where it is 0, one mask per level.
// From the digits of k + shift_of(W), eq. 3: the top one is the sign, the others the level once
// they are negated below zero.
template <class V>
inline V magnitude(V* digits, unsigned bits, bool odd) {
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
inline void decode(const V* digits, unsigned bits, V* masks, unsigned count) {
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

// All eight unions of a group's three masks, [8][half], so that a plane's bits pick one.
template <class V>
struct alignas(64) Unions {
  V of[8][kHalves];

  void fill(unsigned half, V a, V b, V c) {
    of[0][half] = V::zero();
    of[1][half] = a;
    of[2][half] = b;
    of[4][half] = c;
    const V ab = a | b;
    of[3][half] = ab;
    of[5][half] = a | c;
    of[6][half] = b | c;
    of[7][half] = ab | c;
  }
  [[nodiscard]] V at(std::uint16_t offset, unsigned half) const {
    return V::load(reinterpret_cast<const std::uint64_t*>(
        reinterpret_cast<const char*>(&of[0][half]) + offset));
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

  [[gnu::always_inline]] void prepare(unsigned half, const V* masks, unsigned levels) {
    for (unsigned g = 0; g < groups; ++g) {
      const unsigned k = kLevelsPerGroup * g;
      unions[g].fill(half, masks[k], k + 1 < levels ? masks[k + 1] : V::zero(),
                     k + 2 < levels ? masks[k + 2] : V::zero());
    }
  }
  [[nodiscard]] V bits(unsigned plane, unsigned half) const {
    const std::uint16_t* row = patterns + plane * kMostGroups;
    V t = groups > 0 ? unions[0].at(row[0], half) : V::zero();
    for (unsigned g = 1; g < groups; ++g) t = t | unions[g].at(row[g], half);
    return t;
  }
};

// Thresholds of a beta for each lane.
template <class V>
struct EachBeta {
  V* masks_of;  // [half][level]
  const std::uint64_t* thresholds;
  unsigned levels;

  EachBeta(const SlicedCall& call, bool odd, unsigned num_levels, void* space)
      : masks_of(static_cast<V*>(space)),
        thresholds(call.thresholds +
                   (odd ? call.threshold_levels * kSlicedPlanes * kSlicedWords : 0)),
        levels(num_levels) {}

  [[gnu::always_inline]] void prepare(unsigned half, const V* masks, unsigned num_levels) {
    for (unsigned l = 0; l < num_levels; ++l) masks_of[half * levels + l] = masks[l];
  }
  [[nodiscard]] V bits(unsigned plane, unsigned half) const {
    V t = V::zero();
    for (unsigned l = 0; l < levels; ++l) {
      const auto at = (std::size_t{l} * kSlicedPlanes + plane) * kSlicedWords + 4 * half;
      t = t | (masks_of[half * levels + l] & V::load(thresholds + at));
    }
    return t;
  }
};

template <class V>
struct Keys {
  V k[kRounds];
  explicit Keys(const SlicedCall& call) {
    for (unsigned r = 0; r < kRounds; ++r) k[r] = V::load_twice(call.keys + 4 * (r + 1));
  }

  // Random bits of `count` planes, [plane][half]. Rounds of different blocks alternate: one round
  // takes several cycles, but others may begin meanwhile.
  template <unsigned count>
  [[gnu::always_inline]] void draw(const SlicedCall& call, V position, unsigned plane,
                                   V (&random)[count][kHalves]) const {
    const std::uint32_t* counters = call.counters + std::size_t{plane} * kHalves * 8;
#pragma GCC unroll 8
    for (unsigned p = 0; p < count; ++p) {
#pragma GCC unroll 2
      for (unsigned h = 0; h < kHalves; ++h) {
        const auto* counter = counters + (p * kHalves + h) * 8;
        random[p][h] = position ^ V::load(reinterpret_cast<const std::uint64_t*>(counter));
      }
    }
#pragma GCC unroll 5
    for (unsigned r = 0; r < kRounds; ++r) {
#pragma GCC unroll 8
      for (unsigned p = 0; p < count; ++p) {
#pragma GCC unroll 2
        for (unsigned h = 0; h < kHalves; ++h) {
          random[p][h] =
              r + 1 < kRounds ? V::aes(random[p][h], k[r]) : V::aes_last(random[p][h], k[r]);
        }
      }
    }
  }
};

// The spin's digits in `half`, ready for comparison: sign, zero mask, level masks.
template <class V>
struct Field {
  V up, zero;
};
template <class V>
inline Field<V> classify(V* digits, unsigned weight, V* masks) {
  const unsigned bits = bits_of(weight);
  const bool odd = weight % 2 != 0;
  const V up = magnitude(digits, bits, odd);
  const unsigned states = levels_of(weight) + (odd ? 0 : 1);
  decode(digits, bits - 1, masks, states);
  return {up, odd ? V::zero() : masks[0]};
}

// The lanes of one site, or of several that share their last planes: those still undecided, and
// those that turn against their field.
template <class V>
struct Lanes {
  V open[kHalves], turned[kHalves];
};

// A lane is decided at the first plane whose random bit is one, by that plane's bit of its
// probability, eq. 4.
template <class V, class Thresholds>
[[gnu::always_inline]] inline void compare(const V* random, unsigned plane,
                                           const Thresholds& thresholds, Lanes<V>& lanes) {
#pragma GCC unroll 2
  for (unsigned h = 0; h < kHalves; ++h) {
    const V decided = lanes.open[h] & random[h];
    lanes.turned[h] = lanes.turned[h] | (decided & thresholds.bits(plane, h));
    lanes.open[h] = lanes.open[h] ^ decided;
  }
}

// The planes that every site draws for itself. A field of zero is decided by the first one.
template <class V, class Thresholds>
[[gnu::always_inline]] inline void draw_first(const SlicedCall& call, const Keys<V>& keys,
                                              V position, const Field<V>* fields,
                                              const Thresholds& thresholds, Lanes<V>& lanes) {
  V random[kBatch][kHalves];
  keys.draw(call, position, 0, random);
#pragma GCC unroll 2
  for (unsigned h = 0; h < kHalves; ++h) {
    lanes.turned[h] = random[0][h] & (fields[h].zero | thresholds.bits(0, h));
    lanes.open[h] = V::and_not(~random[0][h], fields[h].zero);
  }
#pragma GCC unroll 8
  for (unsigned p = 1; p < kBatch; ++p) compare(random[p], p, thresholds, lanes);
#pragma GCC unroll 8
  for (unsigned plane = kBatch; plane < kOwnPlanes; plane += kBatch) {
    keys.draw(call, position, plane, random);
#pragma GCC unroll 8
    for (unsigned p = 0; p < kBatch; ++p) compare(random[p], plane + p, thresholds, lanes);
  }
}

// The others, until no lane is left.
template <class V, class Thresholds>
[[gnu::always_inline]] inline void draw_rest(const SlicedCall& call, const Keys<V>& keys,
                                             V position, const Thresholds& thresholds,
                                             Lanes<V>& lanes) {
  for (unsigned plane = kOwnPlanes; plane < kSlicedPlanes; plane += kBatch) {
    if (V::is_zero(lanes.open[0] | lanes.open[1])) return;
    V random[kBatch][kHalves];
    keys.draw(call, position, plane, random);
#pragma GCC unroll 8
    for (unsigned p = 0; p < kBatch; ++p) compare(random[p], plane + p, thresholds, lanes);
  }
}

template <class V>
inline void store_spins(const SlicedCall& call, std::uint32_t at, const Field<V>* fields,
                        const V* turned) {
#pragma GCC unroll 2
  for (unsigned h = 0; h < kHalves; ++h) {
    V::store(call.spins + std::size_t{at} * kSlicedWords + 4 * h, fields[h].up ^ turned[h]);
  }
}

// Fields and levels of a site whose row is `inputs` terms of weight 1.
template <class V, unsigned inputs>
[[gnu::always_inline]] inline Field<V> unit_field(const SlicedCall& call, const SlicedInput* row,
                                                  unsigned half, V* masks) {
  constexpr unsigned bits = bits_of(inputs);
  V column[inputs + 1], carries[inputs + 1], digits[bits];
#pragma GCC unroll 16
  for (unsigned k = 0; k < inputs; ++k) column[k] = input_word<V>(call, row[k], half);
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
// undecided: where no lane is so at two sites of a group, all sites go on with one site's planes.
template <class V, template <class> class Thresholds, unsigned inputs>
void sweep_units(const SlicedCall& call, std::uint32_t begin, std::uint32_t end) noexcept {
  constexpr unsigned levels = levels_of(inputs);
  constexpr bool odd = inputs % 2 != 0;
  using T = Thresholds<V>;
  alignas(64) char space[kSlicedGroup + 1][(groups_of(levels) + 1) * sizeof(Unions<V>)];
  const Keys<V> keys(call);
  for (std::uint32_t first = begin; first < end; first += kSlicedGroup) {
    const unsigned count = end - first < kSlicedGroup ? end - first : kSlicedGroup;
    Field<V> fields[kSlicedGroup][kHalves];
    Lanes<V> lanes[kSlicedGroup];
    V together[kHalves][levels + 1];
    Lanes<V> shared;
    V clash = V::zero();
#pragma GCC unroll 2
    for (unsigned h = 0; h < kHalves; ++h) {
      shared.open[h] = shared.turned[h] = V::zero();
#pragma GCC unroll 8
      for (unsigned l = 0; l < levels; ++l) together[h][l] = V::zero();
    }
    for (unsigned k = 0; k < count; ++k) {
      const V position = V::counter(first + k);
      const SlicedInput* row = call.inputs + call.sites[first + k].first_input;
      T thresholds(call, odd, levels, space[k]);
      V masks[kHalves][levels + 1];
#pragma GCC unroll 2
      for (unsigned h = 0; h < kHalves; ++h) {
        fields[k][h] = unit_field<V, inputs>(call, row, h, masks[h]);
        thresholds.prepare(h, masks[h] + (odd ? 0 : 1), levels);
      }
      draw_first(call, keys, position, fields[k], thresholds, lanes[k]);
#pragma GCC unroll 2
      for (unsigned h = 0; h < kHalves; ++h) {
        const V open = lanes[k].open[h];
        clash = clash | (shared.open[h] & open);
        shared.open[h] = shared.open[h] | open;
#pragma GCC unroll 8
        for (unsigned l = 0; l < levels; ++l) {
          const V mask = masks[h][l + (odd ? 0 : 1)] & open;
          together[h][l] = together[h][l] | mask;
        }
      }
    }
    if (V::is_zero(clash)) {
      T thresholds(call, odd, levels, space[kSlicedGroup]);
      for (unsigned h = 0; h < kHalves; ++h) thresholds.prepare(h, together[h], levels);
      draw_rest(call, keys, V::counter(first), thresholds, shared);
      for (unsigned k = 0; k < count; ++k) {
        for (unsigned h = 0; h < kHalves; ++h) {
          lanes[k].turned[h] = lanes[k].turned[h] | (shared.turned[h] & lanes[k].open[h]);
        }
      }
    } else {
      for (unsigned k = 0; k < count; ++k) {
        draw_rest(call, keys, V::counter(first + k), T(call, odd, levels, space[k]), lanes[k]);
      }
    }
    for (unsigned k = 0; k < count; ++k) {
      store_spins(call, first + k, fields[k], lanes[k].turned);
    }
  }
}

// Rows of any weights.
template <class V, template <class> class Thresholds>
void sweep_digits(const SlicedCall& call, std::uint32_t begin, std::uint32_t end) noexcept {
  alignas(64) char space[(kMostGroups + 1) * sizeof(Unions<V>)];
  const Keys<V> keys(call);
  for (std::uint32_t at = begin; at < end; ++at) {
    const SlicedSite& site = call.sites[at];
    const SlicedInput* row = call.inputs + site.first_input;
    const unsigned weight = site.weight, levels = levels_of(weight);
    const bool odd = weight % 2 != 0;
    Thresholds<V> thresholds(call, odd, levels, space);
    Field<V> fields[kHalves];
    for (unsigned h = 0; h < kHalves; ++h) {
      V buffers[2][kMostWeight + 2], digits[kSlicedDigits], masks[kMostWeight / 2 + 2];
      V *column = buffers[0], *carries = buffers[1];
      unsigned n = 0, k = 0;
      for (unsigned b = 0; b < bits_of(weight); ++b) {
        for (; k < site.digit_end[b]; ++k) column[n++] = input_word<V>(call, row[k], h);
        if ((shift_of(weight) >> b & 1U) != 0) column[n++] = V::ones();
        digits[b] = n > 0 ? add_column(column, n, carries) : V::zero();
        n /= 2;
        V* const next = carries;
        carries = column;
        column = next;
      }
      fields[h] = classify(digits, weight, masks);
      thresholds.prepare(h, masks + (odd ? 0 : 1), levels);
    }
    const V position = V::counter(at);
    Lanes<V> lanes;
    draw_first(call, keys, position, fields, thresholds, lanes);
    draw_rest(call, keys, position, thresholds, lanes);
    store_spins(call, at, fields, lanes.turned);
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

template <class V>
void sweep(const SlicedCall& call, const SlicedRun& run, std::uint32_t begin,
           std::uint32_t end) noexcept {
  if (call.thresholds != nullptr) return sweep_with<V, EachBeta>(call, run, begin, end);
  sweep_with<V, OneBeta>(call, run, begin, end);
}

// Adds a word to bit-planes of counters, from a plane on.
template <class V>
inline void add_to_counts(std::uint64_t* counts, unsigned half, unsigned plane, V word) {
  for (; plane < kCounterPlanes && !V::is_zero(word); ++plane) {
    std::uint64_t* at = counts + plane * kSlicedWords + 4 * half;
    const V old = V::load(at);
    V::store(at, old ^ word);
    word = old & word;
  }
}

// Carry-save: eight words go down to one of weight eight (Harley and Seal's tree).
template <class V>
void count(const std::uint64_t* spins, const SlicedBond* bonds, std::size_t num_bonds,
           std::uint64_t* counts) noexcept {
  const auto broken = [&](std::size_t k, unsigned half) __attribute__((always_inline)) {
    const auto& bond = bonds[k];
    return V::load(spins + std::size_t{bond.a} * kSlicedWords + 4 * half) ^
           V::load(spins + std::size_t{bond.b} * kSlicedWords + 4 * half) ^ V::broadcast(bond.flip);
  };
  for (unsigned half = 0; half < kHalves; ++half) {
    V ones = V::zero(), twos = V::zero(), fours = V::zero();
    std::size_t k = 0;
    for (; k + 8 <= num_bonds; k += 8) {
      V two[4], four[2];
#pragma GCC unroll 4
      for (unsigned p = 0; p < 4; ++p) {
        const auto s = full_add(ones, broken(k + 2 * p, half), broken(k + 2 * p + 1, half));
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
      add_to_counts(counts, half, 3, s.carry);
    }
    for (; k < num_bonds; ++k) add_to_counts(counts, half, 0, broken(k, half));
    add_to_counts(counts, half, 0, ones);
    add_to_counts(counts, half, 1, twos);
    add_to_counts(counts, half, 2, fours);
  }
}

}  // namespace therma::kernels::sliced
