// SPDX-License-Identifier: Apache-2.0
// Propagation over jobs, decided orders, pairs and edge-finding.
#include "therma/problems/job_shop/windows.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "therma/core/error.hpp"
#include "therma/problems/job_shop/bound.hpp"

namespace therma::job_shop {
namespace {

constexpr Time kNone = std::numeric_limits<Time>::min() / 4;

// One machine's windows in local arrays, so that the mirror image runs through the same code.
struct Local {
  std::uint32_t size = 0;
  std::array<Time, kMostOpsOnMachine> start;
  std::array<Time, kMostOpsOnMachine> duration;
  std::array<Time, kMostOpsOnMachine> end;
  std::array<Time, kMostOpsOnMachine> raised;  // starts after edge-finding
  std::array<std::uint8_t, kMostOpsOnMachine> by_start;
};

// Edge-finding for starts: where an operation cannot run before a set of others ends, it starts
// after the set. False where a set of operations does not fit between its start and its end.
bool raise_starts(Local& l) {
  const auto n = l.size;
  std::iota(l.by_start.begin(), l.by_start.begin() + n, std::uint8_t{0});
  std::sort(l.by_start.begin(), l.by_start.begin() + n,
            [&](std::uint8_t a, std::uint8_t b) { return l.start[a] < l.start[b]; });
  std::copy_n(l.start.begin(), n, l.raised.begin());
  std::array<Time, kMostOpsOnMachine> ends_after;  // of the set among by_start[i..]
  for (std::uint32_t k = 0; k < n; ++k) {
    // The sets are those of the operations that must end by `limit`.
    const Time limit = l.end[k];
    Time work = 0;
    Time earliest_end = kNone;
    for (std::uint32_t i = n; i-- > 0;) {
      const auto op = l.by_start[i];
      if (l.end[op] <= limit) {
        work += l.duration[op];
        earliest_end = std::max(earliest_end, l.start[op] + work);
        if (earliest_end > limit) return false;
      }
      ends_after[i] = earliest_end;
    }
    Time with_earlier = kNone;
    for (std::uint32_t i = 0; i < n; ++i) {
      const auto op = l.by_start[i];
      if (l.end[op] <= limit) {
        with_earlier = std::max(with_earlier, l.start[op] + work);
        work -= l.duration[op];
        continue;
      }
      if (l.start[op] + work + l.duration[op] > limit) {
        l.raised[op] = std::max(l.raised[op], ends_after[i]);
      }
      if (with_earlier + l.duration[op] > limit) {
        l.raised[op] = std::max(l.raised[op], earliest_end);
      }
    }
  }
  return true;
}

}  // namespace

Propagator::Propagator(const Model& model)
    : model_(model),
      place_(model.num_ops()),
      changed_(model.num_machines()),
      job_changed_(model.num_jobs()) {
  for (std::uint32_t m = 0; m < model.num_machines(); ++m) {
    const auto ops = model.ops_on(m);
    if (ops.size() > kMostOpsOnMachine) {
      fail(ErrorCode::invalid_argument, "machine {}: must have at most {} operations, got {}", m,
           kMostOpsOnMachine, ops.size());
    }
    for (std::uint32_t i = 0; i < ops.size(); ++i) place_[ops[i]] = i;
  }
}

Windows Propagator::open_windows(Time latest) const {
  Windows w{.start = job_heads(model_), .end = job_tails(model_)};
  for (Time& end : w.end) end = latest - end;
  w.before.assign(model_.num_ops(), 0);
  return w;
}

void Propagator::mark(Op op) {
  const auto m = model_.machine[op];
  if (!changed_[m]) {
    changed_[m] = true;
    queue_.push_back(m);
  }
  const auto j = model_.job[op];
  if (!job_changed_[j]) {
    job_changed_[j] = true;
    jobs_.push_back(j);
  }
}

void Propagator::touch_all() {
  for (Op op = 0; op < model_.num_ops(); ++op) mark(op);
}

void Propagator::order(Windows& w, Op a, Op b) {
  w.before[b] |= std::uint64_t{1} << place_[a];
  mark(b);
}

void Propagator::narrow(Windows& w, Op op, Time start, Time end) {
  if (start <= w.start[op] && end >= w.end[op]) return;
  w.start[op] = std::max(w.start[op], start);
  w.end[op] = std::min(w.end[op], end);
  mark(op);
}

bool Propagator::propagate(Windows& w) {
  bool holds = true;
  while (holds && !(queue_.empty() && jobs_.empty())) {
    holds = propagate_jobs(w);
    if (!holds || queue_.empty()) continue;
    const auto m = queue_.back();
    queue_.pop_back();
    changed_[m] = false;
    holds = propagate_machine(w, m);
    if (!holds) failed_ = m;
  }
  for (const auto m : queue_) changed_[m] = false;
  for (const auto j : jobs_) job_changed_[j] = false;
  queue_.clear();
  jobs_.clear();
  return holds;
}

bool Propagator::propagate_jobs(Windows& w) {
  while (!jobs_.empty()) {
    const auto j = jobs_.back();
    jobs_.pop_back();
    const Op first = model_.job_begin[j];
    const Op end = model_.job_begin[j + 1];
    for (Op op = first + 1; op < end; ++op) {
      narrow(w, op, w.start[op - 1] + model_.duration[op - 1], w.end[op]);
    }
    for (Op op = end - 1; op-- > first;) {
      narrow(w, op, w.start[op], w.end[op + 1] - model_.duration[op + 1]);
    }
    job_changed_[j] = false;
    for (Op op = first; op < end; ++op) {
      if (w.start[op] + model_.duration[op] > w.end[op]) {
        failed_ = model_.machine[op];
        return false;
      }
    }
  }
  return true;
}

bool Propagator::propagate_machine(Windows& w, std::uint32_t m) {
  const auto ops = model_.ops_on(m);
  if (ops.size() < 2) return true;
  if (!decide_pairs(w, ops)) return false;
  push_starts(w, ops);
  push_ends(w, ops);
  if (!find_edges(w, ops)) return false;
  return std::all_of(ops.begin(), ops.end(),
                     [&](Op op) { return w.start[op] + model_.duration[op] <= w.end[op]; });
}

// Decides every pair of which one order does not fit; false where neither does.
bool Propagator::decide_pairs(Windows& w, std::span<const Op> ops) {
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const Op a = ops[i];
    for (std::uint32_t k = i + 1; k < ops.size(); ++k) {
      const Op b = ops[k];
      const Time work = model_.duration[a] + model_.duration[b];
      const bool a_first = !is_before(w, b, a) && w.start[a] + work <= w.end[b];
      const bool b_first = !is_before(w, a, b) && w.start[b] + work <= w.end[a];
      if (!a_first && !b_first) return false;
      if (!b_first) w.before[b] |= std::uint64_t{1} << i;
      if (!a_first) w.before[a] |= std::uint64_t{1} << k;
    }
  }
  return true;
}

// An operation starts when all that come before it on the machine can have ended. Taken in the
// order of their starts, and from one set of starts: another order would claim too much.
void Propagator::push_starts(Windows& w, std::span<const Op> ops) {
  struct Entry {
    Time start;
    Op op;
  };
  std::array<Entry, kMostOpsOnMachine> sorted;
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(ops.size());
  std::transform(ops.begin(), ops.end(), sorted.begin(), [&](Op a) {
    return Entry{w.start[a], a};
  });
  std::sort(sorted.begin(), end, [](const Entry& a, const Entry& b) { return a.start < b.start; });
  for (const Op op : ops) {
    if (w.before[op] == 0) continue;
    Time done = kNone;
    std::for_each(sorted.begin(), end, [&](const Entry& a) {
      if (is_before(w, a.op, op)) done = std::max(done, a.start) + model_.duration[a.op];
    });
    narrow(w, op, done, w.end[op]);
  }
}

// The same for ends, with time running backwards.
void Propagator::push_ends(Windows& w, std::span<const Op> ops) {
  struct Entry {
    Time end;
    Op op;
  };
  std::array<Entry, kMostOpsOnMachine> sorted;
  const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(ops.size());
  std::transform(ops.begin(), ops.end(), sorted.begin(), [&](Op a) { return Entry{w.end[a], a}; });
  std::sort(sorted.begin(), last, [](const Entry& a, const Entry& b) { return a.end > b.end; });
  for (const Op op : ops) {
    Time begin = std::numeric_limits<Time>::max();
    std::for_each(sorted.begin(), last, [&](const Entry& b) {
      if (is_before(w, op, b.op)) begin = std::min(begin, b.end) - model_.duration[b.op];
    });
    narrow(w, op, w.start[op], begin);
  }
}

bool Propagator::find_edges(Windows& w, std::span<const Op> ops) {
  Local l;
  l.size = static_cast<std::uint32_t>(ops.size());
  for (std::uint32_t i = 0; i < l.size; ++i) {
    l.start[i] = w.start[ops[i]];
    l.duration[i] = model_.duration[ops[i]];
    l.end[i] = w.end[ops[i]];
  }
  if (!raise_starts(l)) return false;
  std::array<Time, kMostOpsOnMachine> raised;
  std::copy_n(l.raised.begin(), l.size, raised.begin());
  // The mirror image: time runs backwards, so that starts become ends.
  for (std::uint32_t i = 0; i < l.size; ++i) {
    const Time start = l.start[i];
    l.start[i] = -l.end[i];
    l.end[i] = -start;
  }
  if (!raise_starts(l)) return false;
  for (std::uint32_t i = 0; i < l.size; ++i) narrow(w, ops[i], raised[i], -l.raised[i]);
  return true;
}

}  // namespace therma::job_shop
