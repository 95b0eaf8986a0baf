// SPDX-License-Identifier: Apache-2.0
// Observers of a run, and what the report makes of what they saw.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/dynamics/observables.hpp"
#include "therma/engine/sample_parts.hpp"
#include "therma/engine/samples/table.hpp"
#include "therma/inference/diagnostics.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kMostRecordedBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostKeptVariables = std::uint64_t{1} << 26;  // of a best state
constexpr std::uint64_t kMostListedValues = std::uint64_t{1} << 20;   // in a report

bool are_categories(const SampleModel& model) { return model.states == StateKind::categories; }

// The mean of all draws, each through f, with the error that chains which do not mix and draws
// that follow each other leave (inference/diagnostics.hpp).
template <class F>
SampleMean mean_of(std::string name, const Trace& trace, F&& f) {
  std::vector<double> values;
  values.reserve(trace.num_chains() * trace.chain(0).size());
  for (std::size_t c = 0; c < trace.num_chains(); ++c) {
    for (const double value : trace.chain(c)) values.push_back(f(value));
  }
  const double error = standard_error({.values = values, .chains = trace.num_chains()});
  SampleMean out{.name = std::move(name), .mean = therma::mean_of(values)};
  if (std::isfinite(error)) out.error = error;
  return out;
}

// beta^2 (<E^2> - <E>^2) / n, its error by leaving out one chain after another.
SampleMean heat_capacity(const Trace& energies, double beta, double num_variables) {
  std::vector<Moments> chains(energies.num_chains());
  Moments all;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    for (const double energy : energies.chain(c)) chains[c].add(energy);
    all.merge(chains[c]);
  }
  const auto capacity = [&](double variance) { return beta * beta * variance / num_variables; };
  SampleMean out{.name = "heat_capacity_per_variable", .mean = capacity(all.variance())};
  if (chains.size() < 4) return out;
  Moments left_out;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    Moments rest;
    for (std::size_t k = 0; k < chains.size(); ++k) {
      if (k != c) rest.merge(chains[k]);
    }
    left_out.add(capacity(rest.variance()));
  }
  const auto count = static_cast<double>(chains.size());
  out.error = std::sqrt((count - 1) / count * left_out.sum_of_squares);
  return out;
}

// Spins as the bits they stand for.
std::vector<std::int8_t> bits_of(std::span<const std::int8_t> spins) {
  std::vector<std::int8_t> bits(spins.size());
  std::ranges::transform(spins, bits.begin(),
                         [](std::int8_t s) { return static_cast<std::int8_t>(s > 0 ? 1 : 0); });
  return bits;
}

std::vector<std::pair<std::string, std::string>> facts_of(const SampleReport& report,
                                                          std::uint64_t seed) {
  return {{"model", report.model_name}, {"beta", report.beta},
          {"method", report.method},    {"rule", report.rule},
          {"kernel", report.kernel},    {"seed", fmt::format("{}", seed)}};
}

}  // namespace

std::vector<double> shown_values(const SampleModel& model, std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  if (model.states == StateKind::bits) {
    for (auto& value : out) value = value > 0.0 ? 1.0 : 0.0;
  }
  return out;
}

RankedState ranked_state(const SampleModel& model, double energy, std::span<const double> values,
                         std::size_t num_states) {
  RankedState out{.energy = energy, .cut = model.cut_of(energy)};
  if (values.size() * num_states <= kMostListedValues) out.values = shown_values(model, values);
  return out;
}

SampleWitness::SampleWitness(const SampleRequest& request, const SamplePlan& plan,
                             const Machine& machine, std::uint64_t num_draws,
                             std::optional<double> beta)
    : beta_(beta) {
  observers_.push_back(&energies_);
  if (!are_categories(request.model)) observers_.push_back(&means_);
  if (machine.num_variables() * request.config.n_best <= kMostKeptVariables) {
    lowest_ = std::make_unique<LowestStates>(request.config.n_best);
    observers_.push_back(lowest_.get());
  }
  if (beta && std::isfinite(*beta)) {
    certifier_ = std::make_unique<Certifier>(plan.target, plan.machine);
    observers_.push_back(certifier_.get());
  }
  if (request.files.samples.empty()) return;
  if (is_discrete(request.model.target)) {
    discrete_ =
        std::make_unique<StateRecorder<std::int8_t>>(machine, num_draws, kMostRecordedBytes);
    observers_.push_back(discrete_.get());
  } else {
    real_ = std::make_unique<StateRecorder<float>>(machine, num_draws, kMostRecordedBytes);
    observers_.push_back(real_.get());
  }
}

void SampleWitness::testify(SampleReport& report, const SampleModel& model) const {
  if (energies_.num_chains() == 0 || energies_.chain(0).empty()) return;
  const auto size = static_cast<double>(model.num_variables);
  report.observables.push_back(
      mean_of("energy_per_variable", energies_, [&](double e) { return e / size; }));
  if (beta_ && std::isfinite(*beta_)) {
    report.observables.push_back(heat_capacity(energies_, *beta_, size));
  }
  const auto same = [](double m) { return m; };
  if (model.states == StateKind::spins) {
    report.observables.push_back(mean_of("magnetisation", means_, same));
    report.observables.push_back(
        mean_of("abs_magnetisation", means_, [](double m) { return std::abs(m); }));
  }
  if (model.states == StateKind::bits) {
    report.observables.push_back(
        mean_of("mean_bit", means_, [](double m) { return (1.0 + m) / 2.0; }));
  }
  if (model.states == StateKind::reals) {
    report.observables.push_back(mean_of("mean_value", means_, same));
  }
  if (certifier_) add_certificate(report, certifier_->finish());
  if (!lowest_) {
    report.notes.emplace_back("the model is too large to keep its lowest state");
    return;
  }
  for (const auto& found : lowest_->states()) {
    report.best.push_back(
        ranked_state(model, found.energy, found.values, lowest_->states().size()));
  }
}

void SampleWitness::write_file(const SampleRequest& request, const SampleReport& report) const {
  if (request.files.samples.empty() || !writes_files(request)) return;
  SampleTable table{.num_variables = request.model.num_variables,
                    .labels = request.model.labels,
                    .facts = facts_of(report, request.config.seed)};
  for (std::size_t c = 0; c < energies_.num_chains(); ++c) {
    table.energies.push_back(energies_.chain(c));
  }
  table.num_draws = table.energies.empty() ? 0 : table.energies.front().size();
  std::vector<std::vector<std::int8_t>> bits;
  if (discrete_) {
    SampleTable::Discrete chains;
    for (std::size_t c = 0; c < table.energies.size(); ++c) {
      if (request.model.states == StateKind::bits) {
        chains.push_back(bits.emplace_back(bits_of(discrete_->chain(c))));
      } else {
        chains.push_back(discrete_->chain(c));
      }
    }
    table.states = std::move(chains);
  } else {
    SampleTable::Real chains;
    for (std::size_t c = 0; c < table.energies.size(); ++c) chains.push_back(real_->chain(c));
    table.states = std::move(chains);
  }
  write_samples(request.files.samples, table);
}

}  // namespace therma
