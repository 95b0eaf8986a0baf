// SPDX-License-Identifier: Apache-2.0
// Networks of quartic units, the substrate of the generative Langevin machine.
//
// Source: S. Whitelam, Generative thermodynamic computing, arXiv 2506.15121, eq. 2.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/energy/couplings.hpp"

namespace therma {

// V = sum (J2 x^2 + J4 x^4) + sum b_i x_i + sum over pairs J_ij x_i x_j; docs/theory/langevin.md
// eq. 7. A pair given twice counts twice.
struct QuarticModel {
  std::uint32_t num_units = 0;
  double quadratic = 1.0;                // J2
  double quartic = 1.0;                  // J4, > 0: keeps the units finite
  std::vector<double> biases = {};       // b, [unit], or empty for none
  std::vector<Coupling> couplings = {};  // J
};

// A compiled network: flat, immutable, safe to share. A GradientEnergy. Networks with a quarter of
// all pairs or more are kept dense.
class QuarticProgram {
 public:
  // Throws Error{bad_data} as IsingProgram does, and unless quartic is positive.
  explicit QuarticProgram(const QuarticModel& model);

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(biases_.size());
  }
  [[nodiscard]] bool is_dense() const noexcept { return !dense_.empty(); }
  [[nodiscard]] double quadratic() const noexcept { return quadratic_; }             // J2
  [[nodiscard]] double quartic() const noexcept { return quartic_; }                 // J4
  [[nodiscard]] std::span<const double> biases() const noexcept { return biases_; }  // [unit]
  // J, in one of two forms; the other is empty.
  [[nodiscard]] const SymmetricRows& sparse_couplings() const noexcept { return rows_; }
  [[nodiscard]] std::span<const double> dense_couplings() const noexcept { return dense_; }

  [[nodiscard]] double energy(std::span<const double> x) const noexcept;
  void gradient(std::span<const double> x, std::span<double> g) const noexcept;
  [[nodiscard]] double energy_and_gradient(std::span<const double> x,
                                           std::span<double> g) const noexcept;

 private:
  // sum_j J_ij x_j
  [[nodiscard]] double coupled(std::span<const double> x, std::uint32_t unit) const noexcept;

  double quadratic_;
  double quartic_;
  std::vector<double> biases_;  // [unit]
  SymmetricRows rows_;          // empty where dense
  std::vector<double> dense_;   // [unit, unit], symmetric; empty where sparse
};

[[nodiscard]] inline QuarticProgram compile(const QuarticModel& model) {
  return QuarticProgram(model);
}

}  // namespace therma
