// SPDX-License-Identifier: Apache-2.0
// Underdamped Langevin dynamics of unit masses by the BAOAB splitting.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/dynamics/langevin.hpp"
#include "therma/dynamics/noise.hpp"
#include "therma/energy/concepts.hpp"

namespace therma {

// A batch of replicas; LangevinState with momenta. Its energy is V(z) alone.
struct BaoabState : LangevinState {
  std::vector<double> p;      // [replica, dimension]
  bool needs_momenta = true;  // drawn by the next step, at its temperature
};

// Views of the state, valid until its next step. V + p^2/2 changes by work - heat.
struct BaoabInfo {
  std::span<const double> heat;  // [replica] released to the bath: p^2/2 lost in the O step
  std::span<const double> work;  // [replica] done by kicks and drifts; of order dt^2, 0 as dt → 0
  std::span<const double> entropy;  // [replica] heat / kT; empty where kT = 0
};

// p -= g dt
inline void kick(std::span<double> p, std::span<const double> g, double dt) noexcept {
  for (std::size_t i = 0; i < p.size(); ++i) p[i] -= g[i] * dt;
}
// z += p dt
inline void drift(std::span<double> z, std::span<const double> p, double dt) noexcept {
  for (std::size_t i = 0; i < z.size(); ++i) z[i] += p[i] * dt;
}
// The exact solution of dp = -friction p dt + sqrt(2 friction kT) dW: keep = e^{-friction dt},
// spread^2 = kT (1 - keep^2).
inline void thermostat(std::span<double> p, std::span<const double> xi, double keep,
                       double spread) noexcept {
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = keep * p[i] + spread * xi[i];
}
[[nodiscard]] inline double kinetic_energy(std::span<const double> p) noexcept {
  double sum = 0.0;
  for (const double value : p) sum += value * value;
  return 0.5 * sum;
}

// A batch at given points.  z: [replica, energy.size()]
template <GradientEnergy E>
[[nodiscard]] BaoabState init_baoab(const E& energy, std::vector<double> z,
                                    std::uint32_t first_chain = 0) {
  BaoabState s{init_langevin(energy, std::move(z), first_chain), {}, true};
  s.p.resize(s.z.size());
  return s;
}

// B. Leimkuhler, C. Matthews, Appl. Math. Res. Express 2013; docs/theory/langevin.md eq. 10. On any
// quadratic V the positions have Boltzmann's law at every stable dt (omega dt < 2).
struct Baoab {
  using State = BaoabState;
  using Info = BaoabInfo;

  double friction = 1.0;  // per unit mass
  double kT = 1.0;
  double dt = 1e-2;

  template <GradientEnergy E, class Noise>
  Info step(const E& energy, State& s, const Noise& rng) const {
    if (s.needs_momenta) draw_momenta(s, rng);
    const double keep = std::exp(-friction * dt), spread = std::sqrt(kT * (1.0 - keep * keep));
    for (std::uint32_t r = 0; r < s.num_replicas(); ++r) {
      const auto z = s.row(s.z, r), p = s.row(s.p, r), g = s.row(s.gradient, r);
      const auto xi = s.row(s.noise, r);
      const double before = s.energy[r] + kinetic_energy(p);
      kick(p, g, 0.5 * dt);
      drift(z, p, 0.5 * dt);
      const double hot = kinetic_energy(p);
      fill_normals(rng, s.first_chain + r, s.step, xi);
      thermostat(p, xi, keep, spread);
      s.heat[r] = hot - kinetic_energy(p);
      drift(z, p, 0.5 * dt);
      s.energy[r] = energy_and_gradient(energy, z, g);
      kick(p, g, 0.5 * dt);
      s.work[r] = s.energy[r] + kinetic_energy(p) - before + s.heat[r];
      s.entropy[r] = s.heat[r] / kT;
    }
    ++s.step;
    return {.heat = s.heat,
            .work = s.work,
            .entropy = kT > 0.0 ? std::span<const double>(s.entropy) : std::span<const double>()};
  }

 private:
  // Maxwell's law.
  template <class Noise>
  void draw_momenta(State& s, const Noise& rng) const {
    const Noise momenta(rng.child("momenta"));
    for (std::uint32_t r = 0; r < s.num_replicas(); ++r) {
      const auto p = s.row(s.p, r);
      fill_normals(momenta, s.first_chain + r, s.step, p);
      for (double& value : p) value *= std::sqrt(kT);
    }
    s.needs_momenta = false;
  }
};

[[nodiscard]] inline std::span<const double> heats(const BaoabInfo& info) { return info.heat; }
[[nodiscard]] inline std::span<const double> entropies(const BaoabInfo& info) {
  return info.entropy;
}

}  // namespace therma
