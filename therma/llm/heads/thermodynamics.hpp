// SPDX-License-Identifier: Apache-2.0
// Sums over all states of the law: partition function, free energy, entropy.
#pragma once

#include <span>
#include <vector>

#include "therma/core/team.hpp"
#include "therma/llm/heads/head.hpp"

namespace therma::llm {

// Against the least energy, in float64: z = sum e^-x, zx = sum x e^-x with x = beta (E - E_min).
// At beta = infinity z counts the minima.
struct Moments {
  float least = 0.0F;
  double z = 0.0;
  double zx = 0.0;
};

// Energies of +infinity do not count. The same bits for any team.
[[nodiscard]] Moments moments_of(std::span<const float> energies, double beta, const Team& team);

[[nodiscard]] TokenThermodynamics thermodynamics_of(const Moments& moments, double beta,
                                                    float energy_drawn) noexcept;

// Sums of one run of energies, in vectors, and of all runs of kChunk energies.
struct PartialMoments {
  double z = 0.0;
  double zx = 0.0;
};
[[nodiscard]] PartialMoments partial_moments(std::span<const float> energies, double beta,
                                             float least) noexcept;
[[nodiscard]] std::vector<PartialMoments> chunk_moments(std::span<const float> energies,
                                                        double beta, float least, const Team& team);

}  // namespace therma::llm
