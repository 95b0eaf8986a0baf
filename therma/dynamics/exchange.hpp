// SPDX-License-Identifier: Apache-2.0
// Replica exchange: when neighbours on a temperature ladder swap, and what is counted of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/random/rng.hpp"

namespace therma {

// One state at one inverse temperature.
struct ReplicaPoint {
  double beta = 0.0;
  double energy = 0.0;
};

// min(1, exp((beta_a - beta_b)(E_a - E_b))), docs/theory/tempering.md eq. 2. beta may be infinite.
[[nodiscard]] double swap_probability(ReplicaPoint a, ReplicaPoint b) noexcept;

// Per pair of neighbouring rungs (pair p joins rungs p and p + 1), and round trips in all.
struct SwapStatistics {
  std::vector<std::uint64_t> attempts;  // [pair]
  std::vector<std::uint64_t> accepted;  // [pair]
  std::vector<double> probability_sum;  // [pair] of swap_probability: less noisy than counts
  std::uint64_t round_trips = 0;        // a replica went from the hot end to the cold and back

  // Mean swap probability of a pair; 0 before its first attempt.
  [[nodiscard]] double rate(std::size_t pair) const noexcept;
  // Sum over pairs of 1 - rate: the communication barrier, docs/theory/tempering.md eq. 4.
  [[nodiscard]] double barrier() const noexcept;
  void reset() noexcept;
  // As if the other ladder's rounds had been counted here; the same number of pairs.
  void merge(const SwapStatistics& other) noexcept;
};

// Inverse temperatures, hot first, and which replica sits on which of them. Swaps exchange
// temperatures, never states: a replica's state stays where it is in memory.
class Ladder {
 public:
  // Replica i starts on rung i. Throws Error{invalid_argument} unless betas is not empty, not
  // negative and not decreasing.
  explicit Ladder(std::vector<double> betas);

  [[nodiscard]] std::size_t size() const noexcept { return betas_.size(); }
  [[nodiscard]] std::span<const double> betas() const noexcept { return betas_; }  // [rung]
  [[nodiscard]] std::uint32_t replica_on(std::size_t rung) const noexcept {
    return replica_on_[rung];
  }
  [[nodiscard]] std::uint32_t rung_of(std::size_t replica) const noexcept {
    return rung_of_[replica];
  }
  [[nodiscard]] double beta_of(std::size_t replica) const noexcept {
    return betas_[rung_of_[replica]];
  }
  [[nodiscard]] std::uint64_t round() const noexcept { return round_; }
  [[nodiscard]] const SwapStatistics& statistics() const noexcept { return statistics_; }
  void reset_statistics() noexcept { statistics_.reset(); }

  // One round of non-reversible pairing: even pairs in even rounds, odd pairs in odd ones
  // (Okabe et al. 2001; Syed et al. 2022).  energies: [replica]. Draws at (step = round,
  // site = pair) of rng: the caller names the purpose, rng.child("exchange").
  // Returns the number of swaps made.
  std::uint32_t exchange(std::span<const double> energies, const Rng& rng) noexcept;

  // New temperatures for the same rungs; who sits where stays. Same conditions as the constructor,
  // and the same number of them.
  void set_betas(std::vector<double> betas);

  // Everything, for a checkpoint; restore() throws Error{bad_data} on another size or kind.
  [[nodiscard]] std::string save() const;
  void restore(std::string_view bytes);

 private:
  enum class Heading : std::uint8_t { none, cold, hot };
  void swap_rungs(std::size_t pair) noexcept;
  void note_ends() noexcept;

  std::vector<double> betas_;              // [rung]
  std::vector<std::uint32_t> replica_on_;  // [rung]
  std::vector<std::uint32_t> rung_of_;     // [replica]
  std::vector<Heading> heading_;           // [replica] which end it left last
  std::uint64_t round_ = 0;
  SwapStatistics statistics_;
};

// `num` inverse temperatures from beta_hot to beta_cold, in equal ratios.
[[nodiscard]] std::vector<double> geometric_betas(double beta_hot, double beta_cold,
                                                  std::size_t num);

// A place between rungs `pair` and `pair + 1`.
struct LadderPlace {
  std::size_t pair = 0;
  double fraction = 0.0;  // of the way
};

// Where on a measured ladder the inner rungs would have to be for every pair to reject equally
// often (docs/theory/tempering.md eq. 5; Syed et al. 2022, algorithm 3).  rejections: [pair], not
// negative, not all zero. Returns [rung - 1], without the two ends.
[[nodiscard]] std::vector<LadderPlace> equal_rejection_places(std::span<const double> rejections);

// The ladder with the same ends on which every pair would swap equally often, by interpolating the
// cumulative rejection of the measured rates (docs/theory/tempering.md eq. 5; Syed et al. 2022).
// rates: [pair]; betas finite. Returns betas unchanged where nothing was rejected.
[[nodiscard]] std::vector<double> equalised_betas(std::span<const double> betas,
                                                  std::span<const double> rates);

}  // namespace therma
