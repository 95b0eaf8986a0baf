// SPDX-License-Identifier: Apache-2.0
// What bit-sliced kernels are called with: plain pointers, so that files with their own instruction
// sets share no code.
#pragma once

#include <cstddef>
#include <cstdint>

namespace therma::kernels {

inline constexpr unsigned kSlicedLanes = 512;
inline constexpr unsigned kSlicedWords = kSlicedLanes / 64;  // 64-bit words of a site
inline constexpr unsigned kSlicedPlanes = 64;                // bits of a probability
inline constexpr unsigned kOwnPlanes = 8;    // planes that each site draws for itself
inline constexpr unsigned kSlicedGroup = 4;  // sites of a run that may share the others
inline constexpr unsigned kLevelsPerGroup = 3;
inline constexpr unsigned kMostGroups = 43;  // for fields up to 255 units
inline constexpr unsigned kCounterPlanes = 40;

// A term of a local field, w s_j: it counts where s_j agrees with the sign of w.
struct SlicedInput {
  std::uint32_t at;    // position of s_j; the number of positions stands for a spin always up
  std::uint32_t flip;  // all ones where w < 0
};

inline constexpr unsigned kSlicedDigits = 8;  // bits of the largest weight of a site
inline constexpr unsigned kMostWeight = (1U << kSlicedDigits) - 1;
inline constexpr unsigned kMostUnitInputs = 16;  // longest row with a kernel of its own

// One site: its inputs by binary digit. Input k adds 2^d for digit_end[d - 1] <= k < digit_end[d],
// so that a weight of 5 stands under digits 0 and 2.
struct SlicedSite {
  std::uint64_t first_input;
  std::uint16_t digit_end[kSlicedDigits];
  std::uint16_t weight;  // W = |h| + sum_j |J_ij| in units; at most kMostWeight
};

// Consecutive positions of one colour class whose rows have one shape.
struct SlicedRun {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t unit_inputs = 0;  // so many inputs of weight 1 each; or see `sites`
  bool by_digits = false;         // rows as described by SlicedProgram::sites
};

// A pair (or a spin and its field) of which digit d of the weight is set; energies count those
// that disagree.
struct SlicedBond {
  std::uint32_t a, b, flip;
};

// One sweep's constants for one block of 512 replicas; docs/theory/bit-slicing.md.
struct SlicedCall {
  std::uint64_t* spins;           // [position + 1][8]; the last is all ones
  const SlicedInput* inputs;      // SlicedProgram::inputs
  const SlicedSite* sites;        // SlicedProgram::sites
  const std::uint64_t* counters;  // [plane][8] ARS counters of position 0, the first key in
  const std::uint32_t* keys;      // [round 0 to 5][4]
  // One beta: which of a group's three levels have the plane's bit set, as the byte offset of an
  // entry of 32 bytes. [W odd][plane][kMostGroups]
  const std::uint16_t* patterns;
  // A beta for each lane, or null: bits of the levels' probabilities. [W odd][level][plane][8]
  const std::uint64_t* thresholds;
  std::size_t threshold_levels;  // levels stored for each parity
};

// Heat bath of positions begin to end of a run. Sites of a run share no coupling.
using SlicedSweep = void (*)(const SlicedCall&, const SlicedRun&, std::uint32_t begin,
                             std::uint32_t end) noexcept;
// How many of `bonds` each lane breaks, as bit-planes of counters. counts: [kCounterPlanes][8]
using SlicedCount = void (*)(const std::uint64_t* spins, const SlicedBond* bonds,
                             std::size_t num_bonds, std::uint64_t* counts) noexcept;

struct SlicedKernels {
  const char* name;
  SlicedSweep sweep;
  SlicedCount count;
};

// One lane after another, by the definitions: the plain twin.
extern const SlicedKernels kSlicedTwin;
// Null where this build or processor has no such instructions.
[[nodiscard]] const SlicedKernels* sliced_aesni() noexcept;
[[nodiscard]] const SlicedKernels* sliced_vaes() noexcept;

}  // namespace therma::kernels
