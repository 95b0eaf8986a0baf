// SPDX-License-Identifier: Apache-2.0
// An anneal: Euler-Maruyama steps under a falling temperature, dual ascent now and then.
#include "therma/solve/relax.hpp"

#include <algorithm>
#include <vector>

#include "therma/dynamics/schedule.hpp"

namespace therma::solve {

RelaxedWalk::RelaxedWalk(std::shared_ptr<const schedule::RelaxedSchedule> relaxed,
                         const RelaxConfig& config, const Rng& rng, std::uint32_t index)
    : relaxed_(std::move(relaxed)),
      config_(checked(config)),
      noise_(rng.child("noise")),
      starts_(rng.child("start")),
      index_(index),
      initial_(schedule::relaxed_energy(relaxed_)),
      energy_(initial_) {
  start();
}

// Starts uniform over somewhat more than the time that the work needs at least; logits near 0.
void RelaxedWalk::start() {
  constexpr double kSpread = 1.5;
  Draws draws(starts_, index_, anneal_++);
  std::vector<double> z(relaxed_->dimension());
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double u = draws.uniform();
    z[i] = i < relaxed_->num_tasks() ? relaxed_->release(i) + kSpread * relaxed_->horizon() * u
                                     : u - 0.5;
  }
  const auto step = state_.step;  // noise goes on: no draw is used twice
  energy_ = initial_;
  state_ = init_langevin(energy_, std::move(z), index_);
  state_.step = step;
  anneal_step_ = 0;
  heat_ = 0.0;
  entropy_ = 0.0;
}

void RelaxedWalk::adapt() {
  std::vector<double> values(energy_.num_terms());
  energy_.values(state_.position(0), values);
  energy_.ascend(values, config_.ascent);
  perform_work(energy_, state_);
}

void RelaxedWalk::advance() {
  if (anneal_step_ >= config_.n_steps) start();
  const auto kT = Schedule::exponential(config_.kT_start, config_.kT_end);
  const auto until = std::min(anneal_step_ + config_.steps_per_round, config_.n_steps);
  for (; anneal_step_ < until; ++anneal_step_, ++steps_) {
    const EulerMaruyama langevin{
        .mu = 1.0, .kT = kT.at(anneal_step_, config_.n_steps), .dt = config_.dt};
    const auto info = langevin.step(energy_, state_, noise_);
    heat_ += info.heat[0];
    entropy_ += info.entropy[0];
    if (anneal_step_ % config_.steps_per_ascent == 0) adapt();
  }
}

}  // namespace therma::solve
