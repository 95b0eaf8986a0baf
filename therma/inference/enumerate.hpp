// SPDX-License-Identifier: Apache-2.0
// Boltzmann's law of small models by visiting every state.
#pragma once

#include <cstddef>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/inference/discrete_model.hpp"

namespace therma {

inline constexpr double kMostEnumerated = 1 << 24;  // states

// State k is read as digits, variable 0 the lowest: of spins, bit i of k is spin i up.
struct Enumeration {
  double log_z = 0.0;
  double mean_energy = 0.0;
  double energy_variance = 0.0;            // beta^2 times it: the heat capacity
  double mean_value = 0.0;                 // the mean over variables; the magnetisation of spins
  std::vector<double> energies = {};       // [state]
  std::vector<double> probabilities = {};  // [state]
};

// beta is not negative and finite. Throws Error{invalid_argument}: bad beta, reals, more than
// kMostEnumerated states; Error{stopped} where resources say so. Memory: 16 bytes a state.
[[nodiscard]] Enumeration enumerate(const DiscreteModel& model, double beta,
                                    const Resources& resources = {});
[[nodiscard]] Enumeration enumerate(const Target& target, double beta,
                                    const Resources& resources = {});

}  // namespace therma
