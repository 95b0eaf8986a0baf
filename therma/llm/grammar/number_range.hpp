// SPDX-License-Identifier: Apache-2.0
// Decimal numbers between two bounds as automata over their digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "therma/llm/grammar/automaton.hpp"

namespace therma::llm {

struct NumberBound {
  double value = 0.0;
  bool is_excluded = false;  // the bound itself
};

struct NumberRange {
  std::optional<NumberBound> least;
  std::optional<NumberBound> most;
  bool is_integer = false;
};

// The magnitudes of what is in the range: of numbers from 0 on, and of those below 0, which stand
// behind a '-'. Integers have up to 18 digits; reals up to 15 (18 with bounds) before the point and
// 17 behind it; an exponent of up to two digits only where a side has no bound but 0.
struct NumberAutomata {
  Automaton from_zero;
  Automaton below_zero;
};
// Throws Error{bad_data} for bounds beyond 10^18.
[[nodiscard]] NumberAutomata number_automata(const NumberRange& range, std::string_view where);

}  // namespace therma::llm
