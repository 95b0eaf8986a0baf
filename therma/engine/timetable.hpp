// SPDX-License-Identifier: Apache-2.0
// A timetable: what a Gantt chart shows, whatever kind of problem it came from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "therma/problems/schedule/model.hpp"

namespace therma {

// Times below are in `Timetable::unit`; texts are safe to print (therma/engine/utf8.hpp).
struct TimeSpan {
  double from = 0.0;
  double to = 0.0;
};

struct Bar {
  std::string label;
  std::string detail;  // more about it, for a tooltip: duration, deadline, release
  double start = 0.0;
  double end = 0.0;
  std::uint32_t group = 0;  // bars of one group share a colour
};

struct TimetableRow {
  std::string label;
  std::vector<Bar> bars;         // by start
  std::vector<TimeSpan> closed;  // when the machine is not available; the last may be endless
};

struct Timetable {
  std::string unit;  // empty where the problem only counts
  double end = 0.0;  // of the last bar
  std::vector<TimetableRow> rows;
  std::vector<std::string> groups;  // labels; empty: each task is its own group
  [[nodiscard]] std::size_t num_bars() const noexcept;
};

[[nodiscard]] Timetable timetable(const schedule::Problem& problem,
                                  const schedule::Solution& solution);

// Distance between labelled times on an axis over `span`: the smallest round step of the unit
// (1, 2, 3, 4, 6, 12, 24 h; 5, 10, 15, 30 min; 1, 2, 5 otherwise) that gives at most `most` steps.
[[nodiscard]] double round_step(double span, std::size_t most, const std::string& unit);

}  // namespace therma
