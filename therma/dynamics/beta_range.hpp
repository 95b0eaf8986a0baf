// SPDX-License-Identifier: Apache-2.0
// The inverse temperatures worth annealing between, found from a program alone.
#pragma once

#include <span>

#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/schedule.hpp"

namespace therma {

// Positive and finite, ascending.
struct BetaRange {
  double hot = 1.0;      // the largest change is accepted half the time
  double typical = 1.0;  // the median change is accepted once in 10,000 times
  double cold = 1.0;     // a small change is
};

// From the sizes |dE| of single-variable changes at random states, by Metropolis' rule
// (docs/theory/annealing.md eqs. 1 to 3). Zeros are left out, and what is below 1e-9 of the
// largest; "small" is what one in twenty of the rest does not exceed. Multiplying all changes by c
// divides all betas by c. {1, 1, 1} where all are zero.
[[nodiscard]] BetaRange beta_range_of(std::span<const double> changes);

// The same from changes that it draws, by a seed of its own: a function of the program alone. About
// 8,000 changes, or one sweep where that is more. Throws Error{invalid_argument} for reals.
[[nodiscard]] BetaRange beta_range(const Target& target);
[[nodiscard]] BetaRange beta_range(const IsingProgram& program);
[[nodiscard]] BetaRange beta_range(const FactorProgram& program);
[[nodiscard]] BetaRange beta_range(const LatticeProgram& program);

// In equal steps from hot to typical, where most variables come to rest, for four fifths of the
// time; from there to cold in equal ratios. Where changes are so unlike that typical is more than
// 200 times hot: from hot to cold in equal ratios.
[[nodiscard]] Schedule default_schedule(const BetaRange& range);

}  // namespace therma
