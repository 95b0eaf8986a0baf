// SPDX-License-Identifier: Apache-2.0
// Describe, compile, run: a spin glass whose ground state is known, found by annealing replicas.
#include <fmt/core.h>

#include <cmath>

#include "therma/dynamics/optimise.hpp"
#include "therma/energy/instances.hpp"

int main() {
  // Describe: frustrated loops on a periodic cube, each of which the planted state satisfies.
  const auto planted = therma::planted_loops(therma::glass_3d(8, 1), 1.0, 1);
  // Compile.
  const therma::Target target = std::make_shared<const therma::IsingProgram>(planted.model);
  // Run: the default schedule comes from the couplings, the kernel from the program.
  therma::OptimiseConfig config{.replicas = 64, .rounds = 5000};
  config.goal.target_energy = planted.ground_energy;
  const auto found = therma::optimise(target, config, 7, {});

  fmt::print("lowest energy {:.0f} after {} rounds by {}, planted {:.0f}\n", found.best_energy(),
             found.rounds, found.kernel, planted.ground_energy);
  return std::abs(found.best_energy() - planted.ground_energy) < 1e-6 ? 0 : 1;
}
