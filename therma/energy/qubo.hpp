// SPDX-License-Identifier: Apache-2.0
// Quadratic models over bits, and every change of variables and sign to Ising models and back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/energy/ising.hpp"

namespace therma {

// 0 or 1; b = (1 + s) / 2.
using Bit = std::uint8_t;

// E = offset + sum over terms of q_ij b_i b_j; a term with i = j is linear (b b = b). Each term of
// the list counts once: a file that lists both (i, j) and (j, i) means their sum.
struct QuboModel {
  std::uint32_t num_bits = 0;
  std::vector<Coupling> terms = {};
  double offset = 0.0;
};

// dimod's spin models have the opposite sign: E = offset + sum h_i s_i + sum J_ij s_i s_j.
struct DimodSpinModel {
  std::uint32_t num_spins = 0;
  std::vector<double> linear = {};       // h, [spin], or empty for none
  std::vector<Coupling> quadratic = {};  // J
  double offset = 0.0;
};

[[nodiscard]] double energy(const QuboModel& model, std::span<const Bit> bits) noexcept;
[[nodiscard]] double energy(const DimodSpinModel& model, std::span<const Spin> spins) noexcept;

// Each conversion keeps the energy of every state, offset included; docs/theory/gibbs.md eq. 6.
// They throw Error{bad_data} on the same faults as compile().
[[nodiscard]] IsingModel to_ising(const QuboModel& model);
[[nodiscard]] IsingModel to_ising(const DimodSpinModel& model);
[[nodiscard]] QuboModel to_qubo(const IsingModel& model);
[[nodiscard]] DimodSpinModel to_dimod(const IsingModel& model);

[[nodiscard]] std::vector<Bit> to_bits(std::span<const Spin> spins);
[[nodiscard]] std::vector<Spin> to_spins(std::span<const Bit> bits);

}  // namespace therma
