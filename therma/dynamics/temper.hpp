// SPDX-License-Identifier: Apache-2.0
// Parallel tempering of a machine's replicas, one or several ladders; docs/theory/tempering.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/dynamics/exchange.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/sampling.hpp"
#include "therma/dynamics/search.hpp"

namespace therma {

struct TemperConfig {
  SearchGoal goal = {};
  std::uint32_t rungs = 0;
  std::uint64_t sweeps_per_round = 1;
  std::uint64_t warm_up = 256;
  std::uint64_t rounds = 0;

  static void each_field(auto& self, auto&& field) {
    SearchGoal::each_field(self.goal, field);
    field("rungs", self.rungs,
          "inverse temperatures; replicas must be a multiple of them; 0: the largest number up to "
          "32 that divides the replicas");
    field("sweeps_per_round", self.sweeps_per_round, "sweeps from one exchange to the next",
          at_least(1));
    field("warm_up", self.warm_up, "rounds in which the ladder adapts; it is fixed after them");
    field("rounds", self.rounds, "rounds in all, warm-up included; 0: until something else stops");
  }
};

struct TemperResult : SearchResult {
  std::uint32_t ladders = 1;
  std::vector<double> betas;  // [rung] hot first, as they were after the warm-up
  SwapStatistics swaps;       // of all ladders, since the last change of the betas
  double barrier = 0.0;       // docs/theory/tempering.md eq. 4; one ladder
  // Round trips per round and ladder: counted, and as eq. 3 has it for energies that decorrelate
  // between rounds. A count far below says that they don't: more sweeps per round, or more rounds.
  double round_trip_rate = 0.0;
  double ideal_round_trip_rate = 0.0;
  std::uint32_t suggested_rungs = 0;  // 2 barrier + 1, rounded up: pairs swap about half the time
};

// Tempering as a value between rounds, for checkpoints and for runs shared by several processes.
// Replica r belongs to ladder r / rungs; betas move between replicas, states never. All ladders
// have the same betas, spaced anew from all their rejections after an eighth, a quarter, a half
// and all of the warm-up, and fixed then.
class Temper {
 public:
  // betas: hot first, one for each rung or just the two ends, between which rungs are spaced in
  // equal ratios. The last may be infinite: that pair is then left alone by the adaptation. Throws
  // Error{invalid_argument} where replicas are not a multiple of the rungs, or betas do not fit.
  Temper(Machine& machine, const TemperConfig& config, std::span<const double> betas,
         const Rng& rng);

  // Sweeps of every replica, then one exchange in every ladder.
  void round(const Resources& resources);

  [[nodiscard]] std::uint64_t num_rounds() const noexcept { return rounds_; }
  [[nodiscard]] const BestStates& found() const noexcept { return found_; }
  [[nodiscard]] std::span<const Ladder> ladders() const noexcept { return ladders_; }
  [[nodiscard]] std::span<const double> betas() const noexcept { return ladders_[0].betas(); }
  // Of the last round, before its exchange.  [replica]
  [[nodiscard]] std::span<const double> energies() const noexcept { return energies_; }

  // Shows the replicas on the coldest rungs to an observer, as a machine of num_ladders replicas.
  void show_coldest(SampleObserver& observer) const;

  [[nodiscard]] TemperResult result() const;

  // Without the machine, which is saved by its own save().
  [[nodiscard]] std::string save() const;
  void restore(std::string_view bytes);

 private:
  void adapt();

  Machine& machine_;
  TemperConfig config_;
  Rng exchanges_;
  std::vector<Ladder> ladders_;
  std::vector<double> replica_betas_;  // [replica]
  std::vector<double> energies_;       // [replica]
  BestStates found_;
  std::uint64_t rounds_ = 0;
};

// Rounds until something ends them; observers see the coldest replicas after every round past the
// warm-up. The ways to end it are those of anneal(), heeded between rounds.
[[nodiscard]] TemperResult temper(Machine& machine, const TemperConfig& config,
                                  std::span<const double> betas, const Rng& rng,
                                  const Resources& resources,
                                  std::span<SampleObserver* const> observers = {});

}  // namespace therma
