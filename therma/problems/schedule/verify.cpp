// SPDX-License-Identifier: Apache-2.0
// One function per constraint, each straight from its definition in model.hpp.
#include "therma/problems/schedule/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

namespace therma::schedule {
namespace {

// Wide enough for any stated time on any finer grid.
__extension__ using Wide = __int128;

struct Placed {
  std::uint32_t machine = 0;
  Wide start = 0;
  Wide end = 0;
};

struct OnMachine {
  std::uint32_t task;
  Wide start;
  Wide end;
};

class Verifier {
 public:
  Verifier(const Problem& problem, std::int64_t ticks_per_unit)
      : problem_(problem),
        ticks_per_unit_(static_cast<double>(ticks_per_unit)),
        factor_(ticks_per_unit / problem.ticks_per_unit),
        placed_(problem.tasks.size()) {}

  void place(std::uint32_t task, std::uint32_t machine, Ticks start, Ticks end) {
    if (placed_[task]) {
      add("repeated_task", id(task), 1, fmt::format("task {} is placed twice", id(task)));
    } else if (machine >= problem_.machines.size()) {
      report_unknown_machine(id(task), fmt::format("{}", machine));
    } else {
      placed_[task] = {machine, start, end};
    }
  }
  void report_unknown_task(const std::string& task) {
    add("unknown_task", task, 1, fmt::format("the problem has no task {}", task));
  }
  void report_unknown_machine(const std::string& task, const std::string& machine) {
    add("unknown_machine", task, 1,
        fmt::format("task {} is on {}, which the problem does not have", task, machine));
  }

  Verification finish() {
    for (std::uint32_t task = 0; task < placed_.size(); ++task) {
      if (placed_[task]) {
        check_task(task, *placed_[task]);
      } else {
        add("missing_task", id(task), 1, fmt::format("task {} is not placed", id(task)));
      }
    }
    check_machines();
    check_precedences();
    check_resources();
    compute_objective();
    return std::move(out_);
  }

 private:
  [[nodiscard]] const std::string& id(std::uint32_t task) const { return problem_.tasks[task].id; }
  // A time of the problem on the grid of the solution.
  [[nodiscard]] Wide fine(Ticks ticks) const { return static_cast<Wide>(ticks) * factor_; }
  [[nodiscard]] double units(Wide ticks) const {
    return static_cast<double>(ticks) / ticks_per_unit_;
  }

  void add(std::string_view constraint, std::string subject, double amount, std::string text) {
    out_.violations.push_back({constraint, std::move(subject), amount, std::move(text)});
  }

  void check_task(std::uint32_t index, const Placed& at) {
    const auto& task = problem_.tasks[index];
    if (at.start < fine(task.release)) {
      add("release", task.id, units(fine(task.release) - at.start),
          fmt::format("task {} starts at {}, before its release at {}", task.id, units(at.start),
                      to_units(problem_, task.release)));
    }
    if (task.deadline && at.end > fine(*task.deadline)) {
      add("deadline", task.id, units(at.end - fine(*task.deadline)),
          fmt::format("task {} ends at {}, after its deadline at {}", task.id, units(at.end),
                      to_units(problem_, *task.deadline)));
    }
    if (task.duration_on[at.machine] == kNotEligible) {
      add("eligibility", task.id, 1,
          fmt::format("machine {} cannot do task {}", problem_.machines[at.machine].id, task.id));
    } else {
      check_duration(index, at);
    }
    check_availability(index, at);
  }

  void check_duration(std::uint32_t index, const Placed& at) {
    const auto& task = problem_.tasks[index];
    Wide low = fine(task.duration_on[at.machine]);
    Wide high = low;
    const auto range = std::ranges::find(problem_.uncertain, index, &UncertainDuration::task);
    if (range != problem_.uncertain.end()) {
      const auto longest = std::llround(range->max * static_cast<double>(problem_.ticks_per_unit));
      high = fine(ticks_at_speed(longest, problem_.machines[at.machine].speed));
    }
    const Wide took = at.end - at.start;
    if (took >= low && took <= high) return;
    const Wide off = took < low ? low - took : took - high;
    add("duration", task.id, units(off),
        fmt::format("task {} takes {} on {}, must be {}{}", task.id, units(took),
                    problem_.machines[at.machine].id, units(low),
                    low == high ? "" : fmt::format(" to {}", units(high))));
  }

  void check_availability(std::uint32_t index, const Placed& at) {
    const auto& machine = problem_.machines[at.machine];
    Wide least_outside = -1;
    for (const auto& window : machine.windows) {
      const Wide early = std::max<Wide>(0, fine(window.open) - at.start);
      const Wide late = std::max<Wide>(0, at.end - fine(window.close));
      if (early == 0 && late == 0) return;
      // A task has at most its whole length outside; an empty one counts its distance.
      const Wide outside = std::min(early + late, std::max<Wide>(at.end - at.start, 1));
      if (least_outside < 0 || outside < least_outside) least_outside = outside;
    }
    add("availability", id(index), units(least_outside),
        fmt::format("task {} at [{}, {}] is not inside one window of machine {}", id(index),
                    units(at.start), units(at.end), machine.id));
  }

  // Tasks that take machine time, per machine, by start.
  void check_machines() {
    std::vector<std::vector<OnMachine>> by_machine(problem_.machines.size());
    for (std::uint32_t task = 0; task < placed_.size(); ++task) {
      const auto& at = placed_[task];
      if (at && at->end > at->start) {
        by_machine[at->machine].push_back({task, at->start, at->end});
      }
    }
    for (std::uint32_t machine = 0; machine < by_machine.size(); ++machine) {
      auto& sequence = by_machine[machine];
      std::ranges::sort(sequence, [](const auto& a, const auto& b) {
        return a.start != b.start ? a.start < b.start : a.task < b.task;
      });
      check_sequence(machine, sequence);
    }
  }

  void check_sequence(std::uint32_t machine, const std::vector<OnMachine>& sequence) {
    const auto& name = problem_.machines[machine].id;
    for (std::size_t i = 1, last = 0; i < sequence.size(); ++i) {
      const auto& before = sequence[last];  // of those so far, the one that ends last
      const auto& task = sequence[i];
      const Wide setup = fine(setup_time(machine, sequence[i - 1].task, task.task));
      const auto pair = fmt::format("{}, {}", id(before.task), id(task.task));
      if (task.start < before.end) {
        add("no_overlap", pair, units(std::min(before.end, task.end) - task.start),
            fmt::format("tasks {} and {} overlap on machine {}", id(before.task), id(task.task),
                        name));
      } else if (task.start - sequence[i - 1].end < setup) {
        add("setup", pair, units(setup - (task.start - sequence[i - 1].end)),
            fmt::format("machine {} needs {} of set-up between {} and {}", name, units(setup),
                        id(before.task), id(task.task)));
      }
      if (task.end > before.end) last = i;
    }
  }

  [[nodiscard]] Ticks setup_time(std::uint32_t machine, std::uint32_t from,
                                 std::uint32_t to) const {
    const auto& from_family = problem_.tasks[from].family;
    const auto& to_family = problem_.tasks[to].family;
    if (!from_family || !to_family) return 0;
    Ticks general = 0;
    for (const auto& row : problem_.setups) {
      if (row.from != *from_family || row.to != *to_family) continue;
      if (row.machine == machine) return row.time;
      if (!row.machine) general = row.time;
    }
    return general;
  }

  void check_precedences() {
    for (const auto& edge : problem_.precedences) {
      const auto& before = placed_[edge.before];
      const auto& after = placed_[edge.after];
      if (!before || !after) continue;
      const Wide earliest = before->end + fine(edge.lag);
      if (after->start >= earliest) continue;
      add("precedence", fmt::format("{}, {}", id(edge.before), id(edge.after)),
          units(earliest - after->start),
          fmt::format("task {} starts at {}, must wait for {} until {}", id(edge.after),
                      units(after->start), id(edge.before), units(earliest)));
    }
  }

  void check_resources() {
    struct Event {
      Wide time;
      std::int64_t change;
    };
    std::vector<std::vector<Event>> events(problem_.resources.size());
    for (std::size_t task = 0; task < placed_.size(); ++task) {
      const auto& at = placed_[task];
      if (!at || at->end <= at->start) continue;
      for (const auto& demand : problem_.tasks[task].demands) {
        events[demand.resource].push_back({at->start, demand.amount});
        events[demand.resource].push_back({at->end, -demand.amount});
      }
    }
    for (std::size_t r = 0; r < events.size(); ++r) {
      std::ranges::sort(events[r], [](const Event& a, const Event& b) {
        return a.time != b.time ? a.time < b.time : a.change < b.change;
      });
      std::int64_t used = 0, peak = 0;
      Wide when = 0;
      for (const auto& event : events[r]) {
        used += event.change;
        if (used > peak) peak = used, when = event.time;
      }
      const auto& resource = problem_.resources[r];
      if (peak <= resource.capacity) continue;
      add("resource_limit", resource.id, static_cast<double>(peak - resource.capacity),
          fmt::format("resource {} is used {} of {} at {}", resource.id, peak, resource.capacity,
                      units(when)));
    }
  }

  void compute_objective() {
    if (std::ranges::any_of(placed_, [](const auto& at) { return !at; })) return;
    Wide latest = 0;
    for (std::size_t task = 0; task < placed_.size(); ++task) {
      const auto& at = *placed_[task];
      latest = std::max(latest, at.end);
      const auto& due = problem_.tasks[task].due;
      if (due && at.end > fine(*due)) {
        out_.parts.tardiness += problem_.tasks[task].weight * units(at.end - fine(*due));
      }
    }
    out_.parts.makespan = units(latest);
    for (const auto& wish : problem_.preferences) {
      const auto& at = *placed_[wish.task];
      const bool holds = wish.machine       ? at.machine == *wish.machine
                         : wish.start_after ? at.start >= fine(*wish.start_after)
                                            : at.end <= fine(*wish.end_before);
      if (!holds) out_.parts.preference += wish.weight;
    }
    const auto& weights = problem_.objective;
    out_.objective = weights.makespan * out_.parts.makespan +
                     weights.tardiness * out_.parts.tardiness +
                     weights.preference * out_.parts.preference;
  }

  const Problem& problem_;
  double ticks_per_unit_;
  std::int64_t factor_;
  std::vector<std::optional<Placed>> placed_;
  Verification out_;
};

template <class Items>
std::unordered_map<std::string_view, std::uint32_t> index_of(const Items& items) {
  std::unordered_map<std::string_view, std::uint32_t> out;
  for (std::uint32_t i = 0; i < items.size(); ++i) out.emplace(items[i].id, i);
  return out;
}

}  // namespace

Verification verify(const Problem& problem, const StatedSolution& stated) {
  Verifier verifier(problem, stated.ticks_per_unit);
  const auto tasks = index_of(problem.tasks);
  const auto machines = index_of(problem.machines);
  for (const auto& at : stated.tasks) {
    const auto task = tasks.find(at.task);
    const auto machine = machines.find(at.machine);
    if (task == tasks.end()) {
      verifier.report_unknown_task(at.task);
    } else if (machine == machines.end()) {
      verifier.report_unknown_machine(at.task, at.machine);
    } else {
      verifier.place(task->second, machine->second, at.start, at.end);
    }
  }
  return verifier.finish();
}

Verification verify(const Problem& problem, const Solution& solution) {
  Verifier verifier(problem, problem.ticks_per_unit);
  for (std::uint32_t task = 0; task < solution.tasks.size(); ++task) {
    if (task >= problem.tasks.size()) {
      verifier.report_unknown_task(fmt::format("number {}", task));
      continue;
    }
    const auto& at = solution.tasks[task];
    verifier.place(task, at.machine, at.start, at.end);
  }
  return verifier.finish();
}

}  // namespace therma::schedule
