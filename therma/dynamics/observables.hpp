// SPDX-License-Identifier: Apache-2.0
// What is measured while a chain runs: means with honest errors, heat, work, acceptance.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/dynamics/langevin.hpp"
#include "therma/dynamics/mala.hpp"
#include "therma/dynamics/spins.hpp"
#include "therma/dynamics/tempering.hpp"

namespace therma {

// Mean and variance of a stream (Welford, Technometrics 4, 1962).
struct Moments {
  std::uint64_t count = 0;
  double mean = 0.0;
  double sum_of_squares = 0.0;  // of deviations from the mean

  void add(double value) noexcept;
  // As if the other's values had been added here (Chan, Golub and LeVeque 1979).
  void merge(const Moments& other) noexcept;
  [[nodiscard]] double variance() const noexcept;  // unbiased; 0 below two values
  [[nodiscard]] double error() const noexcept;     // of the mean, values taken as independent
};

// The mean of a correlated stream, with the error from ever longer blocks
// (Flyvbjerg and Petersen, J. Chem. Phys. 91, 1989).
class BlockedMean {
 public:
  void add(double value);
  [[nodiscard]] std::uint64_t count() const noexcept { return levels_.front().blocks.count; }
  [[nodiscard]] double mean() const noexcept { return levels_.front().blocks.mean; }
  [[nodiscard]] double variance() const noexcept { return levels_.front().blocks.variance(); }
  // Largest error over the block lengths that leave at least 32 blocks: right to some 15 % once
  // the run is a few hundred correlation times long, too small before.
  [[nodiscard]] double error() const noexcept;
  // 2 tau + 1 in samples: how many correlated samples are worth one.
  [[nodiscard]] double correlation() const noexcept;

 private:
  struct Level {
    Moments blocks;  // means of blocks of 2^level values
    double first = 0.0;
    bool has_first = false;
  };
  std::vector<Level> levels_ = std::vector<Level>(1);
};

// One number per replica, whatever the state or the report.
[[nodiscard]] inline std::span<const double> energies(const LangevinState& s) { return s.energy; }
[[nodiscard]] inline std::span<const double> energies(const SpinState& s) { return {&s.energy, 1}; }
// Tempering: of the coldest rung.
[[nodiscard]] inline std::span<const double> energies(const TemperingState& s) {
  return energies(s.coldest());
}
[[nodiscard]] inline std::span<const double> heats(const LangevinInfo& info) { return info.heat; }
[[nodiscard]] inline std::span<const double> heats(const SpinInfo& info) { return {&info.heat, 1}; }
// Tempering: of all replicas together.
[[nodiscard]] inline std::span<const double> heats(const TemperingInfo& info) {
  return heats(info.spins);
}
[[nodiscard]] inline std::span<const double> entropies(const LangevinInfo& info) {
  return info.entropy;
}
[[nodiscard]] inline std::span<const double> entropies(const SpinInfo& info) {
  return {&info.entropy, 1};
}

[[nodiscard]] inline std::span<const double> entropies(const TemperingInfo& info) {
  return entropies(info.spins);
}
[[nodiscard]] inline std::span<const double> heats(const MalaInfo& info) { return info.heat; }
[[nodiscard]] inline std::span<const double> entropies(const MalaInfo& info) {
  return info.entropy;
}

// Observers for run(): on_step sees every step after the warm-up, on_sample the samples.

// Energies of the samples, all replicas together in index order.
struct EnergyObserver {
  std::vector<BlockedMean> energy;  // [replica]

  void on_sample(const auto& state) {
    const auto values = energies(state);
    energy.resize(values.size());
    for (std::size_t r = 0; r < values.size(); ++r) energy[r].add(values[r]);
  }
};

// Work, heat and entropy production of each replica, summed over steps; the balance
// dE = work - heat holds to rounding. docs/theory/thermodynamics.md eq. 1 to 4.
struct ThermoObserver {
  std::vector<double> work;     // [replica]; zero where no protocol runs
  std::vector<double> heat;     // [replica]
  std::vector<double> entropy;  // [replica] medium part; empty where a step has no reverse

  void on_step(const auto& /*state*/, const auto& info) {
    if constexpr (requires {
                    info.work;
                    info.step;
                  }) {
      add(work, info.work);
      add(heat, heats(info.step));
      add(entropy, entropies(info.step));
    } else {
      add(heat, heats(info));
      add(entropy, entropies(info));
    }
  }

 private:
  static void add(std::vector<double>& sums, std::span<const double> values) {
    sums.resize(std::max(sums.size(), values.size()));
    for (std::size_t r = 0; r < values.size(); ++r) sums[r] += values[r];
  }
};

// Share of proposals that changed the state.
struct AcceptanceObserver {
  std::uint64_t proposals = 0;
  std::uint64_t accepted = 0;

  void on_step(const SpinState& /*state*/, const SpinInfo& info) noexcept {
    proposals += info.proposals;
    accepted += info.flips;
  }
  [[nodiscard]] double rate() const noexcept {
    return proposals == 0 ? 0.0 : static_cast<double>(accepted) / static_cast<double>(proposals);
  }
};

}  // namespace therma
