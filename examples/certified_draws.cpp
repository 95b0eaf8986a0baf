// SPDX-License-Identifier: Apache-2.0
// Draws of a spin model with their certificate, beside the exact law by variable elimination.
#include <fmt/core.h>

#include <cmath>

#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/observers.hpp"
#include "therma/energy/instances.hpp"
#include "therma/energy/ising.hpp"
#include "therma/inference/certifier.hpp"
#include "therma/inference/elimination.hpp"

int main() {
  constexpr double kBeta = 0.3;
  const therma::Target target =
      std::make_shared<const therma::IsingProgram>(therma::ferromagnet_2d(8));

  // 64 replicas from random starts; the certificate watches every sample.
  const therma::MachineConfig config{.replicas = 64};
  const auto machine =
      therma::choose_kernel(target, config).make(target, config, {0, 64}, therma::Rng(11));
  therma::Certifier certifier(target, config);
  therma::EnergyTrace energies;
  therma::SampleObserver* const observers[] = {&certifier, &energies};
  therma::sample(*machine, {.burn_in = 500, .sweeps = 2000}, therma::Schedule::constant(kBeta),
                 observers, {});
  const auto certificate = certifier.finish();

  // Replicas are independent of each other: the spread of their means is the error.
  therma::Moments means;
  for (std::size_t r = 0; r < energies.num_chains(); ++r) {
    therma::Moments chain;
    for (const double energy : energies.chain(r)) chain.add(energy);
    means.add(chain.mean);
  }
  const therma::Elimination exact(target, kBeta);
  fmt::print("{}\nbeta {:.4f} in [{:.4f}, {:.4f}]; energy {:.3f} +- {:.3f}, exact {:.3f}\n",
             certificate.sentence, certificate.beta_effective, certificate.beta_interval.low,
             certificate.beta_interval.high, means.mean, means.error(), exact.mean_energy());
  const bool agrees = std::abs(means.mean - exact.mean_energy()) < 5.0 * means.error();
  return agrees && certificate.verdict == therma::CertificateVerdict::converged ? 0 : 1;
}
