// SPDX-License-Identifier: Apache-2.0
// The report's JSON, field by field in the order of its schema.
#include "therma/engine/report.hpp"

#include <array>

namespace therma {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json violations_json(const std::vector<solve::Violation>& violations) {
  auto list = Json::array();
  for (const auto& v : violations) {
    list.push_back({{"constraint", v.constraint}, {"subject", v.subject}, {"amount", v.amount}});
  }
  return list;
}

Json gap_json(const solve::Outcome& outcome) {
  if (!outcome.objective || !outcome.lower_bound) return Json();
  return *outcome.objective - *outcome.lower_bound;
}

Json steps_json(const solve::Outcome& outcome) {
  auto steps = Json::object();
  for (const auto& [dynamics, count] : outcome.steps) steps[dynamics] = count;
  return steps;
}

Json scenarios_json(const std::optional<solve::ScenarioStats>& stats) {
  if (!stats) return Json();
  return {{"scenarios", stats->scenarios},
          {"infeasible", stats->infeasible},
          {"p50", stats->p50},
          {"p95", stats->p95},
          {"worst", stats->worst}};
}

// The fields a solver fills; null, all of them, where none ran.
void add_outcome(Json& out, const Report& report) {
  constexpr std::array kFields = {
      "verified",  "objective",  "lower_bound", "gap",    "bound_from",
      "solution",  "violations", "energy",      "heat",   "entropy_production",
      "steps",     "dynamics",   "replicas",    "rounds", "vote",
      "scenarios", "notes"};
  for (const auto* field : kFields) out[field] = nullptr;
  out["verified"] = false;
  out["violations"] = Json::array();
  out["notes"] = Json::array();
  if (!report.outcome) return;
  const auto& o = *report.outcome;
  out["verified"] = o.verified;
  out["objective"] = or_null(o.objective);
  out["lower_bound"] = or_null(o.lower_bound);
  out["gap"] = gap_json(o);
  out["bound_from"] = text_or_null(o.bound_from);
  out["solution"] = report.solution;
  out["violations"] = violations_json(o.violations);
  out["energy"] = o.energy;
  out["heat"] = o.heat;
  out["entropy_production"] = or_null(o.entropy_production);
  out["steps"] = steps_json(o);
  out["dynamics"] = text_or_null(o.dynamics);
  out["replicas"] = o.replicas;
  out["rounds"] = o.rounds;
  out["vote"] = {{"rule", o.vote}, {"agreement", o.agreement}};
  out["scenarios"] = scenarios_json(o.scenarios);
  out["notes"] = o.notes;
}

Json understanding_json(const std::optional<Understanding>& understanding) {
  if (!understanding) return Json();
  auto readings = Json::array();
  for (const auto& r : understanding->readings) {
    readings.push_back({{"path", r.path}, {"value", r.value}, {"span", r.span}});
  }
  return {{"intent", understanding->intent},         {"confidence", understanding->confidence},
          {"complexity", understanding->complexity}, {"mode", understanding->mode},
          {"language", understanding->language},     {"readings", readings}};
}

Json llm_json(const std::optional<LlmUse>& llm) {
  if (!llm) return Json();
  return {{"formalizer", llm->formalizer},
          {"prompt_tokens", llm->prompt_tokens},
          {"completion_tokens", llm->completion_tokens}};
}

Json joules_json(const std::optional<Joules>& joules) {
  if (!joules) return Json();
  return {{"measured", false},
          {"method", "model"},
          {"value", joules->value},
          {"savings", joules->savings},
          {"break_even_steps", joules->break_even_steps},
          {"estimate",
           {{"method", "estimate"},
            {"low", joules->estimate_low},
            {"central", joules->estimate_central},
            {"high", joules->estimate_high}}},
          {"assumptions", joules->assumptions}};
}

Json durations_json(const Report& report) {
  if (report.durations.empty()) return Json();
  auto out = Json::object();
  for (const auto& [task, duration] : report.durations) out[task] = duration;
  return out;
}

}  // namespace

Json to_json(const Report& report) {
  Json out;
  out["therma"] = Report::kSchema;
  out["kind"] = text_or_null(report.kind);
  out["seed"] = report.seed;
  out["time_s"] = report.time_s;
  out["status"] = report.status;
  out["message"] = text_or_null(report.message);
  out["missing"] = report.missing;
  add_outcome(out, report);
  out["assumptions"] = report.assumptions;
  out["durations"] = durations_json(report);
  out["understanding"] = understanding_json(report.understanding);
  out["problem"] = report.problem;
  out["llm"] = llm_json(report.llm);
  out["joules"] = joules_json(report.joules);
  out["config"] = report.config;
  return out;
}

std::optional<ErrorCode> shortfall(const Report& report) {
  if (report.status == kClarify || report.status == kReject) return ErrorCode::bad_data;
  if (report.status == solve::name(solve::Status::cancelled)) return ErrorCode::stopped;
  const bool answered = report.status == solve::name(solve::Status::optimal) ||
                        report.status == solve::name(solve::Status::feasible);
  if (answered && report.outcome && report.outcome->verified) return std::nullopt;
  return ErrorCode::no_answer;
}

}  // namespace therma
