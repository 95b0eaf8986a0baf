// SPDX-License-Identifier: Apache-2.0
// Units, clock times and windows: tables of words and the few shapes in which they are written.
#include "therma/planner/units.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace therma::planner {
namespace {

using Tokens = std::span<const Token>;

struct UnitRow {
  TimeUnit unit;
  double count;
  std::string_view words;     // after a number
  std::string_view singular;  // also on their own
};
constexpr UnitRow kUnits[] = {
    {TimeUnit::second, 1, " s sek sekund sekundy sekunde sec secs seconds second ",
     " sekunde second "},
    {TimeUnit::minute, 1,
     " m min mins minut minuty minute minucie minutes minutowe minutowych minutowa minutach ",
     " minute minucie "},
    {TimeUnit::minute, 15, " kwadrans kwadranse kwadransow kwadransa kwadransie ",
     " kwadrans kwadransie "},
    {TimeUnit::hour, 1,
     " h hr hrs hour hours godz godzin godziny godzine godzina godzinie godzinach godzinne "
     "godzinnych godzinowe ",
     " godzine godzina godzinie hour "},
    {TimeUnit::day, 1, " d dni dzien dnia dniach doba dobe doby dob day days dniowe ",
     " dzien dobe doba day "},
    {TimeUnit::day, 7, " tydzien tygodnie tygodni tygodnia week weeks ", " tydzien week "},
};

bool word_at(Tokens t, std::size_t at, std::string_view any_of) {
  return at < t.size() && t[at].kind == TokenKind::word && has_word(any_of, t[at].folded);
}
bool mark_at(Tokens t, std::size_t at, std::string_view mark) {
  return at < t.size() && t[at].kind == TokenKind::mark && t[at].folded == mark;
}

Time time_of(double value, NamedUnit unit, Span span) {
  return {
      value * unit.count * seconds_in(unit.unit), span, unit.unit, false, false, TimeNote::none};
}

// The unit after a number: "2h", "2 godziny", "2-hour".
std::optional<std::pair<NamedUnit, std::size_t>> unit_after(Tokens t, std::size_t at) {
  if (mark_at(t, at, "-") && at + 1 < t.size() && t[at].glued && t[at + 1].glued) ++at;
  if (at >= t.size()) return std::nullopt;
  const auto unit = named_unit(t[at]);
  if (!unit) return std::nullopt;
  return std::pair{*unit, at + 1};
}

struct Single {
  Time time;
  std::size_t end;
};

// "godzinę", "an hour", "an hour and a half", "half an hour", "a quarter of an hour"
std::optional<Single> read_unit_alone(Tokens t, std::size_t at) {
  std::size_t from = at;
  double factor = 1.0;
  const bool half = word_at(t, from, " half pol ");
  const bool quarter = word_at(t, from, " quarter cwierc ") ||
                       (word_at(t, from, " a ") && word_at(t, from + 1, " quarter "));
  if (half) factor = 0.5, ++from;
  if (quarter) factor = 0.25, from += word_at(t, from, " a ") ? 2 : 1;
  if (quarter && word_at(t, from, " of ")) ++from;
  const bool article = word_at(t, from, " a an ");
  if (article) ++from;
  if (article && !half && !quarter && word_at(t, from, " half ")) factor = 0.5, ++from;
  if (from >= t.size()) return std::nullopt;
  const auto unit = named_unit(t[from]);
  if (!unit) return std::nullopt;
  const bool polish = word_at(
      t, from,
      " godzine godzina godzinie minute minucie kwadrans kwadransie dzien dobe doba tydzien ");
  if (factor == 1.0 && !(unit->singular && (article || polish))) return std::nullopt;
  std::size_t end = from + 1;
  if (word_at(t, end, " and i ") &&
      (word_at(t, end + 1, " half pol ") ||
       (word_at(t, end + 1, " a ") && word_at(t, end + 2, " half ")))) {
    factor += 0.5;
    end += word_at(t, end + 1, " a ") ? 3 : 2;
  }
  return Single{time_of(factor, *unit, {t[at].span.begin, t[end - 1].span.end}), end};
}

// "2h 30 min", "2 godziny i 30 minut", "2h30": a smaller unit that follows.
void add_smaller(Tokens t, Single& single) {
  std::size_t at = single.end;
  if (word_at(t, at, " i and ")) ++at;
  if (word_at(t, at, " kwadrans ") && single.time.unit > TimeUnit::minute) {
    single.time.seconds += 15 * 60;
    single.time.unit = TimeUnit::minute;
    single.end = at + 1;
    single.time.span.end = t[at].span.end;
    return;
  }
  const auto number = read_number(t, at);
  if (!number) return;
  const auto unit = unit_after(t, number->end);
  const bool glued_minutes = !unit && at == single.end && t[at].glued &&
                             t[at].kind == TokenKind::number &&
                             single.time.unit == TimeUnit::hour && number->value < 60;
  if (glued_minutes) {
    single.time.seconds += number->value * 60;
    single.time.unit = TimeUnit::minute;
    single.end = number->end;
  } else if (unit && unit->first.unit < single.time.unit) {
    single.time.seconds += number->value * unit->first.count * seconds_in(unit->first.unit);
    single.time.unit = unit->first.unit;
    single.end = unit->second;
  } else {
    return;
  }
  single.time.span.end = t[single.end - 1].span.end;
}

std::optional<Single> read_single(Tokens t, std::size_t at) {
  if (const auto number = read_number(t, at)) {
    std::size_t after = number->end;
    if (word_at(t, after, " of ") && word_at(t, after + 1, " an a "))
      after += 2;  // three quarters of an hour
    if (const auto unit = unit_after(t, after)) {
      Single single{
          time_of(number->value, unit->first, {t[at].span.begin, t[unit->second - 1].span.end}),
          unit->second};
      add_smaller(t, single);
      return single;
    }
    // "three quarters of an hour"
    if (word_at(t, number->end, " quarters ") && word_at(t, number->end + 1, " of ") &&
        word_at(t, number->end + 3, " hour ")) {
      const NamedUnit quarter{TimeUnit::minute, 15, false};
      return Single{
          time_of(number->value, quarter, {t[at].span.begin, t[number->end + 3].span.end}),
          number->end + 4};
    }
  }
  auto alone = read_unit_alone(t, at);
  if (alone) add_smaller(t, *alone);
  return alone;
}

// The second half of a range, and the first that shares its unit: "1-4 godziny", "1h do 4h".
std::optional<Stretch> read_range(Tokens t, std::size_t at) {
  const std::size_t begin = at;
  const bool between = word_at(t, at, " between miedzy pomiedzy ");
  const bool from = word_at(t, at, " od from ");
  if (between || from) ++at;
  Time low;
  std::size_t next = 0;
  const auto number = read_number(t, at);
  if (const auto single = read_single(t, at)) {
    low = single->time;
    next = single->end;
  } else if (number) {
    low.bare = true;
    low.span = number->span;
    next = number->end;
  } else {
    return std::nullopt;
  }
  const bool joined = mark_at(t, next, "-") || word_at(t, next, " do to ") ||
                      (between && word_at(t, next, " and i a ")) ||
                      (!between && !from && word_at(t, next, " lub or albo "));
  if (!joined) return std::nullopt;
  const auto high = read_single(t, next + 1);
  if (!high) return std::nullopt;
  if (low.bare) {
    const auto second = read_number(t, next + 1);
    if (!second) return std::nullopt;
    const auto unit = unit_after(t, second->end);
    if (!unit) return std::nullopt;
    low = time_of(number->value, unit->first, low.span);
  }
  (void)begin;
  return Stretch{low, high->time, true, high->end};
}

}  // namespace

double seconds_in(TimeUnit unit) {
  constexpr std::array<double, 4> kSeconds = {1, 60, 3600, 86400};
  return kSeconds[static_cast<std::size_t>(unit)];
}

std::string_view symbol(TimeUnit unit) {
  constexpr std::array<std::string_view, 4> kSymbols = {"s", "min", "h", "d"};
  return kSymbols[static_cast<std::size_t>(unit)];
}

std::optional<NamedUnit> named_unit(const Token& token) {
  if (token.kind != TokenKind::word) return std::nullopt;
  for (const auto& row : kUnits) {
    if (has_word(row.words, token.folded)) {
      return NamedUnit{row.unit, row.count, has_word(row.singular, token.folded)};
    }
  }
  return std::nullopt;
}

bool is_time_word(std::string_view folded) {
  constexpr std::string_view kWords =
      " od do from to between miedzy pomiedzy lub or albo about okolo approximately roughly ca "
      "circa jakies around "
      "clock half quarter quarters cwierc noon midday poludnie poludnia poludniem poludniu "
      "midnight polnoc polnocy "
      "polnoca am pm rano wieczorem oclock minucie cala cale caly all przez dobe calodobowo long "
      "whole entire zawsze "
      "always stale nonstop non stop until till godzinach godzinie ";
  return has_word(kWords, folded);
}

std::optional<Stretch> read_stretch(Tokens t, std::size_t at) {
  const bool about =
      word_at(t, at, " okolo about approximately roughly ok ca circa jakies around ") ||
      mark_at(t, at, "~");
  if (about) ++at;
  if (mark_at(t, at, ".")) ++at;  // "ok. 3h"
  auto stretch = read_range(t, at);
  if (!stretch) {
    const auto single = read_single(t, at);
    if (!single) return std::nullopt;
    stretch = Stretch{single->time, single->time, false, single->end};
  }
  if (about) stretch->low.note = stretch->high.note = TimeNote::about;
  return stretch;
}

namespace {

// am, pm, a.m., p.m. after a time: hours to add, and where it ends.
struct HalfDay {
  bool pm = false;
  std::size_t end = 0;
};
std::optional<HalfDay> read_half_day(Tokens t, std::size_t at) {
  if (word_at(t, at, " am pm ")) return HalfDay{t[at].folded == "pm", at + 1};
  if (word_at(t, at, " a p ") && mark_at(t, at + 1, ".") && word_at(t, at + 2, " m ")) {
    return HalfDay{t[at].folded == "p", mark_at(t, at + 3, ".") ? at + 4 : at + 3};
  }
  if (word_at(t, at, " rano ")) return HalfDay{false, at + 1};
  if (word_at(t, at, " wieczorem ") ||
      (word_at(t, at, " po ") && word_at(t, at + 1, " poludniu "))) {
    return HalfDay{true, word_at(t, at, " po ") ? at + 2 : at + 1};
  }
  return std::nullopt;
}

struct Digits {
  double hours = 0.0;
  double minutes = 0.0;
  bool colon = false;  // hours and minutes were written
  std::size_t end = 0;
};

// "16:30", "16.30", "16", "ósmej trzydzieści" without what may follow.
std::optional<Digits> read_digits(Tokens t, std::size_t at) {
  if (at >= t.size()) return std::nullopt;
  if (t[at].kind != TokenKind::number) {
    if (const auto ordinal = read_ordinal(t, at); ordinal && t[at].folded != "second") {
      return Digits{ordinal->value, 0, false, ordinal->end};
    }
    const auto number = read_number(t, at);
    if (!number || !number->words) return std::nullopt;
    return Digits{number->value, 0, false, number->end};
  }
  if (t[at].ambiguous) return std::nullopt;
  if (t[at].decimals == 0 && mark_at(t, at + 1, ":") && t[at + 1].glued && at + 2 < t.size() &&
      t[at + 2].kind == TokenKind::number && t[at + 2].glued && t[at + 2].folded.size() == 2 &&
      t[at + 2].value < 60 && t[at].value <= 24) {
    return Digits{t[at].value, t[at + 2].value, true, at + 3};
  }
  if (t[at].decimals == 2) {
    const double hours = std::floor(t[at].value);
    const double minutes = std::round((t[at].value - hours) * 100);
    if (hours <= 24 && minutes < 60 && t[at].folded.find('.') != std::string::npos) {
      return Digits{hours, minutes, true, at + 1};
    }
  }
  return Digits{t[at].value, 0, false, at + 1};
}

constexpr std::string_view kHourWords =
    " godz godzina godziny godzinie godzine hour hours oclock h ";

std::optional<ClockTime> read_named_hour(Tokens t, std::size_t at) {
  double hours = -1;
  if (word_at(t, at, " noon poludnie poludnia poludniem poludniu midday ")) hours = 12;
  if (word_at(t, at, " midnight polnoc polnocy polnoca ")) hours = 24;
  if (hours < 0) return std::nullopt;
  return ClockTime{{hours * 3600, t[at].span, TimeUnit::hour, true, false, TimeNote::none}, at + 1};
}

}  // namespace

std::optional<ClockTime> read_clock(Tokens t, std::size_t at) {
  if (word_at(t, at, " o at ")) ++at;
  const std::size_t begin = at;
  bool hour_word = false;
  // "godz. 12", "godziny 12", "hour 12"; "minute 90"
  std::optional<NamedUnit> unit_before;
  if (at < t.size() && word_at(t, at, kHourWords)) {
    hour_word = true;
    ++at;
    if (mark_at(t, at, ".")) ++at;
  } else if (at + 1 < t.size() && word_at(t, at, " minute minuty minucie ") &&
             t[at + 1].kind == TokenKind::number) {
    unit_before = named_unit(t[at]);
    if (!unit_before) unit_before = NamedUnit{TimeUnit::minute, 1, false};
    ++at;
  }
  if (auto named = read_named_hour(t, at)) return named;
  const auto digits = read_digits(t, at);
  if (!digits) return std::nullopt;
  Time time;
  time.seconds = digits->hours * 3600 + digits->minutes * 60;
  std::size_t end = digits->end;
  time.clock = digits->colon || hour_word;
  time.unit = digits->minutes != 0 ? TimeUnit::minute : TimeUnit::hour;
  if (unit_before) {
    time.seconds = digits->hours * seconds_in(unit_before->unit);
    time.unit = unit_before->unit;
  } else if (const auto half = read_half_day(t, end); half && digits->hours <= 12) {
    const double hours = std::fmod(digits->hours, 12.0) + (half->pm ? 12 : 0);
    time.seconds = hours * 3600 + digits->minutes * 60;
    time.clock = true;
    end = half->end;
  } else if (word_at(t, end, " oclock ") ||
             (word_at(t, end, " o ") && word_at(t, end + 1, " clock "))) {
    time.clock = true;
    end += word_at(t, end, " oclock ") ? 1 : 2;
  } else if (end < t.size() && !digits->colon && named_unit(t[end])) {
    const auto unit = *named_unit(t[end]);
    time.seconds = digits->hours * unit.count * seconds_in(unit.unit);
    time.unit = unit.unit;
    ++end;
  } else if (digits->colon && word_at(t, end, " h godz godziny ")) {
    ++end;
  } else if (!time.clock) {
    time.bare = true;
  }
  time.span = {t[begin].span.begin, t[end - 1].span.end};
  return ClockTime{time, end};
}

namespace {

void shift(Time& time, double hours, TimeNote note) {
  time.seconds += hours * 3600;
  time.note = note;
}

// am/pm on the second time covers the first; an end before its beginning is the afternoon ("9 to
// 5") or the next day ("22-6").
void settle(DayWindow& w, bool second_pm, bool first_half_day) {
  const bool marked = w.open.clock || w.close.clock;
  if (second_pm && !first_half_day && w.open.bare && w.open.seconds + 12 * 3600 < w.close.seconds &&
      w.open.seconds < 7 * 3600) {
    shift(w.open, 12, TimeNote::afternoon);
  }
  if (w.close.seconds > w.open.seconds) return;
  constexpr double kNoon = 12 * 3600;
  if (!marked && w.open.seconds <= kNoon && w.close.seconds + kNoon > w.open.seconds) {
    shift(w.close, 12, TimeNote::afternoon);
  } else if (w.open.seconds <= 86400) {
    shift(w.close, 24, TimeNote::overnight);
  }
}

// One unit word after a pair covers both: "0-8h", "0-480 min".
void share_unit(DayWindow& w) {
  if (w.open.bare && !w.close.bare && !w.close.clock) {
    w.open.seconds = w.open.seconds / 3600 * seconds_in(w.close.unit);
    w.open.unit = w.close.unit;
    w.open.bare = false;
  }
}

struct OneWindow {
  DayWindow window;
  std::size_t end = 0;
  bool explicit_clock = false;
  bool always = false;
};

std::optional<OneWindow> read_whole_day(Tokens t, std::size_t at) {
  std::size_t end = 0;
  const bool day = word_at(t, at, " cala cale caly all przez ");
  std::size_t from = word_at(t, at, " przez ") ? at + 1 : at;
  if (day && word_at(t, from, " cala cale caly all ") &&
      word_at(t, from + 1, " dobe doba dzien day "))
    end = from + 2;
  if (word_at(t, at, " calodobowo dobe ")) end = at + 1;
  if (word_at(t, at, " around round ") && word_at(t, at + 1, " the ") &&
      word_at(t, at + 2, " clock "))
    end = at + 3;
  if (word_at(t, at, " all ") && word_at(t, at + 1, " day ")) end = at + 2;
  if (word_at(t, at, " all ") && word_at(t, at + 1, " day ") && (word_at(t, at + 2, " long ")))
    end = at + 3;
  if (word_at(t, at, " the ") && word_at(t, at + 1, " whole entire ") &&
      word_at(t, at + 2, " day "))
    end = at + 3;
  if (at + 1 < t.size() && t[at].kind == TokenKind::number && t[at].value == 24 &&
      !mark_at(t, at + 1, "-") && (word_at(t, at + 1, " h godz godziny hours "))) {
    end = at + 2;
    if (word_at(t, end, " na ") && word_at(t, end + 1, " dobe ")) end += 2;
    if (word_at(t, end, " a ") && word_at(t, end + 1, " day ")) end += 2;
  }
  if (end > 0) {
    const Span span{t[at].span.begin, t[end - 1].span.end};
    Time open{0, span, TimeUnit::hour, true, false, TimeNote::whole_day};
    Time close{86400, span, TimeUnit::hour, true, false, TimeNote::whole_day};
    return OneWindow{{open, close}, end, true, false};
  }
  const bool slash = at + 2 < t.size() && t[at].kind == TokenKind::number && t[at].value == 24 &&
                     mark_at(t, at + 1, "/") && t[at + 2].value == 7;
  if (slash) return OneWindow{{}, at + 3, true, true};
  if (word_at(t, at, " zawsze always stale nonstop ")) return OneWindow{{}, at + 1, true, true};
  if (word_at(t, at, " non ") && word_at(t, at + 2, " stop "))
    return OneWindow{{}, at + 3, true, true};
  if (word_at(t, at, " non ") && word_at(t, at + 1, " stop "))
    return OneWindow{{}, at + 2, true, true};
  if (word_at(t, at, " bez ") && word_at(t, at + 1, " przerwy przerw "))
    return OneWindow{{}, at + 2, true, true};
  return std::nullopt;
}

// "do 16:00 od 8:00"
std::optional<OneWindow> read_reversed_window(Tokens t, std::size_t at) {
  if (!word_at(t, at, " do until till ")) return std::nullopt;
  const auto close = read_clock(t, at + 1);
  if (!close || !word_at(t, close->end, " od from ")) return std::nullopt;
  const auto open = read_clock(t, close->end + 1);
  if (!open || open->time.seconds >= close->time.seconds) return std::nullopt;
  return OneWindow{{open->time, close->time}, open->end, true, false};
}

std::optional<OneWindow> read_one_window(Tokens t, std::size_t at) {
  if (auto whole = read_whole_day(t, at)) return whole;
  std::size_t from = at;
  if (word_at(t, from, " w ") && word_at(t, from + 1, " godzinach godz ")) from += 2;
  if (word_at(t, from, " godzinach godz godziny hours ")) ++from;
  if (mark_at(t, from, ".")) ++from;
  const bool between = word_at(t, from, " between miedzy pomiedzy ");
  const bool spelled = between || word_at(t, from, " od from ");
  if (auto reversed = read_reversed_window(t, from)) return reversed;
  if (spelled) ++from;
  const auto open = read_clock(t, from);
  if (!open) return std::nullopt;
  const std::size_t join = open->end;
  if (!mark_at(t, join, "-") && !word_at(t, join, " do to until till ") &&
      !(between && word_at(t, join, " and a i "))) {
    return std::nullopt;
  }
  const auto close = read_clock(t, join + 1);
  if (!close) return std::nullopt;
  OneWindow out;
  out.window = {open->time, close->time};
  out.end = close->end;
  out.explicit_clock = spelled || open->time.clock || close->time.clock;
  share_unit(out.window);
  const bool second_pm = close->time.clock && close->time.seconds > 12 * 3600;
  settle(out.window, second_pm, open->time.clock);
  return out;
}

}  // namespace

std::optional<DayWindows> read_windows(Tokens t, std::size_t at) {
  DayWindows out;
  std::size_t next = at;
  while (auto one = read_one_window(t, next)) {
    if (!one->always) out.windows.push_back(one->window);
    out.explicit_clock |= one->explicit_clock;
    out.end = one->end;
    if (one->always) break;
    next = one->end;
    if (mark_at(t, next, ",")) ++next;
    if (word_at(t, next, " i and oraz plus ")) ++next;
    if (next == one->end) break;
  }
  if (out.end == 0) return std::nullopt;
  // A unit after the last pair covers the pairs before it.
  for (std::size_t i = out.windows.size(); i-- > 1;) {
    if (!out.windows[i].open.bare && out.windows[i - 1].close.bare) {
      out.windows[i - 1].close.bare = out.windows[i - 1].open.bare = false;
    }
  }
  out.span = {t[at].span.begin, t[out.end - 1].span.end};
  return out;
}

}  // namespace therma::planner
