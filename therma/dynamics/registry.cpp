// SPDX-License-Identifier: Apache-2.0
// The list of samplers, what makes each of their chains, and running several.
#include "therma/dynamics/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"
#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/langevin.hpp"
#include "therma/dynamics/mala.hpp"
#include "therma/dynamics/metropolis.hpp"
#include "therma/dynamics/run.hpp"
#include "therma/dynamics/schedule.hpp"
#include "therma/dynamics/tempering.hpp"

namespace therma {
namespace {

using ProgramPointer = std::shared_ptr<const IsingProgram>;

bool supports_spins(const SampleTarget& target) {
  return std::holds_alternative<ProgramPointer>(target);
}
bool supports_gradient(const SampleTarget& target) {
  return std::holds_alternative<AnyGradientEnergy>(target);
}

template <class Kernel>
class SpinChain final : public Chain {
 public:
  SpinChain(ProgramPointer program, const Rng& rng, std::uint32_t chain)
      : program_(std::move(program)), state_(init_spins(*program_, rng, chain)) {}

  StepReport step(double beta, const Rng& rng) override {
    const auto info = Kernel{.beta = beta}.step(*program_, state_, rng);
    return {info.proposals, info.flips, info.heat, info.entropy};
  }
  [[nodiscard]] double energy() const override { return state_.energy; }
  [[nodiscard]] std::vector<double> values() const override {
    return {state_.spins.begin(), state_.spins.end()};
  }
  [[nodiscard]] std::unique_ptr<Chain> clone() const override {
    return std::make_unique<SpinChain>(*this);
  }

 private:
  ProgramPointer program_;
  SpinState state_;
};

// A ladder counts as one chain: what it reports is its cold end.
class TemperingChain final : public Chain {
 public:
  TemperingChain(ProgramPointer program, const SamplerConfig& config, double beta, const Rng& rng,
                 std::uint32_t chain)
      : program_(std::move(program)),
        beta_hot_(config.beta_hot),
        state_(init_tempering(*program_, geometric_betas(beta_hot_, beta, config.replicas), rng,
                              chain * config.replicas)) {}

  StepReport step(double beta, const Rng& rng) override {
    const auto num_rungs = state_.ladder.size();
    if (beta != state_.ladder.betas().back()) {
      state_.ladder.set_betas(geometric_betas(beta_hot_, beta, num_rungs));
    }
    const auto info = Tempering<Gibbs>{}.step(*program_, state_, rng);
    return {info.spins.proposals, info.spins.flips, info.spins.heat, info.spins.entropy};
  }
  [[nodiscard]] double energy() const override { return state_.coldest().energy; }
  [[nodiscard]] std::vector<double> values() const override {
    const auto& spins = state_.coldest().spins;
    return {spins.begin(), spins.end()};
  }
  [[nodiscard]] std::unique_ptr<Chain> clone() const override {
    return std::make_unique<TemperingChain>(*this);
  }

 private:
  ProgramPointer program_;
  double beta_hot_;
  TemperingState state_;
};

template <class Kernel>
class LangevinChain final : public Chain {
 public:
  LangevinChain(AnyGradientEnergy energy, const SamplerConfig& config, const Rng& rng,
                std::uint32_t chain)
      : energy_(std::move(energy)), mu_(config.mu), dt_(config.dt) {
    std::vector<double> z(energy_.size());
    fill_normals(rng.child("start"), chain, 0, z);
    state_ = init_langevin(energy_, std::move(z), chain);
  }

  StepReport step(double beta, const Rng& rng) override {
    const Kernel kernel{.mu = mu_, .kT = 1.0 / beta, .dt = dt_};
    const auto info = kernel.step(energy_, state_, rng);
    StepReport report{.updates = energy_.size(), .changes = energy_.size(), .heat = info.heat[0]};
    if constexpr (requires { info.accepted; }) report.changes *= info.accepted;
    if (!info.entropy.empty()) report.entropy = info.entropy[0];
    return report;
  }
  [[nodiscard]] double energy() const override { return state_.energy[0]; }
  [[nodiscard]] std::vector<double> values() const override { return state_.z; }
  [[nodiscard]] std::unique_ptr<Chain> clone() const override {
    return std::make_unique<LangevinChain>(*this);
  }

 private:
  AnyGradientEnergy energy_;
  double mu_;
  double dt_;
  LangevinState state_;
};

template <class Kernel>
std::unique_ptr<Chain> make_spins(const SampleTarget& target, const SamplerConfig& /*config*/,
                                  const Rng& rng, std::uint32_t chain) {
  return std::make_unique<SpinChain<Kernel>>(std::get<ProgramPointer>(target), rng, chain);
}

std::unique_ptr<Chain> make_tempering(const SampleTarget& target, const SamplerConfig& config,
                                      const Rng& rng, std::uint32_t chain) {
  const double first_beta = Schedule::parse(config.beta).at(0, 2);
  return std::make_unique<TemperingChain>(std::get<ProgramPointer>(target), config, first_beta, rng,
                                          chain);
}

template <class Kernel>
std::unique_ptr<Chain> make_langevin(const SampleTarget& target, const SamplerConfig& config,
                                     const Rng& rng, std::uint32_t chain) {
  return std::make_unique<LangevinChain<Kernel>>(std::get<AnyGradientEnergy>(target), config, rng,
                                                 chain);
}

// The whole list; nothing registers itself.
constexpr SamplerEntry kSamplers[] = {
    {"gibbs", "one spin at a time, exact conditional", supports_spins, make_spins<Gibbs>},
    {"metropolis", "random flips, accepted by their cost", supports_spins, make_spins<Metropolis>},
    {"tempering", "heat bath at several temperatures that exchange", supports_spins,
     make_tempering},
    {"euler", "Langevin by Euler and Maruyama; a bias of order dt", supports_gradient,
     make_langevin<EulerMaruyama>},
    {"leimkuhler_matthews", "Langevin with averaged noise; a bias of order dt^2", supports_gradient,
     make_langevin<LeimkuhlerMatthews>},
    {"mala", "Langevin proposal with Metropolis correction; no bias", supports_gradient,
     make_langevin<Mala>},
};

// A chain in the run loop: beta follows the schedule over all steps.
struct ScheduledChain {
  struct State {
    std::unique_ptr<Chain> chain;
    std::uint64_t step = 0;
  };
  using Info = StepReport;

  Schedule beta;
  std::uint64_t num_steps;

  Info step(const SampleTarget& /*target*/, State& s, const Rng& rng) const {
    return s.chain->step(beta.at(s.step++, num_steps), rng);
  }
};

struct Recorder {
  ChainReport& report;

  void on_step(const ScheduledChain::State& /*state*/, const StepReport& step) const {
    report.updates += step.updates;
    report.changes += step.changes;
    report.heat += step.heat;
    if (step.entropy) report.entropy = report.entropy.value_or(0.0) + *step.entropy;
  }
  void on_sample(const ScheduledChain::State& state) const {
    const double energy = state.chain->energy();
    if (report.energy.count() == 0 || energy < report.lowest_energy) {
      report.lowest_energy = energy;
      report.lowest = state.chain->values();
    }
    report.energy.add(energy);
  }
};

void check_target(const SamplerEntry& entry, const SampleTarget& target, const Schedule& beta) {
  if (!entry.supports(target)) {
    fail(ErrorCode::invalid_argument, "sampler: {} needs {}", entry.name,
         supports_spins(target) ? "an energy with a gradient, and spins have none"
                                : "spins, and this energy is continuous");
  }
  const bool zero_beta = beta.at(0, 2) == 0.0 || beta.at(1, 2) == 0.0;
  if (zero_beta && supports_gradient(target)) {
    fail(ErrorCode::invalid_argument, "beta: must be > 0 for {}, got {}", entry.name, beta.text());
  }
}

}  // namespace

std::span<const SamplerEntry> samplers() noexcept { return kSamplers; }

const SamplerEntry& sampler(std::string_view name) {
  const auto* found = std::ranges::find(kSamplers, name, &SamplerEntry::name);
  if (found == std::end(kSamplers)) {
    std::vector<std::string_view> names;
    for (const auto& entry : kSamplers) names.push_back(entry.name);
    fail(ErrorCode::invalid_argument, "sampler: must be one of {}, got \"{}\"",
         fmt::join(names, ", "), name);
  }
  return *found;
}

double SampleReport::mean_energy() const noexcept {
  Moments means;
  for (const auto& chain : chains) means.add(chain.energy.mean());
  return means.mean;
}

double SampleReport::energy_error() const noexcept {
  double squares = 0.0;
  for (const auto& chain : chains) squares += chain.energy.error() * chain.energy.error();
  return std::sqrt(squares) / static_cast<double>(std::max<std::size_t>(chains.size(), 1));
}

SampleReport sample(const SamplerEntry& entry, const SampleTarget& target,
                    const SamplerConfig& config, const Rng& rng, const Resources& resources) {
  checked(config);
  const auto beta = Schedule::parse(config.beta);
  check_target(entry, target, beta);
  const ScheduledChain kernel{beta, config.warm_up + config.samples * config.steps_per_sample};
  const RunConfig steps{config.warm_up, config.samples, config.steps_per_sample};
  SampleReport report;
  report.chains.resize(config.chains);
  std::vector<RunInfo> infos(config.chains);
  resources.for_each(config.chains, [&](std::size_t i) {
    ScheduledChain::State state{entry.make(target, config, rng, static_cast<std::uint32_t>(i))};
    infos[i] = run(kernel, target, state, rng, steps, resources, Recorder{report.chains[i]});
    report.chains[i].steps = infos[i].steps;
    if (!std::isfinite(state.chain->energy())) {
      fail(ErrorCode::no_answer, "{}: the energy is not finite after {} steps; try dt below {}",
           entry.name, infos[i].steps, config.dt);
    }
  });
  report.stopped = std::ranges::any_of(infos, &RunInfo::stopped);
  return report;
}

}  // namespace therma
