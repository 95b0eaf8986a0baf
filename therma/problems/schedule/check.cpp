// SPDX-License-Identifier: Apache-2.0
// One function per rule; the first broken rule is reported.
#include "therma/problems/schedule/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "therma/core/error.hpp"

namespace therma::schedule {
namespace {

class Checker {
 public:
  Checker(const Problem& problem, std::string_view where) : problem_(problem), where_(where) {}

  void run() const {
    check_ids(problem_.tasks, "task");
    check_ids(problem_.machines, "machine");
    check_ids(problem_.resources, "resource");
    if (problem_.tasks.empty()) bad("there must be at least one task");
    if (problem_.machines.empty()) bad("there must be at least one machine");
    for (const auto& machine : problem_.machines) check_machine(machine);
    for (const auto& resource : problem_.resources) check_resource(resource);
    for (const auto& task : problem_.tasks) check_task(task);
    check_references();
    check_objective();
    check_horizon();
    check_acyclic();
  }

 private:
  template <class... Args>
  [[noreturn]] void bad(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorCode::bad_data, "{}: {}", where_, fmt::format(format, std::forward<Args>(args)...));
  }

  template <class Item>
  void check_ids(const std::vector<Item>& items, std::string_view kind) const {
    std::unordered_set<std::string_view> seen;
    for (const auto& item : items) {
      if (item.id.empty()) bad("{} ids must not be empty", kind);
      if (!seen.insert(item.id).second) bad("two {}s have the id \"{}\"", kind, item.id);
    }
  }

  void check_machine(const Machine& machine) const {
    if (!(machine.speed > 0) || !std::isfinite(machine.speed)) {
      bad("machine \"{}\": speed must be > 0, got {}", machine.id, machine.speed);
    }
    if (machine.windows.empty()) bad("machine \"{}\" has no window to work in", machine.id);
    Ticks last_close = 0;
    for (const auto& window : machine.windows) {
      if (window.open < 0) bad("machine \"{}\": a window opens before time 0", machine.id);
      if (window.close <= window.open) {
        bad("machine \"{}\": the window {} must close after it opens", machine.id, shown(window));
      }
      if (window.open < last_close) {
        bad("machine \"{}\": the window {} must start after the one before it ends, at {}",
            machine.id, shown(window), to_units(problem_, last_close));
      }
      last_close = window.close;
    }
  }

  void check_resource(const Resource& resource) const {
    if (resource.capacity <= 0) {
      bad("resource \"{}\": capacity must be > 0, got {}", resource.id, resource.capacity);
    }
  }

  void check_task(const Task& task) const {
    if (task.duration_on.size() != problem_.machines.size()) {
      bad("task \"{}\" must have one duration per machine", task.id);
    }
    const auto is_bad = [](Ticks d) { return d < 0 && d != kNotEligible; };
    if (std::ranges::any_of(task.duration_on, is_bad)) {
      bad("task \"{}\": duration must be >= 0", task.id);
    }
    if (std::ranges::all_of(task.duration_on, [](Ticks d) { return d == kNotEligible; })) {
      bad("task \"{}\" has no machine that can do it", task.id);
    }
    if (task.release < 0) bad("task \"{}\": release must be >= 0", task.id);
    if (task.deadline && *task.deadline < 0) bad("task \"{}\": deadline must be >= 0", task.id);
    if (task.due && *task.due < 0) bad("task \"{}\": due must be >= 0", task.id);
    if (!(task.weight >= 0) || !std::isfinite(task.weight)) {
      bad("task \"{}\": weight must be >= 0, got {}", task.id, task.weight);
    }
    std::vector<std::uint32_t> seen;
    for (const auto& demand : task.demands) {
      require(demand.resource < problem_.resources.size(), "a demand");
      if (demand.amount < 0) bad("task \"{}\": demand must be >= 0", task.id);
      if (std::ranges::find(seen, demand.resource) != seen.end()) {
        bad("task \"{}\" demands the resource \"{}\" twice", task.id,
            problem_.resources[demand.resource].id);
      }
      seen.push_back(demand.resource);
    }
    require(!task.family || *task.family < problem_.families.size(), "a family");
  }

  void check_references() const {
    const auto num_tasks = problem_.tasks.size();
    for (const auto& edge : problem_.precedences) {
      require(edge.before < num_tasks && edge.after < num_tasks, "a precedence");
    }
    for (const auto& wish : problem_.preferences) {
      require(wish.task < num_tasks && wish.machine.value_or(0) < problem_.machines.size(),
              "a preference");
      const int kinds = !!wish.machine + !!wish.start_after + !!wish.end_before;
      if (kinds != 1) {
        bad("a preference of task \"{}\" must state exactly one of machine, start_after, "
            "end_before",
            problem_.tasks[wish.task].id);
      }
      if (!(wish.weight >= 0) || !std::isfinite(wish.weight)) {
        bad("a preference of task \"{}\": weight must be >= 0, got {}",
            problem_.tasks[wish.task].id, wish.weight);
      }
    }
    for (const auto& range : problem_.uncertain) {
      require(range.task < num_tasks, "an uncertain duration");
      if (!(range.min >= 0) || !(range.max >= range.min) || !std::isfinite(range.max)) {
        bad("task \"{}\": duration must have 0 <= min <= max, got min {}, max {}",
            problem_.tasks[range.task].id, range.min, range.max);
      }
    }
    for (const auto& row : problem_.setups) {
      require(row.machine.value_or(0) < problem_.machines.size() &&
                  std::max(row.from, row.to) < problem_.families.size(),
              "a setup");
      if (row.time < 0) bad("a setup time must be >= 0");
    }
    const auto num_families = problem_.families.size();
    if (!problem_.setups.empty() &&
        (num_families > kMaxSetupTable ||
         problem_.machines.size() * num_families * num_families > kMaxSetupTable)) {
      bad("machines times families squared must be at most {}", kMaxSetupTable);
    }
  }

  void check_objective() const {
    const auto& weights = problem_.objective;
    for (const double w : {weights.makespan, weights.tardiness, weights.preference}) {
      if (!(w >= 0) || !std::isfinite(w)) bad("objective: weights must be >= 0, got {}", w);
    }
    if (weights.makespan + weights.tardiness + weights.preference <= 0) {
      bad("objective: at least one weight must be > 0");
    }
  }

  // Every sum of times that a schedule can hold stays exact in a double.
  void check_horizon() const {
    double longest = 0;
    const auto count = [&](Ticks t) { longest += std::abs(static_cast<double>(t)); };
    double latest = 0;
    const auto reach = [&](Ticks t) { latest = std::max(latest, static_cast<double>(t)); };
    for (const auto& task : problem_.tasks) {
      count(std::ranges::max(task.duration_on));
      reach(std::max({task.release, task.deadline.value_or(0), task.due.value_or(0)}));
    }
    for (const auto& edge : problem_.precedences) count(edge.lag);
    for (const auto& machine : problem_.machines) {
      for (const auto& window : machine.windows) {
        reach(window.open);
        if (window.close < kNever) reach(window.close);
      }
    }
    Ticks longest_setup = 0;
    for (const auto& row : problem_.setups) longest_setup = std::max(longest_setup, row.time);
    longest += static_cast<double>(longest_setup) * static_cast<double>(problem_.tasks.size());
    for (const auto& wish : problem_.preferences) {
      reach(std::max(wish.start_after.value_or(0), wish.end_before.value_or(0)));
    }
    if (longest + latest > static_cast<double>(kMaxTicks)) {
      bad("the times add up to {:.3g} {}, beyond what can be kept exact ({:.3g})",
          (longest + latest) / static_cast<double>(problem_.ticks_per_unit), problem_.time_unit,
          static_cast<double>(kMaxTicks) / static_cast<double>(problem_.ticks_per_unit));
    }
  }

  // Kahn's order; what is left over holds a cycle, found by walking back along it.
  void check_acyclic() const {
    const auto n = problem_.tasks.size();
    std::vector<std::uint32_t> waits_for(n), head(n + 1);
    for (const auto& e : problem_.precedences) ++waits_for[e.after], ++head[e.before + 1];
    for (std::size_t i = 0; i < n; ++i) head[i + 1] += head[i];
    std::vector<std::uint32_t> next(problem_.precedences.size());
    auto fill = head;
    for (const auto& e : problem_.precedences) next[fill[e.before]++] = e.after;
    std::vector<std::uint32_t> ready;
    for (std::uint32_t t = 0; t < n; ++t) {
      if (waits_for[t] == 0) ready.push_back(t);
    }
    for (std::size_t done = 0; done < ready.size(); ++done) {
      for (auto i = head[ready[done]]; i < head[ready[done] + 1]; ++i) {
        if (--waits_for[next[i]] == 0) ready.push_back(next[i]);
      }
    }
    if (ready.size() < n) bad("precedence has a cycle: {}", fmt::join(cycle(waits_for), " -> "));
  }

  [[nodiscard]] std::vector<std::string_view> cycle(
      const std::vector<std::uint32_t>& waits_for) const {
    constexpr auto kNone = static_cast<std::uint32_t>(-1);
    const auto n = problem_.tasks.size();
    std::vector<std::uint32_t> before(n, kNone);  // one unfinished predecessor of each task
    for (const auto& e : problem_.precedences) {
      if (waits_for[e.before] > 0) before[e.after] = e.before;
    }
    auto at = static_cast<std::uint32_t>(
        std::ranges::find_if(waits_for, [](auto w) { return w > 0; }) - waits_for.begin());
    for (std::size_t i = 0; i < n; ++i) at = before[at];  // now surely on the cycle
    std::vector<std::string_view> ids{problem_.tasks[at].id};
    constexpr std::size_t kShown = 12;
    for (auto t = before[at]; t != at && ids.size() < kShown; t = before[t]) {
      ids.push_back(problem_.tasks[t].id);
    }
    if (ids.size() == kShown) ids.push_back("...");
    ids.push_back(problem_.tasks[at].id);
    std::ranges::reverse(ids);
    return ids;
  }

  void require(bool holds, std::string_view what) const {
    if (!holds) bad("{} names something that does not exist", what);
  }

  [[nodiscard]] std::string shown(const Window& window) const {
    return fmt::format("[{}, {}]", to_units(problem_, window.open),
                       to_units(problem_, window.close));
  }

  const Problem& problem_;
  std::string_view where_;
};

}  // namespace

void check_size(std::size_t num_tasks, std::size_t num_machines, std::string_view where) {
  if (num_tasks > kMaxTasks) {
    fail(ErrorCode::bad_data, "{}: at most {} tasks are allowed, got {}", where, kMaxTasks,
         num_tasks);
  }
  if (num_machines > kMaxMachines) {
    fail(ErrorCode::bad_data, "{}: at most {} machines are allowed, got {}", where, kMaxMachines,
         num_machines);
  }
  if (num_tasks * num_machines > kMaxDurations) {
    fail(ErrorCode::bad_data, "{}: tasks times machines must be at most {}, got {} times {}", where,
         kMaxDurations, num_tasks, num_machines);
  }
}

void check_problem(const Problem& problem, std::string_view where) {
  check_size(problem.tasks.size(), problem.machines.size(), where);
  Checker(problem, where).run();
}

}  // namespace therma::schedule
