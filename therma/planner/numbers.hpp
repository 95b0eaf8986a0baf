// SPDX-License-Identifier: Apache-2.0
// Numbers in figures and in words, in Polish and English.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <string_view>

#include "therma/planner/text.hpp"

namespace therma::planner {

struct Number {
  double value = 0.0;
  Span span;
  std::size_t end = 0;  // index of the token after it
  bool words = false;   // written in words: "pięć", "two dozen"

  [[nodiscard]] bool whole() const { return value == std::floor(value); }
};

// The longest number that begins at tokens[at]: 12, 1.5, "twenty-five", "dwie i pół", "two dozen",
// "półtorej", "half". Numbers whose reading is ambiguous (10,000) are not numbers.
[[nodiscard]] std::optional<Number> read_number(std::span<const Token> tokens, std::size_t at);

// "third", "trzecie", "3rd": the value of an ordinal.
[[nodiscard]] std::optional<Number> read_ordinal(std::span<const Token> tokens, std::size_t at);

// True for words that are part of numbers.
[[nodiscard]] bool is_number_word(std::string_view folded);

}  // namespace therma::planner
