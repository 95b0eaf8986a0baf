// SPDX-License-Identifier: Apache-2.0
// Free energies from work: Jarzynski's equality and Bennett's acceptance ratio.
#pragma once

#include <span>

namespace therma {

struct FreeEnergy {
  double value = 0.0;  // F(end) - F(start), in the unit of kT
  double error = 0.0;  // one standard deviation, from the spread of the works
};

// -kT ln <e^{-W/kT}> over independent trajectories from equilibrium, docs/theory/thermodynamics.md
// eq. 5. Dominated by rare small works: biased upwards once their spread exceeds about 2 kT.
// Throws Error{invalid_argument} unless there are two works and kT > 0.
[[nodiscard]] FreeEnergy jarzynski(std::span<const double> work, double kT);

// Works of the protocol and of its reverse, each from its own equilibrium, combined with least
// variance: C. Bennett, J. Comput. Phys. 22, 1976; docs/theory/thermodynamics.md eq. 7.
// Throws Error{invalid_argument} unless there are two works each way and kT > 0.
[[nodiscard]] FreeEnergy bennett(std::span<const double> forward, std::span<const double> reverse,
                                 double kT);

}  // namespace therma
