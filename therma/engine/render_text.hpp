// SPDX-License-Identifier: Apache-2.0
// A report for people: the plan first, then what is known about it.
#pragma once

#include <cstddef>
#include <string>

#include "therma/engine/report.hpp"
#include "therma/engine/verdict.hpp"

namespace therma {

struct TextStyle {
  std::size_t width = 80;
  bool colours = false;
  bool plan_only = false;  // the tasks and their times, nothing else
  bool explain = false;    // also how the text was read and how the answer was found
};

// Ends with a newline. Never wider than `width` where words allow it.
[[nodiscard]] std::string render_text(const Report& report, const TextStyle& style);
[[nodiscard]] std::string render_text(const Verdict& verdict, const TextStyle& style);

// One sentence: why there is no plan. Empty where there is one.
[[nodiscard]] std::string shortfall_text(const Report& report);

}  // namespace therma
