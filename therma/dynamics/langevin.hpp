// SPDX-License-Identifier: Apache-2.0
// Overdamped Langevin dynamics of a batch of replicas: dz = -mu grad V dt + sqrt(2 mu kT) dW.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/dynamics/noise.hpp"
#include "therma/energy/concepts.hpp"

namespace therma {

// What a user sets; kernels are made from it by make_kernel<EulerMaruyama>(config).
struct LangevinConfig {
  double mu = 1.0;
  double kT = 1.0;
  double dt = 1e-3;
  std::uint32_t n_steps = 1000;
  std::uint32_t dimension = 1;

  static void each_field(auto& self, auto&& field) {
    field("mu", self.mu, "mobility", positive);
    field("kT", self.kT, "temperature, in units of energy", non_negative);
    field("dt", self.dt, "time step, in units of 1/mu", positive);
    field("n_steps", self.n_steps, "steps of one trajectory", at_least(1));
    field("dimension", self.dimension, "coordinates of one replica", at_least(1));
  }
};

// A batch of replicas that advance together; with the seed a complete checkpoint.
// Replica r draws its noise as chain first_chain + r, so that a batch may be split anywhere.
struct LangevinState {
  std::uint32_t first_chain = 0;
  std::uint32_t dimension = 0;
  std::uint64_t step = 0;
  std::vector<double> z;         // [replica, dimension]
  std::vector<double> gradient;  // [replica, dimension] of V at z
  std::vector<double> dz;        // [replica, dimension] scratch: Euler's last displacement
  std::vector<double> noise;     // [replica, dimension] Leimkuhler-Matthews: noise of noise_step
  std::uint64_t noise_step = ~std::uint64_t{0};  // none drawn yet
  std::vector<double> energy;                    // [replica] V(z)
  std::vector<double> work;                      // [replica] of the last perform_work
  std::vector<double> heat;                      // [replica] of the last step
  std::vector<double> entropy;                   // [replica] of the last step

  [[nodiscard]] std::uint32_t num_replicas() const noexcept {
    return static_cast<std::uint32_t>(energy.size());
  }
  [[nodiscard]] std::span<double> row(std::vector<double>& all, std::uint32_t r) const noexcept {
    return std::span(all).subspan(std::size_t{r} * dimension, dimension);
  }
  [[nodiscard]] std::span<const double> position(std::uint32_t r) const noexcept {
    return std::span(z).subspan(std::size_t{r} * dimension, dimension);
  }
};

// What a step reports; views of the state, valid until its next step.
struct LangevinInfo {
  std::span<const double> heat;     // [replica] released to the bath: V(z) - V(z')
  std::span<const double> entropy;  // [replica] medium entropy production, k_B: ln k(z→z')/k(z'→z)
                                    // of this discrete kernel; empty where it has no closed form
};

// z: [replica, dimension] starting points; dimension is the energy's.
// Throws Error{invalid_argument} unless z holds a whole number of rows.
LangevinState langevin_state(std::uint32_t dimension, std::vector<double> z,
                             std::uint32_t first_chain);

// Evaluates V and its gradient again after the energy's parameters changed at fixed z.
// Returns the work done on each replica, [replica]; docs/theory/thermodynamics.md eq. 1.
template <GradientEnergy E>
std::span<const double> perform_work(const E& energy, LangevinState& s) {
  for (std::uint32_t r = 0; r < s.num_replicas(); ++r) {
    const double before = s.energy[r];
    s.energy[r] = energy_and_gradient(energy, s.position(r), s.row(s.gradient, r));
    s.work[r] = s.energy[r] - before;
  }
  return s.work;
}

// A batch at given points.  z: [replica, energy.size()]
template <GradientEnergy E>
[[nodiscard]] LangevinState init_langevin(const E& energy, std::vector<double> z,
                                          std::uint32_t first_chain = 0) {
  auto s = langevin_state(energy.size(), std::move(z), first_chain);
  perform_work(energy, s);
  return s;
}

// docs/theory/langevin.md eq. 3: minus the log of the density of an Euler step dz under gradient g.
[[nodiscard]] inline double euler_action(double mu, double kT, double dt,
                                         std::span<const double> dz, std::span<const double> g,
                                         double direction) noexcept {
  double sum = 0.0;
  for (std::size_t i = 0; i < dz.size(); ++i) {
    const double residual = direction * dz[i] + mu * g[i] * dt;
    sum += residual * residual;
  }
  return sum / (4.0 * mu * kT * dt);
}

namespace detail {
// Energy and gradient at the new position; the energy lost is heat.
template <GradientEnergy E>
void arrive(const E& energy, LangevinState& s, std::uint32_t r) {
  const double before = s.energy[r];
  s.energy[r] = energy_and_gradient(energy, s.position(r), s.row(s.gradient, r));
  s.heat[r] = before - s.energy[r];
}
}  // namespace detail

// Euler and Maruyama, docs/theory/langevin.md eq. 2: z' = z - mu g dt + sqrt(2 mu kT dt) xi.
// Noise, here and below: an Rng, or what else has a fill_normals(noise, chain, step, out).
struct EulerMaruyama {
  using State = LangevinState;
  using Info = LangevinInfo;

  double mu = 1.0;
  double kT = 1.0;
  double dt = 1e-3;

  template <GradientEnergy E, class Noise>
  Info step(const E& energy, State& s, const Noise& rng) const {
    const double sigma = std::sqrt(2.0 * mu * kT * dt);
    for (std::uint32_t r = 0; r < s.num_replicas(); ++r) {
      const auto z = s.row(s.z, r), g = s.row(s.gradient, r), dz = s.row(s.dz, r);
      fill_normals(rng, s.first_chain + r, s.step, dz);
      for (std::size_t i = 0; i < z.size(); ++i) {
        dz[i] = -mu * g[i] * dt + sigma * dz[i];
        z[i] += dz[i];
      }
      const double forward = euler_action(mu, kT, dt, dz, g, +1.0);
      detail::arrive(energy, s, r);
      s.entropy[r] = euler_action(mu, kT, dt, dz, g, -1.0) - forward;
    }
    ++s.step;
    return {.heat = s.heat,
            .entropy = kT > 0.0 ? std::span<const double>(s.entropy) : std::span<const double>()};
  }
};

// Leimkuhler and Matthews, docs/theory/langevin.md eq. 5: the noise is the mean of this step's and
// the next one's, which makes the stationary law of a harmonic trap exact at any stable dt.
// Successive steps share noise, so a step alone has no reverse: Info::entropy is empty.
struct LeimkuhlerMatthews {
  using State = LangevinState;
  using Info = LangevinInfo;

  double mu = 1.0;
  double kT = 1.0;
  double dt = 1e-3;

  template <GradientEnergy E, class Noise>
  Info step(const E& energy, State& s, const Noise& rng) const {
    const double half_sigma = 0.5 * std::sqrt(2.0 * mu * kT * dt);
    for (std::uint32_t r = 0; r < s.num_replicas(); ++r) {
      const auto z = s.row(s.z, r), g = s.row(s.gradient, r);
      const auto xi = s.row(s.noise, r), xi_next = s.row(s.dz, r);
      if (s.noise_step != s.step) fill_normals(rng, s.first_chain + r, s.step, xi);
      fill_normals(rng, s.first_chain + r, s.step + 1, xi_next);
      for (std::size_t i = 0; i < z.size(); ++i) {
        z[i] += -mu * g[i] * dt + half_sigma * (xi[i] + xi_next[i]);
      }
      detail::arrive(energy, s, r);
    }
    s.noise.swap(s.dz);
    s.noise_step = ++s.step;
    return {.heat = s.heat, .entropy = {}};
  }
};

// The kernel that a config describes, at the config's temperature or, when annealing, another.
template <class Kernel>
[[nodiscard]] Kernel make_kernel(const LangevinConfig& config, double kT) {
  return {.mu = config.mu, .kT = kT, .dt = config.dt};
}
template <class Kernel>
[[nodiscard]] Kernel make_kernel(const LangevinConfig& config) {
  return make_kernel<Kernel>(config, config.kT);
}

}  // namespace therma
