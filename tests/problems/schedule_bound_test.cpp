// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/problems/schedule_support.hpp"
#include "therma/problems/schedule/bound.hpp"
#include "therma/problems/schedule/moves.hpp"
#include "therma/problems/schedule/parse.hpp"
#include "therma/problems/schedule/proof.hpp"

namespace therma::schedule {
namespace {

using testing::BruteForce;
using testing::random_problem;
using testing::Wishes;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Annealing with a geometric schedule, counted; the lowest feasible objective seen.
double annealed(const Problem& problem, std::uint64_t seed, std::uint32_t steps) {
  const ListMoves moves(problem);
  Draws draws(Rng(seed).child("anneal"), 0, 0);
  auto s = moves.initial(draws);
  double best = kInfinity;
  double temperature = 2.0;
  for (std::uint32_t step = 0; step < steps; ++step, temperature *= 1.0 - 6.0 / steps) {
    if (moves.is_feasible(s)) best = std::min(best, objective(problem, moves.solution(s)));
    const auto move = moves.propose(s, draws);
    if (!move) continue;
    const double threshold = temperature * draws.exponential();
    if (moves.apply(s, *move, threshold) > threshold) moves.undo(s);
  }
  return best;
}

// Annealing finds what brute force finds; no bound passes it; a finished enumeration equals it.
void compare_with_brute_force(std::uint64_t seed, const Wishes& wishes, Ticks horizon) {
  const auto problem = random_problem(seed, wishes);
  const auto exact = BruteForce(problem, horizon).best;
  const auto bound = lower_bound(problem);
  SCOPED_TRACE(seed);
  if (bound.infeasible) {
    EXPECT_FALSE(exact) << *bound.infeasible;
    return;
  }
  Proof blind(problem, bound);
  blind.advance(2'000'000, kInfinity);
  if (!exact) {
    EXPECT_EQ(annealed(problem, seed, 2000), kInfinity);
    return;
  }
  EXPECT_FALSE(blind.is_infeasible());
  for (const auto& named : bound.all) {
    EXPECT_LE(to_units(problem, named.makespan), 1e-9 + *exact / problem.objective.makespan)
        << named.name;
  }
  EXPECT_LE(bound.objective, *exact + 1e-9);
  EXPECT_LE(blind.lower_bound(), *exact + 1e-9);
  EXPECT_NEAR(annealed(problem, seed, 4000), *exact, 1e-9);
  Proof proof(problem, bound);
  proof.advance(2'000'000, *exact);
  EXPECT_LE(proof.lower_bound(), *exact + 1e-9);
  if (!wishes.can_wait) {
    EXPECT_TRUE(proof.is_finished());
    EXPECT_NEAR(proof.lower_bound(), *exact, 1e-8);
  }
}

TEST(Bound, AndSearchAgreeWithBruteForceOnThreeTasks) {
  // All durations are at most 4, releases 4, lags 2, set-ups 4, windows open by 20: the horizon
  // leaves room for every useful start.
  const Wishes wishes{.most_tasks = 3, .most_machines = 2, .longest = 4};
  for (std::uint64_t seed = 0; seed < 150; ++seed) compare_with_brute_force(seed, wishes, 18);
}

TEST(Bound, AndProofAreTightWhereWaitingNeverHelps) {
  const Wishes wishes{.most_tasks = 3, .most_machines = 2, .longest = 4, .can_wait = false};
  for (std::uint64_t seed = 1000; seed < 1150; ++seed) compare_with_brute_force(seed, wishes, 18);
}

TEST(Bound, AgreesWithBruteForceOnFourTasksOfOneMachine) {
  const Wishes wishes{.most_tasks = 4, .most_machines = 1, .longest = 3, .can_wait = false};
  for (std::uint64_t seed = 0; seed < 20; ++seed) compare_with_brute_force(seed, wishes, 20);
}

TEST(Bound, ProvesInfeasibilityForEachReason) {
  Problem problem;
  problem.machines = {{"m", {{0, 4}}, 1.0}};
  problem.resources = {{"r", 1}};
  const auto with = [&](std::vector<Task> tasks) {
    auto copy = problem;
    copy.tasks = std::move(tasks);
    return lower_bound(copy).infeasible.value_or("feasible");
  };
  const Task a{.id = "a", .duration_on = {3}, .work = 3};
  Task b{.id = "b", .duration_on = {1}, .work = 1};
  EXPECT_EQ(with({a, b}), "feasible");
  b.demands = {{0, 2}};
  EXPECT_EQ(with({a, b}), "task b needs 2 of resource r, which has 1");
  b = {.id = "b", .duration_on = {5}, .work = 5};
  EXPECT_EQ(with({a, b}), "task b fits no window of any machine that can do it");
  b = {.id = "b", .duration_on = {1}, .work = 1, .release = 2, .deadline = 2};
  EXPECT_EQ(with({a, b}), "task b cannot end before 3, after its deadline at 2");
  b = {.id = "b", .duration_on = {2}, .work = 2};
  EXPECT_EQ(with({a, b}), "the tasks need more time than the windows and deadlines leave");
  // Two windows of 3 hold one task of 2 each, not three: 6 of work, 6 of time, 4 of it usable.
  problem.machines = {{"m", {{0, 3}, {4, 7}}, 1.0}};
  const Task c{.id = "c", .duration_on = {2}, .work = 2};
  auto d = c, e = c;
  d.id = "d", e.id = "e";
  EXPECT_EQ(with({c, d, e}), "the tasks cannot fill the windows well enough to fit into them");
}

TEST(Bound, ReachesPublishedOptimaOfMachineInstances) {
  const std::string folder = THERMA_SOURCE_DIR "/../shared/data/rmwin/";
  if (testing::file_text(folder + "best_known.csv").empty())
    GTEST_SKIP() << folder << " is missing";
  // Optimal values of best_known.csv, proven there by another solver.
  for (const auto& [name, optimum] : std::vector<std::pair<std::string, double>>{
           {"w12x3_1", 241}, {"w12x3_2", 148}, {"w25x4_1", 351}, {"w25x4_2", 256}}) {
    const auto problem = parse_problem(testing::file_text(folder + name + ".txt"), name).problem;
    const auto bound = lower_bound(problem);
    Proof proof(problem, bound);
    proof.advance(100'000, optimum);
    EXPECT_EQ(proof.lower_bound(), optimum) << name;
    Proof blind(problem, bound);  // knows no answer: still may not pass the optimum
    blind.advance(100'000, kInfinity);
    EXPECT_LE(blind.lower_bound(), optimum) << name;
  }
}

TEST(Bound, ProvesTheReadmeSentenceOptimalForEverySeed) {
  std::string text = R"({"kind": "schedule", "machines": [{"id": "A", "windows": [[0, 8]]},
    {"id": "B", "windows": [[8, 16]]}, {"id": "C", "windows": [[0, 24]]}], "tasks": [)";
  for (int i = 1; i <= 10; ++i) {
    text += fmt::format(R"({}{{"id": "z{}", "duration": {{"min": 1, "max": 4}}}})",
                        i > 1 ? "," : "", i);
  }
  const auto stated = parse_problem(text + "]}", "readme").problem;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto problem = draw_durations(stated, seed).problem;
    const double best = annealed(problem, seed, 4000);
    const auto bound = lower_bound(problem);
    ASSERT_FALSE(bound.infeasible);
    Proof proof(problem, bound);
    proof.advance(10'000, best);
    EXPECT_EQ(proof.lower_bound(), best) << "seed " << seed << ", from " << proof.from();
  }
}

TEST(Proof, CountsNodesSoThatSlicesDoNotMatter) {
  const auto problem = random_problem(7, {.most_tasks = 7, .can_wait = false});
  const auto bound = lower_bound(problem);
  ASSERT_FALSE(bound.infeasible);
  Proof whole(problem, bound), sliced(problem, bound);
  whole.advance(1'000'000, kInfinity);
  for (int i = 0; i < 2000; ++i) sliced.advance(500, kInfinity);
  EXPECT_TRUE(whole.is_finished());
  EXPECT_TRUE(sliced.is_finished());
  EXPECT_EQ(whole.lower_bound(), sliced.lower_bound());
}

}  // namespace
}  // namespace therma::schedule
