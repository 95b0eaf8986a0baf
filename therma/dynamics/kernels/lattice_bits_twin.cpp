// SPDX-License-Identifier: Apache-2.0
// The plain twin of lattice_bits: site by site, whole thresholds, the same random bits.
#include <array>
#include <cstring>

#include "therma/core/random/ars.hpp"
#include "therma/dynamics/kernels/lattice_bits_plan.hpp"

namespace therma::kernels {
namespace {

// Bit `lane` of block number `block` and those after it, docs/theory/lattice.md eq. 5.
class Bits {
 public:
  explicit Bits(const LatticeDraws& draws) {
    std::memcpy(counter_.data(), draws.counter, sizeof counter_);
    std::memcpy(key_.data(), draws.key[0], sizeof key_);
  }
  bool at(std::uint32_t block, unsigned lane, unsigned plane, unsigned group) {
    block += lane / 128;
    auto& held = held_[plane];
    if (!held.known || held.block != block || held.group != group) {
      held = {true, block, group, draw(block, plane, group)};
    }
    return (held.bits[lane % 128 / 32] >> (lane % 32) & 1U) != 0;
  }

 private:
  struct Held {
    bool known = false;
    std::uint32_t block = 0;
    unsigned group = 0;
    ArsBlock bits{};
  };
  [[nodiscard]] ArsBlock draw(std::uint32_t block, unsigned plane, unsigned group) const {
    ArsBlock counter = counter_;
    counter[0] ^= block & 0xFFU;                     // byte 0
    counter[1] ^= (block & 0xFF00U) | plane;         // bytes 5 and 4
    counter[2] ^= (block & 0xFF0000U) | group << 8;  // bytes 10 and 9
    counter[3] ^= block & 0xFF000000U;               // byte 15
    return ars_block(counter, key_);
  }
  ArsBlock counter_{};
  ArsBlock key_{};
  std::array<Held, kLatticePlanes> held_;
};

bool bit_at(const std::uint8_t* row, std::uint64_t i) { return (row[i / 8] >> (i % 8) & 1U) != 0; }

// One site by its coordinates.
class Site {
 public:
  Site(const LatticeColour& c, std::uint64_t z, std::uint64_t y, std::uint64_t i)
      : c_(c), z_(z), y_(y), i_(i) {}

  // Whether each neighbour pulls up: [direction]
  [[nodiscard]] std::array<bool, 6> neighbours(unsigned num_neighbours) const {
    const bool forward = ((c_.colour + y_ + z_) & 1U) == 0;
    const std::uint64_t n = c_.row_sites;
    const std::uint64_t across = forward ? (i_ + n - 1) % n : (i_ + 1) % n;
    const Site at[6] = {{c_, z_, y_, across},
                        {c_, z_, y_, i_},
                        {c_, z_, (y_ + c_.ny - 1) % c_.ny, i_},
                        {c_, z_, (y_ + 1) % c_.ny, i_},
                        {c_, (z_ + c_.nz - 1) % c_.nz, y_, i_},
                        {c_, (z_ + 1) % c_.nz, y_, i_}};
    std::array<bool, 6> up{};
    for (unsigned d = 0; d < num_neighbours; ++d) {
      bool bond = false;
      if (c_.bonds[0] != nullptr) {  // kept with the end of colour 0
        const unsigned opposite = d < 2 ? d : d ^ 1U;
        bond = c_.colour == 0 ? in(c_.bonds[d]) : at[d].in(c_.bonds[opposite]);
      }
      up[d] = at[d].in(c_.other) != bond;
    }
    return up;
  }
  void set(bool up) const {
    std::uint8_t& byte = c_.own[row() + i_ / 8];
    const unsigned bit = 1U << (i_ % 8);
    byte = static_cast<std::uint8_t>(up ? byte | bit : byte & ~bit);
  }

 private:
  [[nodiscard]] std::uint64_t row() const { return z_ * c_.slab_stride + y_ * c_.row_bytes; }
  [[nodiscard]] bool in(const std::uint8_t* colour) const { return bit_at(colour + row(), i_); }

  const LatticeColour& c_;
  std::uint64_t z_, y_, i_;
};

// The likelier value of a spin, and the threshold below which its random number turns it over.
struct Law {
  bool likelier = false;
  std::uint64_t threshold = 0;
};
Law law_of(const std::array<bool, 6>& n, unsigned num_neighbours, bool field,
           const LatticeLevels& levels) {
  unsigned up = 0;
  for (const bool neighbour : n) up += neighbour;
  if (field) return {(levels.up >> up & 1U) != 0, levels.threshold[up]};
  const bool invert = levels.invert != 0;
  const unsigned half = num_neighbours / 2;
  if (up != half) {
    return {(up > half) != invert, levels.threshold[(up > half ? up - half : half - up) - 1]};
  }
  // A coin; of four neighbours it turns over what the two of one axis agree on.
  const bool likelier = num_neighbours == 4 && ((n[0] && n[1]) || (n[2] && n[3]));
  return {likelier != invert, std::uint64_t{1} << (kLatticePlanes - 1)};
}

void update(LatticeVariant variant, const LatticeColour& c, const LatticeDraws& draws,
            const LatticeLevels& levels) noexcept {
  const unsigned number = static_cast<unsigned>(variant);
  const unsigned num_neighbours = (number & 4U) != 0 ? 6 : 4;
  const bool field = (number & 2U) != 0;
  constexpr unsigned kTailPlanes = kLatticePlanes - kLatticeHeadPlanes;
  const std::uint32_t colour_bit = c.colour << 31;
  Bits bits(draws);
  for (std::uint64_t chunk = c.first_chunk; chunk < c.last_chunk; ++chunk) {
    const auto head = static_cast<std::uint32_t>(chunk * kLatticeBlocksPerChunk) | colour_bit;
    const auto tail = static_cast<std::uint32_t>(chunk * kLatticeTailBlocksPerChunk) | colour_bit;
    unsigned num_open = 0;  // undecided after the head, so far in this word
    for (unsigned lane = 0; lane < 8 * kLatticeChunkBytes; ++lane) {
      if (lane % 64 == 0) num_open = 0;
      const std::uint64_t byte = chunk % c.chunks_per_slab * kLatticeChunkBytes + lane / 8;
      const std::uint64_t y = byte / c.row_bytes, i = 8 * (byte % c.row_bytes) + lane % 8;
      if (y >= c.ny || i >= c.row_sites) continue;
      const Site site(c, chunk / c.chunks_per_slab, y, i);
      const Law law = law_of(site.neighbours(num_neighbours), num_neighbours, field, levels);
      std::uint64_t drawn = 0;
      for (unsigned p = 0; p < kLatticeHeadPlanes; ++p) {
        drawn = drawn << 1 | std::uint64_t{bits.at(head, lane, p, 0)};
      }
      bool turned = drawn < law.threshold >> kTailPlanes;
      const std::uint64_t rest = law.threshold & ((std::uint64_t{1} << kTailPlanes) - 1);
      if (drawn == law.threshold >> kTailPlanes && rest != 0) {
        const unsigned slot = lane / 64 * kLatticeSlots + num_open % kLatticeSlots;
        drawn = 0;
        for (unsigned p = kLatticeHeadPlanes; p < kLatticePlanes; ++p) {
          drawn = drawn << 1 | std::uint64_t{bits.at(tail, slot, p, num_open / kLatticeSlots)};
        }
        turned = drawn < rest;
        ++num_open;
      }
      site.set(law.likelier != turned);
    }
  }
}

}  // namespace

constinit const LatticeBackend kLatticeTwin{"twin", []() noexcept { return true; },
                                            [](LatticeDraws&) noexcept {}, update};

}  // namespace therma::kernels
