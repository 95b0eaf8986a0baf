// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/number_range.hpp"

#include <fmt/format.h>

#include <cmath>

#include "therma/core/error.hpp"
#include "therma/llm/grammar/regex.hpp"

namespace therma::llm {
namespace {

constexpr std::string_view kAnyFraction = "(?:\\.\\d+)?";

struct Decimal {
  std::string whole;
  std::string fraction;  // without zeros at its end
};

Decimal decimal_of(double magnitude, std::string_view where) {
  if (!(magnitude < 1e18)) fail(ErrorCode::bad_data, "{}: bounds reach up to 10^18", where);
  magnitude = std::abs(magnitude);  // 0, not -0
  auto text = fmt::format("{}", magnitude);
  if (text.find('e') != text.npos) text = fmt::format("{:.20f}", magnitude);
  const auto point = text.find('.');
  Decimal out{text.substr(0, point), point == text.npos ? "" : text.substr(point + 1)};
  while (out.fraction.ends_with('0')) out.fraction.pop_back();
  return out;
}

// "|prefix[low-high]rest" for digits, where there are any.
std::string digits_between(std::string_view prefix, int low, int high, std::string_view rest) {
  return low > high ? "" : fmt::format("|{}[{}-{}]{}", prefix, low, high, rest);
}

// Decimals from 0 on that are at least (or more than) the bound.
std::string at_least(const Decimal& bound, bool is_excluded) {
  std::string whole = fmt::format("[1-9]\\d{{{},}}", bound.whole.size());
  for (std::size_t i = 0; i < bound.whole.size(); ++i) {
    const auto rest = fmt::format("\\d{{{}}}", bound.whole.size() - i - 1);
    whole += digits_between(bound.whole.substr(0, i), bound.whole[i] - '0' + 1, 9, rest);
  }
  std::string out = fmt::format("(?:{}){}", whole, kAnyFraction);
  for (std::size_t i = 0; i < bound.fraction.size(); ++i)
    out += digits_between(bound.whole + "\\." + bound.fraction.substr(0, i),
                          bound.fraction[i] - '0' + 1, 9, "\\d*");
  const auto equal = bound.whole + (bound.fraction.empty() ? "" : "\\." + bound.fraction);
  if (is_excluded)
    return out + "|" + equal + (bound.fraction.empty() ? "\\." : "") + "\\d*[1-9]\\d*";
  return out + "|" + equal + (bound.fraction.empty() ? std::string(kAnyFraction) : "\\d*");
}

// Decimals from 0 on that are at most (or less than) the bound.
std::string at_most(const Decimal& bound, bool is_excluded) {
  const auto size = bound.whole.size();
  std::string whole = size > 1 ? fmt::format("0|[1-9]\\d{{0,{}}}", size - 2) : "";
  for (std::size_t i = 0; i < size; ++i) {
    const auto rest = fmt::format("\\d{{{}}}", size - i - 1);
    whole += digits_between(bound.whole.substr(0, i), i == 0 && size > 1 ? 1 : 0,
                            bound.whole[i] - '0' - 1, rest);
  }
  if (whole.starts_with('|')) whole.erase(0, 1);
  std::string out = whole.empty() ? "" : fmt::format("(?:{}){}|", whole, kAnyFraction);
  for (std::size_t i = 0; i < bound.fraction.size(); ++i) {
    const auto prefix = bound.whole + "\\." + bound.fraction.substr(0, i);
    out += i == 0 ? bound.whole : prefix;  // shorter, so less
    out += digits_between(prefix, 0, bound.fraction[i] - '0' - 1, "\\d*") + "|";
  }
  if (is_excluded) return out.empty() ? "[^\\d\\D]" : out.substr(0, out.size() - 1);
  const auto zeros =
      bound.fraction.empty() ? std::string("(?:\\.0+)?") : "\\." + bound.fraction + "0*";
  return out + bound.whole + zeros;
}

struct Magnitudes {
  std::optional<NumberBound> least;  // from 0 on
  std::optional<NumberBound> most;
};

Automaton magnitudes(const Magnitudes& range, bool is_integer, std::string_view where) {
  const bool is_open =
      !range.most && (!range.least || (range.least->value == 0.0 && !range.least->is_excluded));
  std::string format = "(?:0|[1-9]\\d{0,17})";
  if (!is_integer) {
    format = is_open ? "(?:0|[1-9]\\d{0,14})(?:\\.\\d{1,17})?(?:[eE][+-]?\\d{1,2})?"
                     : "(?:0|[1-9]\\d{0,17})(?:\\.\\d{1,17})?";
  }
  auto out = compile_regex(format, where);
  if (is_open) return out;
  if (range.least) {
    const auto text = at_least(decimal_of(range.least->value, where), range.least->is_excluded);
    out = both(out, compile_regex(text, where), where);
  }
  if (range.most) {
    if (range.most->value < 0.0 || (range.most->value == 0.0 && range.most->is_excluded)) return {};
    const auto text = at_most(decimal_of(range.most->value, where), range.most->is_excluded);
    out = both(out, compile_regex(text, where), where);
  }
  return out;
}

std::optional<NumberBound> mirrored(const std::optional<NumberBound>& bound) {
  if (!bound) return bound;
  return NumberBound{-bound->value, bound->is_excluded};
}

}  // namespace

NumberAutomata number_automata(const NumberRange& range, std::string_view where) {
  Magnitudes from_zero{range.least, range.most};
  if (from_zero.least && from_zero.least->value < 0.0) from_zero.least.reset();
  Magnitudes below{mirrored(range.most), mirrored(range.least)};
  const bool is_unbounded = !range.least && !range.most;
  if (below.least && below.least->value < 0.0) below.least.reset();
  // "-0" is a number, but no one asks for it where there is a bound.
  if (!below.least && (range.is_integer || !is_unbounded)) below.least = NumberBound{0.0, true};
  if (below.least && below.least->value == 0.0) below.least->is_excluded = true;
  NumberAutomata out;
  out.from_zero = magnitudes(from_zero, range.is_integer, where);
  out.below_zero = magnitudes(below, range.is_integer, where);
  return out;
}

}  // namespace therma::llm
