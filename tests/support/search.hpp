// SPDX-License-Identifier: Apache-2.0
// Instances with known lowest energies, and the control that guesses.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/support/targets.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/spins.hpp"

namespace therma::testing {

// Energies of all states, ascending.
[[nodiscard]] inline std::vector<double> all_energies(const IsingModel& model) {
  std::vector<double> energies(std::size_t{1} << model.num_spins);
  for (std::size_t k = 0; k < energies.size(); ++k) {
    energies[k] = energy(model, spins_of(k, model.num_spins));
  }
  std::ranges::sort(energies);
  return energies;
}

struct Planted {
  IsingModel model;
  std::vector<Spin> hidden;
  double lowest = 0.0;
};

// Frustrated plaquettes on a torus of side x side spins (side even, at least 4): every second
// plaquette, like the black fields of a chessboard, has three bonds that the hidden state satisfies
// and one that it does not, at random. No state satisfies four of them (the product of a frustrated
// loop's signs is -1), so each plaquette is at its lowest, -3 + 1 = -2, and the whole at
// -2 side^2 / 2 = -side^2. Each bond belongs to one black plaquette: couplings are +-1.
[[nodiscard]] inline Planted plant_plaquettes(std::uint32_t side, std::uint64_t seed) {
  const Rng rng(seed);
  Planted out{.model = {.num_spins = side * side}, .hidden = {}, .lowest = -1.0 * side * side};
  for (std::uint32_t i = 0; i < side * side; ++i) {
    out.hidden.push_back(rng.child("hidden").bits({.site = i}) >> 63 != 0 ? kUp : kDown);
  }
  const auto at = [&](std::uint32_t x, std::uint32_t y) { return (y % side) * side + x % side; };
  for (std::uint32_t y = 0; y < side; ++y) {
    for (std::uint32_t x = y % 2; x < side; x += 2) {
      const std::uint32_t corner[] = {at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)};
      const auto odd_one = rng.bits({.site = corner[0]}) % 4;
      for (std::uint32_t k = 0; k < 4; ++k) {
        const std::uint32_t i = corner[k], j = corner[(k + 1) % 4];
        const double sign = k == odd_one ? -1.0 : 1.0;
        out.model.couplings.push_back({i, j, sign * out.hidden[i] * out.hidden[j]});
      }
    }
  }
  return out;
}

// +-1 on all pairs: integer energies, many of them equal.
[[nodiscard]] inline IsingModel make_signs(std::uint32_t spins, std::uint64_t seed) {
  IsingModel model{.num_spins = spins};
  for (std::uint32_t i = 0; i < spins; ++i) {
    for (std::uint32_t j = i + 1; j < spins; ++j) {
      const bool up = Rng(seed).bits({.chain = i, .site = j}) >> 63 != 0;
      model.couplings.push_back({i, j, up ? 1.0 : -1.0});
    }
  }
  return model;
}

// The control: energies of states that are only guessed, ascending.
[[nodiscard]] inline std::vector<double> guessed_energies(const IsingProgram& program,
                                                          std::uint32_t guesses) {
  std::vector<double> energies;
  for (std::uint32_t k = 0; k < guesses; ++k) {
    energies.push_back(init_spins(program, Rng(99), k).energy);
  }
  std::ranges::sort(energies);
  return energies;
}

// Share of energies at or below a level (with room for rounding).
[[nodiscard]] inline double share_at(const std::vector<double>& energies, double level) {
  const auto count = std::ranges::count_if(energies, [&](double e) { return e <= level + 1e-9; });
  return static_cast<double>(count) / static_cast<double>(energies.size());
}

[[nodiscard]] inline std::unique_ptr<Machine> make_machine(const Target& target,
                                                           std::uint32_t replicas,
                                                           std::uint64_t seed) {
  const MachineConfig config{.kernel = "scalar", .replicas = replicas};
  return choose_kernel(target, config).make(target, config, {0, replicas}, Rng(seed));
}
[[nodiscard]] inline Target target_of(const IsingModel& model) {
  return std::make_shared<const IsingProgram>(model);
}

}  // namespace therma::testing
