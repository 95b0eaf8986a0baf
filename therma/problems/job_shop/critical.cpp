// SPDX-License-Identifier: Apache-2.0
// Walking along a longest path.
#include "therma/problems/job_shop/critical.hpp"

namespace therma::job_shop {

std::uint32_t critical_path(const Model& m, const Selection& s, Coins& coins, Op* path) noexcept {
  const Op sentinel = m.num_ops();
  // A path starts with a head of 0: at the first operation of a job.
  Op op = sentinel;
  std::uint32_t choices = 0;
  for (std::uint32_t j = 0; j < m.num_jobs(); ++j) {
    const Op first = m.job_begin[j];
    if (first == m.job_begin[j + 1] || s.rest[first] != s.makespan) continue;
    if (++choices == 1 || coins.below(choices) == 0) op = first;
  }
  std::uint32_t length = 0;
  while (op != sentinel) {
    path[length++] = op;
    // rest[next] == tail(op): the path goes on there. An equal rest of 0 is the end.
    const Time tail = s.tail(m, op);
    const Op on_machine = s.after[op];
    const Op in_job = m.job_after[op];
    const bool by_machine = on_machine != sentinel && s.rest[on_machine] == tail;
    const bool by_job = in_job != sentinel && s.rest[in_job] == tail;
    if (by_machine && by_job) {
      op = coins.below(2) == 0 ? on_machine : in_job;
    } else {
      op = by_machine ? on_machine : by_job ? in_job : sentinel;
    }
  }
  return length;
}

}  // namespace therma::job_shop
