// SPDX-License-Identifier: Apache-2.0
// A timetable as a Gantt chart of text, one line per machine, that fits a terminal's width.
#pragma once

#include <cstddef>
#include <string>

#include "therma/engine/timetable.hpp"

namespace therma {

struct GanttStyle {
  std::size_t width = 80;      // columns of a terminal; at least kLeastGanttWidth is used
  bool colours = false;        // ANSI background colours
  std::size_t most_rows = 50;  // further machines are counted, not drawn
};

inline constexpr std::size_t kLeastGanttWidth = 40;

// Bars carry their label where it fits; columns shared by several tasks are hatched, times when a
// machine is not available are dotted, and a legend explains the marks that occur. Where there are
// too many tasks to draw, each column shows by its height how much of its time is in use. The time
// axis is exactly as wide as asked; no line is wider. Ends with a newline; empty without rows.
[[nodiscard]] std::string gantt(const Timetable& table, const GanttStyle& style);

}  // namespace therma
