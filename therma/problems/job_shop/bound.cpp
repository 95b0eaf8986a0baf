// SPDX-License-Identifier: Apache-2.0
// Bounds from jobs, machines, and Jackson's preemptive schedule.
#include "therma/problems/job_shop/bound.hpp"

#include <algorithm>
#include <limits>

namespace therma::job_shop {
namespace {

template <class Value>
Bound largest_over_machines(const Model& m, std::string_view from, Value&& value) {
  const auto heads = job_heads(m);
  const auto tails = job_tails(m);
  Bound bound{.from = from};
  std::vector<OneMachineOp> ops;
  for (std::uint32_t k = 0; k < m.num_machines(); ++k) {
    ops.clear();
    for (const Op op : m.ops_on(k)) ops.push_back({heads[op], m.duration[op], tails[op]});
    if (!ops.empty()) bound.value = std::max(bound.value, value(ops));
  }
  return bound;
}

}  // namespace

std::vector<Time> job_heads(const Model& m) {
  std::vector<Time> heads(m.num_ops(), 0);
  for (Op op = 1; op < m.num_ops(); ++op) {
    if (m.job[op] == m.job[op - 1]) heads[op] = heads[op - 1] + m.duration[op - 1];
  }
  return heads;
}

std::vector<Time> job_tails(const Model& m) {
  std::vector<Time> tails(m.num_ops(), 0);
  for (Op op = m.num_ops() - 1; op-- > 0;) {
    if (m.job[op] == m.job[op + 1]) tails[op] = tails[op + 1] + m.duration[op + 1];
  }
  return tails;
}

Bound job_length_bound(const Model& m) {
  const auto tails = job_tails(m);
  Bound bound{.from = "job length"};
  for (Op op = 0; op < m.num_ops(); ++op) {
    bound.value = std::max(bound.value, tails[op] + m.duration[op]);
  }
  return bound;
}

Bound machine_load_bound(const Model& m) {
  return largest_over_machines(m, "machine load", [](std::span<const OneMachineOp> ops) {
    OneMachineOp sum{std::numeric_limits<Time>::max(), 0, std::numeric_limits<Time>::max()};
    for (const auto& op : ops) {
      sum.head = std::min(sum.head, op.head);
      sum.duration += op.duration;
      sum.tail = std::min(sum.tail, op.tail);
    }
    return sum.head + sum.duration + sum.tail;
  });
}

Bound one_machine_bound(const Model& m) {
  return largest_over_machines(m, "one-machine preemptive schedule", preemptive_makespan);
}

Time preemptive_makespan(std::span<const OneMachineOp> ops) {
  std::vector<OneMachineOp> left(ops.begin(), ops.end());
  std::sort(left.begin(), left.end(), [](const auto& a, const auto& b) { return a.head < b.head; });
  const auto shorter_tail = [](const OneMachineOp& a, const OneMachineOp& b) {
    return a.tail < b.tail;
  };
  std::vector<OneMachineOp> ready;  // heap, longest tail on top
  Time now = 0;
  Time makespan = 0;
  for (std::size_t next = 0; next < left.size() || !ready.empty();) {
    if (ready.empty()) now = std::max(now, left[next].head);
    for (; next < left.size() && left[next].head <= now; ++next) {
      ready.push_back(left[next]);
      std::push_heap(ready.begin(), ready.end(), shorter_tail);
    }
    OneMachineOp& run = ready.front();
    const Time until =
        next < left.size() ? std::min(left[next].head, now + run.duration) : now + run.duration;
    run.duration -= until - now;
    now = until;
    if (run.duration > 0) continue;
    makespan = std::max(makespan, now + run.tail);
    std::pop_heap(ready.begin(), ready.end(), shorter_tail);
    ready.pop_back();
  }
  return makespan;
}

Bound best_bound(const Model& m) {
  Bound best = job_length_bound(m);
  for (const Bound& b : {machine_load_bound(m), one_machine_bound(m)}) {
    if (b.value > best.value) best = b;
  }
  return best;
}

}  // namespace therma::job_shop
