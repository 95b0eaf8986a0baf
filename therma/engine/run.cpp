// SPDX-License-Identifier: Apache-2.0
// Understand, draw, solve, account: the order in which a request becomes a report.
#include "therma/engine/run.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "therma/engine/usage.hpp"
#include "therma/planner/formalise.hpp"
#include "therma/planner/joules.hpp"
#include "therma/planner/router.hpp"
#include "therma/problems/schedule/parse.hpp"
#include "therma/problems/schedule/verify.hpp"
#include "therma/solve/schedule.hpp"

namespace therma {
namespace {

void check_read(const ReadConfig& config) {
  checked(config);
  if (config.formalizer != "rules") {
    fail(ErrorCode::invalid_argument,
         "formalizer: must be rules, the only one in this release, got \"{}\"", config.formalizer);
  }
}

bool is_sentence(const Request& request) {
  return request.source.is_prose && request.read.format == schedule::Format::automatic;
}

Joules joules_of(const Report& report, double cpu_s) {
  const planner::EnergyProfile profile;
  planner::Work work{.digital_steps = report.outcome->sweeps};
  if (report.llm) work.llm_tokens = report.llm->prompt_tokens + report.llm->completion_tokens;
  const auto estimate = planner::estimate_joules(cpu_s);
  return {.value = planner::model_joules(profile, work),
          .savings = planner::saved_share(profile, work),
          .break_even_steps = planner::break_even_steps(profile, work.llm_tokens),
          .estimate_low = estimate.low,
          .estimate_central = estimate.central,
          .estimate_high = estimate.high,
          .assumptions = planner::joules_assumptions(profile)};
}

void append(std::vector<std::string>& list, std::vector<std::string> more) {
  list.insert(list.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
}

// The sentences about drawn durations in the language of the text.
std::vector<std::string> in_language(const Report& report, const schedule::DrawnProblem& drawn) {
  const bool is_polish = report.understanding && report.understanding->language == "pl";
  if (!is_polish || report.durations.empty()) return drawn.assumptions;
  std::string text;
  for (const auto& [id, duration] : report.durations) {
    text += fmt::format("{}{} {:.6g}", text.empty() ? "" : ", ", id, duration);
  }
  return {fmt::format("Wylosowane czasy w {} (ziarno {}): {}.", drawn.problem.time_unit,
                      report.seed, text)};
}

// What the draw gave for each uncertain task, before speeds.
void note_durations(Report& report, const schedule::Problem& stated,
                    const schedule::Problem& drawn) {
  for (const auto& u : stated.uncertain) {
    const auto& task = drawn.tasks[u.task];
    if (task.work) report.durations.emplace_back(task.id, to_units(drawn, *task.work));
  }
}

void solve_schedule(Report& report, const schedule::Problem& stated, const Request& request,
                    const Resources& resources) {
  const double cpu_before_s = cpu_seconds();
  auto drawn = schedule::draw_durations(stated, request.solve.seed);
  note_durations(report, stated, drawn.problem);
  append(report.assumptions, in_language(report, drawn));
  const auto answer = solve::solve_schedule(stated, request.solve, resources);
  report.outcome = answer;
  report.status = solve::name(answer.status);
  if (answer.solution) {
    report.solution = schedule::solution_to_json(drawn.problem, *answer.solution);
    report.timetable = timetable(drawn.problem, *answer.solution);
  }
  report.joules = joules_of(report, cpu_seconds() - cpu_before_s);
}

Understanding understanding_of(const planner::Route& route) {
  return {.intent = std::string(planner::name(route.intent)),
          .confidence = route.confidence,
          .complexity = route.complexity,
          .mode = std::string(planner::name(route.decision)),
          .language = route.language};
}

void add_formal(Report& report, const planner::Formal& formal, std::string_view text) {
  report.kind = formal.kind;
  report.problem = formal.problem;
  report.assumptions = formal.assumptions;
  report.understanding->language = formal.language;
  for (const auto& r : formal.readings) {
    const auto words = text.substr(r.span.begin, r.span.end - r.span.begin);
    report.understanding->readings.push_back({r.path, r.value, std::string(words)});
  }
}

// The formal problem of a sentence, or none with the report saying why.
std::optional<schedule::Problem> understand(Report& report, const Source& source) {
  const auto route = planner::route(source.text);
  report.understanding = understanding_of(route);
  report.llm = LlmUse{.formalizer = "rules"};
  if (!planner::is_thermodynamic(route.intent) && route.decision == planner::Decision::classic) {
    report.status = kReject;
    report.message = fmt::format(
        "this asks for a command ({}), and this release plans only: it has no classic agents",
        report.understanding->intent);
    return std::nullopt;
  }
  auto formal = planner::formalise(source.text, route);
  if (const auto* unclear = std::get_if<planner::Clarify>(&formal)) {
    report.status = kClarify;
    report.message = unclear->message;
    report.missing = unclear->missing;
    return std::nullopt;
  }
  add_formal(report, std::get<planner::Formal>(formal), source.text);
  auto parsed = schedule::problem_from_json(report.problem, source.name);
  append(report.assumptions, std::move(parsed.assumptions));
  return std::move(parsed.problem);
}

}  // namespace

std::optional<schedule::Problem> read_problem(Report& report, const Request& request) {
  check_read(request.read);
  if (is_sentence(request)) return understand(report, request.source);
  auto parsed =
      schedule::parse_problem(request.source.text, request.source.name, request.read.format);
  report.kind = "schedule";
  append(report.assumptions, std::move(parsed.assumptions));
  return std::move(parsed.problem);
}

Report run(const Request& request, const Resources& resources) {
  const Stopwatch watch;
  Report report{.seed = request.solve.seed,
                .config = fields_to_json(read_fields_of(checked(request.solve)))};
  if (const auto problem = read_problem(report, request)) {
    solve_schedule(report, *problem, request, resources);
  }
  report.time_s = watch.elapsed_s();
  return report;
}

}  // namespace therma
