// SPDX-License-Identifier: Apache-2.0
// What the sweeps over the sites of one chain are called with: plain pointers to a laid-out
// program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace therma::kernels {

inline constexpr std::uint32_t kSitesPerBlock = 32;
inline constexpr std::uint32_t kSpinPadding = 64;  // spins before the first position

// Thirty-two consecutive positions of one colour class. Slot k of a block is one neighbour of each
// of its sites. Neighbours at consecutive positions are loaded as they lie.
struct SiteBlock {
  std::uint64_t first_slot;    // into weights, [slot][32]
  std::uint64_t first_source;  // into sources: 1 for a run, 3 for a split, 32 for a gather
  std::uint32_t num_runs;      // lane t reads spin source + t
  std::uint32_t num_splits;    // source[0] + t for lanes t < source[2], else source[1] + t
  std::uint32_t num_gathers;   // source[t]
  float scale;                 // f = scale * k for the integer field k
  float slack;                 // k is off by at most this, roundings of floats included
};

// Spins are 0 for up and -1 for down, so that f = base - 2 sum_j (w_j & s_j), base = h + sum_j w_j.
struct SweepCall {
  const SiteBlock* blocks;
  const std::uint32_t* sources;   // positions plus kSpinPadding
  const void* weights;            // int8 or int16, [slot][32]
  const void* bases;              // the same, [block][32]
  void* spins;                    // the same, [padding + position]
  const std::uint32_t* counters;  // [4][4] ARS counters of block 0, the first key in
  const std::uint32_t* keys;      // [round 0 to 5][4]

  // Narrow: P(up) = threshold / 2^64 for each field, and its first byte for fields 0, 1, ...
  const std::uint64_t* thresholds;  // [k + 128]
  const std::uint8_t* first_bytes;  // [num_tables][16]
  std::uint32_t num_tables;

  // Wide: 2 beta, infinite allowed, and what decides where the short numbers cannot.
  double two_beta;
  bool (*settle)(const SweepCall&, std::uint32_t position, std::uint32_t head);

  std::uint64_t (*tail)(const SweepCall&, std::uint32_t position);  // the draw's other bits
  const void* context;
};

// Heat bath of blocks begin to end, which must be of one class.
using BlockSweep = void (*)(const SweepCall&, std::size_t begin, std::size_t end);

// int8 weights: the first 8 bits of a draw decide but once in 256.
void sweep_narrow(const SweepCall& call, std::size_t begin, std::size_t end);
// int16 weights: the first 16 bits decide unless the draw is closer to P(up) than the slack.
void sweep_wide(const SweepCall& call, std::size_t begin, std::size_t end);

}  // namespace therma::kernels
