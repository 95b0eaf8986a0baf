// SPDX-License-Identifier: Apache-2.0
// Proposals, each as likely as its reverse.
#include <algorithm>

#include "therma/problems/schedule/moves.hpp"

namespace therma::schedule {
namespace {

constexpr std::uint32_t kReach = 8;  // places that a nudge goes at most
constexpr std::uint32_t kLongestBlock = 6;

std::uint32_t size_of(const std::vector<std::uint32_t>& items) noexcept {
  return static_cast<std::uint32_t>(items.size());
}

}  // namespace

bool ListMoves::can_do(std::uint32_t task, std::uint32_t machine) const noexcept {
  return decoder_.tables().duration_on(task, machine) != kNotEligible;
}

// First and last place (with the task taken out) between its predecessors and its successors.
std::pair<std::uint32_t, std::uint32_t> ListMoves::allowed_places(
    const State& s, std::uint32_t task) const noexcept {
  const auto& tables = decoder_.tables();
  std::uint32_t low = 0;
  auto high = size_of(s.sequences[sequence_of(s, task)]) - 1;
  if (!tables.is_coupled) return {low, high};
  for (const auto& edge : tables.before[task]) low = std::max(low, s.place[edge.task] + 1);
  for (const auto& edge : tables.after[task]) high = std::min(high, s.place[edge.task] - 1);
  return {low, high};
}

// A place in any sequence: before one of the tasks, or at the end.
std::pair<std::uint32_t, std::uint32_t> ListMoves::draw_target(const State& s,
                                                               Draws& draws) const noexcept {
  const auto n = decoder_.tables().num_tasks;
  const auto pick = draws.below(n + static_cast<std::uint32_t>(s.sequences.size()));
  if (pick < n) return {sequence_of(s, pick), s.place[pick]};
  return {pick - n, size_of(s.sequences[pick - n])};
}

std::optional<ListMoves::Move> ListMoves::propose(const State& s, Draws& draws) const noexcept {
  std::uint32_t total = 0;
  for (const auto share : shares_) total += share;
  if (total == 0) return std::nullopt;
  auto pick = draws.below(total);
  std::size_t kind = 0;
  while (pick >= shares_[kind]) pick -= shares_[kind++];
  switch (static_cast<Kind>(kind)) {
    case Kind::insert:
      return propose_insert(s, draws);
    case Kind::nudge:
      return propose_nudge(s, draws);
    case Kind::reassign:
      return propose_reassign(s, draws);
    case Kind::exchange:
      return propose_exchange(s, draws);
    case Kind::rotate:
      return propose_rotate(s, draws);
    case Kind::cross:
      return propose_cross(s, draws);
    case Kind::wait:
      return propose_wait(s, draws);
  }
  return std::nullopt;
}

std::optional<ListMoves::Move> ListMoves::propose_insert(const State& s,
                                                         Draws& draws) const noexcept {
  const auto& tables = decoder_.tables();
  const auto task = draws.below(tables.num_tasks);
  Move move{.kind = Kind::insert, .a = task, .machine = s.machine[task]};
  if (tables.is_coupled) {
    const auto [low, high] = allowed_places(s, task);
    move.c = low + draws.below(high - low + 1);
    const auto eligible = tables.eligible[task];
    if (draws.below(2) == 0) {
      move.machine = eligible[draws.below(static_cast<std::uint32_t>(eligible.size()))];
    }
  } else {
    const auto [sequence, place] = draw_target(s, draws);
    const bool is_behind = sequence == s.machine[task] && place > s.place[task];
    move.machine = sequence;
    move.c = is_behind ? place - 1 : place;
    if (!can_do(task, sequence)) return std::nullopt;
  }
  if (move.machine == s.machine[task] && move.c == s.place[task]) return std::nullopt;
  return move;
}

std::optional<ListMoves::Move> ListMoves::propose_nudge(const State& s,
                                                        Draws& draws) const noexcept {
  const auto task = draws.below(decoder_.tables().num_tasks);
  const auto step = draws.below(2 * kReach);
  const auto [low, high] = allowed_places(s, task);
  const std::int64_t shift = step < kReach ? -1 - static_cast<std::int64_t>(step)
                                           : static_cast<std::int64_t>(step) - kReach + 1;
  const auto target = static_cast<std::int64_t>(s.place[task]) + shift;
  if (target < low || target > high) return std::nullopt;
  return Move{.kind = Kind::insert,
              .a = task,
              .c = static_cast<std::uint32_t>(target),
              .machine = s.machine[task]};
}

std::optional<ListMoves::Move> ListMoves::propose_reassign(const State& s,
                                                           Draws& draws) const noexcept {
  const auto task = movable_[draws.below(size_of(movable_))];
  const auto eligible = decoder_.tables().eligible[task];
  const auto machine = eligible[draws.below(static_cast<std::uint32_t>(eligible.size()))];
  if (machine == s.machine[task]) return std::nullopt;
  return Move{.kind = Kind::insert, .a = task, .c = s.place[task], .machine = machine};
}

std::optional<ListMoves::Move> ListMoves::propose_exchange(const State& s,
                                                           Draws& draws) const noexcept {
  const auto& tables = decoder_.tables();
  auto a = draws.below(tables.num_tasks);
  auto b = draws.below(tables.num_tasks);
  const bool swaps_machines = !tables.is_coupled || draws.below(2) == 0;
  if (a == b) return std::nullopt;
  if (swaps_machines && (!can_do(a, s.machine[b]) || !can_do(b, s.machine[a]))) return std::nullopt;
  if (tables.is_coupled) {
    if (s.place[a] > s.place[b]) std::swap(a, b);
    for (const auto& edge : tables.after[a]) {
      if (s.place[edge.task] <= s.place[b]) return std::nullopt;
    }
    for (const auto& edge : tables.before[b]) {
      if (s.place[edge.task] >= s.place[a]) return std::nullopt;
    }
  }
  return Move{.kind = Kind::exchange, .a = a, .b = b, .c = swaps_machines};
}

std::optional<ListMoves::Move> ListMoves::propose_rotate(const State& s,
                                                         Draws& draws) const noexcept {
  const auto& tables = decoder_.tables();
  const auto task = draws.below(tables.num_tasks);
  const auto sequence = sequence_of(s, task);
  const auto first = s.place[task];
  const auto middle = first + 1 + draws.below(kLongestBlock);
  const auto last = middle + 1 + draws.below(kLongestBlock);
  const auto& tasks = s.sequences[sequence];
  if (last > tasks.size()) return std::nullopt;
  if (tables.is_coupled) {
    for (auto i = first; i < middle; ++i) {
      for (const auto& edge : tables.after[tasks[i]]) {
        if (s.place[edge.task] >= middle && s.place[edge.task] < last) return std::nullopt;
      }
    }
  }
  return Move{.kind = Kind::rotate, .a = first, .b = middle, .c = last, .machine = sequence};
}

std::optional<ListMoves::Move> ListMoves::propose_cross(const State& s,
                                                        Draws& draws) const noexcept {
  const auto [first, from] = draw_target(s, draws);
  const auto [second, to] = draw_target(s, draws);
  if (first == second) return std::nullopt;
  for (auto i = from; i < s.sequences[first].size(); ++i) {
    if (!can_do(s.sequences[first][i], second)) return std::nullopt;
  }
  for (auto i = to; i < s.sequences[second].size(); ++i) {
    if (!can_do(s.sequences[second][i], first)) return std::nullopt;
  }
  return Move{.kind = Kind::cross, .a = from, .b = to, .machine = first, .other = second};
}

std::optional<ListMoves::Move> ListMoves::propose_wait(const State& s,
                                                       Draws& draws) const noexcept {
  const auto task = waiting_[draws.below(size_of(waiting_))];
  const auto levels = static_cast<std::uint32_t>(decoder_.tables().floors[task].size());
  const auto level = draws.below(levels);
  if (level == s.floor[task]) return std::nullopt;
  return Move{.kind = Kind::wait, .a = task, .c = level};
}

}  // namespace therma::schedule
