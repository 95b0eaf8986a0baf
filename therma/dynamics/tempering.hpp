// SPDX-License-Identifier: Apache-2.0
// Parallel tempering of spin models: one chain per temperature, neighbours swap;
// theory/tempering.md.
#pragma once

#include "therma/core/resources.hpp"
#include "therma/dynamics/exchange.hpp"
#include "therma/dynamics/spins.hpp"

namespace therma {

struct TemperingState {
  std::vector<SpinState> replicas;  // replica i draws as chain first_chain + i
  std::vector<SpinInfo> infos;      // [replica] of the last round
  Ladder ladder;

  // The replica on the coldest rung.
  [[nodiscard]] const SpinState& coldest() const {
    return replicas[ladder.replica_on(ladder.size() - 1)];
  }
};

struct TemperingInfo {
  SpinInfo spins;  // summed over replicas; the entropy weighs each heat with its replica's beta
  std::uint32_t swaps = 0;
};

// Random replicas, one per inverse temperature, hot first.
template <SpinEnergy E>
[[nodiscard]] TemperingState init_tempering(const E& energy, std::vector<double> betas,
                                            const Rng& rng, std::uint32_t first_chain = 0) {
  TemperingState s{.replicas = {}, .infos = {}, .ladder = Ladder(std::move(betas))};
  for (std::uint32_t i = 0; i < s.ladder.size(); ++i) {
    s.replicas.push_back(init_spins(energy, rng, first_chain + i));
  }
  s.infos.resize(s.ladder.size());
  return s;
}

// `Kernel` moves each replica at the beta of its rung (Gibbs, Metropolis).
template <class Kernel>
struct Tempering {
  using State = TemperingState;
  using Info = TemperingInfo;

  std::uint32_t sweeps = 1;  // between exchanges

  // One round: sweeps of every replica, then one exchange. Replicas run on the pool's threads.
  template <SpinEnergy E>
  Info step(const E& energy, State& s, const Rng& rng, const Resources& resources = {}) const {
    resources.for_each(s.replicas.size(), [&](std::size_t i) {
      const Kernel kernel{.beta = s.ladder.beta_of(i)};
      s.infos[i] = {};
      for (std::uint32_t sweep = 0; sweep < sweeps; ++sweep) {
        add(s.infos[i], kernel.step(energy, s.replicas[i], rng));
      }
    });
    Info info;
    std::vector<double> energies;
    energies.reserve(s.replicas.size());
    for (std::size_t i = 0; i < s.replicas.size(); ++i) {
      add(info.spins, s.infos[i]);
      energies.push_back(s.replicas[i].energy);
    }
    // Ladders of different first chains draw apart.
    info.swaps = s.ladder.exchange(energies, rng.child("exchange").child(s.replicas.front().chain));
    return info;
  }

 private:
  static void add(SpinInfo& sum, const SpinInfo& info) noexcept {
    sum.proposals += info.proposals;
    sum.flips += info.flips;
    sum.heat += info.heat;
    sum.entropy += info.entropy;
  }
};

}  // namespace therma
