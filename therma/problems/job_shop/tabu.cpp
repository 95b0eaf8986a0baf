// SPDX-License-Identifier: Apache-2.0
// The tabu search's iteration.
#include "therma/problems/job_shop/tabu.hpp"

#include <algorithm>
#include <limits>

namespace therma::job_shop {
namespace {

// Slot of the tabu table for "a before b".
std::uint32_t slot_of(Op a, Op b) noexcept {
  static_assert(kTabuSlots == 1U << 14);
  constexpr std::uint64_t kHashFactor = 0x9E3779B97F4A7C15;
  return static_cast<std::uint32_t>(((static_cast<std::uint64_t>(a) << 32 | b) * kHashFactor) >>
                                    50);
}

// Calls visit(w) for every operation that the move passes.
template <class Visit>
void for_each_passed(const Selection& s, const Insertion& i, Visit&& visit) {
  if (i.behind) {
    for (Op op = s.after[i.moved];; op = s.after[op]) {
      visit(op);
      if (op == i.anchor) return;
    }
  }
  for (Op op = i.anchor; op != i.moved; op = s.after[op]) visit(op);
}

bool is_tabu(const Selection& s, const TabuMemory& memory, const Insertion& i) {
  bool found = false;
  for_each_passed(s, i, [&](Op op) {
    const auto slot = i.behind ? slot_of(op, i.moved) : slot_of(i.moved, op);
    found |= memory.until[slot] > memory.iteration;
  });
  return found;
}

void forbid(const Selection& s, TabuMemory& memory, const Insertion& i, std::uint32_t until) {
  for_each_passed(s, i, [&](Op op) {
    memory.until[i.behind ? slot_of(i.moved, op) : slot_of(op, i.moved)] = until;
  });
}

struct Choice {
  Insertion move;
  Time length = std::numeric_limits<Time>::max();
  std::uint32_t count = 0;

  // Keeps the shortest, uniformly among ties.
  void offer(const Insertion& i, Time l, Coins& coins) noexcept {
    if (l > length) return;
    if (l < length) count = 0;
    if (++count == 1 || coins.below(count) == 0) {
      move = i;
      length = l;
    }
  }
  // Keeps any, uniformly.
  void offer_any(const Insertion& i, Coins& coins) noexcept {
    if (++count == 1 || coins.below(count) == 0) move = i;
  }
};

// Iterations that a segment order stays tabu, after Zhang et al.: L to about 1.4 L.
std::uint32_t tenure(const Model& m, Coins& coins) noexcept {
  const std::uint32_t shortest = 10 + m.num_jobs() / std::max(m.num_machines(), 1U);
  const std::uint32_t spread =
      m.num_jobs() <= 2 * m.num_machines() ? shortest * 2 / 5 : shortest / 2;
  return shortest + coins.below(spread + 1);
}

}  // namespace

TabuMemory make_memory(const Model& m) {
  TabuMemory memory;
  memory.until.assign(kTabuSlots, 0);
  memory.path.assign(m.num_ops(), 0);
  memory.lengths.assign(m.num_ops(), 0);
  return memory;
}

void restart(TabuMemory& memory, const Selection& now) {
  memory.best = now;
  std::fill(memory.until.begin(), memory.until.end(), 0U);
  memory.iteration = 0;
  memory.stalled = 0;
}

TabuSlice search(const Model& m, Selection& now, TabuMemory& memory, std::uint32_t patience,
                 std::uint64_t budget, Draws& draws) {
  TabuSlice slice;
  Coins coins(draws.bits());
  while (slice.evaluations < budget) {
    if (memory.stalled >= patience) {
      slice.finished = true;
      break;
    }
    const std::uint32_t length = critical_path(m, now, coins, memory.path.data());
    Choice allowed;
    Choice any;
    for_each_move(m, now, memory.path.data(), length, [&](const Insertion& i) {
      ++slice.evaluations;
      const Time makespan = estimate(m, now, i, memory.lengths.data());
      any.offer_any(i, coins);
      if (makespan > allowed.length) return;
      if (makespan < memory.best.makespan || !is_tabu(now, memory, i)) {
        allowed.offer(i, makespan, coins);
      }
    });
    if (any.count == 0) {  // one block, or none: no selection is shorter than this path
      slice.finished = true;
      break;
    }
    const Insertion& move = allowed.count != 0 ? allowed.move : any.move;
    ++memory.iteration;
    ++memory.stalled;
    forbid(now, memory, move, memory.iteration + tenure(m, coins));
    perform(m, now, move);
    if (now.makespan < memory.best.makespan) {
      memory.best = now;
      memory.stalled = 0;
    }
  }
  return slice;
}

}  // namespace therma::job_shop
