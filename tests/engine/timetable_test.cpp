// SPDX-License-Identifier: Apache-2.0
#include "therma/engine/timetable.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace therma {
namespace {

using schedule::Problem;
using schedule::Solution;

schedule::Machine machine(std::string id, std::vector<schedule::Window> windows) {
  return {.id = std::move(id), .windows = std::move(windows)};
}

schedule::Task task(std::string id, std::vector<schedule::Ticks> duration_on) {
  schedule::Task t;
  t.id = std::move(id);
  t.duration_on = std::move(duration_on);
  return t;
}

TEST(Timetable, TurnsTicksIntoUnitsAndWindowsIntoClosedTimes) {
  Problem p;
  p.ticks_per_unit = 2;
  p.machines = {machine("A", {{0, 16}}), machine("B", {{16, 32}, {40, schedule::kNever}})};
  p.tasks = {task("x", {6, 6}), task("y", {3, 3})};
  const auto table = timetable(p, Solution{{{1, 16, 22}, {0, 1, 4}}});
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.end, 11.0);
  ASSERT_EQ(table.rows[0].bars.size(), 1U);
  EXPECT_EQ(table.rows[0].bars[0].label, "y");
  EXPECT_EQ(table.rows[0].bars[0].start, 0.5);
  EXPECT_EQ(table.rows[0].bars[0].end, 2.0);
  ASSERT_EQ(table.rows[0].closed.size(), 1U);  // from 8 on
  EXPECT_EQ(table.rows[0].closed[0].from, 8.0);
  EXPECT_TRUE(std::isinf(table.rows[0].closed[0].to));
  ASSERT_EQ(table.rows[1].closed.size(), 2U);  // before 8, and 16 to 20
  EXPECT_EQ(table.rows[1].closed[0].to, 8.0);
  EXPECT_EQ(table.rows[1].closed[1].from, 16.0);
  EXPECT_EQ(table.rows[1].closed[1].to, 20.0);
}

TEST(Timetable, NamesTheJobsOfAJobShopByWhatTheirIdsShare) {
  Problem p;
  p.machines = {machine("M1", {{}}), machine("M2", {{}})};
  const auto no = schedule::kNotEligible;
  p.tasks = {task("cart.1", {2, no}), task("cart.2", {no, 3}), task("bike.1", {no, 1}),
             task("bike.2", {1, no})};
  p.precedences = {{0, 1, 0}, {2, 3, 0}};
  const auto table = timetable(p, Solution{{{0, 0, 2}, {1, 2, 5}, {1, 0, 1}, {0, 2, 3}}});
  EXPECT_EQ(table.groups, (std::vector<std::string>{"cart", "bike"}));
  EXPECT_EQ(table.rows[0].bars[1].label, "bike");
  EXPECT_EQ(table.rows[0].bars[1].group, 1U);
}

TEST(RoundStep, IsTheSmallestRoundStepWithFewEnoughTicks) {
  EXPECT_EQ(round_step(12, 12, "h"), 1.0);
  EXPECT_EQ(round_step(12, 7, "h"), 2.0);
  EXPECT_EQ(round_step(72, 8, "h"), 12.0);
  EXPECT_EQ(round_step(100, 10, "min"), 10.0);
  EXPECT_EQ(round_step(100, 8, "min"), 15.0);
  EXPECT_EQ(round_step(930, 10, ""), 100.0);
  EXPECT_EQ(round_step(930, 5, ""), 200.0);
  EXPECT_EQ(round_step(0.93, 5, ""), 0.2);
}

}  // namespace
}  // namespace therma
