// SPDX-License-Identifier: Apache-2.0
// Quadratic energies: the trap whose centre and stiffness a protocol moves; any symmetric form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace therma {

// V(x) = 1/2 k sum_i (x_i - c)^2, the same k and c in each of `dimension` coordinates.
// Its parameters are public: a protocol assigns them.
struct HarmonicTrap {
  double stiffness = 1.0;  // k, energy per length squared
  double centre = 0.0;     // c
  std::uint32_t dimension = 1;

  [[nodiscard]] std::uint32_t size() const noexcept { return dimension; }

  [[nodiscard]] double energy(std::span<const double> x) const noexcept {
    double sum = 0.0;
    for (const double xi : x) sum += (xi - centre) * (xi - centre);
    return 0.5 * stiffness * sum;
  }

  void gradient(std::span<const double> x, std::span<double> g) const noexcept {
    for (std::size_t i = 0; i < x.size(); ++i) g[i] = stiffness * (x[i] - centre);
  }
};

// V(x) = 1/2 x^T K x - b^T x. A GradientEnergy, immutable.
class QuadraticEnergy {
 public:
  // K: [n, n], symmetric; b: [n], or empty for none. Throws Error{bad_data} where the sizes do not
  // match, K is not symmetric, or a number is not finite.
  explicit QuadraticEnergy(std::vector<double> K, std::vector<double> b = {});

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(b_.size());
  }
  [[nodiscard]] double energy(std::span<const double> x) const noexcept;
  void gradient(std::span<const double> x, std::span<double> g) const noexcept;

  [[nodiscard]] std::span<const double> stiffness() const noexcept { return K_; }  // [n, n]
  [[nodiscard]] std::span<const double> force() const noexcept { return b_; }      // [n]

 private:
  std::vector<double> K_;  // [n, n]
  std::vector<double> b_;  // [n]
};

}  // namespace therma
