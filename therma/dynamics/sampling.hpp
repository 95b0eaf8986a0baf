// SPDX-License-Identifier: Apache-2.0
// Sampling with a machine: burn-in, then samples of all replicas, shown to observers.
#pragma once

#include <cstdint>
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

}  // namespace therma
