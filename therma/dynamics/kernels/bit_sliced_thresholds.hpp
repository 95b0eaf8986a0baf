// SPDX-License-Identifier: Apache-2.0
// Probabilities of turning against a field, as bit-planes for bit-sliced kernels.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "therma/dynamics/kernels/bit_sliced_call.hpp"

namespace therma::kernels {

// q(f) = 1 / (1 + exp(2 beta f)) for a field of `size` >= 1 units, in units of 2^-64, rounded down:
// off by less than 2^-53 of itself and 2^-64; docs/theory/bit-slicing.md eq. 1.
[[nodiscard]] std::uint64_t turn_probability(double beta, double unit, unsigned size) noexcept;

// Rows become columns: bit i of word k and bit k of word i change places. words: [64]
void transpose_bits(std::uint64_t* words) noexcept;

// The thresholds of one block of 512 lanes, kept between calls while the betas stay the same.
class SlicedThresholds {
 public:
  // Levels of sizes 1, 3, ... or 2, 4, ... up to most_weight; a parity nobody has is left out.
  SlicedThresholds(double unit, unsigned most_weight, bool any_even, bool any_odd);

  // betas: one for all lanes, or [512]. Sets what `call` reads.
  void set(std::span<const double> betas, SlicedCall& call);

 private:
  [[nodiscard]] bool wanted(bool odd) const noexcept { return odd ? any_odd_ : any_even_; }
  void set_one(double beta);
  void set_each(std::span<const double> betas);
  [[nodiscard]] const std::vector<std::uint64_t>& known(double beta);

  double unit_;
  unsigned levels_;  // of each parity
  bool any_even_, any_odd_;
  std::vector<double> betas_;  // of the last set()
  std::vector<std::uint16_t> patterns_;
  std::vector<std::uint64_t> thresholds_;
  std::size_t skipped_ = 0;  // words before the first aligned one
  std::unordered_map<double, std::vector<std::uint64_t>> known_;  // beta: [W odd][level]
};

}  // namespace therma::kernels
