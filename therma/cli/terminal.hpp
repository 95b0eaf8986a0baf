// SPDX-License-Identifier: Apache-2.0
// What the terminal can show: the only place that asks the environment about it.
#pragma once

#include <cstddef>
#include <string_view>

namespace therma::cli {

[[nodiscard]] bool is_terminal(int descriptor);

// Columns: the variable COLUMNS, else the terminal's own word, else 80; at least 40.
[[nodiscard]] std::size_t terminal_width(int descriptor);

// True on a terminal unless NO_COLOR is set (no-color.org) or TERM is "dumb".
[[nodiscard]] bool wants_colours(int descriptor);

// Results: everything to standard output. A reader that has gone away is not an error; anything
// else that fails throws Error{io}.
void print(std::string_view text);

// A line for people on standard error; never throws.
void print_notice(std::string_view text) noexcept;

}  // namespace therma::cli
