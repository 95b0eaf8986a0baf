// SPDX-License-Identifier: Apache-2.0
// What the scalar machines share: chains in a vector, stepped apart from each other.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "therma/core/archive.hpp"
#include "therma/dynamics/machine.hpp"

namespace therma::kernels {

// The inverse temperature of one replica, from one for all or one for each.
inline double beta_of(std::span<const double> betas, std::size_t replica) {
  return betas.size() == 1 ? betas[0] : betas[replica];
}

template <class State>
class ScalarMachine : public Machine {
 public:
  ScalarMachine(std::uint64_t num_variables, ReplicaRange range, const Rng& rng)
      : rng_(rng), num_variables_(num_variables), range_(range) {}

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return num_variables_; }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return range_.count; }
  [[nodiscard]] MachineTally tally() const noexcept override {
    MachineTally sum{.updates = 0, .changes = 0};
    for (std::size_t r = 0; r < tallies_.size(); ++r) {
      sum.updates += tallies_[r].updates;
      *sum.changes += *tallies_[r].changes;
    }
    return sum;
  }

  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    resources.for_each(chains_.size(), [&](std::size_t r) {
      const double beta = beta_of(betas, r);
      for (std::uint64_t k = 0; k < steps; ++k) {
        tallies_[r].updates += updates_per_step();
        *tallies_[r].changes += step(beta, chains_[r]);
      }
    });
  }

  void resample(std::span<const std::uint32_t> parents) override {
    const auto before = chains_;
    for (std::size_t r = 0; r < chains_.size(); ++r) adopt(chains_[r], before[parents[r]]);
  }

 protected:
  // One step; returns how many variables changed.
  virtual std::uint64_t step(double beta, State& chain) = 0;
  virtual void adopt(State& chain, const State& parent) = 0;
  [[nodiscard]] virtual std::uint64_t updates_per_step() const noexcept { return num_variables_; }

  [[nodiscard]] std::uint32_t chain_number(std::size_t replica) const noexcept {
    return range_.first + static_cast<std::uint32_t>(replica);
  }
  void save_tallies(ArchiveWriter& out) const {
    for (const auto& tally : tallies_) out.put(tally.updates), out.put(*tally.changes);
  }
  void restore_tallies(ArchiveReader& in) {
    for (auto& tally : tallies_) {
      tally.updates = in.get<std::uint64_t>();
      tally.changes = in.get<std::uint64_t>();
    }
  }

  Rng rng_;
  std::uint64_t num_variables_;
  ReplicaRange range_;
  std::vector<State> chains_;                                                      // [replica]
  std::vector<MachineTally> tallies_{range_.count, {.updates = 0, .changes = 0}};  // [replica]
};

// scalar_factor.cpp: categories, by heat bath or Metropolis.
[[nodiscard]] std::unique_ptr<Machine> make_factor_machine(
    std::shared_ptr<const FactorProgram> program, UpdateRule rule, ReplicaRange range,
    const Rng& rng);

}  // namespace therma::kernels
