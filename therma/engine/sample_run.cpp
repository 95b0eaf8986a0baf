// SPDX-License-Identifier: Apache-2.0
// Plan, draw, certify, account: the order in which a request to draw becomes a report.
#include "therma/engine/sample_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/dynamics/observers.hpp"
#include "therma/dynamics/sampling.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/sample_parts.hpp"
#include "therma/engine/sample_plan.hpp"
#include "therma/engine/usage.hpp"
#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

void describe(SampleReport& report, const SampleRequest& request, const SamplePlan& plan) {
  const auto& model = request.model;
  report.model_name = model.name;
  report.model_kind = model.kind;
  report.states = model.states;
  report.num_variables = model.num_variables;
  report.num_couplings = model.num_couplings;
  if (const auto* ising = std::get_if<std::shared_ptr<const IsingProgram>>(&plan.target)) {
    report.num_colours = (*ising)->num_colours();
  }
  if (std::holds_alternative<std::shared_ptr<const LatticeProgram>>(plan.target)) {
    report.num_colours = 2;  // a chessboard
  }
  report.labels = model.labels;
  report.is_optimisation = model.is_optimisation;
  report.is_max_cut = model.total_weight.has_value();
  report.assumptions = model.assumptions;
  const auto rule = rule_for(plan.target, plan.machine);
  report.rule = enum_names(rule)[static_cast<std::size_t>(rule)];
  report.method = enum_names(plan.method)[static_cast<std::size_t>(plan.method)];
  report.kernel = plan.kernel->name;
  report.lanes = plan.kernel->lanes;
  report.replicas = plan.machine.replicas;
  report.num_sampled_chains = report.replicas;
  report.config = fields_to_json(read_fields_of(request.config));
}

// What a device would have to do for the same: docs/theory/ledger.md.
void account(SampleReport& report, const SampleRequest& request) {
  const auto& model = request.model;
  const bool two_states = model.states == StateKind::spins || model.states == StateKind::bits;
  report.ledger.updates = report.updates;
  report.ledger.random_bits = two_states ? report.updates : 0;
  report.ledger.samples = report.samples * report.num_sampled_chains;
  report.ledger.reads = report.ledger.samples * model.num_variables;
  report.ledger.writes = model.num_fields + 2 * model.num_couplings;
  if (request.config.device == SampleDevice::none) return;
  const auto device = enum_names(request.config.device);
  report.bill = hardware::bill_of(
      report.ledger, hardware::prices_of(device[static_cast<std::size_t>(request.config.device)]),
      report.independent_samples);
}

// What is known by construction is no result of the run: it is said beside it.
void note_ground_energy(SampleReport& report, const SampleModel& model) {
  if (!model.ground_energy || report.best.empty()) return;
  const double excess = report.best.front().energy - *model.ground_energy;
  const bool met = excess <= 1e-9 * std::max(1.0, std::abs(*model.ground_energy));
  report.notes.push_back(fmt::format("the ground energy is {} by construction: {}",
                                     number_text(*model.ground_energy),
                                     met ? "met" : fmt::format("missed by {:.6g}", excess)));
}

// Whether a state is the answer, rather than means: then there is nothing to certify.
bool wants_a_state(const SampleReport& report) {
  return report.method == "anneal" || report.method == "bifurcation" ||
         (report.method != "sample" && (report.is_optimisation || report.target_reached));
}

std::string not_reached_text(const SampleReport& report) {
  return fmt::format("no state at the target energy or below was found; the lowest is {}",
                     number_text(report.best.front().energy));
}

// The word for how it ended, where no certificate has said it, and a sentence where that is no
// success.
void conclude(SampleReport& report) {
  if (report.samples == 0 && report.best.empty()) {
    report.status = "cancelled";
    report.message = "stopped before anything was drawn";
  } else if (wants_a_state(report) || report.status.empty()) {
    report.status = "feasible";
    report.message.clear();
    if (!report.target_reached.value_or(true)) report.message = not_reached_text(report);
  }
}

}  // namespace

SampleReport run_sample(const SampleRequest& request, const Resources& resources) {
  const Stopwatch watch;
  const auto plan = plan_of(request);
  std::optional<ExactLaw> exact;  // before the draws: it may be too large
  if (request.config.exact) exact = exact_law(request, plan, resources);
  SampleReport report;
  describe(report, request, plan);
  if (plan.is_search()) {
    search_states(report, request, plan, resources);
  } else {
    draw_samples(report, request, plan, resources);
  }
  if (exact) add_exact(report, *exact);
  note_ground_energy(report, request.model);
  conclude(report);
  account(report, request);
  report.peak_rss_bytes = peak_rss_bytes();
  report.time_s = watch.elapsed_s();
  return report;
}

}  // namespace therma
