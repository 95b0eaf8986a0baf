// SPDX-License-Identifier: Apache-2.0
// From a sentence to a formal problem whose every number is traced to the text, or to a question.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "therma/core/json.hpp"
#include "therma/planner/router.hpp"
#include "therma/planner/text.hpp"

namespace therma::planner {

// A number of the problem (by JSON pointer) and the bytes of the text that it was read from.
struct Reading {
  std::string path;
  double value = 0.0;
  Span span;
};

// `problem` is Therma JSON. Numbers without a reading are derived, and `assumptions` says how.
struct Formal {
  std::string kind;      // "schedule"
  std::string language;  // "pl" or "en"
  Json problem;
  std::vector<std::string> assumptions;  // in the text's language
  std::vector<Reading> readings;
};

// What the text lacks, and one sentence that asks for it in the text's language. `missing` holds:
//   tasks, machines, durations, capacity, objective  the text does not say
//   unread        a part of the text was not understood; the message quotes it
//   task, machine a reference to something the text does not define
//   which_task    a statement that could be about several tasks
//   conflict      two statements that cannot both hold (two durations of one task)
//   limit         more tasks or machines than kMostTasks, kMostMachines, or too long a text
//   kind          a kind of problem that this release does not formalise
struct Clarify {
  std::vector<std::string> missing;
  std::string message;
};

using Formalised = std::variant<Formal, Clarify>;

inline constexpr std::size_t kMostTasks = 10'000;
inline constexpr std::size_t kMostMachines = 1'000;
inline constexpr std::size_t kLongestText = 65'536;  // bytes

// Scheduling in Polish and English by rules; other intents come back as Clarify. Never throws on
// any text; linear in its length but for the longest sentence.
[[nodiscard]] Formalised formalise(std::string_view text, const Route& route);

}  // namespace therma::planner
