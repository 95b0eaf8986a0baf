// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/problems/schedule_support.hpp"
#include "therma/problems/schedule/decode.hpp"

namespace therma::schedule {
namespace {

using testing::random_problem;

TaskList random_list(const Decoder& decoder, Draws& draws) {
  const auto& tables = decoder.tables();
  std::vector<double> keys(tables.num_tasks);
  for (auto& key : keys) key = draws.uniform();
  TaskList list;
  list.order = order_by(tables, keys);
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    const auto eligible = tables.eligible[task];
    list.machine.push_back(eligible[draws.below(static_cast<std::uint32_t>(eligible.size()))]);
    list.floor.push_back(draws.below(static_cast<std::uint32_t>(tables.floors[task].size())));
  }
  return list;
}

// The verifier may find only what the decoder says it could not help, to the same extent.
void expect_only_what_is_admitted(const Problem& problem, const Decoded& decoded) {
  const auto checked = verify(problem, decoded.solution);
  double outside = 0;
  double late = 0;
  for (const auto& violation : checked.violations) {
    RC_ASSERT(violation.constraint == "availability" || violation.constraint == "deadline");
    (violation.constraint == "deadline" ? late : outside) += violation.amount;
  }
  RC_ASSERT(late == to_units(problem, decoded.late));
  RC_ASSERT(outside == to_units(problem, decoded.outside));
  RC_ASSERT(checked.objective == objective(problem, decoded.solution));
}

RC_GTEST_PROP(Decode, GivesSchedulesThatVerify, (std::uint64_t seed)) {
  const auto problem = random_problem(seed);
  const Decoder decoder(problem);
  Draws draws(Rng(seed).child("list"), 0, 0);
  const auto list = random_list(decoder, draws);
  expect_only_what_is_admitted(problem, decoder.decode(list));
  expect_only_what_is_admitted(problem, decoder.dispatch(list.order));
}

RC_GTEST_PROP(Decode, RepairsAnyTimesAndMachinesIntoASchedule, (std::uint64_t seed)) {
  const auto problem = random_problem(seed);
  const Decoder decoder(problem);
  Draws draws(Rng(seed).child("anything"), 0, 0);
  Solution anything;
  for (std::size_t task = 0; task < problem.tasks.size(); ++task) {
    const auto machine = draws.below(static_cast<std::uint32_t>(problem.machines.size()));
    const auto start = static_cast<Ticks>(draws.below(20)) - 5;
    anything.tasks.push_back({machine, start, start + 1});
  }
  const auto repaired = decoder.repair(anything);
  expect_only_what_is_admitted(problem, repaired.decoded);
  std::uint32_t moved = 0;
  for (std::size_t task = 0; task < problem.tasks.size(); ++task) {
    moved += repaired.decoded.solution.tasks[task].start != anything.tasks[task].start;
  }
  RC_ASSERT(moved == repaired.num_moved);
}

RC_GTEST_PROP(Decode, JustifiesWithoutWorseningOrBreakingAnything, (std::uint64_t seed)) {
  const auto problem = random_problem(seed);
  const Decoder decoder(problem);
  Draws draws(Rng(seed).child("list"), 0, 0);
  const auto decoded = decoder.decode(random_list(decoder, draws));
  RC_PRE(decoded.is_feasible());
  const auto justified = decoder.justify(decoded.solution);
  RC_ASSERT(verify(problem, justified).ok());
  RC_ASSERT(objective(problem, justified) <= objective(problem, decoded.solution));
}

RC_GTEST_PROP(Decode, NeverEndsATaskLaterWhenItsOwnScheduleIsDecodedAgain, (std::uint64_t seed)) {
  // Decoding the tasks of a schedule in order of their starts cannot delay any of them (decode.hpp)
  // as long as nothing waits on purpose.
  const auto problem = random_problem(seed, {.can_wait = false});
  const Decoder decoder(problem);
  Draws draws(Rng(seed).child("list"), 0, 0);
  const auto once = decoder.decode(random_list(decoder, draws));
  RC_PRE(once.is_feasible());
  const auto twice = decoder.decode(decoder.list_of(once.solution));
  for (std::size_t task = 0; task < problem.tasks.size(); ++task) {
    RC_ASSERT(twice.solution.tasks[task].end <= once.solution.tasks[task].end);
  }
}

TEST(Decode, PutsATaskIntoAGapOfItsMachine) {
  Problem problem;
  problem.machines = {{"m", {{}}, 1.0}};
  problem.tasks = {{.id = "late", .duration_on = {2}, .work = 2, .release = 3},
                   {.id = "early", .duration_on = {3}, .work = 3}};
  const Decoder decoder(problem);
  const auto decoded = decoder.decode({{0, 1}, {0, 0}, {0, 0}});
  EXPECT_EQ(decoded.solution.tasks[0].start, 3);
  EXPECT_EQ(decoded.solution.tasks[1].start, 0);  // [0, 3) is free before `late` at [3, 5)
}

TEST(Decode, SaysHowMuchFindsNoWindow) {
  Problem problem;
  problem.machines = {{"m", {{0, 4}}, 1.0}};
  problem.tasks = {{.id = "a", .duration_on = {3}, .work = 3},
                   {.id = "b", .duration_on = {2}, .work = 2}};
  const Decoder decoder(problem);
  const auto decoded = decoder.decode({{0, 1}, {0, 0}, {0, 0}});
  EXPECT_FALSE(decoded.is_feasible());
  EXPECT_EQ(decoded.outside, 2);  // `b` has 1 left of [0, 4), so all of it goes past the horizon
}

}  // namespace
}  // namespace therma::schedule
