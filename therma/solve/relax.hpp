// SPDX-License-Identifier: Apache-2.0
// Annealed Langevin dynamics of a relaxed schedule, with the weights of its constraints adapting.
#pragma once

#include <cstdint>
#include <memory>

#include "therma/core/config.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/dynamics/langevin.hpp"
#include "therma/energy/penalties.hpp"
#include "therma/problems/schedule/encode.hpp"

namespace therma::solve {

struct RelaxConfig {
  double kT_start = 2.0;
  double kT_end = 0.1;
  double dt = 0.03;
  std::uint32_t n_steps = 20000;
  std::uint32_t steps_per_round = 1000;
  std::uint32_t steps_per_ascent = 10;
  DualAscent ascent{.rate = 0.05, .weight_min = 1.0, .weight_max = 20.0};

  static void each_field(auto& self, auto&& field) {
    field("kT_start", self.kT_start, "temperature of an anneal's first step", positive);
    field("kT_end", self.kT_end, "temperature of its last step", positive);
    field("dt", self.dt, "time step, in units of 1/mu", positive);
    field("n_steps", self.n_steps, "steps of one anneal", at_least(1));
    field("steps_per_round", self.steps_per_round, "steps between two decoded plans", at_least(1));
    field("steps_per_ascent", self.steps_per_ascent, "steps between two adaptations of lambda",
          at_least(1));
  }
};

// One replica: an anneal from a random point, and after its end the next one from another point.
// A value apart from its shared, constant energy; same (seed, index) and steps, same bits.
class RelaxedWalk {
 public:
  RelaxedWalk(std::shared_ptr<const schedule::RelaxedSchedule> relaxed, const RelaxConfig& config,
              const Rng& rng, std::uint32_t index);

  void advance();  // config.steps_per_round steps

  [[nodiscard]] schedule::RelaxedPlan plan() const { return relaxed_->decode(state_.position(0)); }
  [[nodiscard]] double energy() const noexcept { return state_.energy[0]; }
  // Of the anneal under way: released to the bath, and its medium part in units of k_B.
  [[nodiscard]] double heat() const noexcept { return heat_; }
  [[nodiscard]] double entropy_production() const noexcept { return entropy_; }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }  // of all anneals

 private:
  void start();
  void adapt();

  std::shared_ptr<const schedule::RelaxedSchedule> relaxed_;
  RelaxConfig config_;
  Rng noise_;
  Rng starts_;
  std::uint32_t index_;
  Penalties initial_;
  Penalties energy_;
  LangevinState state_;
  std::uint32_t anneal_ = 0;       // anneals begun
  std::uint32_t anneal_step_ = 0;  // steps of the one under way
  std::uint64_t steps_ = 0;
  double heat_ = 0.0;
  double entropy_ = 0.0;
};

}  // namespace therma::solve
