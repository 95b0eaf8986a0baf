// SPDX-License-Identifier: Apache-2.0
// Random small schedules, and the plainest possible search through all solutions of one.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "therma/core/random/rng.hpp"
#include "therma/problems/schedule/check.hpp"
#include "therma/problems/schedule/verify.hpp"

namespace therma::schedule::testing {

struct Wishes {
  std::uint32_t most_tasks = 7;
  std::uint32_t most_machines = 3;
  std::uint32_t longest = 5;  // duration
  bool has_deadlines = true;
  bool has_setups = true;
  bool has_ties = true;  // precedences and resources
  bool can_wait = true;  // start_after wishes and tasks of zero duration
  bool has_windows = true;
  bool has_costs = true;  // due dates and preferences
};

// A random problem that passes check_problem; a pure function of seed and wishes.
inline Problem random_problem(std::uint64_t seed, const Wishes& wishes = {}) {
  Draws draws(Rng(seed).child("random problem"), 0, 0);
  const auto one_in = [&](std::uint32_t k) { return draws.below(k) == 0; };
  const auto upto = [&](std::uint32_t k) { return static_cast<Ticks>(draws.below(k + 1)); };
  Problem p;
  const auto n = 2 + draws.below(wishes.most_tasks - 1);
  const auto m = 1 + draws.below(wishes.most_machines);
  for (std::uint32_t k = 0; k < m; ++k) {
    Machine machine{fmt::format("m{}", k), {}, one_in(4) ? 1.5 : 1.0};
    if (wishes.has_windows && k + 1 < m && one_in(2)) {
      Ticks at = upto(3);
      for (std::uint32_t w = 0; w <= draws.below(3); ++w) {
        machine.windows.push_back({at, at + 2 + upto(5)});
        at = machine.windows.back().close + upto(3);
      }
    } else {
      machine.windows.push_back({one_in(3) ? upto(4) : 0, kNever});
    }
    p.machines.push_back(machine);
  }
  if (wishes.has_setups && one_in(3)) {
    p.families = {"f0", "f1"};
    p.setups.push_back({std::nullopt, 0, 1, 1 + upto(2)});
    p.setups.push_back({draws.below(m), 1, 0, 1 + upto(3)});
  }
  if (wishes.has_ties && one_in(2)) p.resources.push_back({"r0", 2 + upto(2)});
  for (std::uint32_t t = 0; t < n; ++t) {
    Task task;
    task.id = fmt::format("t{}", t);
    const Ticks work = wishes.can_wait && one_in(8) ? 0 : 1 + upto(wishes.longest - 1);
    task.work = work;
    task.duration_on.assign(m, kNotEligible);
    for (std::uint32_t k = 0; k < m; ++k) {
      if (k + 1 == m || !one_in(3)) {
        task.duration_on[k] = ticks_at_speed(work, p.machines[k].speed);
      }
    }
    if (one_in(3)) task.release = upto(4);
    if (wishes.has_deadlines && one_in(4)) task.deadline = 4 + upto(12);
    if (wishes.has_costs && one_in(3)) {
      task.due = upto(8);
      task.weight = static_cast<double>(1 + draws.below(3));
    }
    if (!p.resources.empty() && one_in(2)) task.demands.push_back({0, 1 + upto(1)});
    if (!p.families.empty() && !one_in(3)) task.family = draws.below(2);
    p.tasks.push_back(task);
    if (wishes.has_ties && t > 0 && one_in(3)) {
      p.precedences.push_back({draws.below(t), t, one_in(3) ? upto(2) : 0});
    }
  }
  if (wishes.has_costs) {
    p.objective.tardiness = one_in(2) ? 0.5 : 0.0;
    p.objective.preference = one_in(2) ? 1.5 : 0.0;
    for (std::uint32_t i = 0; i < draws.below(3); ++i) {
      Preference wish;
      wish.task = draws.below(n);
      const auto kind = draws.below(wishes.can_wait ? 3 : 2);
      if (kind == 0) wish.machine = draws.below(m);
      if (kind == 1) wish.end_before = upto(8);
      if (kind == 2) wish.start_after = upto(8);
      p.preferences.push_back(wish);
    }
  }
  check_problem(p, "random problem");
  return p;
}

// Tries every machine and every whole start below `horizon` for every task, and asks the verifier.
// Lowest objective; none where nothing is feasible. For about (machines * horizon)^tasks < 1e6.
class BruteForce {
 public:
  BruteForce(const Problem& problem, Ticks horizon) : problem_(problem), horizon_(horizon) {
    solution_.tasks.resize(problem.tasks.size());
    place(0);
  }
  std::optional<double> best;

 private:
  void place(std::size_t task) {
    if (task == problem_.tasks.size()) {
      const auto checked = verify(problem_, solution_);
      if (checked.ok() && (!best || checked.objective < *best)) best = checked.objective;
      return;
    }
    const auto& stated = problem_.tasks[task];
    for (std::uint32_t k = 0; k < problem_.machines.size(); ++k) {
      if (stated.duration_on[k] == kNotEligible) continue;
      for (Ticks start = stated.release; start < horizon_; ++start) {
        solution_.tasks[task] = {k, start, start + stated.duration_on[k]};
        place(task + 1);
      }
    }
  }

  const Problem& problem_;
  Ticks horizon_;
  Solution solution_;
};

inline std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace therma::schedule::testing
