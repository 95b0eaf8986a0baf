// SPDX-License-Identifier: Apache-2.0
// Lengths of time, clock times and daily windows as people write them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "therma/planner/numbers.hpp"
#include "therma/planner/text.hpp"

namespace therma::planner {

enum class TimeUnit : std::uint8_t { second, minute, hour, day };

[[nodiscard]] double seconds_in(TimeUnit unit);
[[nodiscard]] std::string_view symbol(TimeUnit unit);  // "s", "min", "h", "d"

// How a time was read beyond its letters; each kind becomes one assumption.
enum class TimeNote : std::uint8_t {
  none,
  about,      // "about 3 hours"
  afternoon,  // "9 to 5"
  overnight,  // "22–6"
  whole_day,  // "całą dobę"
  bare_hour,  // "by 12", without a unit
};

struct Time {
  double seconds = 0.0;
  Span span;
  TimeUnit unit = TimeUnit::hour;  // smallest unit that was named
  bool clock = false;              // a time of day, counted from midnight
  bool bare = false;               // the text names no unit: see TimeUnit of the text
  TimeNote note = TimeNote::none;
};

// low == high unless the text gives a range.
struct Stretch {
  Time low;
  Time high;
  bool range = false;
  std::size_t end = 0;  // index of the token after it
};

struct ClockTime {
  Time time;
  std::size_t end = 0;
};

struct DayWindow {
  Time open;
  Time close;
};
struct DayWindows {
  std::vector<DayWindow> windows;  // empty: always
  Span span;
  bool explicit_clock = false;  // written with ':', am/pm or "od ... do ..."
  std::size_t end = 0;
};

// "2h", "1,5 godziny", "2h 30 min", "półtorej godziny", "od 1 do 4 godzin", "an hour and a half".
[[nodiscard]] std::optional<Stretch> read_stretch(std::span<const Token> tokens, std::size_t at);

// "16:00", "5 pm", "godziny 12", "noon", "ósmej", "hour 12", "12h"; a bare number too.
[[nodiscard]] std::optional<ClockTime> read_clock(std::span<const Token> tokens, std::size_t at);

// "0-8h", "od 8 do 16", "9am to 5pm", "całą dobę", "8-12 i 13-17".
[[nodiscard]] std::optional<DayWindows> read_windows(std::span<const Token> tokens, std::size_t at);

// "h", "godzin", "minutes", "dni": the unit a word names, and how many of it (a week is 7 days).
struct NamedUnit {
  TimeUnit unit;
  double count;
  bool singular;  // may stand alone: "godzinę", "an hour"
};
[[nodiscard]] std::optional<NamedUnit> named_unit(const Token& token);

// Words of the phrases above that are neither numbers nor units: "od", "around", "całą", "noon".
[[nodiscard]] bool is_time_word(std::string_view folded);

}  // namespace therma::planner
