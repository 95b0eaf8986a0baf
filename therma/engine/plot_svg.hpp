// SPDX-License-Identifier: Apache-2.0
// A timetable as a self-contained SVG picture: no scripts, fonts or links from outside.
#pragma once

#include <string>
#include <string_view>

#include "therma/engine/timetable.hpp"

namespace therma {

// Title, a row per machine, round times on the axis, hatching where a machine is not available, a
// legend, and a tooltip (<title>) on each bar. All texts are escaped.
[[nodiscard]] std::string plot_svg(const Timetable& table, std::string_view title);

}  // namespace therma
