// SPDX-License-Identifier: Apache-2.0
#include "therma/engine/gantt.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

// Three machines over 12 h: A until 8, B from 8, C always.
Timetable three_machines() {
  Timetable table;
  table.unit = "h";
  table.end = 12;
  table.rows = {{"A", {{"t1", "", 0, 3, 0}, {"t2", "", 3, 4, 1}}, {{8, HUGE_VAL}}},
                {"B", {{"t3", "", 8, 12, 2}}, {{0, 8}}},
                {"C", {{"t4", "", 0, 12, 3}}, {}}};
  return table;
}

Timetable crowded(std::size_t num_tasks) {
  Timetable table;
  table.end = static_cast<double>(num_tasks);
  table.rows.push_back({"saw", {}, {}});
  for (std::size_t i = 0; i < num_tasks; ++i) {
    const auto start = static_cast<double>(i);
    table.rows[0].bars.push_back({"t" + std::to_string(i), "", start, start + 1, 0});
  }
  return table;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Gantt, FitsItsWidthExactlyAtAnyWidth) {
  for (std::size_t width = kLeastGanttWidth; width <= 200; ++width) {
    std::size_t widest = 0;
    for (const auto& line : lines_of(gantt(three_machines(), {.width = width}))) {
      widest = std::max(widest, columns(line));
    }
    EXPECT_EQ(widest, width);
  }
}

TEST(Gantt, IsNeverNarrowerThanIsLegible) {
  EXPECT_EQ(gantt(three_machines(), {.width = 1}), gantt(three_machines(), {.width = 40}));
}

// 40 columns less the margin of 3 leave 37 cells: 3 an hour, and one to spare.
TEST(Gantt, DrawsBarsClosedTimesAndRoundTicks) {
  EXPECT_EQ(gantt(three_machines(), {.width = 40}),
            "A │▐██t1███▌▐█▌            ·············\n"
            "B │························▐████t3████▌\n"
            "C │▐████████████████t4████████████████▌\n"
            "  └┬────────┬────────┬────────┬────────┬\n"
            "   0        3        6        9     12 h\n"
            "· not available, 1 name does not fit\n");
}

TEST(Gantt, ShowsTheShareOfTimeInUseWhereTasksAreTooManyToDraw) {
  const auto text = gantt(crowded(400), {.width = 60});
  EXPECT_NE(text.find("████████████████████████████████████████"), std::string::npos);
  EXPECT_NE(text.find("share of the time in use"), std::string::npos);
}

TEST(Gantt, CountsTheMachinesItDoesNotDraw) {
  auto table = three_machines();
  const auto text = gantt(table, {.width = 60, .most_rows = 1});
  EXPECT_EQ(text.find("B │"), std::string::npos);
  EXPECT_NE(text.find("2 more machines"), std::string::npos);
}

TEST(Gantt, UsesEscapeSequencesOnlyWhereColoursAreAskedFor) {
  EXPECT_EQ(gantt(three_machines(), {.width = 80}).find('\x1b'), std::string::npos);
  EXPECT_NE(gantt(three_machines(), {.width = 80, .colours = true}).find('\x1b'),
            std::string::npos);
}

TEST(Gantt, AcceptsTasksWithoutDurationAndTablesWithoutTasks) {
  Timetable table;
  table.rows = {{"A", {{"t1", "", 0, 0, 0}}, {}}};
  EXPECT_NE(gantt(table, {}).find("▌"), std::string::npos);
  table.rows = {{"A", {}, {{0, HUGE_VAL}}}};
  EXPECT_FALSE(gantt(table, {}).empty());
  EXPECT_EQ(gantt({}, {}), "");
}

}  // namespace
}  // namespace therma
