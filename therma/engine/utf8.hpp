// SPDX-License-Identifier: Apache-2.0
// Text in terminal columns: measured, cut and padded by code points, whatever the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace therma {

// Safe to print: control characters, bidirectional overrides and invalid bytes become U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

// Terminal columns: 0 for combining marks, 2 for wide East Asian characters and pictographs.
[[nodiscard]] std::size_t columns(std::string_view text);

// The longest beginning of `text` within `most` columns; ends in "…" where something was cut.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t most);

// fitted() and filled with spaces to exactly `width` columns.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

// Lines of at most `width` columns broken at spaces; every line after the first starts with
// `indent` spaces, which the first is taken to have before it. No closing newline.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

// A number for reading: whole numbers whole, others with up to six digits.
[[nodiscard]] std::string number_text(double value);

// "1 task", "2 tasks".
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);

}  // namespace therma
