// SPDX-License-Identifier: Apache-2.0
#include "therma/engine/plot_svg.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace therma {
namespace {

Timetable one_bar(const std::string& label) {
  Timetable table;
  table.unit = "h";
  table.end = 4;
  table.rows = {{"A", {{label, "due 3", 1, 4, 0}}, {{0, 1}, {5, HUGE_VAL}}}};
  return table;
}

TEST(PlotSvg, EscapesWhatPeopleNamedTheirTasks) {
  const auto svg = plot_svg(one_bar("<b>&\"x\"</b>\x1b"), "a < b");
  EXPECT_NE(svg.find("&lt;b&gt;&amp;&quot;x&quot;&lt;/b&gt;"), std::string::npos);
  EXPECT_NE(svg.find("a &lt; b"), std::string::npos);
  EXPECT_EQ(svg.find("<b>"), std::string::npos);
  EXPECT_EQ(svg.find('\x1b'), std::string::npos);
}

TEST(PlotSvg, HasATooltipForEachBarAndNothingFromOutside) {
  const auto svg = plot_svg(one_bar("t1"), "plan");
  EXPECT_NE(svg.find("<title>t1 on A: 1 to 4 h; due 3</title>"), std::string::npos);
  EXPECT_EQ(svg.find("href"), std::string::npos);
  EXPECT_EQ(svg.find("<script"), std::string::npos);
}

// Closed at [0, 1) within the picture, which ends at 4; closed from 5 on lies outside it.
TEST(PlotSvg, HatchesClosedTimesInsideThePictureOnly) {
  const auto svg = plot_svg(one_bar("t1"), "plan");
  std::size_t hatched = 0;
  for (auto at = svg.find("not available</title>"); at != std::string::npos;
       at = svg.find("not available</title>", at + 1)) {
    ++hatched;
  }
  EXPECT_EQ(hatched, 1U);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace therma
