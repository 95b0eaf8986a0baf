// SPDX-License-Identifier: Apache-2.0
// Fills the tables that bit-sliced kernels compare random bits with.
#include "therma/dynamics/kernels/bit_sliced_thresholds.hpp"

#include <algorithm>
#include <cmath>

namespace therma::kernels {
namespace {

constexpr std::size_t kMostKnown = 8192;  // betas remembered: ladders come back to the same ones

constexpr unsigned size_of(bool odd, unsigned level) { return 2 * level + (odd ? 1 : 2); }

}  // namespace

std::uint64_t turn_probability(double beta, double unit, unsigned size) noexcept {
  const double q = 1.0 / (1.0 + std::exp(2.0 * beta * (unit * size)));
  return static_cast<std::uint64_t>(std::ldexp(q, kSlicedPlanes));  // q <= 1/2
}

void transpose_bits(std::uint64_t* words) noexcept {
  // Blocks of 32, 16, ... bits across the diagonal change places.
  std::uint64_t mask = 0x00000000FFFFFFFF;
  for (unsigned width = 32; width != 0; width >>= 1, mask ^= mask << width) {
    for (unsigned k = 0; k < 64; k = (k + width + 1) & ~width) {
      const std::uint64_t swapped = (words[k] >> width ^ words[k + width]) & mask;
      words[k + width] ^= swapped;
      words[k] ^= swapped << width;
    }
  }
}

SlicedThresholds::SlicedThresholds(double unit, unsigned most_weight, bool any_even, bool any_odd)
    : unit_(unit), levels_((most_weight + 1) / 2), any_even_(any_even), any_odd_(any_odd) {
  patterns_.resize(std::size_t{2} * kSlicedPlanes * kMostGroups);
}

const std::vector<std::uint64_t>& SlicedThresholds::known(double beta) {
  const auto [found, is_new] = known_.try_emplace(beta);
  if (is_new) {
    found->second.resize(std::size_t{2} * levels_);
    for (unsigned k = 0; k < 2 * levels_; ++k) {
      const bool odd = k >= levels_;
      if (wanted(odd)) {
        found->second[k] = turn_probability(beta, unit_, size_of(odd, k % levels_));
      }
    }
  }
  return found->second;
}

void SlicedThresholds::set_one(double beta) {
  const auto& q = known(beta);
  std::ranges::fill(patterns_, std::uint16_t{0});
  for (unsigned k = 0; k < 2 * levels_; ++k) {
    const unsigned level = k % levels_;
    auto* row = patterns_.data() + (k >= levels_ ? kSlicedPlanes * kMostGroups : 0);
    for (unsigned plane = 0; plane < kSlicedPlanes; ++plane, row += kMostGroups) {
      const unsigned bit = static_cast<unsigned>(q[k] >> (kSlicedPlanes - 1 - plane) & 1);
      row[level / kLevelsPerGroup] = static_cast<std::uint16_t>(
          row[level / kLevelsPerGroup] | bit << (level % kLevelsPerGroup) << 5);  // of 32 bytes
    }
  }
}

void SlicedThresholds::set_each(std::span<const double> betas) {
  const std::size_t words = std::size_t{2} * levels_ * kSlicedPlanes * kSlicedWords;
  if (thresholds_.empty()) {
    thresholds_.resize(words + kSlicedWords);
    const auto address = reinterpret_cast<std::uintptr_t>(thresholds_.data());
    skipped_ = (64 - address % 64) % 64 / sizeof(std::uint64_t);
  }
  const std::vector<std::uint64_t>* of_lane[kSlicedLanes];
  for (unsigned lane = 0; lane < kSlicedLanes; ++lane) of_lane[lane] = &known(betas[lane]);
  for (unsigned k = 0; k < 2 * levels_; ++k) {
    if (!wanted(k >= levels_)) continue;
    std::uint64_t* level = thresholds_.data() + skipped_ + k * kSlicedPlanes * kSlicedWords;
    for (unsigned w = 0; w < kSlicedWords; ++w) {
      std::uint64_t block[64];
      for (unsigned lane = 0; lane < 64; ++lane) block[lane] = (*of_lane[64 * w + lane])[k];
      transpose_bits(block);
      for (unsigned plane = 0; plane < kSlicedPlanes; ++plane) {
        level[plane * kSlicedWords + w] = block[kSlicedPlanes - 1 - plane];
      }
    }
  }
}

void SlicedThresholds::set(std::span<const double> betas, SlicedCall& call) {
  const bool one = std::ranges::all_of(betas, [&](double beta) { return beta == betas[0]; });
  if (one) betas = betas.first(1);
  if (!std::ranges::equal(betas, betas_)) {
    if (known_.size() > kMostKnown) known_.clear();
    one ? set_one(betas[0]) : set_each(betas);
    betas_.assign(betas.begin(), betas.end());
  }
  call.patterns = patterns_.data();
  call.thresholds = one ? nullptr : thresholds_.data() + skipped_;
  call.threshold_levels = levels_;
}

}  // namespace therma::kernels
