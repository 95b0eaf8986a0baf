// SPDX-License-Identifier: Apache-2.0
// Replicas that move in the energy of a linear operator: what solving, inverting and determinants
// share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/dynamics/baoab.hpp"
#include "therma/dynamics/linear_algebra.hpp"
#include "therma/dynamics/linear_spectrum.hpp"

namespace therma::linear {

// V = x^T A x / 2 - b^T x; b may be empty.
struct OperatorEnergy {
  const LinearOperator* A;
  std::span<const double> b;

  [[nodiscard]] std::uint32_t size() const { return A->size(); }
  [[nodiscard]] double energy(std::span<const double> x) const {
    std::vector<double> g(x.size());
    return energy_and_gradient(x, g);
  }
  void gradient(std::span<const double> x, std::span<double> g) const {
    (void)energy_and_gradient(x, g);
  }
  [[nodiscard]] double energy_and_gradient(std::span<const double> x, std::span<double> g) const {
    A->multiply(x, g);
    double sum = 0.5 * dot(x, g);
    for (std::size_t i = 0; i < b.size(); ++i) {
      sum -= b[i] * x[i];
      g[i] -= b[i];
    }
    return sum;
  }
};

// A rule with its step, and how many steps the slowest mode takes to relax.
template <class Kernel>
struct Motion {
  Kernel kernel;
  double steps_per_relaxation;

  [[nodiscard]] std::uint64_t steps(double relaxations) const {
    return static_cast<std::uint64_t>(std::ceil(relaxations * steps_per_relaxation));
  }
};
// Calls f(motion) for the rule of the config; docs/theory/linear-algebra.md eqs. 4 and 5.
template <class F>
auto with_motion(const LinearAlgebraConfig& config, const Spectrum& spectrum, F&& f) {
  const double ratio = spectrum.most / spectrum.least;
  if (config.rule == LinearRule::leimkuhler_matthews) {
    return f(Motion<LeimkuhlerMatthews>{
        {.mu = 1.0, .kT = config.kT, .dt = config.step / spectrum.most}, ratio / config.step});
  }
  // Friction that damps the slowest mode critically; its correlations integrate to two times.
  return f(Motion<Baoab>{{.friction = 2.0 * std::sqrt(spectrum.least),
                          .kT = config.kT,
                          .dt = config.step / std::sqrt(spectrum.most)},
                         2.0 * std::sqrt(ratio) / config.step});
}

template <class Kernel>
using StateOf = typename Kernel::State;

template <class Kernel>
StateOf<Kernel> start_at(const OperatorEnergy& energy, std::vector<double> z, std::uint32_t chain) {
  if constexpr (std::same_as<Kernel, Baoab>) {
    return init_baoab(energy, std::move(z), chain);
  } else {
    return init_langevin(energy, std::move(z), chain);
  }
}

// The replicas themselves amplify a direction of negative curvature: x^T A x = x^T (g + b).
template <class State>
void check_curvature(const OperatorEnergy& energy, std::span<const State> replicas) {
  for (const auto& s : replicas) {
    double curvature = dot(s.z, s.gradient);
    if (!energy.b.empty()) curvature += dot(s.z, energy.b);
    // At its start a replica may be at 0, and then moves by kT alone.
    const double rounding = 1e-9 * std::abs(s.energy[0]);
    if (!std::isfinite(curvature) || curvature < -rounding) {
      fail(ErrorCode::bad_data,
           "A: must be positive definite, but after {} steps replica {} has x^T A x = {}", s.step,
           s.first_chain, curvature);
    }
  }
}

// Advances all replicas together, some steps at a time, until all are done or it is to stop.
// after_step(replica, state) sees every step. Returns false where it was stopped.
template <class Kernel, class AfterStep>
bool advance(const Kernel& kernel, const OperatorEnergy& energy,
             std::vector<StateOf<Kernel>>& replicas, std::uint64_t steps, const Rng& rng,
             const Resources& resources, const AfterStep& after_step) {
  constexpr std::uint64_t kRound = 256;
  for (std::uint64_t done = 0; done < steps; done += kRound) {
    if (resources.should_stop()) return false;
    resources.for_each(replicas.size(), [&](std::size_t r) {
      for (std::uint64_t k = done; k < std::min(done + kRound, steps); ++k) {
        kernel.step(energy, replicas[r], rng);
        after_step(r, replicas[r]);
      }
    });
    check_curvature(energy, std::span<const StateOf<Kernel>>(replicas));
  }
  return true;
}
inline constexpr auto kUnseen = [](std::size_t, const auto&) {};

template <class Kernel>
std::uint64_t products_of(const std::vector<StateOf<Kernel>>& replicas) {
  std::uint64_t sum = 0;
  for (const auto& s : replicas) sum += s.step + 1;
  return sum;
}

}  // namespace therma::linear
