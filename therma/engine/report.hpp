// SPDX-License-Identifier: Apache-2.0
// The report: what every door hands back for a request.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/core/json.hpp"
#include "therma/engine/timetable.hpp"
#include "therma/solve/answer.hpp"

namespace therma {

// A value of the formal problem and the words it was read from.
struct Reading {
  std::string path;  // JSON pointer: "/tasks/0/duration"
  double value = 0.0;
  std::string span;  // the words
};

// How a text was understood before it was made formal.
struct Understanding {
  std::string intent;  // "schedule", "query", ...
  double confidence = 0.0;
  double complexity = 0.0;  // in [0, 1]; planning.md's rule
  std::string mode;         // "langevin", "hybrid", "classic", "clarify", "reject"
  std::string language;     // "pl", "en"
  std::vector<Reading> readings;
};

struct LlmUse {
  std::string formalizer;  // "rules" uses no tokens
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
};

// Energy of the answer in joules. `value` is a model (counted work times assumed prices); the
// estimate is CPU time times assumed power. Neither is a measurement.
struct Joules {
  double value = 0.0;
  double savings = 0.0;           // share, against a pure-LLM answer under the same prices
  double break_even_steps = 0.0;  // digital steps at which the savings are gone
  double estimate_low = 0.0;
  double estimate_central = 0.0;
  double estimate_high = 0.0;
  std::vector<std::string> assumptions;
};

struct Report {
  static constexpr int kSchema = 1;  // the "therma" field: raised when a field changes meaning

  std::string kind;  // "schedule"; empty where no problem was understood
  std::uint64_t seed = 0;
  double time_s = 0.0;
  std::string status;                // a word of contract.md's table
  std::string message;               // of clarify and reject: one sentence
  std::vector<std::string> missing;  // of clarify
  std::optional<solve::Outcome> outcome;
  Json solution;                                          // null where there is none
  Json problem;                                           // as formalised; null where it was a file
  std::vector<std::pair<std::string, double>> durations;  // drawn ones, in time units
  std::optional<Understanding> understanding;             // of a text
  std::optional<LlmUse> llm;
  std::optional<Joules> joules;
  Json config;  // echo of the settings that decide the answer
  std::vector<std::string> assumptions;
  std::optional<Timetable> timetable;  // the solution as a picture; not part of the JSON
};

inline constexpr std::string_view kClarify = "clarify";
inline constexpr std::string_view kReject = "reject";

// All fields of the schema, null where unknown, in a fixed order.
[[nodiscard]] Json to_json(const Report& report);

// The code under which a report that is no acceptable answer counts; none where it is one.
[[nodiscard]] std::optional<ErrorCode> shortfall(const Report& report);

}  // namespace therma
