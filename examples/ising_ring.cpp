// SPDX-License-Identifier: Apache-2.0
// Describe, compile, run: a ring of spins, sampled by heat bath, beside its exact mean energy.
#include <fmt/core.h>

#include <cmath>

#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/run.hpp"
#include "therma/energy/ising.hpp"

int main() {
  constexpr std::uint32_t kNumSpins = 6;
  constexpr double kCoupling = 0.7;
  constexpr double kBeta = 0.8;

  // Describe.
  therma::IsingModel model{.num_spins = kNumSpins};
  for (std::uint32_t i = 0; i < kNumSpins; ++i) {
    model.couplings.push_back({i, (i + 1) % kNumSpins, kCoupling});
  }
  // Compile.
  const auto program = therma::compile(model);
  // Run: the seed and the state are a complete checkpoint.
  const therma::Rng rng(42);
  auto state = therma::init_spins(program, rng);
  therma::EnergyObserver observer;
  therma::run(therma::Gibbs{.beta = kBeta}, program, state, rng,
              {.warm_up = 100, .samples = 200'000}, {}, observer);

  // By transfer matrix, Z = (2 cosh)^N + (2 sinh)^N of beta J, and <E> = -d ln Z / d beta.
  const double t = std::tanh(kBeta * kCoupling);
  const double exact = -1.0 * kNumSpins * kCoupling * (t + std::pow(t, kNumSpins - 1)) /
                       (1.0 + std::pow(t, kNumSpins));
  const double mean = observer.energy[0].mean();
  const double error = observer.energy[0].error();
  fmt::print("mean energy {:.4f} +- {:.4f}, exact {:.4f}\n", mean, error, exact);
  return std::abs(mean - exact) < 5.0 * error ? 0 : 1;
}
