// SPDX-License-Identifier: Apache-2.0
// Random job shops, and their makespans computed in another way than the library's.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/problems/job_shop/model.hpp"

namespace therma::job_shop {

// Jobs of one to `most_steps` steps on random machines, which a job may visit again; durations
// from 0 to `most`, so that ties and zeros occur.
inline Model random_shop(std::uint64_t seed, std::uint32_t num_jobs, std::uint32_t num_machines,
                         std::uint32_t most_steps, std::uint32_t most = 9) {
  Draws draws(Rng(seed).child("shop"), 0, 0);
  std::vector<std::vector<Step>> jobs(num_jobs);
  for (auto& job : jobs) {
    job.resize(1 + draws.below(most_steps));
    for (auto& step : job) step = {draws.below(num_machines), draws.below(most + 1)};
  }
  return from_jobs(jobs, num_machines);
}

// Longest path by relaxing every arc num_ops times; none where the orders make a cycle.
// `orders` holds operations grouped by machine as in Model::machine_begin.
inline std::optional<Time> reference_makespan(const Model& m, const std::vector<Op>& orders) {
  std::vector<Time> start(m.num_ops(), 0);
  const auto push = [&](Op a, Op b) {
    // Zero durations would hide cycles: an arc costs one more in a finer unit.
    const Time earliest = start[a] + m.duration[a] * 1024 + 1;
    if (start[b] >= earliest) return false;
    start[b] = earliest;
    return true;
  };
  bool changed = true;
  for (std::uint32_t pass = 0; changed; ++pass) {
    if (pass > m.num_ops()) return std::nullopt;
    changed = false;
    for (Op op = 0; op < m.num_ops(); ++op) {
      if (m.job_after[op] != m.num_ops()) changed |= push(op, m.job_after[op]);
    }
    for (std::uint32_t k = 0; k < m.num_machines(); ++k) {
      for (auto i = m.machine_begin[k]; i + 1 < m.machine_begin[k + 1]; ++i) {
        changed |= push(orders[i], orders[i + 1]);
      }
    }
  }
  Time makespan = 0;
  for (Op op = 0; op < m.num_ops(); ++op) {
    makespan = std::max(makespan, start[op] / 1024 + m.duration[op]);
  }
  return makespan;
}

// The least makespan over all orders of all machines; for tiny models.
inline Time brute_force_optimum(const Model& m) {
  std::vector<Op> orders(m.on_machine);
  Time best = std::numeric_limits<Time>::max();
  const auto try_machine = [&](const auto& self, std::uint32_t k) -> void {
    if (k == m.num_machines()) {
      best = std::min(best, reference_makespan(m, orders).value_or(best));
      return;
    }
    const auto begin = orders.begin() + m.machine_begin[k];
    const auto end = orders.begin() + m.machine_begin[k + 1];
    std::sort(begin, end);
    do self(self, k + 1);
    while (std::next_permutation(begin, end));
  };
  try_machine(try_machine, 0);
  return best;
}

// ft06 of Fisher and Thompson (1963): optimum 55.
inline Model ft06() {
  const std::vector<std::vector<Step>> jobs{{{2, 1}, {0, 3}, {1, 6}, {3, 7}, {5, 3}, {4, 6}},
                                            {{1, 8}, {2, 5}, {4, 10}, {5, 10}, {0, 10}, {3, 4}},
                                            {{2, 5}, {3, 4}, {5, 8}, {0, 9}, {1, 1}, {4, 7}},
                                            {{1, 5}, {0, 5}, {2, 5}, {3, 3}, {4, 8}, {5, 9}},
                                            {{2, 9}, {1, 3}, {4, 5}, {5, 4}, {0, 3}, {3, 1}},
                                            {{1, 3}, {3, 3}, {5, 9}, {0, 10}, {4, 4}, {2, 1}}};
  return from_jobs(jobs, 6);
}

}  // namespace therma::job_shop
