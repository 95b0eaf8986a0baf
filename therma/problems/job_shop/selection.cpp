// SPDX-License-Identifier: Apache-2.0
// Machine orders kept with a topological order, heads and tails.
#include "therma/problems/job_shop/selection.hpp"

#include <algorithm>
#include <numeric>

#include "therma/core/error.hpp"

namespace therma::job_shop {
namespace {

// Marks in Selection::rank of operations that the pass under way has set aside.
constexpr std::uint32_t kLate = ~0U;

void unlink(Selection& s, Op op) noexcept {
  s.after[s.before[op]] = s.after[op];
  s.before[s.after[op]] = s.before[op];
}

void link_behind(Selection& s, Op op, Op v) noexcept {
  s.before[op] = v;
  s.after[op] = s.after[v];
  s.before[s.after[v]] = op;
  s.after[v] = op;
}

// Unlinking at the ends writes to the sentinel: it stays its own neighbour.
void close_sentinel(Selection& s, Op sentinel) noexcept {
  s.before[sentinel] = sentinel;
  s.after[sentinel] = sentinel;
}

void set_heads(const Model& m, Selection& s, std::uint32_t from) noexcept {
  const std::uint32_t n = m.num_ops();
  for (std::uint32_t i = from; i < n; ++i) {
    const Op op = s.order[i];
    s.done[op] = std::max(s.done[m.job_before[op]], s.done[s.before[op]]) + m.duration[op];
  }
}

void set_tails(const Model& m, Selection& s, std::uint32_t from) noexcept {
  for (std::uint32_t i = from + 1; i-- > 0;) {
    const Op op = s.order[i];
    s.rest[op] = std::max(s.rest[m.job_after[op]], s.rest[s.after[op]]) + m.duration[op];
  }
}

void set_makespan(const Model& m, Selection& s) noexcept {
  Time longest = 0;
  for (std::uint32_t j = 0; j < m.num_jobs(); ++j) {
    const Op end = m.job_begin[j + 1];
    if (end != m.job_begin[j]) longest = std::max(longest, s.done[end - 1]);
  }
  s.makespan = longest;
}

}  // namespace

Selection select_by_keys(const Model& m, std::span<const double> keys) {
  const Op sentinel = m.num_ops();
  Selection s;
  s.before.assign(sentinel + 1, sentinel);
  s.after.assign(sentinel + 1, sentinel);
  s.done.assign(sentinel + 1, 0);
  s.rest.assign(sentinel + 1, 0);
  s.rank.assign(sentinel + 1, 0);
  s.late.assign(sentinel + 1, 0);
  s.order.resize(sentinel + 1, sentinel);
  std::iota(s.order.begin(), s.order.end() - 1, Op{0});
  // Operations are numbered along jobs, so that a stable sort keeps job order among ties.
  std::stable_sort(s.order.begin(), s.order.end() - 1,
                   [&](Op a, Op b) { return keys[a] < keys[b]; });
  std::vector<Op> last(m.num_machines(), sentinel);
  for (std::uint32_t i = 0; i < sentinel; ++i) {
    const Op op = s.order[i];
    s.rank[op] = i;
    THERMA_ASSERT(m.job_before[op] == sentinel || s.rank[m.job_before[op]] < i);
    Op& previous = last[m.machine[op]];
    s.before[op] = previous;
    if (previous != sentinel) s.after[previous] = op;
    previous = op;
  }
  set_heads(m, s, 0);
  set_tails(m, s, sentinel - 1);
  set_makespan(m, s);
  return s;
}

std::vector<Op> machine_orders(const Model& m, const Selection& s) {
  std::vector<Op> orders(m.num_ops());
  auto next = m.machine_begin;
  for (std::uint32_t i = 0; i < m.num_ops(); ++i) {
    orders[next[m.machine[s.order[i]]]++] = s.order[i];
  }
  return orders;
}

std::vector<Time> starts(const Model& m, const Selection& s) {
  std::vector<Time> at(m.num_ops());
  for (Op op = 0; op < m.num_ops(); ++op) at[op] = s.head(m, op);
  return at;
}

bool has_path(const Model& m, Selection& s, Op a, Op b) noexcept {
  std::uint32_t num_late = 0;
  const std::uint32_t first = s.rank[a];
  const std::uint32_t last = s.rank[b];
  s.late[num_late++] = a;
  s.rank[a] = kLate;
  for (std::uint32_t i = first + 1; i <= last; ++i) {
    const Op op = s.order[i];
    if (s.rank[m.job_before[op]] != kLate && s.rank[s.before[op]] != kLate) continue;
    s.rank[op] = kLate;
    s.late[num_late++] = i;
  }
  const bool found = s.rank[b] == kLate;
  s.rank[a] = first;
  for (std::uint32_t k = 1; k < num_late; ++k) s.rank[s.order[s.late[k]]] = s.late[k];
  return found;
}

void move_after(const Model& m, Selection& s, Op u, Op v) noexcept {
  const std::uint32_t first = s.rank[u];
  const std::uint32_t last = s.rank[v];
  unlink(s, u);
  link_behind(s, u, v);
  close_sentinel(s, m.num_ops());
  // u and what follows from it between the two ranks go behind v, in their old order.
  std::uint32_t num_late = 0;
  std::uint32_t write = first;
  s.late[num_late++] = u;
  s.rank[u] = kLate;
  for (std::uint32_t i = first + 1; i <= last; ++i) {
    const Op op = s.order[i];
    if (s.rank[m.job_before[op]] == kLate || s.rank[s.before[op]] == kLate) {
      s.rank[op] = kLate;
      s.late[num_late++] = op;
    } else {
      s.order[write] = op;
      s.rank[op] = write++;
    }
  }
  THERMA_ASSERT(s.rank[v] != kLate);
  for (std::uint32_t k = 0; k < num_late; ++k) {
    s.order[write] = s.late[k];
    s.rank[s.late[k]] = write++;
  }
  set_heads(m, s, first);
  set_tails(m, s, last);
  set_makespan(m, s);
}

void move_before(const Model& m, Selection& s, Op v, Op u) noexcept {
  const std::uint32_t first = s.rank[u];
  const std::uint32_t last = s.rank[v];
  const Op sentinel = m.num_ops();
  unlink(s, v);
  s.before[v] = s.before[u];
  s.after[v] = u;
  s.after[s.before[u]] = v;
  s.before[u] = v;
  close_sentinel(s, sentinel);
  // v and what it follows from between the two ranks go before u, in their old order.
  std::uint32_t num_early = 0;
  std::uint32_t write = last;
  s.late[num_early++] = v;
  s.rank[v] = kLate;
  for (std::uint32_t i = last; i-- > first;) {
    const Op op = s.order[i];
    if (s.rank[m.job_after[op]] == kLate || s.rank[s.after[op]] == kLate) {
      s.rank[op] = kLate;
      s.late[num_early++] = op;
    } else {
      s.order[write] = op;
      s.rank[op] = write--;
    }
  }
  THERMA_ASSERT(s.rank[u] != kLate);
  for (std::uint32_t k = 0; k < num_early; ++k) {
    s.order[write] = s.late[k];
    s.rank[s.late[k]] = write--;
  }
  set_heads(m, s, first);
  set_tails(m, s, last);
  set_makespan(m, s);
}

std::uint64_t distance(const Model& m, const Selection& a, const Selection& b) {
  const auto orders = machine_orders(m, a);
  std::uint64_t pairs = 0;
  for (std::uint32_t k = 0; k < m.num_machines(); ++k) {
    for (std::uint32_t i = m.machine_begin[k]; i < m.machine_begin[k + 1]; ++i) {
      for (std::uint32_t j = i + 1; j < m.machine_begin[k + 1]; ++j) {
        pairs += b.rank[orders[i]] > b.rank[orders[j]];
      }
    }
  }
  return pairs;
}

}  // namespace therma::job_shop
