// SPDX-License-Identifier: Apache-2.0
// The front door of parsing, and the draw of uncertain durations.
#include "therma/problems/schedule/parse.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "therma/core/random/rng.hpp"
#include "therma/problems/schedule/check.hpp"
#include "therma/problems/schedule/parse_text.hpp"

namespace therma::schedule {
namespace {

bool opens_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

// A duration in ticks, uniform over the whole units or the ticks of the range.
Ticks draw(const UncertainDuration& range, std::int64_t ticks_per_unit, double uniform) {
  const double step = range.whole ? static_cast<double>(ticks_per_unit) : 1.0;
  const double scale = static_cast<double>(ticks_per_unit) / step;
  // Both ends are whole numbers of steps: the grid was chosen so.
  const double low = std::round(range.min * scale);
  const double high = std::round(range.max * scale);
  const double picked = std::min(high, low + std::floor(uniform * (high - low + 1.0)));
  return static_cast<Ticks>(picked * step);
}

void set_duration(const Problem& problem, Task& task, Ticks work) {
  task.work = work;
  for (std::size_t k = 0; k < task.duration_on.size(); ++k) {
    if (task.duration_on[k] == kNotEligible) continue;
    task.duration_on[k] = ticks_at_speed(work, problem.machines[k].speed);
  }
}

}  // namespace

ParsedProblem parse_problem(std::string_view text, std::string_view where, Format format) {
  if (format == Format::automatic && opens_json(text)) format = Format::json;
  if (format == Format::json) return problem_from_json(parse_json(text, where), where);
  return parse_numbers(text, where, format);
}

DrawnProblem draw_durations(const Problem& problem, std::uint64_t seed, std::uint32_t scenario) {
  DrawnProblem drawn{problem, {}};
  drawn.problem.uncertain.clear();
  const auto rng = Rng(seed).child("durations");
  std::map<std::pair<double, double>, std::string> listed;
  for (const auto& range : problem.uncertain) {
    auto& task = drawn.problem.tasks[range.task];
    const double uniform = rng.uniform({.chain = scenario, .site = range.task});
    set_duration(problem, task, draw(range, problem.ticks_per_unit, uniform));
    auto& text = listed[{range.min, range.max}];
    text += fmt::format("{}{} {:.6g}", text.empty() ? "" : ", ", task.id,
                        to_units(problem, *task.work));
  }
  for (const auto& [ends, text] : listed) {
    drawn.assumptions.push_back(
        fmt::format("durations of {:g}-{:g} {} drawn once per task from seed {}{}: {}", ends.first,
                    ends.second, problem.time_unit, seed,
                    scenario == 0 ? "" : fmt::format(", scenario {}", scenario), text));
  }
  return drawn;
}

}  // namespace therma::schedule
