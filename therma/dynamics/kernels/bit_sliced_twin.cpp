// SPDX-License-Identifier: Apache-2.0
// The bit-sliced heat bath by its definition: one lane after another, plane after plane.
#include <bit>
#include <cstdlib>

#include "therma/core/random/ars.hpp"
#include "therma/dynamics/kernels/bit_sliced_call.hpp"

namespace therma::kernels {
namespace {

bool spin_up(const std::uint64_t* spins, std::uint32_t at, unsigned lane) {
  return (spins[std::size_t{at} * kSlicedWords + lane / 64] >> lane % 64 & 1) != 0;
}

// f in units, eq. 2.
int local_field(const SlicedCall& call, const SlicedSite& site, unsigned lane) {
  int field = 0;
  unsigned k = 0;
  for (unsigned digit = 0; digit < kSlicedDigits; ++digit) {
    for (; k < site.digit_end[digit]; ++k) {
      const auto& input = call.inputs[site.first_input + k];
      const bool agrees = spin_up(call.spins, input.at, lane) != (input.flip != 0);
      field += agrees ? 1 << digit : -(1 << digit);
    }
  }
  return field;
}

// Bit `plane` of the probability to turn against a field of this size.
bool threshold_bit(const SlicedCall& call, unsigned size, unsigned plane, unsigned lane) {
  if (size == 0) return plane == 0;  // one half
  const unsigned odd = size % 2, level = (size - 1) / 2;
  if (call.thresholds != nullptr) {
    const auto row = (odd * call.threshold_levels + level) * kSlicedPlanes + plane;
    return (call.thresholds[row * kSlicedWords + lane / 64] >> lane % 64 & 1) != 0;
  }
  const auto row = (odd * kSlicedPlanes + plane) * kMostGroups + level / kLevelsPerGroup;
  return (call.patterns[row] / 32 >> level % kLevelsPerGroup & 1) != 0;
}

// Block of a plane that holds the lane's random bit.
ArsBlock random_block(const SlicedCall& call, std::uint32_t at, unsigned plane, unsigned quarter) {
  const std::uint64_t* counter = call.counters + plane * kSlicedWords + quarter * 2;
  const ArsBlock key{call.keys[0], call.keys[1], call.keys[2], call.keys[3]};
  const auto word = [&](unsigned k) {
    return static_cast<std::uint32_t>(counter[k / 2] >> 32 * (k % 2)) ^ key[k];
  };
  return ars_block({word(0) ^ at, word(1), word(2), word(3)}, key);
}

bool next_up(const SlicedCall& call, std::uint32_t at, unsigned lane, unsigned& planes_drawn,
             ArsBlock (&random)[kSlicedPlanes][4]) {
  const int field = local_field(call, call.sites[at], lane);
  const bool up = field >= 0;
  for (unsigned plane = 0; plane < kSlicedPlanes; ++plane) {
    for (; planes_drawn <= plane; ++planes_drawn) {
      for (unsigned q = 0; q < 4; ++q) random[planes_drawn][q] = random_block(call, at, plane, q);
    }
    if ((random[plane][lane / 128][lane % 128 / 32] >> lane % 32 & 1) != 0) {
      return up != threshold_bit(call, static_cast<unsigned>(std::abs(field)), plane, lane);
    }
  }
  return up;
}

void sweep(const SlicedCall& call, const SlicedRun& /*run*/, std::uint32_t begin,
           std::uint32_t end) noexcept {
  for (std::uint32_t at = begin; at < end; ++at) {
    ArsBlock random[kSlicedPlanes][4];
    unsigned planes_drawn = 0;
    std::uint64_t next[kSlicedWords] = {};
    for (unsigned lane = 0; lane < kSlicedLanes; ++lane) {
      const std::uint64_t up = next_up(call, at, lane, planes_drawn, random) ? 1 : 0;
      next[lane / 64] |= up << lane % 64;
    }
    for (unsigned w = 0; w < kSlicedWords; ++w) {
      call.spins[std::size_t{at} * kSlicedWords + w] = next[w];
    }
  }
}

void count(const std::uint64_t* spins, const SlicedBond* bonds, std::size_t num_bonds,
           std::uint64_t* counts) noexcept {
  for (unsigned lane = 0; lane < kSlicedLanes; ++lane) {
    std::uint64_t total = 0;
    for (unsigned plane = 0; plane < kCounterPlanes; ++plane) {
      total |= (counts[plane * kSlicedWords + lane / 64] >> lane % 64 & 1) << plane;
    }
    for (std::size_t k = 0; k < num_bonds; ++k) {
      const auto& bond = bonds[k];
      const bool differ = spin_up(spins, bond.a, lane) != spin_up(spins, bond.b, lane);
      total += differ != (bond.flip != 0) ? 1 : 0;
    }
    for (unsigned plane = 0; plane < kCounterPlanes; ++plane) {
      auto& word = counts[plane * kSlicedWords + lane / 64];
      word = (word & ~(std::uint64_t{1} << lane % 64)) | (total >> plane & 1) << lane % 64;
    }
  }
}

}  // namespace

constinit const SlicedKernels kSlicedTwin{"plain", sweep, count};

}  // namespace therma::kernels
