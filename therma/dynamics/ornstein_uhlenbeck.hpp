// SPDX-License-Identifier: Apache-2.0
// Exact steps of linear diffusions: the harmonic trap, and dx = -A x dt + sqrt(2 D) dW in general.
#pragma once

#include <cmath>
#include <vector>

#include "therma/dynamics/langevin.hpp"
#include "therma/energy/harmonic.hpp"

namespace therma {

// The trap without any discretisation error, docs/theory/langevin.md eq. 6:
//   z' = c + (z - c) e^{-mu k dt} + sqrt(kT/k (1 - e^{-2 mu k dt})) xi.
struct ExactTrap {
  using State = LangevinState;
  using Info = LangevinInfo;

  double mu = 1.0;
  double kT = 1.0;
  double dt = 1e-3;

  // The trap's stiffness must be positive.
  Info step(const HarmonicTrap& trap, State& s, const Rng& rng) const {
    const double decay = std::exp(-mu * trap.stiffness * dt);
    const double spread =
        std::sqrt(-kT / trap.stiffness * std::expm1(-2.0 * mu * trap.stiffness * dt));
    for (std::uint32_t r = 0; r < s.num_replicas(); ++r) {
      const auto z = s.row(s.z, r), xi = s.row(s.dz, r);
      fill_normals(rng, s.first_chain + r, s.step, xi);
      for (std::size_t i = 0; i < z.size(); ++i) {
        z[i] = trap.centre + (z[i] - trap.centre) * decay + spread * xi[i];
      }
      detail::arrive(trap, s, r);
      s.entropy[r] = s.heat[r] / kT;  // the exact step is reversible
    }
    ++s.step;
    return {.heat = s.heat,
            .entropy = kT > 0.0 ? std::span<const double>(s.entropy) : std::span<const double>()};
  }
};

// dx = -A x dt + sqrt(2 D) dW; A need be neither symmetric nor normal.
struct LinearDiffusion {
  std::vector<double> drift;      // A, [n, n]
  std::vector<double> diffusion;  // D, [n, n], symmetric, not negative
};

// C with A C + C A^T = 2 D, [n, n]; docs/theory/langevin.md eq. 8. Cost n^3.
// Throws Error{bad_data} on sizes that don't match, and unless A is stable (eigenvalues with
// positive real part).
[[nodiscard]] std::vector<double> stationary_covariance(const LinearDiffusion& model);

// Entropy production rate in the stationary state, tr(A^T D^-1 A C) - tr A, in k_B per time;
// docs/theory/thermodynamics.md eq. 9. D must be positive.
[[nodiscard]] double entropy_production_rate(const LinearDiffusion& model);

// Exact steps of a linear diffusion: x' = P x + L xi with P = e^{-A dt} and L L^T the covariance
// that a step adds, by Van Loan's block exponential (IEEE Trans. Autom. Control 23, 1978).
class LinearStepper {
 public:
  LinearStepper(const LinearDiffusion& model, double dt);

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] const std::vector<double>& propagator() const noexcept { return propagator_; }
  [[nodiscard]] const std::vector<double>& step_covariance() const noexcept { return covariance_; }

  // x: [replica, n], advanced by one step; replica r draws as chain first_chain + r.
  void step(std::span<double> x, std::uint32_t first_chain, std::uint64_t step,
            const Rng& rng) const;

 private:
  std::uint32_t size_;
  std::vector<double> propagator_;  // P, [n, n]
  std::vector<double> covariance_;  // L L^T, [n, n]
  std::vector<double> root_;        // L, [n, n]
};

}  // namespace therma
