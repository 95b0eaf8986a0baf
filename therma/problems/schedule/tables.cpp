// SPDX-License-Identifier: Apache-2.0
// Flattening a problem, and orders that respect its precedences.
#include "therma/problems/schedule/tables.hpp"

#include <algorithm>
#include <queue>

#include "therma/core/error.hpp"

namespace therma::schedule {
namespace {

// [task]: the other end of each precedence, seen from `from`.
Rows<Edge> neighbours(const Problem& problem, std::uint32_t Precedence::*from,
                      std::uint32_t Precedence::*to) {
  Rows<Edge> rows;
  rows.head.assign(problem.tasks.size() + 1, 0);
  for (const auto& edge : problem.precedences) ++rows.head[edge.*from + 1];
  for (std::size_t i = 1; i < rows.head.size(); ++i) rows.head[i] += rows.head[i - 1];
  rows.items.resize(problem.precedences.size());
  auto fill = rows.head;
  for (const auto& edge : problem.precedences) {
    rows.items[fill[edge.*from]++] = {edge.*to, edge.lag};
  }
  return rows;
}

void add_setups(const Problem& problem, Tables& out) {
  if (problem.setups.empty()) return;
  const std::size_t f = out.num_families;
  out.setup.assign(out.num_machines * f * f, 0);
  const auto set = [&](std::size_t k, const Setup& row) {
    out.setup[(k * f + row.from) * f + row.to] = row.time;
    out.has_setup[k] = 1;
  };
  for (const auto& row : problem.setups) {
    if (row.machine) continue;
    for (std::size_t k = 0; k < out.num_machines; ++k) set(k, row);
  }
  // The first row for a machine holds, as in the verifier.
  for (auto row = problem.setups.rbegin(); row != problem.setups.rend(); ++row) {
    if (row->machine) set(*row->machine, *row);
  }
}

void add_machine(const Machine& machine, Tables& out) {
  for (const auto& window : machine.windows) out.windows.items.push_back(window);
  const Ticks horizon = machine.windows.empty() ? 0 : machine.windows.back().close;
  out.horizon.push_back(std::min(horizon, kNever));
  if (horizon < kNever) out.windows.items.push_back({horizon, kNever});
  out.windows.end_row();
}

void add_task(const Problem& problem, std::uint32_t index, Tables& out) {
  const auto& task = problem.tasks[index];
  out.duration.insert(out.duration.end(), task.duration_on.begin(), task.duration_on.end());
  for (std::uint32_t k = 0; k < out.num_machines; ++k) {
    if (task.duration_on[k] != kNotEligible) out.eligible.items.push_back(k);
  }
  out.eligible.end_row();
  out.release.push_back(task.release);
  out.deadline.push_back(task.deadline.value_or(kNever));
  out.family.push_back(task.family.value_or(out.num_families));
  const Ticks shortest = std::ranges::max(task.duration_on);
  for (const auto& demand : task.demands) {
    const auto excess = demand.amount - problem.resources[demand.resource].capacity;
    if (excess > 0 && shortest > 0) out.unmet_demand += excess;
    if (demand.amount > 0 && excess <= 0) out.demands.items.push_back(demand);
  }
  out.demands.end_row();
}

// A start_after wish makes waiting worth while, which earliest placement alone never does.
void add_floors(const Problem& problem, Tables& out) {
  std::vector<std::vector<Ticks>> floors(out.num_tasks, {0});
  for (const auto& wish : problem.preferences) {
    if (!wish.start_after || problem.objective.preference <= 0 || wish.weight <= 0) continue;
    if (*wish.start_after > out.release[wish.task]) {
      floors[wish.task].push_back(*wish.start_after);
    }
  }
  for (auto& row : floors) {
    std::ranges::sort(row);
    row.erase(std::unique(row.begin(), row.end()), row.end());
    out.floors.items.insert(out.floors.items.end(), row.begin(), row.end());
    out.floors.end_row();
  }
}

}  // namespace

Tables::Tables(const Problem& problem)
    : num_tasks(static_cast<std::uint32_t>(problem.tasks.size())),
      num_machines(static_cast<std::uint32_t>(problem.machines.size())),
      num_resources(static_cast<std::uint32_t>(problem.resources.size())),
      before(neighbours(problem, &Precedence::after, &Precedence::before)),
      after(neighbours(problem, &Precedence::before, &Precedence::after)),
      num_families(static_cast<std::uint32_t>(problem.families.size())),
      has_setup(problem.machines.size()) {
  if (!problem.uncertain.empty()) {
    fail(ErrorCode::invalid_argument, "durations: must be drawn before solving, {} are uncertain",
         problem.uncertain.size());
  }
  duration.reserve(static_cast<std::size_t>(num_tasks) * num_machines);
  for (std::uint32_t task = 0; task < num_tasks; ++task) add_task(problem, task, *this);
  for (const auto& machine : problem.machines) add_machine(machine, *this);
  for (const auto& resource : problem.resources) capacity.push_back(resource.capacity);
  add_setups(problem, *this);
  add_floors(problem, *this);
  is_coupled = !problem.precedences.empty() || !demands.items.empty();
}

Ticks Tables::setup_time(std::uint32_t machine, std::uint32_t from,
                         std::uint32_t to) const noexcept {
  if (!has_setup[machine]) return 0;
  const std::size_t f = num_families;
  if (family[from] == f || family[to] == f) return 0;
  return setup[(machine * f + family[from]) * f + family[to]];
}

std::vector<std::uint32_t> order_by(const Tables& tables, std::span<const double> keys) {
  const auto is_later = [&](std::uint32_t a, std::uint32_t b) {
    return keys[a] != keys[b] ? keys[a] > keys[b] : a > b;
  };
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, decltype(is_later)> ready(
      is_later);
  std::vector<std::uint32_t> waits_for(tables.num_tasks);
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    waits_for[task] = static_cast<std::uint32_t>(tables.before[task].size());
    if (waits_for[task] == 0) ready.push(task);
  }
  std::vector<std::uint32_t> order;
  order.reserve(tables.num_tasks);
  while (!ready.empty()) {
    const auto task = ready.top();
    ready.pop();
    order.push_back(task);
    for (const auto& edge : tables.after[task]) {
      if (--waits_for[edge.task] == 0) ready.push(edge.task);
    }
  }
  THERMA_ASSERT(order.size() == tables.num_tasks);
  return order;
}

}  // namespace therma::schedule
