// SPDX-License-Identifier: Apache-2.0
// The run loop: warm-up, samples, steps between them, stopping and observing, for every kernel.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "therma/core/config.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/core/resources.hpp"
#include "therma/energy/concepts.hpp"

namespace therma {

// Constant parameters, State, Info and step(): what the run loop needs.
template <class K, class E>
concept TransitionKernel = requires(const K& kernel, const E& energy, typename K::State& state,
                                    const Rng& rng) {
  { kernel.step(energy, state, rng) } -> std::same_as<typename K::Info>;
};

struct RunConfig {
  std::uint64_t warm_up = 0;
  std::uint64_t samples = 1000;
  std::uint64_t steps_per_sample = 1;

  static void each_field(auto& self, auto&& field) {
    field("warm_up", self.warm_up, "steps before the first sample, not observed");
    field("samples", self.samples, "samples to observe");
    field("steps_per_sample", self.steps_per_sample, "steps from one sample to the next",
          at_least(1));
  }
};

struct RunInfo {
  std::uint64_t steps = 0;  // warm-up included
  std::uint64_t samples = 0;
  bool stopped = false;  // by the stop token or the deadline, before all samples were taken
};

namespace detail {
template <class State, class Info>
void observe_step(const State& state, const Info& info, auto& observer) {
  if constexpr (requires { observer.on_step(state, info); }) observer.on_step(state, info);
}
template <class State>
void observe_sample(const State& state, auto& observer) {
  if constexpr (requires { observer.on_sample(state); }) observer.on_sample(state);
}
}  // namespace detail

// Runs one chain or batch on the caller's thread. An observer has on_step(state, info), seen after
// every step past the warm-up, or on_sample(state), or both. Stops between steps when `resources`
// say so; the state is then valid and continues where it was.
template <class E, TransitionKernel<E> K, class... Observers>
RunInfo run(const K& kernel, const E& energy, typename K::State& state, const Rng& rng,
            const RunConfig& config, const Resources& resources, Observers&&... observers) {
  checked(config);
  RunInfo done;
  const auto advance = [&] {
    done.stopped = resources.should_stop();
    if (!done.stopped) ++done.steps;
    return !done.stopped;
  };
  for (std::uint64_t k = 0; k < config.warm_up; ++k) {
    if (!advance()) return done;
    kernel.step(energy, state, rng);
  }
  while (done.samples < config.samples) {
    for (std::uint64_t k = 0; k < config.steps_per_sample; ++k) {
      if (!advance()) return done;
      [[maybe_unused]] const auto info = kernel.step(energy, state, rng);
      (detail::observe_step(state, info, observers), ...);
    }
    ++done.samples;
    (detail::observe_sample(state, observers), ...);
  }
  return done;
}

// A kernel under a protocol, which takes the energy's place: run(Driven<K>{k}, protocol, ...).
// In step k the parameters change first (work), then the kernel moves (heat);
// docs/theory/thermodynamics.md eq. 1.
template <class Kernel>
struct Driven {
  using State = typename Kernel::State;
  struct Info {
    std::span<const double> work;  // [replica] a view of the state, valid until its next step
    typename Kernel::Info step;
  };

  Kernel kernel;

  template <Protocol P>
  Info step(const P& protocol, State& state, const Rng& rng) const {
    const auto& energy = protocol(state.step);
    const auto work = perform_work(energy, state);
    return {.work = work, .step = kernel.step(energy, state, rng)};
  }
};

// A kernel whose parameters follow the step: kernel_at(k) is the kernel of step k.
//   Annealed{[&](std::uint64_t k) { return Gibbs{.beta = schedule.at(k, num_steps)}; }}
template <class KernelAt>
struct Annealed {
  using Kernel = decltype(std::declval<const KernelAt&>()(std::uint64_t{0}));
  using State = typename Kernel::State;
  using Info = typename Kernel::Info;

  KernelAt kernel_at;

  template <class E>
  Info step(const E& energy, State& state, const Rng& rng) const {
    return kernel_at(state.step).step(energy, state, rng);
  }
};
template <class KernelAt>
Annealed(KernelAt) -> Annealed<KernelAt>;

}  // namespace therma
