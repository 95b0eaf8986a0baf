// SPDX-License-Identifier: Apache-2.0
// A user's own energy: any type with size, energy and gradient runs on the Langevin kernels.
#include <fmt/core.h>

#include <cmath>
#include <vector>

#include "therma/dynamics/langevin.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/run.hpp"

namespace {

// V(x) = (x^2 - 1)^2: two wells at -1 and 1.
struct DoubleWell {
  static double potential(double x) { return (x * x - 1.0) * (x * x - 1.0); }

  std::uint32_t size() const { return 1; }
  double energy(std::span<const double> x) const { return potential(x[0]); }
  void gradient(std::span<const double> x, std::span<double> g) const {
    g[0] = 4.0 * x[0] * (x[0] * x[0] - 1.0);
  }
};
static_assert(therma::GradientEnergy<DoubleWell>);

// Mean of V under exp(-V / kT), by the trapezoid rule: exact to rounding for so smooth a function.
double exact_mean_energy(double kT) {
  double sum = 0.0;
  double weights = 0.0;
  for (int i = -4000; i <= 4000; ++i) {
    const double potential = DoubleWell::potential(i * 1e-3);
    sum += potential * std::exp(-potential / kT);
    weights += std::exp(-potential / kT);
  }
  return sum / weights;
}

}  // namespace

int main() {
  constexpr double kTemperature = 0.5;
  const DoubleWell well;
  const therma::Rng rng(7);
  auto state = therma::init_langevin(well, std::vector<double>(64, 1.0));  // 64 replicas at x = 1
  therma::EnergyObserver observer;
  therma::run(therma::LeimkuhlerMatthews{.kT = kTemperature, .dt = 0.01}, well, state, rng,
              {.warm_up = 2000, .samples = 5000, .steps_per_sample = 10}, {}, observer);

  therma::Moments replicas;
  for (const auto& energy : observer.energy) replicas.add(energy.mean());
  const double exact = exact_mean_energy(kTemperature);
  fmt::print("mean energy {:.4f} +- {:.4f}, exact {:.4f}\n", replicas.mean, replicas.error(),
             exact);
  // The kernel's own bias at this dt is below 1e-3: it is added to the statistical error.
  return std::abs(replicas.mean - exact) < 5.0 * replicas.error() + 1e-3 ? 0 : 1;
}
