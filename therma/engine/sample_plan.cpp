// SPDX-License-Identifier: Apache-2.0
// The rules by which settings are filled in, and which of them exclude each other.
#include "therma/engine/sample_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/energy/lattice.hpp"
#include "therma/engine/schedules.hpp"

namespace therma {
namespace {

// Updates of all replicas together that a run has where nobody says how long: some seconds.
constexpr double kUpdatesOfARun = 2e9;

std::string_view word(SampleMethod method) {
  return enum_names(method)[static_cast<std::size_t>(method)];
}

[[noreturn]] void refuse(std::string_view field, std::string_view why) {
  fail(ErrorCode::invalid_argument, "{}: {}", field, why);
}

bool has_target(const SampleConfig& config) { return config.target > -HUGE_VAL; }

SampleMethod method_of(const SampleRequest& request, const std::optional<Schedule>& beta) {
  const auto& config = request.config;
  if (config.method != SampleMethod::automatic) return config.method;
  const bool searches = has_target(config) || config.polish || request.model.is_optimisation;
  if (!beta) return searches ? SampleMethod::anneal : SampleMethod::sample;
  if (!single_value(*beta)) return SampleMethod::anneal;
  return has_target(config) || config.polish ? SampleMethod::anneal : SampleMethod::sample;
}

// 64 chains, or what fills the lanes of a kernel that is for many (2048 for a population), as far
// as they fit into some millions of variables; 4 at least, since fewer tell little about
// convergence.
std::uint32_t default_replicas(const SamplePlan& plan, std::uint64_t num_variables) {
  constexpr std::uint64_t kVariables = std::uint64_t{1} << 24;
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 28;  // one takes 32 MiB in bits
  constexpr std::uint32_t kFew = 64;
  constexpr std::uint32_t kMany = 512;
  if (num_variables > kHuge) return 1;
  const auto fitting = std::bit_floor(std::max<std::uint64_t>(1, kVariables / num_variables));
  auto most = plan.method == SampleMethod::population ? 4 * kMany : kFew;
  auto many = plan.machine;
  many.replicas = kMany;
  if (fitting >= kMany && choose_kernel(plan.target, many).lanes >= kMany) {
    most = std::max(most, kMany);
  }
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(fitting, 4, most));
}

std::uint64_t default_sweeps(std::uint64_t num_variables, std::uint32_t replicas) {
  const double fitting =
      kUpdatesOfARun / (static_cast<double>(num_variables) * static_cast<double>(replicas));
  return static_cast<std::uint64_t>(std::clamp(fitting, 100.0, 10000.0));
}

std::uint64_t burn_in_of(const std::string& text, std::uint64_t sweeps) {
  if (text == "auto") return sweeps / 4;
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    refuse("burn_in", fmt::format("must be a count or auto, got \"{}\"", text));
  }
  return value;
}

// States of all replicas must fit into the memory of a machine; a bit or a number each.
void check_memory(const SampleModel& model, std::uint32_t replicas) {
  constexpr double kMostStates = 0x1p32;
  const double wanted = static_cast<double>(model.num_variables) * replicas;
  if (wanted <= kMostStates) return;
  refuse("replicas", fmt::format("{} chains of {} variables are more than the {:.3g} states that a "
                                 "run holds",
                                 replicas, model.num_variables, kMostStates));
}

void check_real_settings(const SampleConfig& config, const SampleModel& model) {
  if (!is_discrete(model.target)) return;
  const SampleConfig defaults;
  const auto only_real = [](std::string_view field, double value, double fallback) {
    if (value != fallback) refuse(field, "belongs to Langevin rules, and this model is discrete");
  };
  only_real("dt", config.dt, defaults.dt);
  only_real("mu", config.mu, defaults.mu);
  only_real("friction", config.friction, defaults.friction);
}

// What belongs to other methods than the one that runs.
void check_method_settings(const SampleRequest& request, SampleMethod method) {
  const auto& config = request.config;
  const auto belongs = [&](std::string_view field, bool given, bool fits, std::string_view where) {
    if (given && !fits) {
      refuse(field, fmt::format("belongs to {}, and the method is {}", where, word(method)));
    }
  };
  const bool samples = method == SampleMethod::sample;
  const bool tempers = method == SampleMethod::tempering;
  belongs("target", has_target(config), !samples,
          "methods that look for low energies (--method anneal)");
  belongs("polish", config.polish, !samples,
          "methods that look for low energies (--method anneal)");
  belongs("rungs", config.rungs > 0, tempers, "--method tempering");
  belongs("rounds", config.rounds > 0, !samples, "methods that look for low energies");
  belongs("burn_in", config.burn_in != "auto", samples || tempers, "sample and tempering");
  belongs("thin", config.thin > 0, samples, "--method sample");
  belongs("beta", !config.beta.empty(), method != SampleMethod::bifurcation,
          "methods that have a temperature");
  belongs("samples", !request.files.samples.empty(), samples || tempers, "sample and tempering");
  belongs("checkpoint", !request.files.checkpoint.empty(), samples, "--method sample");
  belongs("resume", !request.files.resume.empty(), samples, "--method sample");
}

MachineConfig machine_of(const SampleConfig& config, std::uint32_t replicas) {
  return {.rule = config.rule,
          .kernel = config.kernel,
          .replicas = replicas,
          .mu = config.mu,
          .dt = config.dt,
          .friction = config.friction};
}

using LatticePointer = std::shared_ptr<const LatticeProgram>;

// A lattice as it is, unless the run is one for which its bonds must be listed: then as spins on a
// graph, as long as that is not too large. Small lattices have faster kernels as graphs.
Target target_of(const SampleRequest& request, const SamplePlan& plan) {
  const auto& target = request.model.target;
  const auto* lattice = std::get_if<LatticePointer>(&target);
  if (lattice == nullptr || (*lattice)->size() > LatticeProgram::kMostIsing) return target;
  constexpr std::uint64_t kSmall = 1 << 12;
  const auto& config = request.config;
  bool listed = config.polish || config.exact || plan.method == SampleMethod::bifurcation;
  if (config.kernel == "auto") {
    listed = listed || (*lattice)->size() <= kSmall || config.rule == UpdateRule::metropolis;
  } else {
    const auto named = std::ranges::find(kernel_table(), config.kernel, &KernelEntry::name);
    listed = listed || (named != kernel_table().end() &&
                        !(*named)->refusal(target, machine_of(config, 1)).empty());
  }
  if (!listed) return target;
  return std::make_shared<const IsingProgram>((*lattice)->to_ising());
}

void check_model_settings(const SampleRequest& request, const SamplePlan& plan) {
  const auto& config = request.config;
  const auto& model = request.model;
  const bool discrete = is_discrete(model.target);
  if (plan.is_search() && !discrete) {
    refuse("method",
           fmt::format("{} is for discrete models, and this one is continuous", word(plan.method)));
  }
  const bool has_spins = std::holds_alternative<std::shared_ptr<const IsingProgram>>(plan.target);
  if (plan.method == SampleMethod::bifurcation && !has_spins) {
    refuse("method", "bifurcation is for spin models with couplings of their own");
  }
  if (config.polish && !has_spins) {
    refuse("polish", "is for spin models with couplings of their own");
  }
  if (config.exact && !discrete) refuse("exact", "is for discrete models");
  if (config.exact &&
      !(plan.beta && single_value(*plan.beta) && std::isfinite(*single_value(*plan.beta)))) {
    refuse("exact", "needs one finite beta: --beta 1");
  }
  if (!discrete && plan.beta && single_value(*plan.beta) &&
      !(std::isfinite(*single_value(*plan.beta)) && *single_value(*plan.beta) > 0.0)) {
    refuse("beta", "must be positive and finite for a continuous model");
  }
  if (config.device != SampleDevice::none &&
      (model.states == StateKind::reals || model.states == StateKind::categories)) {
    refuse("device", fmt::format("prices updates of two-state cells, and these variables are {}",
                                 name(model.states)));
  }
}

SamplingConfig sampling_of(const SampleConfig& config, std::uint64_t num_variables,
                           std::uint32_t replicas) {
  SamplingConfig out;
  out.sweeps = config.sweeps > 0 ? config.sweeps : default_sweeps(num_variables, replicas);
  out.burn_in = burn_in_of(config.burn_in, out.sweeps);
  out.thin = config.thin > 0 ? config.thin : std::max<std::uint64_t>(1, out.sweeps / 1000);
  if (out.thin > out.sweeps) {
    refuse("thin", fmt::format("must be at most the {} sweeps, got {}", out.sweeps, out.thin));
  }
  constexpr double kMostDraws = 0x1p28;  // of all chains: 2 GiB for each number that is traced
  if (static_cast<double>(out.num_samples()) * replicas > kMostDraws) {
    refuse("thin", fmt::format("{} draws of {} chains are more than a report is made of: take "
                               "fewer with a larger --thin",
                               out.num_samples(), replicas));
  }
  return out;
}

}  // namespace

std::span<const std::string_view> enum_names(SampleMethod) noexcept {
  static constexpr std::string_view kNames[] = {"auto",      "sample",     "anneal",
                                                "tempering", "population", "bifurcation"};
  return kNames;
}

std::span<const std::string_view> enum_names(SampleDevice) noexcept {
  static constexpr std::string_view kNames[] = {"none", "dtm", "z1"};
  return kNames;
}

bool SamplePlan::is_search() const noexcept { return method != SampleMethod::sample; }

std::optional<double> single_value(const Schedule& schedule) {
  if (!schedule.text().starts_with("const:")) return std::nullopt;
  return schedule.at(0, 1);
}

SamplePlan plan_of(const SampleRequest& request) {
  const auto& config = checked(request.config);
  const auto& model = request.model;
  SamplePlan plan{.target = model.target};
  if (!config.beta.empty()) plan.beta = read_schedule(config.beta);
  plan.method = method_of(request, plan.beta);
  if (!plan.beta && plan.method == SampleMethod::sample) plan.beta = Schedule::constant(1.0);
  plan.target = target_of(request, plan);
  check_real_settings(config, model);
  check_method_settings(request, plan.method);
  check_model_settings(request, plan);
  plan.machine = machine_of(config, std::max<std::uint32_t>(1, config.replicas));
  if (config.replicas == 0) plan.machine.replicas = default_replicas(plan, model.num_variables);
  const auto replicas = plan.machine.replicas;
  check_memory(model, replicas);
  plan.sampling = sampling_of(config, model.num_variables, replicas);
  plan.kernel = &choose_kernel(plan.target, plan.machine);
  return plan;
}

}  // namespace therma
