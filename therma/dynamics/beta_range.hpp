// SPDX-License-Identifier: Apache-2.0
// The inverse temperatures worth annealing between, found from a program alone.
#pragma once

#include <span>

#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/schedule.hpp"

namespace therma {

// Both positive and finite, hot <= cold.
struct BetaRange {
  double hot = 1.0;
  double cold = 1.0;
};

// From the sizes |dE| of single-variable changes at random states, docs/theory/annealing.md eqs. 1
// and 2: at `hot` the largest of them is accepted half the time by Metropolis; at `cold` a small
// one (that which one in twenty of the non-zero ones does not exceed) one time in a thousand.
// Changes below 1e-9 of the largest count as zero. Multiplying all changes by c divides both by c.
// {1, 1} where all are zero.
[[nodiscard]] BetaRange beta_range_of(std::span<const double> changes);

// The same from changes that it draws, by a seed of its own: a function of the program alone. About
// 8,000 changes, or one sweep where that is more. Throws Error{invalid_argument} for reals.
[[nodiscard]] BetaRange beta_range(const Target& target);
[[nodiscard]] BetaRange beta_range(const IsingProgram& program);

// From hot to cold in equal ratios.
[[nodiscard]] Schedule default_schedule(const BetaRange& range);

}  // namespace therma
