// SPDX-License-Identifier: Apache-2.0
// The router: what a text asks for, how sure that is, and who should answer it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "therma/core/json.hpp"

namespace therma::planner {

enum class Intent : std::uint8_t {
  schedule,
  allocate,
  optimize,
  sample,
  plan,
  route,  // thermodynamic
  query,
  execute,
  deploy,
  transform,  // classic
  unknown,
};
enum class Decision : std::uint8_t { classic, langevin, hybrid, clarify, reject };

[[nodiscard]] std::string_view name(Intent intent) noexcept;
[[nodiscard]] std::string_view name(Decision decision) noexcept;
[[nodiscard]] constexpr bool is_thermodynamic(Intent intent) noexcept {
  return intent < Intent::query;
}

struct Route {
  Intent intent = Intent::unknown;
  double confidence = 0.0;  // in [0, 1]
  double complexity = 0.0;  // in [0, 1]; 0 for classic intents and where the text lacks numbers
  Decision decision = Decision::clarify;
  std::string language;  // "pl" or "en"
};

// Decides by the words' roles (leading verb, objects, quantities), not by substrings. Confidence
// below 0.5 gives clarify; text without any recognised word gives reject.
[[nodiscard]] Route route(std::string_view text);

// clamp(1 - exp(-log10(S) / 30) + 0.2 (tied_share - 1/2), 0, 1): S the number of solutions before
// constraints, tied_share the share of pairs of variables that a constraint ties.
[[nodiscard]] double complexity(double log10_states, double tied_share);

// log10 S of a schedule: machines^tasks * tasks!.
[[nodiscard]] double schedule_log10_states(std::size_t num_tasks, std::size_t num_machines);

// Share of task pairs that a precedence, a common machine or a common resource ties, of a problem
// of kind schedule; 0 below two tasks.
[[nodiscard]] double schedule_tied_share(const Json& problem);

// The complexity of a formal problem of kind schedule.
[[nodiscard]] double schedule_complexity(const Json& problem);

}  // namespace therma::planner
