// SPDX-License-Identifier: Apache-2.0
// Ising programs whose numbers are small integers times one unit, laid out for bit-sliced kernels.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "therma/dynamics/kernels/bit_sliced_call.hpp"
#include "therma/energy/ising.hpp"

namespace therma::kernels {

// The largest unit of which every number is an integer multiple, to 1e-12 of the largest; 1 where
// all are zero; nothing where the multiples would exceed `most`. Cost: one pass.
[[nodiscard]] std::optional<double> common_unit(std::span<const double> a,
                                                std::span<const double> b, double most);

struct SlicedProgram {
  double unit = 1.0;
  double offset = 0.0;
  std::uint64_t total_weight = 0;          // sum of |J| and |h| in units
  std::uint16_t most_weight = 0;           // over sites
  std::vector<std::uint32_t> site_at;      // [position] class after class, like rows together
  std::vector<std::uint32_t> position_of;  // [site]
  std::vector<SlicedSite> sites;           // [position]
  std::vector<SlicedInput> inputs;         // by position, then by digit
  std::vector<SlicedRun> runs;             // by position
  std::vector<std::uint32_t> class_start;  // [class + 1] into runs
  std::vector<SlicedBond> bonds;           // by digit
  std::vector<std::size_t> digit_start;    // [digit + 1] into bonds
};

// Why it cannot be laid out, or empty.
[[nodiscard]] std::string sliced_refusal(const IsingProgram& program);
// Precondition: not refused.
[[nodiscard]] SlicedProgram slice(const IsingProgram& program);

}  // namespace therma::kernels
