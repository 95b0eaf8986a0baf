// SPDX-License-Identifier: Apache-2.0
// Makespan estimates of insertions: one pass for heads, one back for tails.
#include "therma/problems/job_shop/insertion.hpp"

#include <algorithm>

namespace therma::job_shop {
namespace {

Time estimate_behind(const Model& m, const Selection& s, Op u, Op v, Time* lengths) noexcept {
  // New order: l1 ... v u, with l1 = after[u].
  Time done = s.done[s.before[u]];
  std::uint32_t count = 0;
  for (Op op = s.after[u];; op = s.after[op]) {
    const Time head = std::max(done, s.done[m.job_before[op]]);
    lengths[count++] = head;
    done = head + m.duration[op];
    if (op == v) break;
  }
  const Time head = std::max(done, s.done[m.job_before[u]]);
  Time rest = std::max(s.rest[s.after[v]], s.rest[m.job_after[u]]) + m.duration[u];
  Time longest = head + rest;
  for (Op op = v;; op = s.before[op]) {
    rest = std::max(rest, s.rest[m.job_after[op]]) + m.duration[op];
    longest = std::max(longest, lengths[--count] + rest);
    if (count == 0) break;
  }
  return longest;
}

Time estimate_before(const Model& m, const Selection& s, Op v, Op u, Time* lengths) noexcept {
  // New order: v u ... lk, with lk = before[v].
  Time rest = s.rest[s.after[v]];
  std::uint32_t count = 0;
  for (Op op = s.before[v];; op = s.before[op]) {
    rest = std::max(rest, s.rest[m.job_after[op]]) + m.duration[op];
    lengths[count++] = rest;
    if (op == u) break;
  }
  rest = std::max(rest, s.rest[m.job_after[v]]) + m.duration[v];
  Time head = std::max(s.done[s.before[u]], s.done[m.job_before[v]]);
  Time longest = head + rest;
  Time done = head + m.duration[v];
  for (Op op = u;; op = s.after[op]) {
    head = std::max(done, s.done[m.job_before[op]]);
    longest = std::max(longest, head + lengths[--count]);
    done = head + m.duration[op];
    if (count == 0) break;
  }
  return longest;
}

}  // namespace

Time estimate(const Model& m, const Selection& s, const Insertion& i, Time* lengths) noexcept {
  return i.behind ? estimate_behind(m, s, i.moved, i.anchor, lengths)
                  : estimate_before(m, s, i.moved, i.anchor, lengths);
}

}  // namespace therma::job_shop
