// SPDX-License-Identifier: Apache-2.0
// UTF-8 decoding without the C locale, and the layout of words in columns.
#include "therma/engine/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

namespace therma {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "…";

struct CodePoint {
  char32_t value = 0;
  std::size_t size_bytes = 1;
  bool valid = false;
};

// The first code point of a text that is not empty; RFC 3629, section 3.
CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return {};
  char32_t value = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kLeast[size] || value > 0x10FFFF || surrogate) return {};
  return {value, size, true};
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool in_any(const std::array<Range, N>& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [c](Range r) { return c >= r.first && c <= r.last; });
}

// Combining marks, zero-width characters and variation selectors.
constexpr std::array<Range, 7> kZeroWidth = {{{0x300, 0x36F},
                                              {0x1AB0, 0x1AFF},
                                              {0x1DC0, 0x1DFF},
                                              {0x200B, 0x200D},
                                              {0x20D0, 0x20FF},
                                              {0xFE00, 0xFE0F},
                                              {0xFE20, 0xFE2F}}};
// East Asian wide and full width (Unicode TR 11), and pictographs.
constexpr std::array<Range, 10> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};
// Controls of a terminal and of the direction of writing.
constexpr std::array<Range, 6> kControl = {{{0, 0x1F},
                                            {0x7F, 0x9F},
                                            {0x200E, 0x200F},
                                            {0x2028, 0x202E},
                                            {0x2066, 0x2069},
                                            {0xFFFE, 0xFFFF}}};

std::size_t width_of(CodePoint c) {
  if (!c.valid) return 1;
  if (in_any(kZeroWidth, c.value)) return 0;
  return in_any(kWide, c.value) ? 2 : 1;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto c = first_code_point(text);
    out += c.valid && !in_any(kControl, c.value) ? text.substr(0, c.size_bytes) : kReplacement;
    text.remove_prefix(c.size_bytes);
  }
  return out;
}

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  while (!text.empty()) {
    const auto c = first_code_point(text);
    sum += width_of(c);
    text.remove_prefix(c.size_bytes);
  }
  return sum;
}

std::string fitted(std::string_view text, std::size_t most) {
  if (columns(text) <= most) return std::string(text);
  if (most == 0) return "";
  std::string out;
  for (std::size_t used = 0;;) {
    const auto c = first_code_point(text);
    used += width_of(c);
    if (used > most - 1) return out.append(kEllipsis);
    out += text.substr(0, c.size_bytes);
    text.remove_prefix(c.size_bytes);
  }
}

std::string padded(std::string_view text, std::size_t width) {
  auto out = fitted(text, width);
  return out.append(width - columns(out), ' ');
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t used = indent;
  bool at_start = true;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return out;
    const auto word = text.substr(0, text.find(' '));
    const auto needed = columns(word) + (at_start ? 0 : 1);
    if (!at_start && used + needed > width) {
      out += '\n';
      out.append(indent, ' ');
      used = indent + columns(word);
    } else {
      if (!at_start) out += ' ';
      used += needed;
    }
    out += word;
    at_start = false;
    text.remove_prefix(word.size());
  }
}

std::string number_text(double value) {
  constexpr double kLargestWhole = 1e15;
  if (value == std::floor(value) && std::abs(value) < kLargestWhole) {
    return fmt::format("{}", static_cast<std::int64_t>(value));
  }
  return fmt::format("{:.6g}", value);
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace therma
