// SPDX-License-Identifier: Apache-2.0
// The table of samplers: each by its name, behind one interface, over any target it supports.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/core/resources.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/energy/any_energy.hpp"
#include "therma/energy/ising.hpp"

namespace therma {

// What is sampled. The program is shared between chains.
using SampleTarget = std::variant<std::shared_ptr<const IsingProgram>, AnyGradientEnergy>;

struct SamplerConfig {
  std::string beta = "const:1";
  std::uint32_t chains = 4;
  std::uint64_t warm_up = 1000;
  std::uint64_t samples = 1000;
  std::uint64_t steps_per_sample = 1;
  double mu = 1.0;
  double dt = 1e-2;
  std::uint32_t replicas = 8;
  double beta_hot = 0.1;

  static void each_field(auto& self, auto&& field) {
    field("beta", self.beta, "inverse temperature, or its schedule over the whole run");
    field("chains", self.chains, "independent runs", at_least(1));
    field("warm_up", self.warm_up, "steps before the first sample, not observed");
    field("samples", self.samples, "samples of each chain", at_least(1));
    field("steps_per_sample", self.steps_per_sample, "steps from one sample to the next",
          at_least(1));
    field("mu", self.mu, "mobility (Langevin family)", positive);
    field("dt", self.dt, "time step (Langevin family)", positive);
    field("replicas", self.replicas, "temperatures of a ladder (tempering)", at_least(2));
    field("beta_hot", self.beta_hot, "inverse temperature of its hot end", positive);
  }
};

// What one step did.
struct StepReport {
  std::uint64_t updates = 0;      // variables visited
  std::uint64_t changes = 0;      // of them changed: flips, or coordinates of accepted moves
  double heat = 0.0;              // released to the bath
  std::optional<double> entropy;  // medium entropy production, none where a step has no reverse
};

// One run of one sampler. Cloning is taking a checkpoint.
class Chain {
 public:
  virtual ~Chain() = default;
  // One sweep, one time step, or one round of a ladder, at inverse temperature beta.
  virtual StepReport step(double beta, const Rng& rng) = 0;
  [[nodiscard]] virtual double energy() const = 0;
  [[nodiscard]] virtual std::vector<double> values() const = 0;  // spins as +1 and -1, or x
  [[nodiscard]] virtual std::unique_ptr<Chain> clone() const = 0;
};

struct SamplerEntry {
  std::string_view name;
  std::string_view summary;
  bool (*supports)(const SampleTarget& target);
  // Chain number `chain` at a random start; throws Error{invalid_argument} on a bad config.
  std::unique_ptr<Chain> (*make)(const SampleTarget& target, const SamplerConfig& config,
                                 const Rng& rng, std::uint32_t chain);
};

[[nodiscard]] std::span<const SamplerEntry> samplers() noexcept;
// Throws Error{invalid_argument} naming those there are.
[[nodiscard]] const SamplerEntry& sampler(std::string_view name);

struct ChainReport {
  BlockedMean energy;          // over samples
  double lowest_energy = 0.0;  // of any sample
  std::vector<double> lowest;  // its values
  std::uint64_t steps = 0;     // warm-up included
  std::uint64_t updates = 0;   // below: past the warm-up
  std::uint64_t changes = 0;
  double heat = 0.0;
  std::optional<double> entropy;
};

struct SampleReport {
  std::vector<ChainReport> chains;
  bool stopped = false;  // before all samples were taken

  [[nodiscard]] double mean_energy() const noexcept;
  // Of the mean: each chain's blocked error, combined.
  [[nodiscard]] double energy_error() const noexcept;
};

// Runs config.chains chains on the pool's threads: the same bits on any number of them.
// Throws Error{invalid_argument} on a bad config or a target the sampler does not support, and
// Error{no_answer} where a time step was too large and the energy is no longer finite.
[[nodiscard]] SampleReport sample(const SamplerEntry& entry, const SampleTarget& target,
                                  const SamplerConfig& config, const Rng& rng,
                                  const Resources& resources);

}  // namespace therma
