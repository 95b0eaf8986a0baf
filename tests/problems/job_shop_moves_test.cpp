// SPDX-License-Identifier: Apache-2.0
// Moves on machine orders: feasible, exact, and taken back without a trace.
#include "therma/problems/job_shop/moves.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/problems/job_shop_support.hpp"

namespace therma::job_shop {
namespace {

static_assert(BiasedMoveProblem<Moves> && LargeStepProblem<Moves>);

constexpr std::uint64_t kShops = 40;

Model shop(std::uint64_t seed) { return random_shop(seed, 6, 4, 7); }

Draws draws_of(std::uint64_t seed) { return {Rng(seed).child("test"), 0, 0}; }

// Heads, tails and order from their definitions.
void expect_consistent(const Model& m, const Selection& s) {
  const auto expected = reference_makespan(m, machine_orders(m, s));
  ASSERT_TRUE(expected.has_value());
  EXPECT_EQ(s.makespan, *expected);
  Time longest = 0;
  for (Op op = 0; op < m.num_ops(); ++op) {
    ASSERT_EQ(s.order[s.rank[op]], op);
    for (const Op next : {m.job_after[op], s.after[op]}) {
      if (next != m.num_ops()) {
        ASSERT_LT(s.rank[op], s.rank[next]);
      }
    }
    ASSERT_EQ(s.done[op],
              std::max(s.done[m.job_before[op]], s.done[s.before[op]]) + m.duration[op]);
    ASSERT_EQ(s.rest[op], std::max(s.rest[m.job_after[op]], s.rest[s.after[op]]) + m.duration[op]);
    longest = std::max(longest, s.rest[op]);
  }
  EXPECT_EQ(longest, s.makespan);
}

bool is_same(const Selection& a, const Selection& b) {
  return a.before == b.before && a.after == b.after && a.done == b.done && a.rest == b.rest &&
         a.order == b.order && a.rank == b.rank && a.makespan == b.makespan;
}

std::vector<Insertion> moves_of(const Model& m, const Selection& s, Coins& coins) {
  std::vector<Op> path(m.num_ops());
  const auto length = critical_path(m, s, coins, path.data());
  std::vector<Insertion> moves;
  for_each_move(m, s, path.data(), length, [&](const Insertion& i) { moves.push_back(i); });
  return moves;
}

TEST(JobShopSelection, StartsConsistent) {
  for (std::uint64_t seed = 0; seed < kShops; ++seed) {
    const Model m = shop(seed);
    Draws draws = draws_of(seed);
    expect_consistent(m, Moves(m).initial(draws).now);
  }
}

TEST(JobShopSelection, KeepsOrdersThatBothParentsShare) {
  const Model m = ft06();
  const Moves moves(m);
  Draws draws = draws_of(1);
  for (int i = 0; i < 50; ++i) {
    const auto a = moves.initial(draws);
    const auto b = moves.initial(draws);
    auto child = a;
    child.fresh = false;
    EXPECT_FALSE(moves.begin_large_step(child, &b, draws));
    expect_consistent(m, child.now);
    // On a shortest way from a to b: the parts of the way add up.
    EXPECT_EQ(distance(m, a.now, child.now) + distance(m, child.now, b.now),
              distance(m, a.now, b.now));
  }
}

TEST(JobShopSelection, FindsPathsWhereThereAreAny) {
  const Model m = shop(3);
  Draws draws = draws_of(3);
  auto s = Moves(m).initial(draws).now;
  std::vector<std::vector<bool>> reaches(m.num_ops(), std::vector<bool>(m.num_ops() + 1));
  for (std::uint32_t i = m.num_ops(); i-- > 0;) {
    const Op a = s.order[i];
    reaches[a][a] = true;
    for (const Op next : {m.job_after[a], s.after[a]}) {
      if (next == m.num_ops()) continue;
      for (Op b = 0; b < m.num_ops(); ++b) reaches[a][b] = reaches[a][b] || reaches[next][b];
    }
  }
  const Selection before = s;
  for (Op a = 0; a < m.num_ops(); ++a) {
    for (Op b = 0; b < m.num_ops(); ++b) {
      if (a != b) {
        EXPECT_EQ(has_path(m, s, a, b), reaches[a][b]) << a << ' ' << b;
      }
    }
  }
  EXPECT_TRUE(is_same(s, before));
}

TEST(JobShopMoves, OfferOnlyFeasibleInsertionsAndPerformThemExactly) {
  std::size_t performed = 0;
  for (std::uint64_t seed = 0; seed < kShops; ++seed) {
    const Model m = shop(seed);
    Draws draws = draws_of(seed);
    auto s = Moves(m).initial(draws).now;
    Coins coins(draws.bits());
    for (int walk = 0; walk < 30; ++walk) {
      const auto moves = moves_of(m, s, coins);
      if (moves.empty()) break;
      for (const auto& i : moves) {
        auto moved = s;
        perform(m, moved, i);
        expect_consistent(m, moved);
        EXPECT_EQ(i.behind ? moved.before[i.moved] : moved.after[i.moved], i.anchor);
        EXPECT_GT(distance(m, s, moved), 0U);
        ++performed;
      }
      perform(m, s, moves[coins.below(static_cast<std::uint32_t>(moves.size()))]);
    }
  }
  EXPECT_GT(performed, 1000U);  // the shops do offer moves
}

TEST(JobShopMoves, OfferEachInsertionOnce) {
  const Model m = random_shop(5, 12, 3, 6);
  Draws draws = draws_of(5);
  Coins coins(7);
  for (int i = 0; i < 50; ++i) {
    const auto s = Moves(m).initial(draws).now;
    std::vector<std::vector<Op>> orders;
    for (const auto& move : moves_of(m, s, coins)) {
      auto moved = s;
      perform(m, moved, move);
      orders.push_back(machine_orders(m, moved));
    }
    std::sort(orders.begin(), orders.end());
    EXPECT_EQ(std::adjacent_find(orders.begin(), orders.end()), orders.end());
  }
}

// A move of the critical path is estimated from below where heads before the segment and tails
// behind it do not change: always so for swaps of neighbours.
TEST(JobShopMoves, EstimateSwapsOfNeighboursExactlyWhereTheyDoNotImprove) {
  for (std::uint64_t seed = 0; seed < kShops; ++seed) {
    const Model m = shop(seed);
    Draws draws = draws_of(seed);
    const auto s = Moves(m).initial(draws).now;
    for (Op u = 0; u < m.num_ops(); ++u) {
      const Insertion swap{u, s.after[u], true};
      if (swap.anchor == m.num_ops() || !is_surely_feasible(m, s, swap)) continue;
      Time lengths[2];
      const Time estimated = estimate(m, s, swap, lengths);
      auto moved = s;
      perform(m, moved, swap);
      EXPECT_LE(estimated, moved.makespan);
      if (estimated >= s.makespan) {
        EXPECT_EQ(estimated, moved.makespan);
      }
    }
  }
}

TEST(JobShopMoves, EstimateInsertionsCloseToTheirExactMakespan) {
  const Model m = ft06();
  Draws draws = draws_of(2);
  Coins coins(1);
  std::vector<Time> lengths(m.num_ops());
  std::size_t exact = 0;
  std::size_t all = 0;
  for (int i = 0; i < 200; ++i) {
    const auto s = Moves(m).initial(draws).now;
    for (const auto& move : moves_of(m, s, coins)) {
      auto moved = s;
      perform(m, moved, move);
      // Paths that avoid the segment are at most as long as before.
      const Time estimated = estimate(m, s, move, lengths.data());
      exact += std::max(estimated, moved.makespan) == moved.makespan;
      ++all;
    }
  }
  EXPECT_GT(exact, all * 9 / 10);
}

TEST(JobShopMoves, ReturnTheExactEnergyChangeAndUndoRestoresEveryBit) {
  for (std::uint64_t seed = 0; seed < kShops; ++seed) {
    const Model m = shop(seed);
    const Moves moves(m, {.offside = 0.5});
    Draws draws = draws_of(seed);
    auto s = moves.initial(draws);
    for (int step = 0; step < 300; ++step) {
      const auto move = moves.propose(s, draws);
      if (!move) continue;
      const Selection before = s.now;
      const double delta = moves.apply(s, *move, std::numeric_limits<double>::infinity());
      const bool possible = std::isfinite(delta);
      if (possible) {
        EXPECT_EQ(delta, s.now.makespan - before.makespan);
        expect_consistent(m, s.now);
      }
      if (possible && draws.below(2) == 0) continue;
      moves.undo(s);
      ASSERT_TRUE(is_same(s.now, before));
    }
  }
}

TEST(JobShopMoves, StopEarlyOnlyAboveTheThreshold) {
  const Model m = ft06();
  const Moves moves(m, {.offside = 1.0});
  Draws draws = draws_of(9);
  auto s = moves.initial(draws);
  for (int step = 0; step < 2000; ++step) {
    const auto move = moves.propose(s, draws);
    if (!move) continue;
    const double threshold = 5.0 * draws.uniform();
    auto twin = s;
    const double exact = moves.apply(twin, *move, std::numeric_limits<double>::infinity());
    const double delta = moves.apply(s, *move, threshold);
    if (exact <= threshold) {
      EXPECT_EQ(delta, exact);
    } else {
      EXPECT_GT(delta, threshold);
    }
    if (delta > threshold) moves.undo(s);
  }
}

TEST(JobShopTabu, NeverEndsWorseThanItStartsAndStaysConsistent) {
  for (std::uint64_t seed = 0; seed < kShops; ++seed) {
    const Model m = shop(seed);
    const Moves moves(m, {.patience = 200});
    Draws draws = draws_of(seed);
    auto s = moves.initial(draws);
    const double start = moves.energy(s);
    EXPECT_FALSE(moves.begin_large_step(s, nullptr, draws));
    LargeStep step;
    do {
      step = moves.large_step(s, draws, 50);
      expect_consistent(m, s.now);
    } while (!step.finished);
    moves.conclude(s);
    expect_consistent(m, s.now);
    EXPECT_EQ(moves.energy(s), step.best);
    EXPECT_LE(step.best, start);
  }
}

TEST(JobShopTabu, RestartsWhereTheGuideIsTheSame) {
  const Model m = ft06();
  const Moves moves(m);
  Draws draws = draws_of(6);
  const auto guide = moves.initial(draws);
  auto s = guide;
  s.fresh = false;
  EXPECT_TRUE(moves.begin_large_step(s, &guide, draws));
  expect_consistent(m, s.now);
  EXPECT_GT(distance(m, s.now, guide.now), 0U);
}

TEST(JobShopTabu, SplitsIntoSlicesOfAboutTheBudget) {
  const Model m = ft06();
  const Moves moves(m);
  Draws draws = draws_of(4);
  auto s = moves.initial(draws);
  EXPECT_FALSE(moves.begin_large_step(s, nullptr, draws));
  const auto step = moves.large_step(s, draws, 1000);
  EXPECT_GE(step.evaluations, 1000U);
  EXPECT_LT(step.evaluations, 1100U);  // one iteration estimates at most a few dozen moves
  EXPECT_FALSE(step.finished);
}

}  // namespace
}  // namespace therma::job_shop
