// SPDX-License-Identifier: Apache-2.0
// Sampling with a machine: burn-in, then samples of all replicas, shown to observers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/schedule.hpp"

namespace therma {

struct SamplingConfig {
  std::uint64_t burn_in = 1000;
  std::uint64_t sweeps = 10000;
  std::uint64_t thin = 1;

  static void each_field(auto& self, auto&& field) {
    field("burn_in", self.burn_in, "steps before the first sample, not observed");
    field("sweeps", self.sweeps, "steps after the burn-in", at_least(1));
    field("thin", self.thin, "steps from one sample to the next", at_least(1));
  }
  // Steps after the last whole `thin` are not made.
  [[nodiscard]] std::uint64_t num_samples() const noexcept { return sweeps / thin; }
};

// Sees every sample of every replica. Its state is part of a checkpoint.
class SampleObserver {
 public:
  virtual ~SampleObserver() = default;
  // energies: [replica] of this sample; beta: during the steps that led to it.
  virtual void on_sample(const Machine& machine, std::span<const double> energies, double beta) = 0;
  [[nodiscard]] virtual std::string save() const = 0;
  virtual void restore(std::string_view bytes) = 0;
};

// When the state of a run is written down, and from what it continues.
struct Checkpointing {
  // Takes the whole run as bytes, between steps; it must replace the bytes before as a whole, or
  // throw, which ends the run. Empty: no checkpoints.
  std::function<void(std::string_view bytes)> write = {};
  // Asked after every sample, with the number of them; a run that is stopped is written anyway.
  std::function<bool(std::uint64_t samples)> due = every_seconds(60.0);
  // Bytes that write() was given, or empty to start afresh.
  std::string_view resume = {};
  // What must not change between the two besides what a run knows itself: see identity_of().
  std::string identity = {};

  [[nodiscard]] static std::function<bool(std::uint64_t)> every_samples(std::uint64_t count);
  [[nodiscard]] static std::function<bool(std::uint64_t)> every_seconds(double seconds);
};

// One line that names config, seed and, through the energies of its replicas, the program of a
// machine that has just been made.
[[nodiscard]] std::string identity_of(const Machine& fresh, const MachineConfig& config,
                                      std::uint64_t seed);

struct SamplingResult {
  std::uint64_t steps = 0;  // burn-in included, and what was done before a checkpoint
  std::uint64_t samples = 0;
  bool stopped = false;          // by the stop token or the deadline, before all samples were taken
  std::vector<double> energies;  // [replica] after the last step
  std::vector<double> heat;      // [replica] released to the bath since the first step
  std::vector<double> beta_heat;  // [replica] sum of beta times heat over stretches of equal beta
};

// Whether each step's ratio of probabilities to its reverse is exp(beta heat): heat bath,
// Metropolis, Metropolis-adjusted Langevin. docs/theory/thermodynamics.md eq. 10.
[[nodiscard]] bool balances_in_detail(UpdateRule rule) noexcept;
// The medium entropy production of each replica, [replica], a view of the result; none where the
// rule's steps do not balance in detail.
[[nodiscard]] std::optional<std::span<const double>> medium_entropy(const SamplingResult& result,
                                                                    UpdateRule rule) noexcept;

// burn_in steps, then num_samples() samples `thin` steps apart, each shown to the observers in
// order. beta runs over all these steps; changing it does no work, since E itself stays as it is.
// Polls `resources` between pieces of some 2^24 updates: what was done by then is returned, and a
// checkpoint written. Continued from a checkpoint, with a machine and observers made the same way,
// every bit is that of a run without a break. Reports progress after each piece.
// Throws Error{invalid_argument} on a bad config, Error{bad_data} where the checkpoint is damaged
// or of another run (machine and observers are then in no defined state).
SamplingResult sample(Machine& machine, const SamplingConfig& config, const Schedule& beta,
                      std::span<SampleObserver* const> observers, const Resources& resources,
                      const Checkpointing& checkpointing = {});

}  // namespace therma
