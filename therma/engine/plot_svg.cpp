// SPDX-License-Identifier: Apache-2.0
// One function per layer of the picture, drawn from back to front.
#include "therma/engine/plot_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

// Pixels.
constexpr double kTextWidth = 7.2;  // per column at 13 px, on the wide side
constexpr double kPlotWidth = 1000;
constexpr double kRowHeight = 34;
constexpr double kBarHeight = 26;
constexpr double kTop = 56;
constexpr double kRight = 24;
constexpr std::size_t kMostLegendGroups = 40;
constexpr std::size_t kLongestLabel = 24;  // columns of a machine's name

// Okabe and Ito's palette (colour-blind safe), lightened so that black text is legible on it.
constexpr std::array<std::string_view, 8> kColours = {"#f2c14e", "#8ecae6", "#7bd3b0", "#f4a988",
                                                      "#c3b1e1", "#e7a8c9", "#a9c77f", "#b8bec7"};

struct Frame {
  double left = 0;    // of the plot
  double height = 0;  // of the rows
  double end = 0;     // time at the right edge
  double legend_height = 0;

  [[nodiscard]] double x(double time) const {
    return left + kPlotWidth * std::clamp(time / end, 0.0, 1.0);
  }
  [[nodiscard]] static double y(std::size_t row) {
    return kTop + kRowHeight * static_cast<double>(row);
  }
  [[nodiscard]] double bottom() const { return kTop + height; }
};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view colour_of(std::uint32_t group) { return kColours[group % kColours.size()]; }

template <class... Args>
void add(std::string& svg, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(svg), format, std::forward<Args>(args)...);
}

Frame frame_of(const Timetable& table) {
  std::size_t label = 1;
  for (const auto& row : table.rows) label = std::max(label, columns(row.label));
  constexpr double kPerLine = 10;
  const auto groups = std::min(table.groups.size(), kMostLegendGroups);
  return {.left = 24 + kTextWidth * static_cast<double>(std::min(label, kLongestLabel)),
          .height = kRowHeight * static_cast<double>(table.rows.size()),
          .end = table.end > 0 ? table.end : 1.0,
          .legend_height = 34 + 22 * std::ceil(static_cast<double>(groups) / kPerLine)};
}

void add_style(std::string& svg) {
  svg +=
      "<style>text{font:13px sans-serif;fill:#222}.title{font-size:17px;font-weight:600}"
      ".name{text-anchor:end}.task{text-anchor:middle;font-size:12px}.time{text-anchor:middle}"
      ".grid{stroke:#ddd}.axis{stroke:#444}.bar{stroke:#444;stroke-width:.8}"
      ".end{stroke:#b00020;stroke-width:1.5;stroke-dasharray:5 3}.mark{fill:#b00020}</style>\n"
      "<defs><pattern id=\"closed\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
      "patternTransform=\"rotate(45)\"><rect width=\"8\" height=\"8\" fill=\"#ececec\"/>"
      "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"8\" stroke=\"#c4c4c4\" stroke-width=\"3\"/>"
      "</pattern></defs>\n";
}

void add_grid(std::string& svg, const Timetable& table, const Frame& frame) {
  constexpr std::size_t kMostSteps = 14;
  const double step = round_step(frame.end, kMostSteps, table.unit);
  for (std::size_t i = 0; static_cast<double>(i) * step <= frame.end * (1 + 1e-9); ++i) {
    const double time = static_cast<double>(i) * step;
    add(svg, "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>",
        frame.x(time), kTop, frame.bottom());
    add(svg, "<text class=\"time\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", frame.x(time),
        frame.bottom() + 18, number_text(time));
  }
  add(svg, "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2}\" y2=\"{2}\"/>\n",
      frame.left, frame.left + kPlotWidth, frame.bottom());
  add(svg, "<text class=\"time\" x=\"{:.1f}\" y=\"{:.1f}\">time{}{}</text>\n",
      frame.left + kPlotWidth / 2, frame.bottom() + 38, table.unit.empty() ? "" : ", ",
      escaped(table.unit));
}

void add_closed(std::string& svg, const Timetable& table, const Frame& frame) {
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    for (const auto& span : table.rows[r].closed) {
      if (span.from >= frame.end) continue;
      add(svg,
          "<rect fill=\"url(#closed)\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\">"
          "<title>{}: not available</title></rect>\n",
          frame.x(span.from), Frame::y(r), frame.x(span.to) - frame.x(span.from), kRowHeight,
          escaped(table.rows[r].label));
    }
  }
}

void add_bar(std::string& svg, const Bar& bar, const TimetableRow& row, std::size_t r,
             const Timetable& table, const Frame& frame) {
  const double x = frame.x(bar.start);
  const double width = frame.x(bar.end) - x;
  const double y = Frame::y(r) + (kRowHeight - kBarHeight) / 2;
  add(svg,
      "<g><title>{} on {}: {} to {} {}{}{}</title><rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" "
      "width=\"{:.1f}\" height=\"{}\" rx=\"2\" fill=\"{}\"/>",
      escaped(bar.label), escaped(row.label), number_text(bar.start), number_text(bar.end),
      escaped(table.unit), bar.detail.empty() ? "" : "; ", escaped(bar.detail), x, y, width,
      kBarHeight, colour_of(bar.group));
  if (kTextWidth * static_cast<double>(columns(bar.label)) <= width) {
    add(svg, "<text class=\"task\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + width / 2,
        y + kBarHeight / 2 + 4, escaped(bar.label));
  }
  svg += "</g>\n";
}

void add_rows(std::string& svg, const Timetable& table, const Frame& frame) {
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    add(svg, "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2}\" y2=\"{2}\"/>",
        frame.left, frame.left + kPlotWidth, Frame::y(r));
    add(svg, "<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", frame.left - 8,
        Frame::y(r) + kRowHeight / 2 + 4, escaped(fitted(row.label, kLongestLabel)));
    for (const auto& bar : row.bars) add_bar(svg, bar, row, r, table, frame);
  }
}

void add_legend(std::string& svg, const Timetable& table, const Frame& frame) {
  double x = frame.left;
  double y = frame.bottom() + 56;
  const auto entry = [&](std::string_view fill, const std::string& label) {
    const double width = 30 + kTextWidth * static_cast<double>(columns(label));
    if (x + width > frame.left + kPlotWidth && x > frame.left) x = frame.left, y += 22;
    add(svg,
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"16\" height=\"14\" fill=\"{}\" stroke=\"#888\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
        x, y - 12, fill, x + 22, y, escaped(label));
    x += width + 14;
  };
  const bool any_closed = std::ranges::any_of(table.rows, [&](const auto& row) {
    return !row.closed.empty() && row.closed.front().from < frame.end;
  });
  if (any_closed) entry("url(#closed)", "machine not available");
  if (table.groups.empty()) entry(kColours[0], "task (colours only tell neighbours apart)");
  const auto shown = std::min(table.groups.size(), kMostLegendGroups);
  for (std::uint32_t g = 0; g < shown; ++g) entry(colour_of(g), table.groups[g]);
  if (shown < table.groups.size()) {
    entry("none", fmt::format("and {} more", table.groups.size() - shown));
  }
}

void add_end(std::string& svg, const Timetable& table, const Frame& frame) {
  add(svg, "<line class=\"end\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>",
      frame.x(table.end), kTop - 8, frame.bottom());
  add(svg,
      "<text class=\"mark\" text-anchor=\"end\" x=\"{:.1f}\" y=\"{}\">all done: {} {}</text>\n",
      frame.x(table.end), kTop - 12, number_text(table.end), escaped(table.unit));
}

}  // namespace

std::string plot_svg(const Timetable& table, std::string_view title) {
  const auto frame = frame_of(table);
  const double width = frame.left + kPlotWidth + kRight;
  const double height = frame.bottom() + 44 + frame.legend_height;
  std::string svg;
  add(svg,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\">\n<title>{2}</title>\n",
      width, height, escaped(title));
  add_style(svg);
  add(svg, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
  add(svg, "<text class=\"title\" x=\"24\" y=\"28\">{}</text>\n", escaped(title));
  add_closed(svg, table, frame);
  add_grid(svg, table, frame);
  add_rows(svg, table, frame);
  add_end(svg, table, frame);
  add_legend(svg, table, frame);
  return svg + "</svg>\n";
}

}  // namespace therma
