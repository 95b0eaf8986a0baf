// SPDX-License-Identifier: Apache-2.0
// The JSON of a sampling report, field by field in the order of its schema.
#include "therma/engine/sample_report.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace therma {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

// Whole numbers without a fraction: spins, bits, categories.
Json values_json(const std::vector<double>& values, StateKind states) {
  if (values.empty()) return Json();
  auto list = Json::array();
  for (const double value : values) {
    if (states == StateKind::reals) {
      list.push_back(value);
    } else {
      list.push_back(static_cast<std::int64_t>(value));
    }
  }
  return list;
}

Json model_json(const SampleReport& r) {
  return {{"name", r.model_name},
          {"kind", r.model_kind},
          {"variables", r.num_variables},
          {"states", name(r.states)},
          {"couplings", r.num_couplings},
          {"colours", r.num_colours == 0 ? Json() : Json(r.num_colours)},
          {"labels", r.labels.empty() ? Json() : Json(r.labels)}};
}

Json observables_json(const SampleReport& r) {
  auto out = Json::object();
  for (const auto& o : r.observables) {
    out[o.name] = {{"mean", o.mean}, {"error", or_null(o.error)}, {"exact", or_null(o.exact)}};
  }
  return out;
}

Json best_json(const SampleReport& r) {
  auto list = Json::array();
  for (const auto& state : r.best) {
    list.push_back({{"energy", state.energy},
                    {"cut", or_null(state.cut)},
                    {"values", values_json(state.values, r.states)}});
  }
  return list;
}

// What is asked for, in the problem's own words: the cut, or what a QUBO minimises.
Json objective_json(const SampleReport& r) {
  if (!r.is_optimisation || r.best.empty()) return Json();
  const auto& best = r.best.front();
  return best.cut ? *best.cut : best.energy;
}

Json solution_json(const SampleReport& r) {
  if (r.best.empty() || r.best.front().values.empty()) return Json();
  return {{"values", values_json(r.best.front().values, r.states)}};
}

Json ledger_json(const hardware::Ledger& ledger) {
  return {{"updates", ledger.updates},
          {"random_bits", ledger.random_bits},
          {"samples", ledger.samples},
          {"reads", ledger.reads},
          {"writes", ledger.writes}};
}

Json joules_json(const std::optional<hardware::Bill>& bill) {
  if (!bill) return {{"measured", false}, {"method", nullptr}, {"value", nullptr}};
  return {{"measured", false},
          {"method", hardware::name(bill->device->label)},
          {"device", bill->device->name},
          {"value", or_null(bill->total_j)},
          {"per_independent_sample", or_null(bill->per_independent_j)},
          {"updates", or_null(bill->updates_j)},
          {"reads", or_null(bill->reads_j)},
          {"writes", or_null(bill->writes_j)},
          {"refused", text_or_null(bill->refusal)},
          {"source", bill->device->source}};
}

void add_run(Json& out, const SampleReport& r) {
  out["method"] = r.method;
  out["rule"] = r.rule;
  out["kernel"] = r.kernel;
  out["lanes"] = r.lanes;
  out["replicas"] = r.replicas;
  out["beta"] = text_or_null(r.beta);
  out["burn_in"] = r.burn_in;
  out["sweeps"] = r.sweeps;
  out["thin"] = r.thin;
  out["samples"] = r.samples;
  out["rounds"] = r.rounds;
  out["stopped"] = r.stopped;
  out["updates"] = r.updates;
  out["cpu_s"] = r.cpu_s;
  out["updates_per_ns"] = r.updates_per_ns();
  out["peak_rss_bytes"] = r.peak_rss_bytes;
}

}  // namespace

Json to_json(const SampleReport& r) {
  Json out;
  out["therma"] = SampleReport::kSchema;
  out["kind"] = "sample";
  out["seed"] = r.config.is_object() ? r.config["seed"] : Json();
  out["time_s"] = r.time_s;
  out["status"] = r.status;
  out["message"] = text_or_null(r.message);
  out["model"] = model_json(r);
  add_run(out, r);
  out["observables"] = observables_json(r);
  out["objective"] = objective_json(r);
  out["energy"] = r.best.empty() ? Json() : Json(r.best.front().energy);
  out["solution"] = solution_json(r);
  out["best"] = best_json(r);
  out["target_reached"] = or_null(r.target_reached);
  out["heat"] = or_null(r.heat);
  out["entropy_production"] = or_null(r.entropy_production);
  out["certificate"] = r.certificate;
  out["exact"] = r.exact;
  out["details"] = r.details;
  out["ledger"] = ledger_json(r.ledger);
  out["joules"] = joules_json(r.bill);
  out["assumptions"] = r.assumptions;
  out["notes"] = r.notes;
  out["config"] = r.config;
  return out;
}

std::optional<ErrorCode> shortfall(const SampleReport& report) {
  if (report.status == "cancelled") return ErrorCode::stopped;
  if (report.status == "converged") return std::nullopt;
  if (report.status == "feasible" && report.target_reached.value_or(true)) return std::nullopt;
  return ErrorCode::no_answer;
}

}  // namespace therma
