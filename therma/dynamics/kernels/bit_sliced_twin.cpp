// SPDX-License-Identifier: Apache-2.0
// The bit-sliced heat bath by its definition: one lane after another, plane after plane.
#include <algorithm>
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

// The random bits of a plane at a position, eq. 5.
struct Plane {
  ArsBlock quarter[4];
  [[nodiscard]] bool bit(unsigned lane) const {
    return (quarter[lane / 128][lane % 128 / 32] >> lane % 32 & 1) != 0;
  }
};
Plane draw(const SlicedCall& call, std::uint32_t at, unsigned plane) {
  const ArsBlock key{call.keys[0], call.keys[1], call.keys[2], call.keys[3]};
  Plane out{};
  for (unsigned q = 0; q < 4; ++q) {
    const std::uint64_t* counter = call.counters + std::size_t{plane} * kSlicedWords + 2 * q;
    const auto word = [&](unsigned k) {
      return static_cast<std::uint32_t>(counter[k / 2] >> 32 * (k % 2)) ^ key[k];
    };
    out.quarter[q] = ars_block({word(0) ^ at, word(1), word(2), word(3)}, key);
  }
  return out;
}

// A lane at a site while its random bits are drawn.
struct Lane {
  int field = 0;
  bool open = true;
  bool turned = false;

  void compare(const SlicedCall& call, const Plane& random, unsigned plane, unsigned lane) {
    if (!open || !random.bit(lane)) {
      open = open && field != 0;  // a field of zero takes one bit
      return;
    }
    open = false;
    turned = threshold_bit(call, static_cast<unsigned>(std::abs(field)), plane, lane);
  }
};

constexpr unsigned kHalf = kSlicedLanes / 2;

// One half of the lanes at sites that may share their last planes, docs/theory/bit-slicing.md.
void sweep_group(const SlicedCall& call, std::uint32_t first, unsigned count, unsigned from_lane) {
  Lane lanes[kSlicedGroup][kHalf];
  for (unsigned k = 0; k < count; ++k) {
    for (unsigned l = 0; l < kHalf; ++l) {
      lanes[k][l].field = local_field(call, call.sites[first + k], from_lane + l);
    }
    for (unsigned plane = 0; plane < kOwnPlanes; ++plane) {
      const Plane random = draw(call, first + k, plane);
      for (unsigned l = 0; l < kHalf; ++l) lanes[k][l].compare(call, random, plane, from_lane + l);
    }
  }
  bool clash = false, any_open = false;
  for (unsigned l = 0; l < kHalf; ++l) {
    unsigned open = 0;
    for (unsigned k = 0; k < count; ++k) open += lanes[k][l].open ? 1 : 0;
    clash = clash || open > 1;
    any_open = any_open || open > 0;
  }
  for (unsigned plane = kOwnPlanes; plane < kSlicedPlanes && any_open; ++plane) {
    any_open = false;
    for (unsigned k = 0; k < count; ++k) {
      const Plane random = draw(call, clash ? first + k : first, plane);
      for (unsigned l = 0; l < kHalf; ++l) {
        lanes[k][l].compare(call, random, plane, from_lane + l);
        any_open = any_open || lanes[k][l].open;
      }
    }
  }
  for (unsigned k = 0; k < count; ++k) {
    std::uint64_t* word = call.spins + (std::size_t{first} + k) * kSlicedWords;
    for (unsigned l = 0; l < kHalf; ++l) {
      const unsigned lane = from_lane + l;
      const bool up = (lanes[k][l].field >= 0) != lanes[k][l].turned;
      const std::uint64_t bit = std::uint64_t{1} << lane % 64;
      word[lane / 64] = up ? word[lane / 64] | bit : word[lane / 64] & ~bit;
    }
  }
}

void sweep(const SlicedCall& call, const SlicedRun& run, std::uint32_t begin,
           std::uint32_t end) noexcept {
  const std::uint32_t group = run.by_digits ? 1 : kSlicedGroup;
  for (std::uint32_t first = begin; first < end; first += group) {
    for (unsigned from_lane = 0; from_lane < kSlicedLanes; from_lane += kHalf) {
      sweep_group(call, first, std::min(group, end - first), from_lane);
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
