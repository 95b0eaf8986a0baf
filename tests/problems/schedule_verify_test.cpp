// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>

#include "tests/problems/schedule_support.hpp"
#include "therma/problems/schedule/parse.hpp"

namespace therma::schedule {
namespace {

// Two machines, A open in [0, 8] and [10, 20], B always; c waits for a by 1 h; one crane.
constexpr const char* kProblem = R"({"kind": "schedule",
  "machines": [{"id": "A", "windows": [[0, 8], [10, 20]]}, {"id": "B"}],
  "resources": [{"id": "crane", "capacity": 1}],
  "tasks": [
    {"id": "a", "duration": 3, "machines": ["A"], "family": "red"},
    {"id": "b", "duration": 2, "family": "blue", "release": 1, "deadline": 12, "due": 5, "weight": 2},
    {"id": "c", "duration": 4, "machines": ["B"], "release": 2, "demand": {"crane": 1}},
    {"id": "d", "duration": 2, "demand": {"crane": 1}}],
  "precedence": [{"before": "a", "after": "c", "lag": 1}],
  "setup": [{"from": "red", "to": "blue", "time": 2}],
  "preferences": [{"task": "d", "machine": "B", "weight": 3}],
  "objective": {"makespan": 1, "tardiness": 1, "preference": 1}})";

// Feasible: A runs a [0, 3], b [5, 7] after 2 h of set-up, d [10, 12]; B runs c [4, 8].
StatedSolution good() {
  return {1, {{"a", "A", 0, 3}, {"b", "A", 5, 7}, {"c", "B", 4, 8}, {"d", "A", 10, 12}}};
}

const Problem& problem() {
  static const Problem parsed = parse_problem(kProblem, "test").problem;
  return parsed;
}

TEST(Verify, AcceptsAGoodScheduleAndRecomputesItsObjective) {
  const auto checked = verify(problem(), good());
  EXPECT_TRUE(checked.ok());
  EXPECT_EQ(checked.parts.makespan, 12);
  EXPECT_EQ(checked.parts.tardiness, 4);   // b ends at 7, due at 5, weight 2
  EXPECT_EQ(checked.parts.preference, 3);  // d is not on B
  EXPECT_EQ(checked.objective, 19);
}

TEST(Verify, AcceptsTimesBetweenTheTicksOfTheProblem) {
  auto stated = good();
  stated.ticks_per_unit = 2;
  for (auto& at : stated.tasks) at.start *= 2, at.end *= 2;
  stated.tasks[3].start += 1;  // d at [10.5, 12.5]
  stated.tasks[3].end += 1;
  const auto checked = verify(problem(), stated);
  EXPECT_TRUE(checked.ok());
  EXPECT_EQ(checked.parts.makespan, 12.5);
}

struct Corruption {
  const char* constraint;
  const char* subject;
  double amount;
  std::function<void(StatedSolution&)> corrupt;
};

void set(StatedPlacement& at, const char* machine, Ticks start, Ticks end) {
  at.machine = machine;
  at.start = start;
  at.end = end;
}

TEST(Verify, NamesTheOneConstraintThatEachCorruptionBreaks) {
  const Corruption corruptions[] = {
      {"missing_task", "d", 1, [](auto& s) { s.tasks.pop_back(); }},
      {"unknown_task", "x", 1,
       [](auto& s) {
         s.tasks.push_back({"x", "A", 14, 15});
       }},
      {"repeated_task", "d", 1,
       [](auto& s) {
         s.tasks.push_back({"d", "A", 14, 16});
       }},
      {"eligibility", "a", 1, [](auto& s) { set(s.tasks[0], "B", 0, 3); }},
      {"duration", "d", 1, [](auto& s) { set(s.tasks[3], "A", 10, 13); }},
      {"release", "b", 1, [](auto& s) { set(s.tasks[1], "B", 0, 2); }},
      {"deadline", "b", 3, [](auto& s) { set(s.tasks[1], "B", 13, 15); }},
      // d at [7, 9] is 1 h outside the window that ends at 8, and has the crane until 8 to itself
      // only if c is later.
      {"availability", "d", 1,
       [](auto& s) {
         set(s.tasks[3], "A", 7, 9);
         set(s.tasks[2], "B", 9, 13);
       }},
      {"no_overlap", "a, b", 1, [](auto& s) { set(s.tasks[1], "A", 2, 4); }},
      {"setup", "a, b", 1, [](auto& s) { set(s.tasks[1], "A", 4, 6); }},
      {"precedence", "a, c", 1, [](auto& s) { set(s.tasks[2], "B", 3, 7); }},
      {"resource_limit", "crane", 1,
       [](auto& s) { set(s.tasks[3], "A", 10, 12), set(s.tasks[2], "B", 9, 13); }},
  };
  for (const auto& corruption : corruptions) {
    SCOPED_TRACE(corruption.constraint);
    auto stated = good();
    corruption.corrupt(stated);
    const auto checked = verify(problem(), stated);
    ASSERT_EQ(checked.violations.size(), 1u)
        << (checked.violations.size() > 1 ? checked.violations[1].text : "none");
    EXPECT_EQ(checked.violations[0].constraint, corruption.constraint);
    EXPECT_EQ(checked.violations[0].subject, corruption.subject);
    EXPECT_EQ(checked.violations[0].amount, corruption.amount);
    EXPECT_FALSE(checked.violations[0].text.empty());
  }
}

TEST(Verify, NamesAMachineThatDoesNotExistBesideTheTaskThatIsThenMissing) {
  auto stated = good();
  stated.tasks[3].machine = "Z";
  const auto checked = verify(problem(), stated);
  ASSERT_EQ(checked.violations.size(), 2u);
  EXPECT_EQ(checked.violations[0].constraint, "unknown_machine");
  EXPECT_EQ(checked.violations[1].constraint, "missing_task");
}

TEST(Verify, FindsTheOverlapOfTasksThatAreNotNeighboursByStart) {
  // a [0, 10] covers b [1, 2] and still runs when c [5, 6] starts.
  Problem p;
  p.machines = {{"m", {{}}, 1.0}};
  p.tasks = {{.id = "a", .duration_on = {10}, .work = 10},
             {.id = "b", .duration_on = {1}, .work = 1},
             {.id = "c", .duration_on = {1}, .work = 1}};
  const auto checked = verify(p, Solution{{{0, 0, 10}, {0, 1, 2}, {0, 5, 6}}});
  ASSERT_EQ(checked.violations.size(), 2u);
  EXPECT_EQ(checked.violations[0].subject, "a, b");
  EXPECT_EQ(checked.violations[1].subject, "a, c");
}

TEST(Verify, AcceptsAnyDurationWithinARangeThatIsNotDrawn) {
  const auto p = parse_problem(R"({"kind": "schedule", "machines": [{"id": "m"}],
      "tasks": [{"id": "a", "duration": {"min": 2, "max": 4}}]})",
                               "test")
                     .problem;
  EXPECT_TRUE(verify(p, StatedSolution{1, {{"a", "m", 0, 3}}}).ok());
  const auto checked = verify(p, StatedSolution{1, {{"a", "m", 0, 6}}});
  ASSERT_EQ(checked.violations.size(), 1u);
  EXPECT_EQ(checked.violations[0].amount, 2);  // 6 instead of at most 4
}

}  // namespace
}  // namespace therma::schedule
