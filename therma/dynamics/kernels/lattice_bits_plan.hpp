// SPDX-License-Identifier: Apache-2.0
// What the machine hands to each implementation of lattice_bits: plain numbers and pointers.
#pragma once

#include <cstdint>

namespace therma::kernels {

// Lanes are the bits of a colour's slabs, one slab after another, each padded to whole chunks.
inline constexpr unsigned kLatticeChunkBytes = 256;  // 2048 lanes
inline constexpr unsigned kLatticeChunkWords = kLatticeChunkBytes / 8;
inline constexpr unsigned kLatticeSlots = 8;  // lanes of a word that one tail decides
inline constexpr unsigned kLatticeTailBytes = kLatticeChunkWords * kLatticeSlots / 8;
inline constexpr unsigned kLatticeHeadPlanes = 5;
inline constexpr unsigned kLatticePlanes =
    49;  // bits of a threshold: the head's and a multiple of four
inline constexpr unsigned kLatticeBlocksPerChunk = kLatticeChunkBytes / 16;
inline constexpr unsigned kLatticeTailBlocksPerChunk = kLatticeTailBytes / 16;

// The draws of one (chain, step), docs/theory/lattice.md eq. 5: block b of plane p is ARS of the
// counter with b xored into bytes 0, 5, 10, 15 and p into byte 4.
struct LatticeDraws {
  alignas(64) std::uint8_t counter[16];  // chain and step, without a key
  alignas(64) std::uint8_t key[6][16];   // of rounds 0 to 5
  // By prepare(): after two rounds, how plane p differs from plane 0, repeated.
  alignas(64) std::uint8_t plane[kLatticePlanes][64];
};

// Thresholds by level. Without a field a level is a size of the sum of neighbours, 2, 4, (6), and
// spins of sum 0 toss a coin; with one it is the number of neighbours that are up.
struct LatticeLevels {
  std::uint8_t plane[kLatticePlanes];  // bit l: the threshold of level l has this bit
  std::uint8_t unfinished;             // bit l: it has bits behind the head's planes
  std::uint8_t up;                     // with a field, bit l: the likelier spin is up
  std::uint8_t invert;                 // without a field, all ones: likelier against the neighbours
  std::uint64_t threshold[7];          // the same in one number per level, of kLatticePlanes bits
};

// One colour of one configuration, and which of its chunks to draw.
struct LatticeColour {
  const std::uint8_t* other;     // first row of the other colour's first slab
  std::uint8_t* own;             // the same of this colour
  const std::uint8_t* bonds[6];  // the same by direction, or null
  const std::uint8_t* mask;      // [chunks per slab * 256] lanes that are sites; null where all are
  std::uint64_t nx, ny, nz, row_sites, row_bytes, slab_bytes, slab_stride;
  std::uint64_t chunks_per_slab;
  std::uint64_t first_chunk, last_chunk;
  std::uint32_t colour;
};

enum class LatticeVariant : unsigned {
  square,
  square_bonds,
  square_field,
  square_bonds_field,
  cubic,
  cubic_bonds,
  cubic_field,
  cubic_bonds_field
};

struct LatticeBackend {
  const char* name;
  bool (*present)() noexcept;
  void (*prepare)(LatticeDraws& draws) noexcept;
  void (*update)(LatticeVariant variant, const LatticeColour& colour, const LatticeDraws& draws,
                 const LatticeLevels& levels) noexcept;
};

extern const LatticeBackend kLatticeVaes;  // lattice_bits_vaes.cpp: 256-bit AES
extern const LatticeBackend kLatticeAes;   // lattice_bits_aesni.cpp: 128-bit AES
extern const LatticeBackend kLatticeTwin;  // lattice_bits_twin.cpp: site by site

}  // namespace therma::kernels
