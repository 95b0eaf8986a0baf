// SPDX-License-Identifier: Apache-2.0
// A Langevin trajectory as a config describes it.
#pragma once

#include <utility>

#include "therma/core/error.hpp"
#include "therma/dynamics/langevin.hpp"
#include "therma/dynamics/run.hpp"

namespace therma {

// config.n_steps steps of every replica of the batch, each one observed and counted as a sample.
//   run_trajectory<EulerMaruyama>({.kT = 0.5, .n_steps = 2500, .dimension = 8}, energy, ...)
// Throws Error{invalid_argument} on a bad config, or where its dimension is not the energy's.
template <class Kernel, GradientEnergy E, class... Observers>
RunInfo run_trajectory(const LangevinConfig& config, const E& energy, LangevinState& state,
                       const Rng& rng, const Resources& resources, Observers&&... observers) {
  checked(config);
  if (config.dimension != energy.size() || config.dimension != state.dimension) {
    fail(ErrorCode::invalid_argument,
         "dimension: must be the energy's {} and the state's {}, got {}", energy.size(),
         state.dimension, config.dimension);
  }
  return run(make_kernel<Kernel>(config), energy, state, rng, {.samples = config.n_steps},
             resources, std::forward<Observers>(observers)...);
}

}  // namespace therma
