// SPDX-License-Identifier: Apache-2.0
// Problems to Therma JSON; solutions to JSON and back.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/problems/schedule/check.hpp"
#include "therma/problems/schedule/parse.hpp"

namespace therma::schedule {
namespace {

// Whole numbers are written without a fraction.
Json shown(double value) {
  constexpr double kExact = 0x1.0p53;
  if (value == std::floor(value) && std::abs(value) <= kExact) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

class Writer {
 public:
  explicit Writer(const Problem& problem) : problem_(problem) {}

  Json write() const {
    Json out = {{"therma", 1}, {"kind", "schedule"}, {"time_unit", problem_.time_unit}};
    out["tasks"] = Json::array();
    for (std::uint32_t i = 0; i < problem_.tasks.size(); ++i) out["tasks"].push_back(task(i));
    out["machines"] = Json::array();
    for (std::uint32_t k = 0; k < problem_.machines.size(); ++k) {
      out["machines"].push_back(machine(k));
    }
    list(out, "resources", problem_.resources, [](const Resource& r) {
      return Json{{"id", r.id}, {"capacity", r.capacity}};
    });
    list(out, "precedence", problem_.precedences, [&](const Precedence& e) {
      Json edge = {{"before", problem_.tasks[e.before].id}, {"after", problem_.tasks[e.after].id}};
      if (e.lag != 0) edge["lag"] = time(e.lag);
      return edge;
    });
    list(out, "preferences", problem_.preferences,
         [&](const Preference& wish) { return preference(wish); });
    if (auto rows = setups(std::nullopt); !rows.empty()) out["setup"] = std::move(rows);
    const auto& w = problem_.objective;
    out["objective"] = {{"makespan", shown(w.makespan)},
                        {"tardiness", shown(w.tardiness)},
                        {"preference", shown(w.preference)}};
    return out;
  }

 private:
  template <class Items, class Write>
  static void list(Json& out, const char* key, const Items& items, Write&& write) {
    if (items.empty()) return;
    auto& array = out[key] = Json::array();
    for (const auto& item : items) array.push_back(write(item));
  }

  [[nodiscard]] Json time(Ticks ticks) const { return shown(to_units(problem_, ticks)); }

  [[nodiscard]] Json machine(std::uint32_t k) const {
    const auto& machine = problem_.machines[k];
    Json out = {{"id", machine.id}};
    const auto& windows = machine.windows;
    if (windows.size() != 1 || windows[0].open != 0 || windows[0].close < kNever) {
      auto& array = out["windows"] = Json::array();
      for (const auto& w : windows) {
        array.push_back(Json::array({time(w.open), w.close >= kNever ? Json() : time(w.close)}));
      }
    }
    if (machine.speed != 1.0) out["speed"] = machine.speed;
    if (auto rows = setups(k); !rows.empty()) out["setup"] = std::move(rows);
    return out;
  }

  [[nodiscard]] Json setups(std::optional<std::uint32_t> machine) const {
    const auto is_used = [&](std::uint32_t family) {
      return std::ranges::find(problem_.tasks, family, &Task::family) != problem_.tasks.end();
    };
    Json rows = Json::array();
    for (const auto& row : problem_.setups) {
      if (row.machine != machine || !is_used(row.from) || !is_used(row.to)) continue;
      rows.push_back({{"from", problem_.families[row.from]},
                      {"to", problem_.families[row.to]},
                      {"time", time(row.time)}});
    }
    return rows;
  }

  [[nodiscard]] Json task(std::uint32_t index) const {
    const auto& task = problem_.tasks[index];
    Json out = {{"id", task.id}};
    write_work(index, out);
    if (task.release != 0) out["release"] = time(task.release);
    if (task.deadline) out["deadline"] = time(*task.deadline);
    if (task.due) out["due"] = time(*task.due);
    if (task.weight != 1.0) out["weight"] = shown(task.weight);
    for (const auto& demand : task.demands) {
      out["demand"][problem_.resources[demand.resource].id] = demand.amount;
    }
    if (task.family) out["family"] = problem_.families[*task.family];
    return out;
  }

  void write_work(std::uint32_t index, Json& out) const {
    const auto& task = problem_.tasks[index];
    auto& duration = out["duration"];
    if (!task.work) {  // a time per machine
      for (std::size_t k = 0; k < task.duration_on.size(); ++k) {
        if (task.duration_on[k] != kNotEligible) {
          duration[problem_.machines[k].id] = time(task.duration_on[k]);
        }
      }
      return;
    }
    duration = time(*task.work);
    for (const auto& range : problem_.uncertain) {
      if (range.task == index) duration = {{"min", shown(range.min)}, {"max", shown(range.max)}};
    }
    Json eligible = Json::array();
    for (std::size_t k = 0; k < task.duration_on.size(); ++k) {
      if (task.duration_on[k] != kNotEligible) eligible.push_back(problem_.machines[k].id);
    }
    if (eligible.size() < problem_.machines.size()) out["machines"] = std::move(eligible);
  }

  [[nodiscard]] Json preference(const Preference& wish) const {
    Json out = {{"task", problem_.tasks[wish.task].id}};
    if (wish.machine) out["machine"] = problem_.machines[*wish.machine].id;
    if (wish.start_after) out["start_after"] = time(*wish.start_after);
    if (wish.end_before) out["end_before"] = time(*wish.end_before);
    out["weight"] = shown(wish.weight);
    return out;
  }

  const Problem& problem_;
};

// Multiples of the problem's grid on which stated times are looked for.
constexpr std::int64_t kRefinements[] = {1, 2, 6, 10, 60, 360, 1000, 3600, 1'000'000};

bool is_whole(double ticks) {
  return std::abs(ticks - std::round(ticks)) <= 1e-6 + 2e-15 * std::abs(ticks);
}

double stated_time(const JsonReader& json) {
  const double value = json.number();
  constexpr double kLargest = 1e15;
  if (std::abs(value) > kLargest) json.expected("a time below 1e15");
  return value;
}

}  // namespace

Json problem_to_json(const Problem& problem) { return Writer(problem).write(); }

Json solution_to_json(const Problem& problem, const Solution& solution) {
  Json out = {{"tasks", Json::array()}};
  for (std::size_t task = 0; task < solution.tasks.size(); ++task) {
    const auto& at = solution.tasks[task];
    out["tasks"].push_back({{"id", problem.tasks[task].id},
                            {"machine", problem.machines[at.machine].id},
                            {"start", shown(to_units(problem, at.start))},
                            {"end", shown(to_units(problem, at.end))}});
  }
  return out;
}

ParsedSolution parse_solution(std::string_view text, std::string_view where,
                              const Problem& problem) {
  const Json document = parse_json(text, where);
  const JsonReader root(document, std::string(where));
  ParsedSolution out;
  if (root.has("solution") && root.has("seed")) {
    const auto& seed = root.at("seed");
    if (!seed.json().is_number_unsigned()) seed.expected("a seed, a whole number >= 0");
    out.seed = seed.json().get<std::uint64_t>();
  }
  if (root.has("solution") && root.at("solution").json().is_null()) {
    root.at("solution").reject("the report holds no solution");
  }
  const auto tasks = (root.has("solution") ? root.at("solution") : root).at("tasks");
  if (tasks.array_size() > 2 * kMaxTasks)
    tasks.expected(fmt::format("at most {} tasks", kMaxTasks));
  std::vector<std::pair<double, double>> times;
  for (std::size_t i = 0; i < tasks.array_size(); ++i) {
    const auto row = tasks.at(i);
    row.allow_keys({"id", "machine", "start", "end"});
    out.solution.tasks.push_back({row.at("id").string(), row.at("machine").string()});
    times.emplace_back(stated_time(row.at("start")), stated_time(row.at("end")));
  }
  const auto fits = [&](std::int64_t refinement) {
    const auto per_unit = static_cast<double>(problem.ticks_per_unit * refinement);
    for (const auto& [start, end] : times) {
      if (!is_whole(start * per_unit) || !is_whole(end * per_unit)) return false;
      if (std::max(std::abs(start), std::abs(end)) * per_unit > 0x1.0p62) return false;
    }
    return true;
  };
  for (const auto refinement : kRefinements) {
    if (!fits(refinement)) continue;
    out.solution.ticks_per_unit = problem.ticks_per_unit * refinement;
    const auto ticks = [&](double t) {
      return static_cast<Ticks>(std::llround(t * static_cast<double>(out.solution.ticks_per_unit)));
    };
    for (std::size_t i = 0; i < times.size(); ++i) {
      out.solution.tasks[i].start = ticks(times[i].first);
      out.solution.tasks[i].end = ticks(times[i].second);
    }
    return out;
  }
  tasks.reject("the times have no common tick with the problem's; round them to fewer digits");
}

}  // namespace therma::schedule
