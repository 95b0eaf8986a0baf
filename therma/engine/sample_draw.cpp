// SPDX-License-Identifier: Apache-2.0
// The method `sample`: draws at equilibrium, or along a schedule, with checkpoints.
#include <algorithm>
#include <cmath>

#include "therma/core/archive.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/sampling.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/sample_parts.hpp"

namespace therma {
namespace {

// A mean over replicas, which are independent of each other.
SampleMean over_replicas(std::string name, std::span<const double> values) {
  Moments moments;
  for (const double value : values) moments.add(value);
  SampleMean out{.name = std::move(name), .mean = moments.mean};
  if (values.size() > 1) out.error = moments.error();
  return out;
}

bool all_finite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
}

void add_thermodynamics(SampleReport& report, const SamplingResult& result, UpdateRule rule) {
  report.observables.push_back(over_replicas("heat", result.heat));
  report.heat = report.observables.back().mean;
  const auto entropy = medium_entropy(result, rule);
  if (!entropy || !all_finite(*entropy)) return;
  report.observables.push_back(over_replicas("entropy_production", *entropy));
  report.entropy_production = report.observables.back().mean;
}

Checkpointing checkpointing_of(const SampleRequest& request, const SamplePlan& plan,
                               const Machine& machine, const std::string& resumed) {
  Checkpointing out{.resume = resumed};
  const auto& path = request.files.checkpoint;
  if (!path.empty()) out.write = [path](std::string_view bytes) { write_file(path, bytes); };
  if (!path.empty() || !request.files.resume.empty()) {
    out.identity = identity_of(machine, plan.machine, request.config.seed);
  }
  return out;
}

}  // namespace

void draw_samples(SampleReport& report, const SampleRequest& request, const SamplePlan& plan,
                  const Resources& resources) {
  const SampleMachine machine(request, plan, resources);
  const auto& beta = *plan.beta;
  const SampleWitness witness(request, plan, *machine, plan.sampling.num_samples(),
                              single_value(beta));
  const bool resumes = !request.files.resume.empty();
  const auto resumed =
      resumes && writes_files(request) ? read_file(request.files.resume) : std::string();
  const auto checkpointing = machine.shared(checkpointing_of(request, plan, *machine, resumed));
  const double before_s = cpu_seconds();
  const auto result = sample(*machine, plan.sampling, beta, witness.observers(),
                             machine.resources(), checkpointing);
  report.cpu_s = cpu_seconds() - before_s;
  report.beta = beta.text();
  report.burn_in = std::min(plan.sampling.burn_in, result.steps);
  report.sweeps = result.steps - report.burn_in;
  report.thin = plan.sampling.thin;
  report.samples = result.samples;
  report.stopped = result.stopped;
  report.updates = machine->tally().updates;
  witness.testify(report, request.model);
  add_thermodynamics(report, result, rule_for(plan.target, plan.machine));
  if (result.samples == 0) return;
  witness.write_file(request, report);
}

}  // namespace therma
