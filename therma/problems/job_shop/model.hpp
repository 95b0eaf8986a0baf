// SPDX-License-Identifier: Apache-2.0
// The job shop as flat arrays, compiled from a scheduling problem.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "therma/problems/schedule/model.hpp"

namespace therma::job_shop {

// Operations are numbered job by job: those of job j are job_begin[j] .. job_begin[j + 1] - 1, in
// the order in which the job visits its machines. Operation number num_ops() is a sentinel with
// duration 0: what comes before each job's first and after its last operation.
using Op = std::uint32_t;
// Time in units of Model::unit ticks. Sums over all operations stay below kMostTime.
using Time = std::int32_t;
inline constexpr Time kMostTime = Time{1} << 29;

struct Model {
  std::vector<Op> job_begin;           // [num_jobs + 1]
  std::vector<Time> duration;          // [num_ops + 1]
  std::vector<std::uint32_t> job;      // [num_ops]
  std::vector<std::uint32_t> machine;  // [num_ops]
  std::vector<Op> job_before;          // [num_ops + 1], the sentinel where there is none
  std::vector<Op> job_after;           // [num_ops + 1]
  // Operations grouped by machine: those of machine m are on_machine[machine_begin[m]] .. .
  std::vector<std::uint32_t> machine_begin;  // [num_machines + 1]
  std::vector<Op> on_machine;                // [num_ops]
  std::vector<std::uint32_t> task;           // [num_ops]: index into schedule::Problem::tasks
  schedule::Ticks unit = 1;                  // greatest common divisor of all durations, in ticks

  [[nodiscard]] std::uint32_t num_ops() const noexcept {
    return static_cast<std::uint32_t>(job.size());
  }
  [[nodiscard]] std::uint32_t num_jobs() const noexcept {
    return static_cast<std::uint32_t>(job_begin.size() - 1);
  }
  [[nodiscard]] std::uint32_t num_machines() const noexcept {
    return static_cast<std::uint32_t>(machine_begin.size() - 1);
  }
  [[nodiscard]] std::span<const Op> ops_on(std::uint32_t m) const noexcept {
    return std::span(on_machine).subspan(machine_begin[m], machine_begin[m + 1] - machine_begin[m]);
  }
};

// One step of a job: where and for how long.
struct Step {
  std::uint32_t machine = 0;
  schedule::Ticks duration = 0;
};

// From jobs as lists of steps; tasks are numbered job by job. Throws Error{invalid_argument} on a
// machine out of range, a negative duration, no operation at all, or durations whose sum in units
// exceeds kMostTime.
[[nodiscard]] Model from_jobs(std::span<const std::vector<Step>> jobs, std::uint32_t num_machines);

// None where the problem is more than a job shop (schedule::is_job_shop), or where its durations
// sum to more than kMostTime units.
[[nodiscard]] std::optional<Model> compile(const schedule::Problem& problem);

// Start times in units -> a solution in ticks. `starts` has one entry per operation.
[[nodiscard]] schedule::Solution to_solution(const Model& model, std::span<const Time> starts);

// Start times of the operations of a solution, in units, rounded down.
// Throws Error{invalid_argument} unless the solution has one placement per operation.
[[nodiscard]] std::vector<Time> starts_of(const Model& model, const schedule::Solution& solution);

}  // namespace therma::job_shop
