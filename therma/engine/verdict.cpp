// SPDX-License-Identifier: Apache-2.0
// Nothing of a solver is used here, and of a report no more than its solution, seed and claims.
#include "therma/engine/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/engine/run.hpp"
#include "therma/engine/utf8.hpp"
#include "therma/problems/schedule/parse.hpp"
#include "therma/problems/schedule/verify.hpp"

namespace therma {
namespace {

// The objective that a report claims; none for a bare solution.
std::optional<double> claimed_objective(const Source& solution) {
  const auto json = parse_json(solution.text, solution.name);
  const auto found = json.is_object() ? json.find("objective") : json.end();
  if (found == json.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

void check_claim(Verdict& verdict, const Source& solution) {
  constexpr double kRounding = 1e-9;
  const auto claimed = claimed_objective(solution);
  if (!claimed) return;
  const double off = std::abs(*claimed - verdict.objective);
  if (off <= kRounding * std::max(1.0, std::abs(verdict.objective))) return;
  verdict.findings.push_back({{"objective", "report", off},
                              fmt::format("the report claims {}, the plan gives {}",
                                          number_text(*claimed), number_text(verdict.objective))});
}

schedule::Problem problem_of(const Request& request) {
  Report report;
  auto problem = read_problem(report, request);
  if (!problem) fail(ErrorCode::bad_data, "{}: {}", request.source.name, report.message);
  return *std::move(problem);
}

// Draws what is uncertain, where a seed is known.
schedule::Problem drawn(Verdict& verdict, schedule::Problem problem) {
  if (problem.uncertain.empty()) return problem;
  if (verdict.seed) {
    verdict.notes.push_back(fmt::format("{} drawn from seed {}",
                                        counted(problem.uncertain.size(), "uncertain duration"),
                                        *verdict.seed));
    return schedule::draw_durations(problem, *verdict.seed).problem;
  }
  verdict.notes.push_back(fmt::format(
      "any length within its range was accepted for {}; --seed N checks the lengths drawn",
      counted(problem.uncertain.size(), "uncertain duration")));
  return problem;
}

}  // namespace

Verdict verify(const Request& request, const Source& solution, std::optional<std::uint64_t> seed) {
  const Stopwatch watch;
  const auto stated = problem_of(request);
  const auto parsed = schedule::parse_solution(solution.text, solution.name, stated);
  Verdict verdict{.kind = "schedule",
                  .seed = seed ? seed : parsed.seed,
                  .num_tasks = parsed.solution.tasks.size()};
  const auto found = schedule::verify(drawn(verdict, stated), parsed.solution);
  verdict.objective = found.objective;
  for (const auto& v : found.violations) {
    verdict.findings.push_back({{std::string(v.constraint), v.subject, v.amount}, v.text});
  }
  if (verdict.findings.empty()) check_claim(verdict, solution);
  verdict.verified = verdict.findings.empty();
  verdict.time_s = watch.elapsed_s();
  return verdict;
}

Json to_json(const Verdict& verdict) {
  auto violations = Json::array();
  for (const auto& [violation, text] : verdict.findings) {
    violations.push_back({{"constraint", violation.constraint},
                          {"subject", violation.subject},
                          {"amount", violation.amount},
                          {"text", text}});
  }
  return {{"therma", Report::kSchema},
          {"kind", verdict.kind},
          {"seed", verdict.seed ? Json(*verdict.seed) : Json()},
          {"time_s", verdict.time_s},
          {"verified", verdict.verified},
          {"objective", verdict.objective},
          {"violations", violations},
          {"notes", verdict.notes}};
}

}  // namespace therma
