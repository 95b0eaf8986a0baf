// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "tests/problems/schedule_support.hpp"
#include "therma/problems/schedule/moves.hpp"

namespace therma::schedule {
namespace {

using testing::random_problem;
using Key = std::vector<std::uint32_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Everything that tells two states apart.
Key key_of(const ListMoves::State& s) {
  Key key;
  for (const auto& sequence : s.sequences) {
    key.insert(key.end(), sequence.begin(), sequence.end());
    key.push_back(999);
  }
  key.insert(key.end(), s.machine.begin(), s.machine.end());
  key.insert(key.end(), s.floor.begin(), s.floor.end());
  return key;
}

bool equal(const PartialSchedule& a, const PartialSchedule& b) {
  for (std::size_t t = 0; t < a.placed.size(); ++t) {
    const auto& x = a.placed[t];
    const auto& y = b.placed[t];
    if (x.machine != y.machine || x.start != y.start || x.end != y.end) return false;
  }
  return true;
}

// Incremental decoding against decoding from nothing, every move of a walk, kept or taken back.
void walk(std::uint64_t seed, double threshold) {
  const auto problem = random_problem(seed);
  const ListMoves moves(problem);
  Draws draws(Rng(seed).child("walk"), 0, 0);
  auto s = moves.initial(draws);
  for (int step = 0; step < 60; ++step) {
    const auto move = moves.propose(s, draws);
    if (!move) continue;
    const auto before = s;
    const double change = moves.apply(s, *move, threshold);
    const bool keeps = change <= threshold && draws.below(2) == 0;
    if (keeps) {
      RC_ASSERT(change == moves.energy(s) - moves.energy(before));
      RC_ASSERT(s.terms == moves.recomputed_terms(s));
      // The list alone, decoded from nothing, gives the same schedule.
      TaskList list{{}, s.machine, s.floor};
      for (const auto& sequence : s.sequences) {
        list.order.insert(list.order.end(), sequence.begin(), sequence.end());
      }
      PartialSchedule fresh(moves.decoder().tables());
      fresh.placed = moves.decoder().decode(list).solution.tasks;
      RC_ASSERT(equal(s.schedule, fresh));
    } else {
      moves.undo(s);
      RC_ASSERT(key_of(s) == key_of(before));
      RC_ASSERT(s.terms == before.terms);
      RC_ASSERT(equal(s.schedule, before.schedule));
      for (std::size_t k = 0; k < problem.machines.size(); ++k) {
        RC_ASSERT(s.schedule.lanes[k].size() == before.schedule.lanes[k].size());
      }
    }
  }
}

RC_GTEST_PROP(Moves, ChangeTheEnergyByWhatRecomputationFinds, (std::uint64_t seed)) {
  walk(seed, kInfinity);
}

RC_GTEST_PROP(Moves, TakeBackMovesThatWereCutShort, (std::uint64_t seed)) { walk(seed, 0.5); }

RC_GTEST_PROP(Moves, StopEarlyOnlyAboveTheThreshold, (std::uint64_t seed)) {
  const auto problem = random_problem(seed);
  const ListMoves moves(problem);
  Draws draws(Rng(seed).child("cut"), 0, 0);
  auto s = moves.initial(draws);
  for (int step = 0; step < 40; ++step) {
    const auto move = moves.propose(s, draws);
    if (!move) continue;
    auto exact = s;
    const double change = moves.apply(exact, *move, kInfinity);
    const double threshold = draws.uniform();
    const double cut = moves.apply(s, *move, threshold);
    if (std::isinf(cut)) {
      RC_ASSERT(change > threshold);
    } else {
      RC_ASSERT(cut == change);
    }
    if (cut > threshold) moves.undo(s);
  }
}

// Counts proposals between all states of a tiny problem: as many there as back, within 5 sigma of
// the difference of two equal Poisson counts.
void expect_symmetric(const Problem& problem, std::uint64_t seed) {
  const ListMoves moves(problem);
  Draws draws(Rng(seed).child("symmetry"), 0, 0);
  std::map<Key, ListMoves::State> states;
  std::vector<Key> open;
  const auto first = moves.initial(draws);
  states.emplace(key_of(first), first);
  open.push_back(key_of(first));
  std::map<std::pair<Key, Key>, double> count;
  constexpr int kDraws = 20'000;
  while (!open.empty()) {
    const auto from = open.back();
    open.pop_back();
    auto s = states.at(from);
    for (int i = 0; i < kDraws; ++i) {
      const auto move = moves.propose(s, draws);
      if (!move) continue;
      moves.apply(s, *move, kInfinity);
      const auto to = key_of(s);
      ++count[{from, to}];
      if (states.emplace(to, s).second) open.push_back(to);
      moves.undo(s);
    }
    ASSERT_LT(states.size(), 200u);
  }
  EXPECT_GT(states.size(), 2u);
  for (const auto& [pair, there] : count) {
    const double back = count[{pair.second, pair.first}];
    EXPECT_LT(std::abs(there - back), 5.0 * std::sqrt(there + back) + 1.0);
  }
}

TEST(Moves, AreProposedAsOftenAsTheirReverseOnFreeMachines) {
  // 3 tasks on 2 machines, one of them tied to A: 6 + 2 + 2 + 2 pairs of sequences.
  Problem problem;
  problem.machines = {{"A", {{}}, 1.0}, {"B", {{}}, 1.0}};
  problem.tasks = {{.id = "a", .duration_on = {2, 3}},
                   {.id = "b", .duration_on = {1, 1}},
                   {.id = "c", .duration_on = {2, kNotEligible}}};
  expect_symmetric(problem, 1);
}

TEST(Moves, AreProposedAsOftenAsTheirReverseUnderPrecedence) {
  // 4 tasks, a before b, c with two machines and a wish to wait.
  Problem problem;
  problem.machines = {{"A", {{}}, 1.0}, {"B", {{}}, 1.0}};
  problem.tasks = {{.id = "a", .duration_on = {2, kNotEligible}},
                   {.id = "b", .duration_on = {1, kNotEligible}},
                   {.id = "c", .duration_on = {2, 1}},
                   {.id = "d", .duration_on = {kNotEligible, 2}}};
  problem.precedences = {{0, 1, 0}};
  problem.objective.preference = 1.0;
  Preference wish;
  wish.task = 2;
  wish.start_after = 3;
  problem.preferences = {wish};
  expect_symmetric(problem, 2);
}

TEST(Moves, GiveTheVerifierNothingToFindInFeasibleStates) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto problem = random_problem(seed);
    const ListMoves moves(problem);
    Draws draws(Rng(seed).child("walk"), 0, 0);
    auto s = moves.initial(draws);
    for (int step = 0; step < 30; ++step) {
      if (const auto move = moves.propose(s, draws)) moves.apply(s, *move, kInfinity);
      const auto checked = verify(problem, moves.solution(s));
      ASSERT_EQ(checked.ok(), moves.is_feasible(s)) << seed;
      ASSERT_EQ(checked.parts.makespan, to_units(problem, s.terms.makespan));
    }
  }
}

TEST(Moves, StartFromAScheduleAndKeepItsObjective) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto problem = random_problem(seed, {.can_wait = false});
    const ListMoves moves(problem);
    Draws draws(Rng(seed).child("walk"), 0, 0);
    const auto s = moves.initial(draws);
    if (!moves.is_feasible(s)) continue;
    const auto warm = moves.state_of(moves.solution(s));
    EXPECT_LE(objective(problem, moves.solution(warm)), objective(problem, moves.solution(s)));
  }
}

}  // namespace
}  // namespace therma::schedule
