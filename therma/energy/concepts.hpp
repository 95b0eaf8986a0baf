// SPDX-License-Identifier: Apache-2.0
// What a sampler asks of an energy: the concepts that programs and users' own types meet.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

namespace therma {

// A spin is +1 or -1.
using Spin = std::int8_t;
inline constexpr Spin kUp = 1;
inline constexpr Spin kDown = -1;

// E(s) over spins; local_field(s, i) = -dE/ds_i for E linear in each spin, so that turning spin i
// over changes the energy by 2 s_i local_field(s, i).
template <class E>
concept SpinEnergy = requires(const E& e, std::span<const Spin> spins, std::uint32_t site) {
  { e.size() } -> std::convertible_to<std::uint32_t>;
  { e.local_field(spins, site) } -> std::convertible_to<double>;
  { e.energy(spins) } -> std::convertible_to<double>;
};

// V(x) over reals; gradient(x, g) overwrites g with dV/dx. Both spans hold size() numbers.
template <class E>
concept GradientEnergy = requires(const E& e, std::span<const double> x, std::span<double> g) {
  { e.size() } -> std::convertible_to<std::uint32_t>;
  { e.energy(x) } -> std::convertible_to<double>;
  { e.gradient(x, g) } -> std::same_as<void>;
};

// Both at the cost of one, where the energy offers it. The value equals energy(x) to rounding only.
template <GradientEnergy E>
[[nodiscard]] double energy_and_gradient(const E& energy, std::span<const double> x,
                                         std::span<double> g) {
  if constexpr (requires {
                  { energy.energy_and_gradient(x, g) } -> std::same_as<double>;
                }) {
    return energy.energy_and_gradient(x, g);
  } else {
    energy.gradient(x, g);
    return energy.energy(x);
  }
}

// A protocol is the energy as a function of time: protocol(k) holds during step k, counted from 0.
// What changes between steps, at fixed state, is work (docs/theory/thermodynamics.md eq. 1).
template <class P>
concept Protocol = requires(const P& p, std::uint64_t k) {
  requires SpinEnergy<decltype(p(k))> || GradientEnergy<decltype(p(k))>;
};

}  // namespace therma
