// SPDX-License-Identifier: Apache-2.0
// From a schedule in ticks to rows and bars in the problem's unit.
#include "therma/engine/timetable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <span>

#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

std::vector<TimeSpan> closed_times(const schedule::Machine& machine, double ticks_per_unit) {
  std::vector<TimeSpan> closed;
  schedule::Ticks opened_until = 0;
  const auto add = [&](schedule::Ticks from, double to) {
    if (static_cast<double>(from) / ticks_per_unit < to) {
      closed.push_back({static_cast<double>(from) / ticks_per_unit, to});
    }
  };
  for (const auto& window : machine.windows) {
    add(opened_until, static_cast<double>(window.open) / ticks_per_unit);
    opened_until = window.close;
  }
  if (opened_until < schedule::kNever) add(opened_until, HUGE_VAL);
  return closed;
}

// The job of each task: tasks tied by precedence belong together. Numbered by first task.
std::vector<std::uint32_t> jobs_of(const schedule::Problem& problem) {
  std::vector<std::uint32_t> job(problem.tasks.size());
  std::iota(job.begin(), job.end(), 0U);
  const auto root = [&](std::uint32_t task) {
    while (job[task] != task) task = job[task] = job[job[task]];
    return task;
  };
  for (const auto& p : problem.precedences) {
    const auto a = root(p.before);
    const auto b = root(p.after);
    job[std::max(a, b)] = std::min(a, b);
  }
  std::vector<std::uint32_t> number(job.size());
  std::uint32_t num_jobs = 0;
  for (std::uint32_t task = 0; task < job.size(); ++task) {
    number[task] = root(task) == task ? num_jobs++ : number[root(task)];
  }
  return number;
}

// What the ids of a job's operations have in common, without what separates job and operation.
std::string common_label(const std::string& a, const std::string& b) {
  const auto differ = std::ranges::mismatch(a, b).in1;
  auto common = std::string(a.begin(), differ);
  const auto end = common.find_last_not_of("._-/: ");
  return end == std::string::npos ? "" : common.substr(0, end + 1);
}

// Labels of jobs: "j3" from "j3.1", "j3.2"; their numbers where the ids don't tell jobs apart.
std::vector<std::string> job_labels(const schedule::Problem& problem,
                                    std::span<const std::uint32_t> job) {
  std::vector<std::string> labels;
  for (std::size_t task = 0; task < job.size(); ++task) {
    const auto& id = problem.tasks[task].id;
    if (job[task] == labels.size()) {
      labels.push_back(id);
    } else {
      labels[job[task]] = common_label(labels[job[task]], id);
    }
  }
  const std::set<std::string> distinct(labels.begin(), labels.end());
  const bool telling = distinct.size() == labels.size() && !distinct.contains("");
  for (std::size_t j = 0; j < labels.size(); ++j) {
    labels[j] = telling ? printable(labels[j]) : std::to_string(j + 1);
  }
  return labels;
}

std::string detail_of(const schedule::Task& task, double ticks_per_unit) {
  std::string detail;
  const auto add = [&](std::string_view what, schedule::Ticks at) {
    detail += fmt::format("{}{} {}", detail.empty() ? "" : ", ", what,
                          number_text(static_cast<double>(at) / ticks_per_unit));
  };
  if (task.release > 0) add("not before", task.release);
  if (task.due) add("due", *task.due);
  if (task.deadline) add("deadline", *task.deadline);
  return detail;
}

}  // namespace

std::size_t Timetable::num_bars() const noexcept {
  std::size_t count = 0;
  for (const auto& row : rows) count += row.bars.size();
  return count;
}

Timetable timetable(const schedule::Problem& problem, const schedule::Solution& solution) {
  const auto unit_ticks = static_cast<double>(problem.ticks_per_unit);
  Timetable table{.unit = problem.time_unit == "units" ? "" : printable(problem.time_unit)};
  for (const auto& machine : problem.machines) {
    table.rows.push_back({printable(machine.id), {}, closed_times(machine, unit_ticks)});
  }
  const bool job_shop = schedule::is_job_shop(problem);
  const auto job = job_shop ? jobs_of(problem) : std::vector<std::uint32_t>{};
  if (job_shop) table.groups = job_labels(problem, job);
  for (std::uint32_t i = 0; i < solution.tasks.size(); ++i) {
    const auto& place = solution.tasks[i];
    const auto& task = problem.tasks[i];
    const Bar bar{.label = job_shop ? table.groups[job[i]] : printable(task.id),
                  .detail = job_shop ? printable(task.id) : detail_of(task, unit_ticks),
                  .start = static_cast<double>(place.start) / unit_ticks,
                  .end = static_cast<double>(place.end) / unit_ticks,
                  .group = job_shop ? job[i] : i};
    table.rows[place.machine].bars.push_back(bar);
    table.end = std::max(table.end, bar.end);
  }
  for (auto& row : table.rows) std::ranges::stable_sort(row.bars, {}, &Bar::start);
  return table;
}

double round_step(double span, std::size_t most, const std::string& unit) {
  static constexpr std::array kHours = {0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 12.0, 24.0, 48.0};
  static constexpr std::array kMinutes = {1.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0};
  const double least = span / static_cast<double>(std::max<std::size_t>(most, 1));
  const auto steps = unit == "h"                    ? std::span<const double>(kHours)
                     : unit == "min" || unit == "s" ? std::span<const double>(kMinutes)
                                                    : std::span<const double>();
  for (const double step : steps) {
    if (step >= least) return step;
  }
  if (!(least > 0)) return 1.0;
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least) return factor * power;
  }
  return 10.0 * power;
}

}  // namespace therma
