// SPDX-License-Identifier: Apache-2.0
// Cells first (who owns each column), then glyphs.
#include "therma/engine/gantt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

constexpr int kFree = -1;
constexpr int kClosed = -2;
constexpr int kSeveral = -3;

// Which marks a chart used, so that the legend explains those and no others.
struct Marks {
  bool closed = false;
  bool several = false;
  bool load = false;
  std::size_t unlabelled = 0;
};

struct Axis {
  std::size_t num_cells = 0;
  double cells_per_unit = 1.0;

  [[nodiscard]] std::size_t cell(double time) const {
    const double at = std::round(time * cells_per_unit);
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(num_cells)));
  }
  [[nodiscard]] double end() const { return static_cast<double>(num_cells) / cells_per_unit; }
};

// Whole cells per unit where that wastes little: equal durations then look equal.
Axis fit_axis(double end, std::size_t num_cells) {
  if (!(end > 0)) return {num_cells, static_cast<double>(num_cells)};
  constexpr double kLeastUse = 0.85;
  const double exact = static_cast<double>(num_cells) / end;
  const double whole = std::floor(exact);
  return {num_cells, whole >= 1 && whole >= kLeastUse * exact ? whole : exact};
}

// [cell] -> the index of the bar that owns it, or one of the marks above.
std::vector<int> own_cells(const TimetableRow& row, const Axis& axis) {
  std::vector<int> owner(axis.num_cells, kFree);
  for (const auto& span : row.closed) {
    std::fill(owner.begin() + static_cast<std::ptrdiff_t>(axis.cell(span.from)),
              owner.begin() + static_cast<std::ptrdiff_t>(axis.cell(span.to)), kClosed);
  }
  for (std::size_t i = 0; i < row.bars.size(); ++i) {
    const auto from = std::min(axis.cell(row.bars[i].start), axis.num_cells - 1);
    const auto to = std::max(axis.cell(row.bars[i].end), from + 1);
    if (row.bars[i].end <= row.bars[i].start) continue;
    for (auto cell = from; cell < to; ++cell) {
      const bool taken = owner[cell] >= 0 || owner[cell] == kSeveral;
      owner[cell] = taken ? kSeveral : static_cast<int>(i);
    }
  }
  for (std::size_t i = 0; i < row.bars.size(); ++i) {  // moments: shown where nothing else is
    if (row.bars[i].end > row.bars[i].start) continue;
    auto& cell = owner[std::min(axis.cell(row.bars[i].start), axis.num_cells - 1)];
    if (cell < 0 && cell != kSeveral) cell = static_cast<int>(i);
  }
  return owner;
}

std::string repeated(std::string_view glyph, std::size_t count) {
  std::string out;
  while (count-- > 0) out += glyph;
  return out;
}

// A bar of `width` cells: half blocks at both ends leave a gap between neighbours.
std::string bar_text(const Bar& bar, std::size_t width, bool colours, Marks& marks) {
  constexpr std::uint32_t kNumColours = 6;  // ANSI 31..36
  const auto colour = 1 + bar.group % kNumColours;
  const auto inner = width >= 2 ? width - 2 : 0;
  constexpr std::size_t kLeastCut = 4;  // "abc…" still tells names apart, "a…" does not
  const bool whole = columns(bar.label) <= inner;
  const auto label = whole || inner >= kLeastCut ? fitted(bar.label, inner) : std::string();
  const auto used = columns(label);
  if (used == 0) ++marks.unlabelled;
  const auto before = (inner - used) / 2;
  const auto after = inner - used - before;
  if (!colours) {
    if (width == 1) return "▌";
    return "▐" + repeated("█", before) + label + repeated("█", after) + "▌";
  }
  const auto edge = fmt::format("\x1b[3{}m", colour);
  if (width == 1) return edge + "▌\x1b[0m";
  return fmt::format("{}▐\x1b[30;4{}m{}{}{}\x1b[0m{}▌\x1b[0m", edge, colour,
                     std::string(before, ' '), label, std::string(after, ' '), edge);
}

std::string row_text(const TimetableRow& row, const Axis& axis, bool colours, Marks& marks) {
  const auto owner = own_cells(row, axis);
  std::string out;
  for (std::size_t from = 0; from < owner.size();) {
    auto to = from + 1;
    while (to < owner.size() && owner[to] == owner[from]) ++to;
    if (owner[from] >= 0) {
      out += bar_text(row.bars[static_cast<std::size_t>(owner[from])], to - from, colours, marks);
    } else {
      const auto glyph = owner[from] == kFree ? " " : owner[from] == kClosed ? "·" : "▒";
      out += repeated(glyph, to - from);
      marks.closed |= owner[from] == kClosed;
      marks.several |= owner[from] == kSeveral;
    }
    from = to;
  }
  return out;
}

// Too many tasks to draw each: how much of the time of each cell is in use, as a height.
std::string load_text(const TimetableRow& row, const Axis& axis, Marks& marks) {
  constexpr std::array kHeights = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<double> load(axis.num_cells, 0.0);
  for (const auto& bar : row.bars) {
    const double from = bar.start * axis.cells_per_unit;
    const double to = std::min(bar.end * axis.cells_per_unit, static_cast<double>(load.size()));
    for (auto cell = static_cast<std::size_t>(from); static_cast<double>(cell) < to; ++cell) {
      const auto left = static_cast<double>(cell);
      load[cell] += std::min(to, left + 1) - std::max(from, left);
    }
  }
  const auto owner = own_cells({row.label, {}, row.closed}, axis);
  std::string out;
  for (std::size_t cell = 0; cell < load.size(); ++cell) {
    constexpr double kLeast = 1e-9;
    const bool closed = owner[cell] == kClosed && load[cell] < kLeast;
    marks.closed |= closed;
    const auto height = static_cast<std::size_t>(std::clamp(std::ceil(load[cell] * 8), 1.0, 8.0));
    out += closed ? "·" : load[cell] < kLeast ? " " : kHeights[height - 1];
  }
  marks.load = true;
  return out;
}

struct TimeLabel {
  std::size_t cell = 0;
  std::string text;
};

// Labels under their ticks, the last moved left where it would cross the edge. One that would touch
// the label before it is left out; the last, which carries the unit, makes room for itself.
std::string times_text(const std::vector<TimeLabel>& labels, std::size_t width) {
  std::vector<TimeLabel> kept;
  const auto touches = [&](std::size_t cell) {
    return !kept.empty() && cell <= kept.back().cell + columns(kept.back().text);
  };
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto size = columns(labels[i].text);
    const auto cell = std::min(labels[i].cell, width - std::min(size, width));
    const bool last = i + 1 == labels.size();
    while (last && touches(cell)) kept.pop_back();
    if (!touches(cell)) kept.push_back({cell, labels[i].text});
  }
  std::string out;
  for (const auto& label : kept) {
    out.append(label.cell - columns(out), ' ');
    out += label.text;
  }
  return out;
}

// The line with ticks, and the line with their times; the last time carries the unit.
std::string axis_text(const Axis& axis, const std::string& unit, std::size_t margin) {
  const auto digits = number_text(std::floor(axis.end())).size();
  const auto most = std::max<std::size_t>(axis.num_cells / (digits + 4), 2);
  const auto step = round_step(axis.end(), most, unit);
  const auto num_ticks = static_cast<std::size_t>(axis.end() / step * (1 + 1e-9)) + 1;
  std::vector<std::string> ticks(axis.num_cells, "─");
  std::vector<TimeLabel> labels;
  for (std::size_t i = 0; i < num_ticks; ++i) {
    const double time = static_cast<double>(i) * step;
    const auto cell = std::min(axis.cell(time), axis.num_cells - 1);
    ticks[cell] = "┬";
    const bool with_unit = i + 1 == num_ticks && !unit.empty();
    labels.push_back({cell, number_text(time) + (with_unit ? " " + unit : "")});
  }
  return fmt::format("{}└{}\n{}{}\n", std::string(margin - 1, ' '), fmt::join(ticks, ""),
                     std::string(margin, ' '), times_text(labels, axis.num_cells));
}

std::string legend_text(const Marks& marks, std::size_t rows_left_out, std::size_t width) {
  std::vector<std::string> parts;
  if (marks.closed) parts.emplace_back("· not available");
  if (marks.load) parts.emplace_back("▁▄█ share of the time in use");
  if (marks.several) parts.emplace_back("▒ several tasks");
  if (marks.unlabelled > 0) {
    parts.push_back(counted(marks.unlabelled, "name") +
                    (marks.unlabelled == 1 ? " does not fit" : " do not fit"));
  }
  if (rows_left_out > 0) parts.push_back(counted(rows_left_out, "more machine"));
  if (parts.empty()) return "";
  return wrapped(fmt::format("{}", fmt::join(parts, ", ")), width, 0) + "\n";
}

}  // namespace

std::string gantt(const Timetable& table, const GanttStyle& style) {
  if (table.rows.empty()) return "";
  const auto width = std::max(style.width, kLeastGanttWidth);
  std::size_t label_width = 1;
  for (const auto& row : table.rows) label_width = std::max(label_width, columns(row.label));
  label_width = std::min(label_width, width / 4);
  const auto margin = label_width + 2;  // label, space, rule
  const auto axis = fit_axis(table.end, width - margin);
  std::size_t most_bars = 0;
  for (const auto& row : table.rows) most_bars = std::max(most_bars, row.bars.size());
  constexpr std::size_t kLeastBarCells = 3;
  const bool crowded = most_bars * kLeastBarCells > axis.num_cells;
  const auto num_rows = std::min(table.rows.size(), style.most_rows);
  Marks marks;
  std::string out;
  for (std::size_t i = 0; i < num_rows; ++i) {
    const auto& row = table.rows[i];
    auto line = padded(row.label, label_width) + " │" +
                (crowded ? load_text(row, axis, marks) : row_text(row, axis, style.colours, marks));
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out + axis_text(axis, table.unit, margin) +
         legend_text(marks, table.rows.size() - num_rows, width);
}

}  // namespace therma
