// SPDX-License-Identifier: Apache-2.0
// Compiling a scheduling problem to job-shop arrays.
#include "therma/problems/job_shop/model.hpp"

#include <algorithm>
#include <numeric>

#include "therma/core/error.hpp"

namespace therma::job_shop {
namespace {

// The only machine that can do the task, and its duration there.
std::optional<Step> only_step(const schedule::Task& task) {
  std::optional<Step> step;
  for (std::uint32_t m = 0; m < task.duration_on.size(); ++m) {
    if (task.duration_on[m] == schedule::kNotEligible) continue;
    if (step) return std::nullopt;
    step = Step{m, task.duration_on[m]};
  }
  return step;
}

bool is_always_open(const schedule::Machine& machine) {
  return machine.windows.size() == 1 && machine.windows[0].open == 0 &&
         machine.windows[0].close >= schedule::kNever;
}

// Whether nothing is asked but machines, order and makespan.
bool asks_for_makespan_alone(const schedule::Problem& problem) {
  const auto is_plain = [](const schedule::Task& task) {
    return task.release == 0 && !task.deadline && task.demands.empty();
  };
  return problem.objective.makespan > 0.0 && problem.objective.tardiness == 0.0 &&
         (problem.objective.preference == 0.0 || problem.preferences.empty()) &&
         problem.setups.empty() && problem.uncertain.empty() &&
         std::all_of(problem.tasks.begin(), problem.tasks.end(), is_plain) &&
         std::all_of(problem.machines.begin(), problem.machines.end(), is_always_open);
}

// Tasks job by job in order; none unless the precedences are chains with zero lag.
std::optional<std::vector<std::vector<std::uint32_t>>> chains(const schedule::Problem& problem) {
  const auto num_tasks = static_cast<std::uint32_t>(problem.tasks.size());
  const std::uint32_t none = num_tasks;
  std::vector<std::uint32_t> after(num_tasks, none);
  std::vector<std::uint32_t> before(num_tasks, none);
  for (const auto& p : problem.precedences) {
    if (p.lag != 0 || after[p.before] != none || before[p.after] != none) return std::nullopt;
    after[p.before] = p.after;
    before[p.after] = p.before;
  }
  std::vector<std::vector<std::uint32_t>> jobs;
  std::uint32_t seen = 0;
  for (std::uint32_t first = 0; first < num_tasks; ++first) {
    if (before[first] != none) continue;
    auto& tasks = jobs.emplace_back();
    for (std::uint32_t t = first; t != none; t = after[t]) tasks.push_back(t);
    seen += static_cast<std::uint32_t>(tasks.size());
  }
  if (seen != num_tasks) return std::nullopt;  // a cycle has no first task
  return jobs;
}

void group_by_machine(Model& model, std::uint32_t num_machines) {
  model.machine_begin.assign(num_machines + 1, 0);
  for (const auto m : model.machine) ++model.machine_begin[m + 1];
  std::partial_sum(model.machine_begin.begin(), model.machine_begin.end(),
                   model.machine_begin.begin());
  model.on_machine.resize(model.num_ops());
  auto next = model.machine_begin;
  for (Op op = 0; op < model.num_ops(); ++op) {
    model.on_machine[next[model.machine[op]]++] = op;
  }
}

// The greatest common divisor of all durations; 1 where all are 0.
schedule::Ticks common_unit(std::span<const std::vector<Step>> jobs) {
  schedule::Ticks unit = 0;
  for (const auto& steps : jobs) {
    for (const auto& step : steps) unit = std::gcd(unit, step.duration);
  }
  return std::max<schedule::Ticks>(unit, 1);
}

// The sum of all durations in units; none above kMostTime.
std::optional<schedule::Ticks> total_work(std::span<const std::vector<Step>> jobs,
                                          schedule::Ticks unit) {
  schedule::Ticks sum = 0;
  for (const auto& steps : jobs) {
    for (const auto& step : steps) {
      if (step.duration / unit > kMostTime) return std::nullopt;
      sum += step.duration / unit;
      if (sum > kMostTime) return std::nullopt;
    }
  }
  return sum;
}

}  // namespace

Model from_jobs(std::span<const std::vector<Step>> jobs, std::uint32_t num_machines) {
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    for (const auto& step : jobs[j]) {
      if (step.machine >= num_machines) {
        fail(ErrorCode::invalid_argument, "job {}: machine must be below {}, got {}", j,
             num_machines, step.machine);
      }
      if (step.duration < 0) {
        fail(ErrorCode::invalid_argument, "job {}: duration must be >= 0, got {}", j,
             step.duration);
      }
    }
  }
  Model model;
  model.unit = common_unit(jobs);
  if (!total_work(jobs, model.unit)) {
    fail(ErrorCode::invalid_argument, "durations: their sum must be at most {} units of {} ticks",
         kMostTime, model.unit);
  }
  model.job_begin.push_back(0);
  for (std::uint32_t j = 0; j < jobs.size(); ++j) {
    for (const auto& step : jobs[j]) {
      model.duration.push_back(static_cast<Time>(step.duration / model.unit));
      model.job.push_back(j);
      model.machine.push_back(step.machine);
    }
    model.job_begin.push_back(model.num_ops());
  }
  if (model.num_ops() == 0) {
    fail(ErrorCode::invalid_argument, "jobs: must have an operation, got none");
  }
  const Op sentinel = model.num_ops();
  model.duration.push_back(0);
  model.job_before.assign(sentinel + 1, sentinel);
  model.job_after.assign(sentinel + 1, sentinel);
  for (Op op = 0; op + 1 < sentinel; ++op) {
    if (model.job[op] != model.job[op + 1]) continue;
    model.job_after[op] = op + 1;
    model.job_before[op + 1] = op;
  }
  model.task.resize(sentinel);
  std::iota(model.task.begin(), model.task.end(), 0U);
  group_by_machine(model, num_machines);
  return model;
}

std::optional<Model> compile(const schedule::Problem& problem) {
  if (problem.tasks.empty() || !asks_for_makespan_alone(problem)) return std::nullopt;
  const auto jobs = chains(problem);
  if (!jobs) return std::nullopt;
  std::vector<std::vector<Step>> steps;
  std::vector<std::uint32_t> task;
  for (const auto& job : *jobs) {
    auto& of_job = steps.emplace_back();
    for (const auto t : job) {
      const auto step = only_step(problem.tasks[t]);
      if (!step) return std::nullopt;
      of_job.push_back(*step);
      task.push_back(t);
    }
  }
  if (!total_work(steps, common_unit(steps))) return std::nullopt;
  Model model = from_jobs(steps, static_cast<std::uint32_t>(problem.machines.size()));
  model.task = std::move(task);
  return model;
}

schedule::Solution to_solution(const Model& model, std::span<const Time> starts) {
  schedule::Solution solution;
  solution.tasks.resize(model.num_ops());
  for (Op op = 0; op < model.num_ops(); ++op) {
    const auto start = static_cast<schedule::Ticks>(starts[op]) * model.unit;
    const auto length = static_cast<schedule::Ticks>(model.duration[op]) * model.unit;
    solution.tasks[model.task[op]] = {model.machine[op], start, start + length};
  }
  return solution;
}

std::vector<Time> starts_of(const Model& model, const schedule::Solution& solution) {
  if (solution.tasks.size() != model.num_ops()) {
    fail(ErrorCode::invalid_argument, "solution: must place {} operations, got {}", model.num_ops(),
         solution.tasks.size());
  }
  std::vector<Time> starts(model.num_ops());
  for (Op op = 0; op < model.num_ops(); ++op) {
    const auto units = solution.tasks[model.task[op]].start / model.unit;
    starts[op] = static_cast<Time>(std::clamp<schedule::Ticks>(units, 0, 2 * kMostTime));
  }
  return starts;
}

}  // namespace therma::job_shop
