// SPDX-License-Identifier: Apache-2.0
// Slots of patterns other than tasks and machines, and how names are found at a token.
#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/formal_phrase.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {

std::optional<SlotMatch> Phrase::durs(std::size_t at) const {
  std::vector<Stretch> list;
  std::vector<std::size_t> bare;
  std::vector<Number> numbers;
  std::size_t end = at;
  for (std::size_t next = at; next < t_.size();) {
    if (const auto stretch = read_stretch(t_, next)) {
      list.push_back(*stretch);
      end = stretch->end;
    } else if (const auto number = read_number(t_, next);
               number && (mark(number->end, ",") || word(number->end, kAnd))) {
      bare.push_back(list.size());
      numbers.push_back(*number);
      list.emplace_back();
      end = number->end;
    } else {
      break;
    }
    const auto separated = separator(end).first;
    if (separated == end) break;
    next = separated;
  }
  if (list.size() < 2 || (!bare.empty() && bare.back() + 1 == list.size())) return std::nullopt;
  const auto unit = list.back().low.unit;
  for (std::size_t i = 0; i < bare.size(); ++i) {
    const Time time{
        numbers[i].value * seconds_in(unit), numbers[i].span, unit, false, false, TimeNote::none};
    list[bare[i]] = Stretch{time, time, false, numbers[i].end};
  }
  return SlotMatch{std::move(list), end};
}

std::optional<SlotMatch> Phrase::clock(std::size_t at) const {
  const auto clock = read_clock(t_, at);
  if (!clock) return std::nullopt;
  if (clock->time.bare && !ends_here(clock->end)) return std::nullopt;
  return SlotMatch{clock->time, clock->end};
}

std::optional<SlotMatch> Phrase::bare(std::size_t at) const {
  const auto number = read_number(t_, at);
  if (!number || read_stretch(t_, at) || !ends_here(number->end)) return std::nullopt;
  return SlotMatch{*number, number->end};
}

std::optional<SlotMatch> Phrase::count(std::size_t at) const {
  if (word(at, std::array<std::string_view, 2>{"a", "an"}) && at + 1 < t_.size()) {
    const std::string& f = t_[at + 1].folded;
    if (f == "machine" || f == "workstation" || f == "station" || f == "device") {
      return SlotMatch{Number{1, t_[at].span, at + 1, true}, at + 1};
    }
  }
  const auto number = read_number(t_, at);
  if (!number || named_unit_at(number->end)) return std::nullopt;
  return SlotMatch{*number, number->end};
}

std::optional<SlotMatch> Phrase::percent(std::size_t at) const {
  const auto number = read_number(t_, at);
  if (!number || number->end >= t_.size()) return std::nullopt;
  static constexpr std::array<std::string_view, 4> kPercent = {"percent", "procent", "procenta",
                                                               "proc"};
  if (!mark(number->end, "%") && !word(number->end, kPercent)) return std::nullopt;
  return SlotMatch{*number, number->end + 1};
}

std::optional<SlotMatch> Phrase::number(std::size_t at) const {
  const auto number = read_number(t_, at);
  if (!number || named_unit_at(number->end) || mark(number->end, "%")) return std::nullopt;
  return SlotMatch{*number, number->end};
}

std::optional<SlotMatch> Phrase::resource(std::size_t at) const {
  if (at >= t_.size() || t_[at].kind != TokenKind::word) return std::nullopt;
  const auto type = resource_type(t_[at].folded);
  for (std::size_t i = 0; i < c_.names.resources.size(); ++i) {
    const auto& name = c_.names.resources[i];
    const bool same = type ? name.words[0] == *type : same_word(name.words[0], t_[at].folded);
    if (!same) continue;
    static constexpr std::array<std::string_view, 7> kMemory = {
        "ram", "pamieci", "memory", "vram", "dysku", "disk", "of"};
    std::size_t end = at + 1;
    while (word(end, kMemory)) ++end;
    return SlotMatch{i, end};
  }
  return std::nullopt;
}

bool Phrase::mark(std::size_t at, std::string_view m) const {
  return at < t_.size() && t_[at].kind == TokenKind::mark && t_[at].folded == m;
}

bool Phrase::word(std::size_t at, Words words) const {
  return at < t_.size() && t_[at].kind == TokenKind::word &&
         std::ranges::find(words, t_[at].folded) != words.end();
}

bool Phrase::named_unit_at(std::size_t at) const {
  return at < t_.size() && named_unit(t_[at]).has_value();
}

bool Phrase::ends_here(std::size_t at) const {
  if (at >= t_.size() || t_[at].kind == TokenKind::number) return at >= t_.size();
  const Token& next = t_[at];
  if (next.kind == TokenKind::mark)
    return next.folded != "%" && next.folded != ":" && next.folded != "-" && next.folded != "/";
  if (is_task_noun(next) || is_machine_noun(next) || named_unit(next) ||
      machine_type(next.folded) || resource_type(next.folded) || is_number_word(next.folded) ||
      is_unknown_word(c_.patterns, next)) {
    return false;
  }
  static constexpr std::array<std::string_view, 5> kTimes = {"razy", "times", "x", "am", "pm"};
  return !word(at, kTimes);
}

bool Phrase::speaks_on(std::size_t at) const {
  if (at >= t_.size()) return false;
  return t_[at].kind == TokenKind::number || read_stretch(t_, at) || word(at, kVerbs) ||
         t_[at].folded.starts_with("trwa") || mark(at, "(") || mark(at, ":");
}

std::pair<std::size_t, bool> Phrase::separator(std::size_t at, bool either) const {
  std::size_t next = at;
  if (mark(next, ",") || mark(next, "/") || mark(next, "\"")) ++next;
  if (mark(next, "\n")) ++next;
  if (word(next, either ? std::span(kAnd) : std::span(kAnd).first(4))) return {next + 1, false};
  return {mark(at, ",") || mark(at, "/") ? next : at, true};
}

Span Phrase::span(std::size_t begin, std::size_t end) const {
  return {t_[begin].span.begin, t_[end - 1].span.end};
}

bool Phrase::letter_is_name(std::size_t at) const {
  static constexpr std::array<std::string_view, 7> kLetters = {"a", "i", "o", "u", "w", "z", "e"};
  if (t_[at].capital || !word(at, kLetters)) return true;
  static constexpr std::array<std::string_view, 8> kBefore = {"na", "on",    "only",   "tylko",
                                                              "po", "after", "before", "przed"};
  if (at == 0) return false;
  const bool before_noun = at + 1 < t_.size() && t_[at + 1].kind == TokenKind::word &&
                           !is_filler(t_[at + 1].folded) && !c_.patterns.knows(t_[at + 1].folded);
  return is_machine_noun(t_[at - 1]) || is_task_noun(t_[at - 1]) ||
         (word(at - 1, kBefore) && !before_noun);
}

std::size_t Phrase::match_words(const Name& name, std::size_t at, bool exact) const {
  std::size_t i = 0;
  for (std::size_t k = at; i < name.words.size(); ++i, ++k) {
    if (k >= t_.size() || t_[k].kind != TokenKind::word || t_[k].sentence != t_[at].sentence)
      return 0;
    const bool short_word = name.words[i].size() < 4 || t_[k].folded.size() < 4;
    if (exact || short_word ? t_[k].folded != name.words[i]
                            : !same_word(name.words[i], t_[k].folded))
      return 0;
  }
  return i;
}

std::optional<std::pair<std::size_t, std::size_t>> Phrase::find_name(const std::vector<Name>& names,
                                                                     std::size_t at) const {
  if (at >= t_.size() || t_[at].kind != TokenKind::word || !letter_is_name(at)) return std::nullopt;
  for (const bool exact : {true, false}) {
    std::size_t best = names.size();
    std::size_t length = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto n = match_words(names[i], at, exact);
      if (n > length) best = i, length = n;
    }
    if (length > 0) return std::pair{best, at + length};
  }
  return find_head(names, at);
}

std::optional<std::pair<std::size_t, std::size_t>> Phrase::find_head(const std::vector<Name>& names,
                                                                     std::size_t at) const {
  if (t_[at].folded.size() < 4 || !is_unknown_word(c_.patterns, t_[at])) return std::nullopt;
  std::size_t best = names.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool has =
        names[i].words.size() > 1 && std::ranges::any_of(names[i].words, [&](const auto& w) {
          return w.size() >= 4 && same_word(w, t_[at].folded);
        });
    if (!has) continue;
    if (best != names.size()) return std::nullopt;
    best = i;
  }
  if (best == names.size()) return std::nullopt;
  return std::pair{best, at + 1};
}

std::optional<SlotMatch> read_slot(const Context& context, Slot slot, std::size_t at) {
  const Phrase phrase(context);
  switch (slot) {
    case Slot::tasks:
      return phrase.tasks(at, false);
    case Slot::obj:
      return phrase.tasks(at, true);
    case Slot::machines:
      return phrase.machines(at);
    case Slot::durs:
      return phrase.durs(at);
    case Slot::clock:
      return phrase.clock(at);
    case Slot::bare:
      return phrase.bare(at);
    case Slot::count:
      return phrase.count(at);
    case Slot::number:
      return phrase.number(at);
    case Slot::percent:
      return phrase.percent(at);
    case Slot::resource:
      return phrase.resource(at);
    case Slot::dur:
      if (auto stretch = read_stretch(context.tokens, at)) return SlotMatch{*stretch, stretch->end};
      return std::nullopt;
    case Slot::windows:
      if (auto windows = read_windows(context.tokens, at)) {
        const auto end = windows->end;
        return SlotMatch{std::move(*windows), end};
      }
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace therma::planner
