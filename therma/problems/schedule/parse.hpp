// SPDX-License-Identifier: Apache-2.0
// Scheduling problems and solutions, from text and back.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/json.hpp"
#include "therma/problems/schedule/model.hpp"
#include "therma/problems/schedule/verify.hpp"

namespace therma::schedule {

// `automatic` looks at the content: JSON opens with '{'; files of plain numbers are told apart by
// their exact token count, and where two formats fit the error names --format.
enum class Format { automatic, json, jsplib, taillard, rmwin, rcmax, pcmax };
[[nodiscard]] inline std::span<const std::string_view> enum_names(Format) {
  static constexpr std::array<std::string_view, 7> kNames = {"auto",  "json",  "jsplib", "taillard",
                                                             "rmwin", "rcmax", "pcmax"};
  return kNames;
}

struct ParsedProblem {
  Problem problem;
  Format format = Format::json;
  std::vector<std::string> assumptions;  // readings that the text does not state
};

// One checked problem (check.hpp). `where` is the file's name and opens every message.
// Throws Error{bad_data} with the line, or the path inside the JSON.
[[nodiscard]] ParsedProblem parse_problem(std::string_view text, std::string_view where,
                                          Format format = Format::automatic);
[[nodiscard]] ParsedProblem problem_from_json(const Json& json, std::string_view where);

// The problem as Therma JSON; parsing it gives an equal problem (`operations` come out as tasks).
[[nodiscard]] Json problem_to_json(const Problem& problem);

struct DrawnProblem {
  Problem problem;                       // nothing uncertain is left
  std::vector<std::string> assumptions;  // one sentence per range stated
};
// Draws each uncertain duration once: whole units where both ends are whole, ticks otherwise.
// A pure function of problem, seed and scenario.
[[nodiscard]] DrawnProblem draw_durations(const Problem& problem, std::uint64_t seed,
                                          std::uint32_t scenario = 0);

struct ParsedSolution {
  StatedSolution solution;
  std::optional<std::uint64_t> seed;  // where the text is a whole report
};
// Reads {"tasks": [...]} or a report that holds it under "solution". Tasks and machines that the
// problem does not know are kept: the verifier names them. Throws Error{bad_data}.
[[nodiscard]] ParsedSolution parse_solution(std::string_view text, std::string_view where,
                                            const Problem& problem);
[[nodiscard]] Json solution_to_json(const Problem& problem, const Solution& solution);

}  // namespace therma::schedule
