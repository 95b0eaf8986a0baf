// SPDX-License-Identifier: Apache-2.0
// Standard test models, each a pure function of its sizes and a seed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/energy/ising.hpp"

namespace therma {

// No generator builds more couplings than this (1 GiB as a list): it throws
// Error{invalid_argument} before it allocates, as it does on sizes that make no model.
inline constexpr std::uint64_t kMostInstanceCouplings = std::uint64_t{1} << 26;

enum class Weights { plus_minus_one, gaussian };  // J = +-1 with equal odds; J ~ N(0, 1)

// Every pair coupled by J ~ N(0, 1/n), no fields (Sherrington and Kirkpatrick, PRL 35, 1975).
[[nodiscard]] IsingModel sk_glass(std::uint32_t num_spins, std::uint64_t seed);

// Periodic cube, J = +-1 (Edwards and Anderson, J. Phys. F 5, 1975). side >= 2; at 2 each pair is
// joined twice. Site (z * side + y) * side + x.
[[nodiscard]] IsingModel glass_3d(std::uint32_t side, std::uint64_t seed);

// Periodic square, J = 1, site y * side + x. side >= 2; at 2 each pair is joined twice.
[[nodiscard]] IsingModel ferromagnet_2d(std::uint32_t side);

// A random graph in which every spin has `degree` neighbours, without loops and double edges, with
// J ~ N(0, 1): the configuration model, bad pairs repaired by switching. num_spins * degree is
// even.
[[nodiscard]] IsingModel random_regular(std::uint32_t num_spins, std::uint32_t degree,
                                        std::uint64_t seed);

// A periodic grid whose site (x, y), number y * width + x, is joined to (x + dx, y + dy) for the
// four turns (a, b), (-b, a), (-a, -b), (b, -a) of each rule. The turns must be apart on the grid.
struct Displacement {
  std::int32_t a = 1;
  std::int32_t b = 0;
};
struct DisplacementGrid {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::span<const Displacement> rules = {};
  Weights weights = Weights::plus_minus_one;
};
[[nodiscard]] IsingModel displacement_grid(const DisplacementGrid& grid, std::uint64_t seed);

// The grid of a published sampling chip: 576 x 468 with (1,0), (2,1), (2,3), (4,1), degree 16.
[[nodiscard]] IsingModel z1_grid(std::uint64_t seed, Weights weights = Weights::plus_minus_one);

// A glass whose ground state is known by construction.
struct PlantedModel {
  IsingModel model;
  std::vector<Spin> ground_state;  // [spin] one of them
  double ground_energy = 0.0;
};

// Frustrated loops on a graph (Hen et al., Phys. Rev. A 92, 042325, 2015): closed walks, each with
// one bond broken in the planted state; the state minimises each loop, hence their sum. `graph`
// gives the pairs that may be used, `loops_per_spin` > 0 how many walks are tried.
[[nodiscard]] PlantedModel planted_loops(const IsingModel& graph, double loops_per_spin,
                                         std::uint64_t seed);

}  // namespace therma
