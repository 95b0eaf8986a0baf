// SPDX-License-Identifier: Apache-2.0
// Therma JSON of kind "schedule": one reader, run once to find the tick and once to convert.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "therma/problems/schedule/check.hpp"
#include "therma/problems/schedule/parse.hpp"
#include "therma/problems/schedule/time_grid.hpp"

namespace therma::schedule {
namespace {

using Index = std::unordered_map<std::string, std::uint32_t>;

// First and last operation of a task as stated; the same for a plain task.
struct Span {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

// The member if it is there.
std::optional<JsonReader> member(const JsonReader& json, std::string_view key) {
  if (!json.has(key)) return std::nullopt;
  return json.at(key);
}

template <class Map>
auto look_up(const JsonReader& json, const Map& known, std::string_view kind) {
  const auto found = known.find(json.string());
  if (found == known.end()) {
    json.reject(fmt::format("no {} has the id \"{}\"", kind, json.string()));
  }
  return found->second;
}

double non_negative_number(const JsonReader& json) {
  const double value = json.number();
  if (value < 0) json.expected("a number >= 0");
  return value;
}

class Reader {
 public:
  Reader(const JsonReader& root, TimeGrid& grid) : root_(root), grid_(grid) {}

  ParsedProblem read() {
    root_.allow_keys({"therma", "kind", "comment", "time_unit", "tasks", "machines", "resources",
                      "precedence", "preferences", "setup", "objective"});
    read_header();
    each("machines", kMaxMachines, [&](const JsonReader& json) { read_machine(json); });
    each("resources", kMaxResources, [&](const JsonReader& json) { read_resource(json); });
    const auto tasks = root_.at("tasks");
    check_size(tasks.array_size(), problem_.machines.size(), root_.path());
    for (std::size_t i = 0; i < tasks.array_size(); ++i) read_task(tasks.at(i));
    each("precedence", kMaxPrecedences, [&](const JsonReader& json) { read_precedence(json); });
    each("preferences", kMaxPrecedences, [&](const JsonReader& json) { read_preference(json); });
    read_setups();
    read_objective();
    problem_.ticks_per_unit = std::max<std::int64_t>(1, grid_.ticks_per_unit());
    return {std::move(problem_), Format::json, std::move(assumptions_)};
  }

 private:
  template <class Read>
  void each(std::string_view key, std::size_t most, Read&& read) {
    if (key != "machines" && !root_.has(key)) return;
    const auto list = root_.at(key);
    const auto size = list.array_size();
    if (size > most) list.reject(fmt::format("at most {} are allowed, got {}", most, size));
    for (std::size_t i = 0; i < size; ++i) read(list.at(i));
  }

  void read_header() {
    if (const auto version = member(root_, "therma"); version && version->integer() != 1) {
      version->expected("1, the version of the schema");
    }
    if (const auto kind = root_.at("kind"); kind.string() != "schedule") {
      kind.expected("\"schedule\"");
    }
    if (const auto comment = member(root_, "comment")) (void)comment->string();
    if (const auto unit = member(root_, "time_unit")) {
      problem_.time_unit = unit->string();
      constexpr std::size_t kLongest = 32;
      if (problem_.time_unit.empty() || problem_.time_unit.size() > kLongest) {
        unit->expected("a unit's name, 1 to 32 bytes");
      }
    }
  }

  Ticks time(const JsonReader& json) { return grid_.ticks(non_negative_number(json)); }

  std::uint32_t add_id(const JsonReader& json, Index& known, std::string_view kind) {
    const auto id = json.at("id");
    const auto [_, is_new] = known.emplace(id.string(), static_cast<std::uint32_t>(known.size()));
    if (!is_new) id.reject(fmt::format("two {}s have the id \"{}\"", kind, id.string()));
    return static_cast<std::uint32_t>(known.size() - 1);
  }

  void read_machine(const JsonReader& json) {
    json.allow_keys({"id", "windows", "speed", "setup"});
    add_id(json, machines_, "machine");
    if (const auto id = json.at("id"); id.string() == "min" || id.string() == "max") {
      id.reject("min and max name the ends of a duration, not a machine");
    }
    Machine machine{.id = json.at("id").string(), .windows = {}, .speed = 1.0};
    if (const auto speed = member(json, "speed")) {
      machine.speed = speed->number();
      if (machine.speed <= 0) speed->expected("a number > 0");
    }
    if (const auto windows = member(json, "windows")) {
      for (std::size_t i = 0; i < windows->array_size(); ++i) {
        machine.windows.push_back(read_window(windows->at(i)));
      }
      if (machine.windows.empty()) windows->expected("at least one [open, close] pair");
    } else {
      machine.windows.push_back({});
    }
    problem_.machines.push_back(std::move(machine));
  }

  // A close of null: no end.
  Window read_window(const JsonReader& json) {
    if (!json.json().is_array() || json.array_size() != 2) json.expected("a pair [open, close]");
    const auto close = json.at(1);
    return {time(json.at(0)), close.json().is_null() ? kNever : time(close)};
  }

  void read_resource(const JsonReader& json) {
    json.allow_keys({"id", "capacity"});
    add_id(json, resources_, "resource");
    const auto capacity = json.at("capacity");
    if (capacity.integer() <= 0) capacity.expected("a whole number > 0");
    problem_.resources.push_back({json.at("id").string(), capacity.integer()});
  }

  void read_task(const JsonReader& json) {
    json.allow_keys({"id", "duration", "machines", "release", "deadline", "due", "weight", "demand",
                     "family", "operations", "modes"});
    const auto id = json.at("id").string();
    if (id.empty()) json.at("id").expected("a name");
    const auto first = static_cast<std::uint32_t>(problem_.tasks.size());
    if (const auto operations = member(json, "operations")) {
      for (const char* key : {"duration", "machines", "demand", "family", "modes"}) {
        if (json.has(key)) json.at(key).reject("does not go together with operations");
      }
      read_operations(*operations, id);
    } else {
      add_task(json, id);
      if (const auto modes = member(json, "modes")) {
        if (json.has("duration") || json.has("machines")) {
          modes->reject("does not go together with duration or machines");
        }
        read_modes(*modes, problem_.tasks.back());
      } else {
        read_work(json, problem_.tasks.back(), first);
      }
    }
    const auto last = static_cast<std::uint32_t>(problem_.tasks.size() - 1);
    if (!stated_.emplace(id, Span{first, last}).second) {
      json.reject(fmt::format("two tasks have the id \"{}\"", id));
    }
    read_limits(json, problem_.tasks[first], problem_.tasks[last]);
  }

  // A task without its duration yet.
  Task& add_task(const JsonReader& json, const std::string& id) {
    auto& task = problem_.tasks.emplace_back();
    task.id = id;
    task.duration_on.assign(problem_.machines.size(), kNotEligible);
    if (const auto demand = member(json, "demand")) read_demand(*demand, task);
    if (const auto family = member(json, "family")) task.family = family_of(family->string());
    return task;
  }

  void read_limits(const JsonReader& json, Task& first, Task& last) {
    if (const auto release = member(json, "release")) first.release = time(*release);
    if (const auto deadline = member(json, "deadline")) last.deadline = time(*deadline);
    if (const auto due = member(json, "due")) last.due = time(*due);
    if (const auto weight = member(json, "weight")) last.weight = non_negative_number(*weight);
    has_due_ = has_due_ || last.due.has_value();
  }

  void read_demand(const JsonReader& json, Task& task) {
    json.require_object();
    for (const auto& [key, _] : json.json().items()) {
      const auto amount = json.at(key);
      const auto found = resources_.find(key);
      if (found == resources_.end()) {
        amount.reject(fmt::format("no resource has the id \"{}\"", key));
      }
      if (amount.integer() < 0) amount.expected("a whole number >= 0");
      if (amount.integer() > 0) task.demands.push_back({found->second, amount.integer()});
    }
  }

  void read_operations(const JsonReader& json, const std::string& id) {
    if (json.array_size() == 0) json.expected("at least one operation");
    for (std::size_t i = 0; i < json.array_size(); ++i) {
      const auto operation = json.at(i);
      operation.allow_keys({"machine", "machines", "duration", "demand", "family"});
      const auto index = static_cast<std::uint32_t>(problem_.tasks.size());
      check_size(problem_.tasks.size() + 1, problem_.machines.size(), root_.path());
      auto& task = add_task(operation, fmt::format("{}.{}", id, i));
      read_work(operation, task, index);
      stated_.emplace(task.id, Span{index, index});
      if (i > 0) problem_.precedences.push_back({index - 1, index, 0});
    }
  }

  // Alternatives that differ in machines and duration only.
  void read_modes(const JsonReader& json, Task& task) {
    if (json.array_size() == 0) json.expected("at least one mode");
    for (std::size_t i = 0; i < json.array_size(); ++i) {
      const auto mode = json.at(i);
      if (mode.has("demand")) mode.reject("modes with their own demands are not supported yet");
      mode.allow_keys({"machine", "machines", "duration"});
      for (const auto machine : eligible(mode)) {
        const auto took = grid_.ticks_at_speed(non_negative_number(mode.at("duration")),
                                               problem_.machines[machine].speed);
        auto& slot = task.duration_on[machine];
        slot = slot == kNotEligible ? took : std::min(slot, took);
      }
    }
  }

  // Fills duration_on from `duration` (a number, {min, max}, or one number per machine).
  void read_work(const JsonReader& json, Task& task, std::uint32_t index) {
    const auto duration = json.at("duration");
    if (!duration.json().is_object()) {
      if (!duration.json().is_number()) {
        duration.expected("a number, {\"min\", \"max\"} or a number per machine");
      }
      set_work(json, task, non_negative_number(duration));
    } else if (duration.has("min") || duration.has("max")) {
      duration.allow_keys({"min", "max"});
      const double low = non_negative_number(duration.at("min"));
      const double high = duration.at("max").number();
      if (high < low) duration.reject(fmt::format("min must be <= max, got {} > {}", low, high));
      const bool whole = low == std::floor(low) && high == std::floor(high);
      grid_.ticks(high);
      if (!whole) grid_.ask_for_fractions();
      set_work(json, task, low);
      problem_.uncertain.push_back({index, low, high, whole});
    } else {
      read_work_per_machine(json, duration, task);
    }
  }

  void set_work(const JsonReader& json, Task& task, double work) {
    task.work = grid_.ticks(work);
    for (const auto machine : eligible(json)) {
      task.duration_on[machine] = grid_.ticks_at_speed(work, problem_.machines[machine].speed);
    }
  }

  // Times stated for one machine hold as they are: its speed is not applied again.
  void read_work_per_machine(const JsonReader& json, const JsonReader& duration, Task& task) {
    for (const auto& [key, _] : duration.json().items()) {
      const auto value = duration.at(key);
      const auto found = machines_.find(key);
      if (found == machines_.end()) value.reject(fmt::format("no machine has the id \"{}\"", key));
      task.duration_on[found->second] = time(value);
    }
    if (duration.json().empty()) duration.expected("a duration for at least one machine");
    if (!json.has("machines") && !json.has("machine")) return;
    std::vector<Ticks> kept(task.duration_on.size(), kNotEligible);
    for (const auto machine : eligible(json)) {
      if (!duration.json().contains(problem_.machines[machine].id)) {
        duration.reject(
            fmt::format("machine \"{}\" has no duration", problem_.machines[machine].id));
      }
      kept[machine] = task.duration_on[machine];
    }
    task.duration_on = std::move(kept);
  }

  // `machines` (or one `machine`); all of them where neither is stated.
  std::vector<std::uint32_t> eligible(const JsonReader& json) {
    std::vector<std::uint32_t> out;
    if (const auto one = member(json, "machine")) {
      if (json.has("machines")) one->reject("does not go together with machines");
      return {look_up(*one, machines_, "machine")};
    }
    if (const auto list = member(json, "machines")) {
      for (std::size_t i = 0; i < list->array_size(); ++i) {
        out.push_back(look_up(list->at(i), machines_, "machine"));
        if (std::find(out.begin(), out.end() - 1, out.back()) != out.end() - 1) {
          list->at(i).reject("is listed twice");
        }
      }
      if (out.empty()) list->expected("at least one machine");
      return out;
    }
    for (std::uint32_t k = 0; k < problem_.machines.size(); ++k) out.push_back(k);
    return out;
  }

  void read_precedence(const JsonReader& json) {
    json.allow_keys({"before", "after", "lag"});
    const auto before = look_up(json.at("before"), stated_, "task").last;
    const auto after = look_up(json.at("after"), stated_, "task").first;
    if (before == after) json.reject("a task must not precede itself");
    problem_.precedences.push_back({before, after, grid_.ticks(json.number_or("lag", 0.0))});
  }

  void read_preference(const JsonReader& json) {
    json.allow_keys({"task", "machine", "start_after", "end_before", "weight"});
    const auto span = look_up(json.at("task"), stated_, "task");
    Preference wish;
    wish.task = span.first;
    int kinds = 0;
    if (const auto machine = member(json, "machine"); machine && ++kinds) {
      if (span.first != span.last) machine->reject("a task with operations has many machines");
      wish.machine = look_up(*machine, machines_, "machine");
    }
    if (const auto start = member(json, "start_after"); start && ++kinds) {
      wish.start_after = time(*start);
    }
    if (const auto end = member(json, "end_before"); end && ++kinds) {
      wish.task = span.last;
      wish.end_before = time(*end);
    }
    if (kinds != 1) json.reject("exactly one of machine, start_after, end_before must be stated");
    if (const auto weight = member(json, "weight")) wish.weight = non_negative_number(*weight);
    problem_.preferences.push_back(wish);
  }

  std::uint32_t family_of(const std::string& name) {
    const auto [at, is_new] = families_.emplace(name, static_cast<std::uint32_t>(families_.size()));
    if (is_new) problem_.families.push_back(name);
    return at->second;
  }

  void read_setups() {
    if (const auto rows = member(root_, "setup")) read_setup_rows(*rows, std::nullopt);
    const auto machines = root_.at("machines");
    for (std::uint32_t k = 0; k < machines.array_size(); ++k) {
      if (const auto rows = member(machines.at(k), "setup")) read_setup_rows(*rows, k);
    }
  }

  void read_setup_rows(const JsonReader& json, std::optional<std::uint32_t> machine) {
    if (problem_.setups.size() + json.array_size() > kMaxSetups) {
      json.reject(fmt::format("at most {} setups are allowed", kMaxSetups));
    }
    for (std::size_t i = 0; i < json.array_size(); ++i) {
      const auto row = json.at(i);
      row.allow_keys({"from", "to", "time"});
      const auto from = look_up(row.at("from"), families_, "task family");
      const auto to = look_up(row.at("to"), families_, "task family");
      problem_.setups.push_back({machine, from, to, time(row.at("time"))});
    }
  }

  void read_objective() {
    const auto stated = member(root_, "objective");
    auto& weights = problem_.objective;
    if (!stated) {
      weights = {1.0, has_due_ ? 1.0 : 0.0, problem_.preferences.empty() ? 0.0 : 1.0};
      std::string text = "no objective stated: makespan";
      if (has_due_) text += " + weighted tardiness";
      if (!problem_.preferences.empty()) text += " + broken preferences";
      assumptions_.push_back(std::move(text));
      return;
    }
    stated->allow_keys({"makespan", "tardiness", "preference"});
    const auto weight = [&](std::string_view key) {
      const auto value = member(*stated, key);
      return value ? non_negative_number(*value) : 0.0;
    };
    weights = {weight("makespan"), weight("tardiness"), weight("preference")};
    if (weights.makespan + weights.tardiness + weights.preference <= 0) {
      stated->expected("weights of which at least one is > 0");
    }
  }

  const JsonReader& root_;
  TimeGrid& grid_;
  Problem problem_;
  std::vector<std::string> assumptions_;
  Index machines_, resources_, families_;
  std::unordered_map<std::string, Span> stated_;  // tasks and operations by id
  bool has_due_ = false;
};

}  // namespace

ParsedProblem problem_from_json(const Json& json, std::string_view where) {
  const JsonReader root(json, std::string(where));
  TimeGrid grid;
  (void)Reader(root, grid).read();
  grid.settle(where);
  auto parsed = Reader(root, grid).read();
  check_problem(parsed.problem, where);
  return parsed;
}

}  // namespace therma::schedule
