// SPDX-License-Identifier: Apache-2.0
// The form that exact methods read: variables of few states, energies as tables over a few of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "therma/dynamics/machine.hpp"
#include "therma/energy/factor.hpp"

namespace therma {

// An energy for each joint state of a few variables. energies: the first variable varies fastest,
// [product of their states]; no variables: a constant.
struct EnergyTable {
  std::vector<std::uint32_t> variables = {};
  std::vector<double> energies = {};
};

// E(x) = sum of tables, x_v in {0, ..., states[v] - 1}.
struct DiscreteModel {
  std::vector<std::uint32_t> states = {};  // [variable], each >= 1
  std::vector<EnergyTable> tables = {};
  // What a machine's read() shows: first_value + value_step x_v.
  double first_value = 0.0;
  double value_step = 1.0;
};

// Throws Error{bad_data}: an unknown or repeated variable, a table of the wrong size, an energy
// that is not finite.
void check(const DiscreteModel& model);

// Spins become states 0 (down) and 1 (up). Throws Error{invalid_argument} for reals.
// So for compiled factors, which keep no list to read: take their model.
[[nodiscard]] DiscreteModel discrete_model(const Target& target);
// States keep their numbers; what read() shows is taken to be spins where every variable is one.
// Throws Error{bad_data} as FactorProgram does; Error{invalid_argument} on clamps, and on a product
// of more than 24 spins.
[[nodiscard]] DiscreteModel discrete_model(const FactorModel& model);

// Any discrete program of at most max_states joint states; none for more, clamps, or reals.
[[nodiscard]] std::optional<DiscreteModel> small_model(const Target& target, double max_states);

// The energy of one joint state. x: [variable]
[[nodiscard]] double energy(const DiscreteModel& model, std::span<const std::uint32_t> x) noexcept;

// The number of joint states, as a double: infinite where it overflows one.
[[nodiscard]] double num_joint_states(const DiscreteModel& model) noexcept;

}  // namespace therma
