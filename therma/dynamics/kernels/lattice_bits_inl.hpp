// SPDX-License-Identifier: Apache-2.0
// The heat bath of one colour in chunks of 2048 lanes, for any vector; docs/theory/lattice.md.
//
// Included once by the file of each instruction set, inside an unnamed namespace of its own that
// defines `Vec`, so that nothing compiled here is shared between files with different flags.

using Reg = Vec::Reg;
constexpr unsigned kVectors = kLatticeChunkBytes / Vec::kBytes;
constexpr unsigned kTailVectors = kLatticeTailBytes / Vec::kBytes;
constexpr unsigned kTailBurst = 4;  // planes drawn together

struct Keys {
  Reg before, round[5];  // whitening; rounds 1 to 5
};

inline Keys load_keys(const LatticeDraws& draws) {
  Keys keys;
  keys.before = Vec::repeat(draws.key[0]);
  for (unsigned r = 0; r < 5; ++r) keys.round[r] = Vec::repeat(draws.key[r + 1]);
  return keys;
}

// Counters of plane 0 for the blocks of a vector: `block` and those after it. lanes: [block] their
// numbers from 0 in byte 0. `block` is a multiple of how many there are.
inline Reg counters(const LatticeDraws& draws, const Keys& keys, std::uint32_t block,
                    std::uint32_t group, const std::uint8_t* lanes) {
  const std::uint64_t b = block;
  const std::uint64_t low = (b & 0xFFU) | (b >> 8 & 0xFFU) << 40;
  const std::uint64_t high = (b >> 16 & 0xFFU) << 16 | (b >> 24) << 56 | std::uint64_t{group} << 8;
  const Reg start = Vec::bit_xor(Vec::repeat(draws.counter), keys.before);
  return Vec::bit_xor(Vec::bit_xor(start, Vec::load(lanes)), Vec::repeat_words(low, high));
}

alignas(64) constexpr std::uint8_t kZeros[64] = {};
alignas(64) constexpr std::uint8_t kBlockNumbers[16][16] = {
    {0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}, {13}, {14}, {15}};

// The two rounds that planes share, eq. 6.
inline Reg shared_rounds(Reg counter, const Keys& keys) {
  return Vec::round(Vec::round(counter, keys.round[0]), keys.round[1]);
}

// The other three, of kCount planes side by side: [plane] 128 bits for each block.
template <unsigned kCount>
inline void draw_planes(Reg shared, const LatticeDraws& draws, unsigned first, const Keys& keys,
                        Reg (&bits)[kCount]) {
  for (unsigned p = 0; p < kCount; ++p) {
    bits[p] = Vec::bit_xor(shared, Vec::load(draws.plane[first + p]));
  }
  for (unsigned p = 0; p < kCount; ++p) bits[p] = Vec::round(bits[p], keys.round[2]);
  for (unsigned p = 0; p < kCount; ++p) bits[p] = Vec::round(bits[p], keys.round[3]);
  for (unsigned p = 0; p < kCount; ++p) bits[p] = Vec::last_round(bits[p], keys.round[4]);
}

// Which lanes' thresholds have the bit of a plane: looked up where there are few levels, put
// together where there are many. Plane kLatticePlanes stands for any bit behind the head's planes.
template <unsigned kLevels, bool kLookUp = (kLevels <= 3)>
class Thresholds {
 public:
  inline explicit Thresholds(const LatticeLevels& levels) {
    with_[0] = Vec::zero();
    for (unsigned p = 0; p < kLatticePlanes; ++p) of_[p] = with_ + levels.plane[p];
    of_[kLatticePlanes] = with_ + levels.unfinished;
  }
  // level: [level] disjoint sets of lanes.
  inline void set(const Reg (&level)[kLevels]) {
    for (unsigned l = 0; l < kLevels; ++l) {
      with_[1U << l] = level[l];
      for (unsigned s = 1; s < 1U << l; ++s) with_[(1U << l) + s] = Vec::bit_or(with_[s], level[l]);
    }
  }
  inline Reg of(unsigned plane) const { return *of_[plane]; }
  inline bool empty(unsigned plane) const { return of_[plane] == with_; }

 private:
  Reg with_[1U << kLevels];  // [set of levels]
  const Reg* of_[kLatticePlanes + 1];
};

template <unsigned kLevels>
class Thresholds<kLevels, false> {
 public:
  inline explicit Thresholds(const LatticeLevels& levels) : levels_(levels) {}
  inline void set(const Reg (&level)[kLevels]) {
    for (unsigned l = 0; l < kLevels; ++l) level_[l] = level[l];
  }
  inline Reg of(unsigned plane) const {
    const unsigned levels = at(plane);
    Reg sum = Vec::zero();
    for (unsigned l = 0; l < kLevels; ++l) {
      if ((levels >> l & 1U) != 0) sum = Vec::bit_or(sum, level_[l]);
    }
    return sum;
  }
  inline bool empty(unsigned plane) const { return at(plane) == 0; }

 private:
  inline unsigned at(unsigned plane) const {
    return plane == kLatticePlanes ? levels_.unfinished : levels_.plane[plane];
  }
  const LatticeLevels& levels_;
  Reg level_[kLevels];
};

// Random numbers against thresholds, bit after bit, eq. 4.
struct Comparison {
  Reg below;      // decided: the random number is the smaller one
  Reg undecided;  // equal so far

  inline void next(Reg random, Reg threshold) {
    const Reg decided = Vec::bit_and(undecided, Vec::bit_xor(random, threshold));
    below = Vec::bit_or(below, Vec::bit_and(decided, threshold));
    undecided = Vec::bit_xor(undecided, decided);
  }
  // The same where no threshold has the bit.
  inline void next(Reg random) { undecided = Vec::bit_andnot(random, undecided); }
};

// Lanes by level; `base` is what a lane becomes unless its random number is below its threshold;
// `coin` are the lanes of no level, which keep `base` or not with equal odds.
template <unsigned kLevels>
struct Lanes {
  Reg level[kLevels];
  Reg base;
  Reg coin;
};

template <unsigned kLevels>
inline Lanes<kLevels> lanes_by_count(Reg ones, Reg twos, Reg fours, const LatticeLevels& levels) {
  Lanes<kLevels> lanes;
  for (unsigned up = 0; up < kLevels; ++up) {
    Reg set = (up & 1U) != 0 ? ones : Vec::bit_andnot(ones, Vec::ones());
    set = (up & 2U) != 0 ? Vec::bit_and(set, twos) : Vec::bit_andnot(twos, set);
    lanes.level[up] = (up & 4U) != 0 ? Vec::bit_and(set, fours) : Vec::bit_andnot(fours, set);
  }
  lanes.base = Vec::zero();
  for (unsigned up = 0; up < kLevels; ++up) {
    if ((levels.up >> up & 1U) != 0) lanes.base = Vec::bit_or(lanes.base, lanes.level[up]);
  }
  lanes.coin = Vec::zero();
  return lanes;
}

// Four neighbours: two half adders.
template <bool kField>
inline auto lanes_of(const Reg (&n)[4], const LatticeLevels& levels) {
  const Reg odd_a = Vec::bit_xor(n[0], n[1]), odd_b = Vec::bit_xor(n[2], n[3]);
  const Reg two_a = Vec::bit_and(n[0], n[1]), two_b = Vec::bit_and(n[2], n[3]);
  const Reg odd = Vec::bit_xor(odd_a, odd_b);
  if constexpr (kField) {
    const Reg twos = Vec::bit_xor(Vec::bit_xor(two_a, two_b), Vec::bit_and(odd_a, odd_b));
    return lanes_by_count<5>(odd, twos, Vec::bit_and(two_a, two_b), levels);
  } else {
    const Reg mixed = Vec::bit_or(Vec::bit_or(odd_a, odd_b), Vec::bit_xor(n[1], n[2]));
    const Reg majority = Vec::bit_or(two_a, two_b);  // anything where two are up
    return Lanes<2>{{odd, Vec::bit_andnot(mixed, Vec::ones())},
                    Vec::bit_xor(majority, Vec::fill(levels.invert)),
                    Vec::bit_andnot(odd, mixed)};
  }
}

// Six neighbours: two full adders, and one of their carries.
template <bool kField>
inline auto lanes_of(const Reg (&n)[6], const LatticeLevels& levels) {
  const Reg odd_a = Vec::bit_xor(n[0], n[1]), odd_b = Vec::bit_xor(n[3], n[4]);
  const Reg one_a = Vec::bit_xor(odd_a, n[2]), one_b = Vec::bit_xor(odd_b, n[5]);
  const Reg two_a = Vec::bit_or(Vec::bit_and(n[0], n[1]), Vec::bit_and(odd_a, n[2]));
  const Reg two_b = Vec::bit_or(Vec::bit_and(n[3], n[4]), Vec::bit_and(odd_b, n[5]));
  const Reg ones = Vec::bit_xor(one_a, one_b), carry = Vec::bit_and(one_a, one_b);
  const Reg differ = Vec::bit_xor(two_a, two_b);
  const Reg twos = Vec::bit_xor(differ, carry);
  const Reg fours = Vec::bit_or(Vec::bit_and(two_a, two_b), Vec::bit_and(differ, carry));
  if constexpr (kField) {
    return lanes_by_count<7>(ones, twos, fours, levels);
  } else {
    const Reg two_or_four = Vec::bit_andnot(ones, Vec::bit_xor(twos, fours));
    const Reg none_or_six = Vec::bit_andnot(Vec::bit_or(two_or_four, ones), Vec::ones());
    return Lanes<3>{{two_or_four, Vec::bit_andnot(twos, ones), none_or_six},
                    Vec::bit_xor(fours, Vec::fill(levels.invert)),
                    Vec::bit_and(twos, ones)};
  }
}

// Where a chunk's neighbours are.
struct Neighbours {
  alignas(64) std::uint8_t across[kLatticeChunkBytes + 64];
  const std::uint8_t* spins[6];
  const std::uint8_t* bonds[6];
  std::uint8_t* out;
  const std::uint8_t* mask;
};

// What its head leaves to its tail.
template <unsigned kLevels>
struct Left {
  alignas(64) std::uint64_t undecided[kLatticeChunkWords];
  alignas(64) std::uint64_t level[kLevels - 1][kLatticeChunkWords];  // lanes of level 1 and up
  alignas(64) std::uint8_t slots[kLevels - 1][kLatticeTailBytes];    // those of them undecided
  alignas(64) std::uint8_t below[kLatticeTailBytes];
  std::uint8_t* out;
  std::uint64_t chunk;
  bool more;  // a word has more lanes undecided than slots
};

template <unsigned kLevels>
inline void clear(Left<kLevels>& left, std::uint8_t* out) {
  __builtin_memset(&left, 0, sizeof left);
  left.out = out;
}

template <class T>
inline std::uint8_t* bytes_of(T* words) {
  return reinterpret_cast<std::uint8_t*>(words);
}
inline std::uint64_t load_word(const std::uint8_t* at) {
  std::uint64_t word;
  __builtin_memcpy(&word, at, 8);
  return word;
}
inline void store_word(std::uint8_t* at, std::uint64_t word) { __builtin_memcpy(at, &word, 8); }

// Neighbours, levels and the head's planes of one vector of lanes.
template <unsigned kNeighbours, bool kBonds, bool kField, unsigned kLevels>
inline void head(const Neighbours& nb, unsigned at, const Reg (&bits)[kLatticeHeadPlanes],
                 const LatticeLevels& levels, Thresholds<kLevels>& thresholds,
                 Left<kLevels>& left) {
  Reg n[kNeighbours];
  n[0] = Vec::load(nb.across + at);
  for (unsigned d = 1; d < kNeighbours; ++d) {
    n[d] = Vec::load(nb.spins[d] + at);
    if constexpr (kBonds) n[d] = Vec::bit_xor(n[d], Vec::load(nb.bonds[d] + at));
  }
  const auto lanes = lanes_of<kField>(n, levels);
  thresholds.set(lanes.level);
  Comparison c;
  if (thresholds.empty(0)) {
    c.below = Vec::bit_andnot(bits[0], lanes.coin);
    c.undecided = Vec::bit_andnot(Vec::bit_or(bits[0], lanes.coin), Vec::ones());
  } else {
    const Reg threshold = Vec::bit_or(thresholds.of(0), lanes.coin);
    c.below = Vec::bit_andnot(bits[0], threshold);
    c.undecided = Vec::bit_andnot(Vec::bit_xor(bits[0], threshold), Vec::ones());
  }
  for (unsigned p = 1; p < kLatticeHeadPlanes; ++p) {
    if (__builtin_expect(thresholds.empty(p), 1)) {
      c.next(bits[p]);
    } else {
      c.next(bits[p], thresholds.of(p));
    }
  }
  Vec::store(left.out + at, Vec::bit_xor(lanes.base, c.below));
  Vec::store(bytes_of(left.undecided) + at,
             Vec::bit_and(c.undecided, thresholds.of(kLatticePlanes)));
  for (unsigned l = 1; l < kLevels; ++l)
    Vec::store(bytes_of(left.level[l - 1]) + at, lanes.level[l]);
}

// The undecided lanes of kCount words, at most eight of each, move to the word's byte of the tail.
template <unsigned kCount, unsigned kLevels>
inline void compress(Left<kLevels>& left, unsigned first) {
#pragma GCC unroll 4
  for (unsigned w = first; w < first + kCount; ++w) {
    const std::uint64_t undecided = left.undecided[w];
    for (unsigned l = 0; l + 1 < kLevels; ++l) {
      left.slots[l][w] = static_cast<std::uint8_t>(Vec::take(left.level[l][w], undecided));
    }
    if (__builtin_expect(Vec::count(undecided) > kLatticeSlots, 0)) left.more = true;
  }
}

// Decides all slots of a chunk's tail by the planes after the head's.
template <unsigned kLevels>
inline void tail(Left<kLevels>& left, std::uint32_t colour_bit, std::uint32_t group,
                 const LatticeDraws& draws, Thresholds<kLevels>& thresholds, const Keys& keys) {
  const auto block =
      static_cast<std::uint32_t>(left.chunk * kLatticeTailBlocksPerChunk) | colour_bit;
  for (unsigned at = 0; at < kLatticeTailBytes; at += Vec::kBytes) {
    Reg level[kLevels];
    level[0] = Vec::ones();
    for (unsigned l = 1; l < kLevels; ++l) {
      level[l] = Vec::load(left.slots[l - 1] + at);
      level[0] = Vec::bit_andnot(level[l], level[0]);
    }
    thresholds.set(level);
    const Reg counter = counters(draws, keys, block, group, kBlockNumbers[0] + at);
    const Reg shared = shared_rounds(counter, keys);
    Comparison c{Vec::zero(), Vec::ones()};
    const auto burst = [&](unsigned plane) {
      Reg bits[kTailBurst];
      draw_planes(shared, draws, plane, keys, bits);
      for (unsigned p = 0; p < kTailBurst; ++p) c.next(bits[p], thresholds.of(plane + p));
    };
    // 256 slots are decided by 12 planes with odds 0.94: a branch before would be a coin toss.
    burst(kLatticeHeadPlanes);
    burst(kLatticeHeadPlanes + kTailBurst);
    burst(kLatticeHeadPlanes + 2 * kTailBurst);
    for (unsigned plane = kLatticeHeadPlanes + 3 * kTailBurst;
         plane < kLatticePlanes && !Vec::is_zero(c.undecided); plane += kTailBurst) {
      burst(plane);
    }
    Vec::store(left.below + at, c.below);
  }
}

// What the tail decided goes back to its lanes.
template <unsigned kCount, unsigned kLevels>
inline void deposit(const Left<kLevels>& left, unsigned first) {
#pragma GCC unroll 4
  for (unsigned k = 0; k < kCount; ++k) {
    std::uint8_t* out = left.out + 8 * (first + k);
    store_word(out, load_word(out) ^ Vec::put(left.below[first + k], left.undecided[first + k]));
  }
}

// The lanes beyond the eighth of their words, eight of each word at a time: rare.
template <unsigned kLevels>
__attribute__((noinline)) void decide_rest(Left<kLevels>& left, std::uint32_t colour_bit,
                                           const LatticeDraws& draws,
                                           Thresholds<kLevels>& thresholds, const Keys& keys) {
  for (std::uint32_t group = 1; left.more; ++group) {
    for (unsigned w = 0; w < kLatticeChunkWords; ++w) {
      for (unsigned k = 0; k < kLatticeSlots; ++k) left.undecided[w] &= left.undecided[w] - 1;
    }
    left.more = false;
    compress<kLatticeChunkWords>(left, 0);
    tail(left, colour_bit, group, draws, thresholds, keys);
    deposit<kLatticeChunkWords>(left, 0);
  }
}

// A row's neighbours across, from byte `from` on: `forward` the bit before, else the bit after,
// around the row's end. bonds: of the row itself, taken along.
template <bool kBonds>
inline void turn_words(const std::uint8_t* row, const std::uint8_t* bonds, std::uint64_t row_sites,
                       std::uint64_t from, std::uint64_t num_bytes, bool forward,
                       std::uint8_t* out) {
  const auto load = [&](std::uint64_t k, int words) {
    const auto at = static_cast<std::int64_t>(from + k) + 8 * words;
    const Reg spins = Vec::load(row + at);
    return kBonds ? Vec::bit_xor(spins, Vec::load(bonds + at)) : spins;
  };
  const auto bit = [&](std::uint64_t i) {
    const unsigned byte = row[i / 8] ^ (kBonds ? bonds[i / 8] : 0U);
    return byte >> (i % 8) & 1U;
  };
  const std::uint64_t end = row_sites - 1;
  if (forward) {
#pragma GCC unroll 4
    for (std::uint64_t k = 0; k < num_bytes; k += Vec::kBytes) {
      Vec::store(out + k, Vec::shift_up(load(k, 0), load(k, -1)));
    }
    if (from == 0) out[0] = static_cast<std::uint8_t>((out[0] & ~1U) | bit(end));
  } else {
#pragma GCC unroll 4
    for (std::uint64_t k = 0; k < num_bytes; k += Vec::kBytes) {
      Vec::store(out + k, Vec::shift_down(load(k, 0), load(k, 1)));
    }
    if (from <= end / 8 && end / 8 < from + num_bytes) {
      std::uint8_t& byte = out[end / 8 - from];
      byte = static_cast<std::uint8_t>((byte & ~(1U << (end % 8))) | bit(0) << (end % 8));
    }
  }
}

// The same for a whole row of at most 32 bits.
template <bool kBonds>
inline void turn_short(const std::uint8_t* row, const std::uint8_t* bonds, std::uint64_t row_sites,
                       std::uint64_t row_bytes, bool forward, std::uint8_t* out) {
  std::uint64_t bits = 0;
  for (std::uint64_t k = 0; k < row_bytes; ++k) {
    bits |= std::uint64_t{static_cast<std::uint8_t>(row[k] ^ (kBonds ? bonds[k] : 0U))} << (8 * k);
  }
  bits &= (std::uint64_t{1} << row_sites) - 1;
  const std::uint64_t turned =
      forward ? bits << 1 | bits >> (row_sites - 1) : bits >> 1 | bits << (row_sites - 1);
  for (std::uint64_t k = 0; k < row_bytes; ++k) {
    out[k] = static_cast<std::uint8_t>(turned >> (8 * k));
  }
}

// The bytes of every other row, for rows of 4, 8 and 16 bytes.
struct RowMasks {
  std::uint8_t bytes[3][64];
};
constexpr RowMasks make_row_masks() {
  RowMasks masks{};
  for (unsigned k = 0; k < 64; ++k) {
    for (unsigned kind = 0; kind < 3; ++kind) {
      masks.bytes[kind][k] = (k / (4U << kind)) % 2 == 0 ? 0xFF : 0;
    }
  }
  return masks;
}
alignas(64) constexpr RowMasks kRowMasks = make_row_masks();

// The same for a chunk of whole rows of 4, 8 or 16 bytes without lanes to spare, of which every
// other one turns forward, beginning with the first or the second.
template <bool kBonds>
inline void turn_rows(const std::uint8_t* rows, const std::uint8_t* bonds, std::uint64_t row_bytes,
                      bool forward, std::uint8_t* out) {
  const std::uint8_t* mask = kRowMasks.bytes[row_bytes == 4 ? 0 : row_bytes == 8 ? 1 : 2];
  for (unsigned k = 0; k < kLatticeChunkBytes; k += Vec::kBytes) {
    Reg x = Vec::load(rows + k);
    if constexpr (kBonds) x = Vec::bit_xor(x, Vec::load(bonds + k));
    const Reg even = Vec::load(mask + k % 64);
    const Reg other = row_bytes == 16 ? Vec::swap_words(x) : x;
    const Reg up = row_bytes == 4 ? Vec::turn_up_32(x) : Vec::shift_up(x, other);
    const Reg down = row_bytes == 4 ? Vec::turn_down_32(x) : Vec::shift_down(x, other);
    const Reg differ = Vec::bit_xor(up, down);
    Vec::store(out + k, Vec::bit_xor(forward ? down : up, Vec::bit_and(differ, even)));
  }
}

// Neighbours across of a chunk.
template <bool kBonds>
inline void turn_chunk(const LatticeColour& c, std::uint64_t z, std::uint64_t in_slab,
                       std::uint8_t* out) {
  const std::uint8_t* slab = c.other + z * c.slab_stride;
  const std::uint8_t* bonds = kBonds ? c.bonds[0] + z * c.slab_stride : nullptr;
  const auto bonds_at = [&](std::uint64_t k) { return kBonds ? bonds + k : nullptr; };
  std::uint64_t row = in_slab / c.row_bytes, from = in_slab - row * c.row_bytes;
  const bool forward = ((c.colour + row + z) & 1U) == 0;
  const bool even = c.row_bytes == 4 || c.row_bytes == 8 || c.row_bytes == 16;
  if (even && c.row_sites == 8 * c.row_bytes) {
    turn_rows<kBonds>(slab + in_slab, bonds_at(in_slab), c.row_bytes, forward, out);
    return;
  }
  const std::uint64_t left = c.slab_bytes - in_slab;
  const std::uint64_t total = left < kLatticeChunkBytes ? left : kLatticeChunkBytes;
  for (std::uint64_t k = 0; k < total; ++row, from = 0) {
    const std::uint64_t start = row * c.row_bytes;
    const std::uint64_t rest = c.row_bytes - from;
    const std::uint64_t length = rest < total - k ? rest : total - k;
    const bool up = ((c.colour + row + z) & 1U) == 0;
    if (c.row_bytes < 8) {
      turn_short<kBonds>(slab + start, bonds_at(start), c.row_sites, c.row_bytes, up, out + k);
    } else {
      turn_words<kBonds>(slab + start, bonds_at(start), c.row_sites, from, length, up, out + k);
    }
    k += length;
  }
}

// Finds the neighbours of a chunk. Of colour 1 a bond is stored with the neighbour, seen from it in
// the opposite direction.
template <unsigned kNeighbours, bool kBonds>
inline void locate(const LatticeColour& c, std::uint64_t chunk, Neighbours& nb) {
  const std::uint64_t z = chunk / c.chunks_per_slab;
  const std::uint64_t in_slab = (chunk - z * c.chunks_per_slab) * kLatticeChunkBytes;
  const std::uint64_t at = z * c.slab_stride + in_slab;
  nb.out = c.own + at;
  nb.mask = c.mask == nullptr ? nullptr : c.mask + in_slab;
  const std::uint64_t behind = (z == 0 ? c.nz - 1 : z - 1) * c.slab_stride + in_slab;
  const std::uint64_t before = (z + 1 == c.nz ? 0 : z + 1) * c.slab_stride + in_slab;
  const std::uint64_t places[6] = {at, at, at - c.row_bytes, at + c.row_bytes, behind, before};
  for (unsigned d = 1; d < kNeighbours; ++d) {
    nb.spins[d] = c.other + places[d];
    if constexpr (kBonds) {
      nb.bonds[d] = c.colour == 0 || d == 1 ? c.bonds[d] + at : c.bonds[d ^ 1U] + places[d];
    }
  }
  if (kBonds && c.colour == 1) {
    turn_chunk<true>(c, z, in_slab, nb.across);
    return;
  }
  turn_chunk<false>(c, z, in_slab, nb.across);
  if constexpr (kBonds) {
    for (unsigned k = 0; k < kLatticeChunkBytes; k += Vec::kBytes) {
      Vec::store(nb.across + k,
                 Vec::bit_xor(Vec::load(nb.across + k), Vec::load(c.bonds[0] + at + k)));
    }
  }
}

// Chunk after chunk in three stages that overlap, so that the words of one are compressed and those
// of another filled in while the vectors of a third are drawn: the head of chunk k, the tail of
// chunk k - 1, what is left of chunk k - 2.
template <unsigned kNeighbours, bool kBonds, bool kField>
void update_chunks(const LatticeColour& c, const LatticeDraws& draws, const LatticeLevels& levels) {
  constexpr unsigned kLevels = kField ? kNeighbours + 1 : kNeighbours / 2;
  constexpr unsigned kWords = Vec::kBytes / 8;
  const Keys keys = load_keys(draws);
  const std::uint32_t colour_bit = c.colour << 31;
  Thresholds<kLevels> thresholds(levels), tail_thresholds(levels);
  Neighbours nb[2];
  std::uint8_t nowhere[kLatticeChunkBytes];
  Left<kLevels> ring[3];
  for (auto& left : ring) clear(left, nowhere);
  Left<kLevels>*fresh = &ring[0], *pressed = &ring[1], *last = &ring[2];
  if (c.first_chunk < c.last_chunk) {
    locate<kNeighbours, kBonds>(c, c.first_chunk, nb[c.first_chunk & 1U]);
  }
  for (std::uint64_t chunk = c.first_chunk; chunk < c.last_chunk + 2; ++chunk) {
    if (chunk < c.last_chunk) {
      const Neighbours& here = nb[chunk & 1U];
      // A chunk ahead: what is stored in words is read in vectors.
      if (chunk + 1 < c.last_chunk) locate<kNeighbours, kBonds>(c, chunk + 1, nb[(chunk + 1) & 1U]);
      fresh->out = here.out;
      fresh->chunk = chunk;
      fresh->more = false;
      const auto block = static_cast<std::uint32_t>(chunk * kLatticeBlocksPerChunk) | colour_bit;
      const Reg first = counters(draws, keys, block, 0, kZeros);
      for (unsigned v = 0; v < kVectors; ++v) {
        const Reg counter = Vec::bit_xor(first, Vec::load(kBlockNumbers[0] + v * Vec::kBytes));
        Reg bits[kLatticeHeadPlanes];
        draw_planes(shared_rounds(counter, keys), draws, 0, keys, bits);
        head<kNeighbours, kBonds, kField>(here, v * Vec::kBytes, bits, levels, thresholds, *fresh);
        compress<kWords>(*pressed, v * kWords);
        deposit<kWords>(*last, v * kWords);
      }
      if (here.mask != nullptr) {
        for (unsigned w = 0; w < kLatticeChunkWords; ++w) {
          fresh->undecided[w] &= load_word(here.mask + 8 * w);
        }
      }
    } else {
      compress<kLatticeChunkWords>(*pressed, 0);
      deposit<kLatticeChunkWords>(*last, 0);
    }
    if (__builtin_expect(last->more, 0))
      decide_rest(*last, colour_bit, draws, tail_thresholds, keys);
    tail(*pressed, colour_bit, 0, draws, tail_thresholds, keys);
    Left<kLevels>* const free = last;
    last = pressed, pressed = fresh, fresh = free;
  }
}

void prepare_planes(LatticeDraws& draws) noexcept {
  const Keys keys = load_keys(draws);
  const Reg counter = Vec::bit_xor(Vec::repeat(draws.counter), keys.before);
  const Reg none = shared_rounds(counter, keys);
  for (unsigned p = 0; p < kLatticePlanes; ++p) {
    const Reg with = Vec::bit_xor(counter, Vec::repeat_words(std::uint64_t{p} << 32, 0));
    for (unsigned at = 0; at < 64; at += Vec::kBytes) {
      Vec::store(draws.plane[p] + at, Vec::bit_xor(shared_rounds(with, keys), none));
    }
  }
}

void update_colour(LatticeVariant variant, const LatticeColour& c, const LatticeDraws& draws,
                   const LatticeLevels& levels) noexcept {
  switch (variant) {
    case LatticeVariant::square:
      return update_chunks<4, false, false>(c, draws, levels);
    case LatticeVariant::square_bonds:
      return update_chunks<4, true, false>(c, draws, levels);
    case LatticeVariant::square_field:
      return update_chunks<4, false, true>(c, draws, levels);
    case LatticeVariant::square_bonds_field:
      return update_chunks<4, true, true>(c, draws, levels);
    case LatticeVariant::cubic:
      return update_chunks<6, false, false>(c, draws, levels);
    case LatticeVariant::cubic_bonds:
      return update_chunks<6, true, false>(c, draws, levels);
    case LatticeVariant::cubic_field:
      return update_chunks<6, false, true>(c, draws, levels);
    case LatticeVariant::cubic_bonds_field:
      return update_chunks<6, true, true>(c, draws, levels);
  }
}
