// SPDX-License-Identifier: Apache-2.0
// Slots of patterns: phrases that mean tasks, machines, times and counts.
#include <algorithm>
#include <array>

#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/formal_names.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {
namespace {

using Words = std::span<const std::string_view>;

// The first four join; the others offer a choice, which only machines can.
constexpr std::array<std::string_view, 9> kAnd = {"i",   "and",  "oraz", "a",  "or",
                                                  "lub", "albo", "ani",  "nor"};
constexpr std::array<std::string_view, 19> kEach = {
    "kazde", "kazda", "kazdy", "kazdego",   "kazdej",     "kazdemu",   "kazdym",
    "each",  "every", "all",   "wszystkie", "wszystkich", "wszystkim", "any",
    "zadne", "zadna", "none",  "dowolne",   "wszystkimi"};
constexpr std::array<std::string_view, 6> kEverything = {"wszystko",   "wszystkiego", "calosc",
                                                         "everything", "caloscia",    "calosci"};
constexpr std::array<std::string_view, 15> kRest = {
    "pozostale", "pozostalych", "pozostalym", "pozostalymi", "reszta",
    "reszty",    "reszte",      "inne",       "innych",      "rest",
    "remaining", "others",      "other",      "kolejne",     "pozostala"};
constexpr std::array<std::string_view, 15> kPluralTasks = {
    "zadania",  "zadan", "zadaniom", "zadaniach",  "zadaniami",  "zlecenia", "zlecen", "czynnosci",
    "operacje", "tasks", "jobs",     "operations", "activities", "orders",   "prace"};
constexpr std::array<std::string_view, 4> kLastOne = {"ostatnie", "ostatniego", "ostatnim", "last"};
// After one of these an object's list has ended: what follows says something about its last item.
constexpr std::array<std::string_view, 22> kVerbs = {
    "po",   "after", "przed", "before",  "takes",  "take", "lasts", "must",
    "musi", "na",    "on",    "only",    "tylko",  "do",   "by",    "od",
    "from", "can",   "moze",  "zajmuje", "should", "nie"};

class Phrase {
 public:
  explicit Phrase(const Context& c) : c_(c), t_(c.tokens) {}

  std::optional<SlotMatch> tasks(std::size_t at, bool object) const {
    Refs refs;
    std::size_t end = task_item(at, object, refs);
    if (end == at) return std::nullopt;
    struct Cut {
      std::size_t end;
      std::size_t size;
    };
    std::vector<Cut> cuts{{end, refs.size()}};
    bool comma = false;
    bool conjunction = false;
    while (true) {
      const auto [next, by_comma] = separator(end);
      if (next == end) break;
      const auto before = refs.size();
      const auto item_end = task_item(next, object || refs.back().kind == RefKind::number, refs);
      if (item_end == next) break;
      if (refs.size() == before) break;
      comma |= by_comma;
      conjunction |= !by_comma;
      end = item_end;
      cuts.push_back({end, refs.size()});
    }
    if (object) {
      if (comma && !conjunction) cuts.resize(1);
      while (cuts.size() > 1 && speaks_on(cuts.back().end)) cuts.pop_back();
    }
    refs.resize(cuts.back().size);
    return SlotMatch{std::move(refs), cuts.back().end};
  }

  std::optional<SlotMatch> machines(std::size_t at) const {
    Refs refs;
    std::size_t end = machine_item(at, refs);
    if (end == at) return std::nullopt;
    while (true) {
      const auto [next, by_comma] = separator(end, true);
      if (next == end || (by_comma && next < t_.size() && is_machine_noun(t_[next]))) break;
      const auto item_end = machine_item(next, refs);
      if (item_end == next) break;
      end = item_end;
    }
    return SlotMatch{std::move(refs), end};
  }

  // "2h, 3h and 1h", "2, 3 and 4 hours": two or more, the last with its unit.
  std::optional<SlotMatch> durs(std::size_t at) const {
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

  std::optional<SlotMatch> clock(std::size_t at) const {
    const auto clock = read_clock(t_, at);
    if (!clock) return std::nullopt;
    if (clock->time.bare && !ends_here(clock->end)) return std::nullopt;
    return SlotMatch{clock->time, clock->end};
  }

  std::optional<SlotMatch> bare(std::size_t at) const {
    const auto number = read_number(t_, at);
    if (!number || read_stretch(t_, at) || !ends_here(number->end)) return std::nullopt;
    return SlotMatch{*number, number->end};
  }

  std::optional<SlotMatch> count(std::size_t at) const {
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

  std::optional<SlotMatch> percent(std::size_t at) const {
    const auto number = read_number(t_, at);
    if (!number || number->end >= t_.size()) return std::nullopt;
    static constexpr std::array<std::string_view, 4> kPercent = {"percent", "procent", "procenta",
                                                                 "proc"};
    if (!mark(number->end, "%") && !word(number->end, kPercent)) return std::nullopt;
    return SlotMatch{*number, number->end + 1};
  }

  std::optional<SlotMatch> number(std::size_t at) const {
    const auto number = read_number(t_, at);
    if (!number || named_unit_at(number->end) || mark(number->end, "%")) return std::nullopt;
    return SlotMatch{*number, number->end};
  }

  std::optional<SlotMatch> resource(std::size_t at) const {
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

 private:
  bool mark(std::size_t at, std::string_view m) const {
    return at < t_.size() && t_[at].kind == TokenKind::mark && t_[at].folded == m;
  }
  bool word(std::size_t at, Words words) const {
    return at < t_.size() && t_[at].kind == TokenKind::word &&
           std::ranges::find(words, t_[at].folded) != words.end();
  }
  bool named_unit_at(std::size_t at) const {
    return at < t_.size() && named_unit(t_[at]).has_value();
  }

  // May a bare number end here? Not before a noun that it would count.
  bool ends_here(std::size_t at) const {
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

  bool speaks_on(std::size_t at) const {
    if (at >= t_.size()) return false;
    return t_[at].kind == TokenKind::number || read_stretch(t_, at) || word(at, kVerbs) ||
           t_[at].folded.starts_with("trwa") || mark(at, "(") || mark(at, ":");
  }

  // After a separator of a list: where the next item begins; and whether it was a comma alone.
  std::pair<std::size_t, bool> separator(std::size_t at, bool either = false) const {
    std::size_t next = at;
    if (mark(next, ",") || mark(next, "/") || mark(next, "\"")) ++next;
    if (mark(next, "\n")) ++next;
    if (word(next, either ? std::span(kAnd) : std::span(kAnd).first(4))) return {next + 1, false};
    return {mark(at, ",") || mark(at, "/") ? next : at, true};
  }

  std::size_t task_item(std::size_t at, bool object, Refs& refs) const {
    std::size_t from = at;
    while (from < t_.size() && from < at + 3 && from > 0 &&
           (word(from, std::array<std::string_view, 3>{"the", "of", "both"}) || mark(from, "\"")))
      ++from;
    if (from >= t_.size()) return at;
    for (const auto& read : {&Phrase::rest_item, &Phrase::all_item, &Phrase::ordinal_item,
                             &Phrase::noun_item, &Phrase::named_item}) {
      if (const auto end = (this->*read)(from, refs); end != from) return skip_quote(end);
    }
    if (object) {
      if (const auto end = number_items(from, refs, true); end != from) return end;
    }
    return at;
  }
  std::size_t skip_quote(std::size_t at) const { return mark(at, "\"") ? at + 1 : at; }

  Span span(std::size_t begin, std::size_t end) const {
    return {t_[begin].span.begin, t_[end - 1].span.end};
  }

  std::size_t rest_item(std::size_t at, Refs& refs) const {
    if (!word(at, kRest)) return at;
    std::size_t end = at + 1;
    if (word(end, std::array<std::string_view, 1>{"of"})) ++end;
    if (word(end, std::array<std::string_view, 1>{"the"})) ++end;
    if (end < t_.size() && read_number(t_, end) && read_number(t_, end)->end < t_.size() &&
        is_task_noun(t_[read_number(t_, end)->end])) {
      end = read_number(t_, end)->end;  // "the remaining 4 tasks"
    }
    if (end < t_.size() && is_machine_noun(t_[end])) return at;
    if (end < t_.size() && is_task_noun(t_[end])) ++end;
    refs.push_back({RefKind::rest, 0, span(at, end)});
    return end;
  }

  std::size_t all_item(std::size_t at, Refs& refs) const {
    std::size_t end = at;
    if (word(at, kEverything)) {
      end = at + 1;
      if (end < t_.size() && is_task_noun(t_[end])) ++end;
    } else if (word(at, kEach)) {
      end = at + 1;
      static constexpr std::array<std::string_view, 10> kPassed = {
          "of", "the", "these", "z", "nich", "one", "them", "te", "tych", "our"};
      while (word(end, kPassed)) ++end;
      if (end < t_.size() &&
          (is_machine_noun(t_[end]) || machine_type(t_[end].folded) || named_unit(t_[end])))
        return at;
      if (end < t_.size() && is_task_noun(t_[end])) ++end;
    } else if (word(at, kPluralTasks) && !followed_by_name(at + 1)) {
      end = at + 1;
    } else if (word(at, std::array<std::string_view, 2>{"they", "one"}) &&
               t_[at].folded == "they") {
      end = at + 1;
    }
    if (end != at) refs.push_back({RefKind::all, 0, span(at, end)});
    return end;
  }

  // After a plural noun: a number, a letter or a name makes it mean only those.
  bool followed_by_name(std::size_t at) const {
    while (mark(at, "#") || mark(at, "\"") ||
           word(at, std::array<std::string_view, 2>{"nr", "numer"}))
      ++at;
    if (at >= t_.size()) return false;
    if (t_[at].kind == TokenKind::number) return !read_stretch(t_, at) && !mark(at + 1, ":");
    Refs ignored;
    return named_item(at, ignored) != at;
  }

  std::size_t ordinal_item(std::size_t at, Refs& refs) const {
    const auto ordinal = read_ordinal(t_, at);
    const bool last = word(at, kLastOne);
    if (!ordinal && !last) return at;
    const std::size_t noun = ordinal ? ordinal->end : at + 1;
    // "the second takes 3h": without the noun before what a task takes
    const bool verb = noun < t_.size() && c_.names.has_counted_tasks && ordinal &&
                      (t_[noun].folded.starts_with("trwa") || t_[noun].folded.starts_with("take") ||
                       read_stretch(t_, noun));
    if (verb) {
      refs.push_back({RefKind::number, static_cast<std::size_t>(ordinal->value), span(at, noun)});
      return noun;
    }
    if (noun >= t_.size() || !is_task_noun(t_[noun])) return at;
    refs.push_back(
        {RefKind::number, last ? 0 : static_cast<std::size_t>(ordinal->value), span(at, noun + 1)});
    return noun + 1;
  }

  // "zadanie 3", "tasks 1-3", "task A", "zadanie trzecie", "zadanie spawanie"
  std::size_t noun_item(std::size_t at, Refs& refs) const {
    if (!is_task_noun(t_[at])) return at;
    std::size_t next = at + 1;
    while (mark(next, "#") || mark(next, "\"") ||
           word(next, std::array<std::string_view, 5>{"nr", "numer", "number", "no", "called"}) ||
           (mark(next, ".") && next == at + 2))
      ++next;
    if (const auto end = number_items(next, refs, false); end != next) return end;
    if (const auto ordinal = read_ordinal(t_, next); ordinal && t_[next].kind == TokenKind::word) {
      refs.push_back(
          {RefKind::number, static_cast<std::size_t>(ordinal->value), span(at, next + 1)});
      return next + 1;
    }
    if (const auto end = named_item(next, refs); end != next) return end;
    return at;
  }

  // Task numbers after a noun or in an object: "3", "1-3", "1 to 3".
  std::size_t number_items(std::size_t at, Refs& refs, bool bare) const {
    const auto first = task_number(at, bare);
    if (!first) return at;
    // "zadanie 3 do 5" is one task and a deadline
    const bool plural = at > 0 && (word(at - 1, kPluralTasks) || bare);
    const bool joined =
        mark(first->end, "-") ||
        (plural && word(first->end, std::array<std::string_view, 4>{"do", "to", "through", "az"}));
    if (joined) {
      const auto second = task_number(first->end + 1, bare);
      if (second && second->value >= first->value && second->value - first->value < 10'000) {
        for (double n = first->value; n <= second->value; ++n) {
          refs.push_back({RefKind::number, static_cast<std::size_t>(n), span(at, second->end)});
        }
        return second->end;
      }
    }
    refs.push_back({RefKind::number, static_cast<std::size_t>(first->value), span(at, first->end)});
    return first->end;
  }

  std::optional<Number> task_number(std::size_t at, bool bare) const {
    const auto number = read_number(t_, at);
    if (!number || !number->whole() || number->value < 1 || number->value > 1e9)
      return std::nullopt;
    if (bare &&
        (!c_.names.has_counted_tasks || number->value > c_.names.most_tasks || number->words))
      return std::nullopt;
    if (number->end >= t_.size()) return number;
    const Token& next = t_[number->end];
    const bool clock = mark(number->end, ":") && next.glued && number->end + 1 < t_.size() &&
                       t_[number->end + 1].kind == TokenKind::number && t_[number->end + 1].glued;
    if (named_unit(next) || clock || is_task_noun(next) || is_machine_noun(next) ||
        resource_type(next.folded) || mark(number->end, "%")) {
      return std::nullopt;
    }
    if (word(number->end, std::array<std::string_view, 4>{"am", "pm", "razy", "times"}))
      return std::nullopt;
    return number;
  }

  bool letter_is_name(std::size_t at) const {
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

  // How many tokens of a name stand at `at`; 0 when it is not there.
  std::size_t match_words(const Name& name, std::size_t at, bool exact) const {
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

  std::optional<std::pair<std::size_t, std::size_t>> find_name(const std::vector<Name>& names,
                                                               std::size_t at) const {
    if (at >= t_.size() || t_[at].kind != TokenKind::word || !letter_is_name(at))
      return std::nullopt;
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

  // One word of a longer name, where only one name has it.
  std::optional<std::pair<std::size_t, std::size_t>> find_head(const std::vector<Name>& names,
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

  std::size_t named_item(std::size_t at, Refs& refs) const {
    const auto found = find_name(c_.names.tasks, at);
    if (!found) return at;
    refs.push_back({RefKind::named, found->first, span(at, found->second)});
    return found->second;
  }

  std::size_t machine_item(std::size_t at, Refs& refs) const {
    std::size_t from = at;
    while (from < t_.size() && from > 0 && from < at + 3 &&
           (word(from, std::array<std::string_view, 5>{"the", "a", "an", "na", "on"}) ||
            mark(from, "\"")) &&
           !(t_[from].capital)) {
      if (letter_is_name(from) && find_name(c_.names.machines, from)) break;
      ++from;
    }
    if (from >= t_.size()) return at;
    for (const auto& read : {&Phrase::all_machines, &Phrase::ordinal_machine, &Phrase::noun_machine,
                             &Phrase::kind_machine, &Phrase::named_machine}) {
      if (const auto end = (this->*read)(from, refs); end != from) return skip_quote(end);
    }
    return at;
  }

  std::size_t all_machines(std::size_t at, Refs& refs) const {
    std::size_t end = at;
    const bool each =
        word(at, kEach) || word(at, std::array<std::string_view, 4>{"obie", "both", "oba", "obu"});
    if (each) {
      end = at + 1;
      while (word(end, std::array<std::string_view, 3>{"of", "the", "z"})) ++end;
      if (end >= t_.size() || !is_machine_noun(t_[end])) return at;
      ++end;
    } else if (is_machine_noun(t_[at]) && !(at > 0 && read_number_before(at))) {
      Refs ignored;
      std::size_t next = at + 1;
      while (mark(next, "#") || mark(next, "\"") || mark(next, ":")) ++next;
      if (machine_number(next) || named_machine(next, ignored) != next ||
          kind_machine(next, ignored) != next)
        return at;
      end = at + 1;
    }
    if (end != at) refs.push_back({RefKind::all, 0, span(at, end)});
    return end;
  }
  bool read_number_before(std::size_t at) const {
    const auto number = read_number(t_, at - 1);
    return number && number->end == at;
  }

  std::size_t ordinal_machine(std::size_t at, Refs& refs) const {
    const auto ordinal = read_ordinal(t_, at);
    if (!ordinal || ordinal->end >= t_.size() || !is_machine_noun(t_[ordinal->end])) return at;
    refs.push_back(
        {RefKind::number, static_cast<std::size_t>(ordinal->value), span(at, ordinal->end + 1)});
    return ordinal->end + 1;
  }

  std::optional<Number> machine_number(std::size_t at) const {
    const auto number = task_number(at, false);
    if (!number || number->words) return std::nullopt;
    if (read_windows(t_, at)) return std::nullopt;
    return number;
  }

  std::size_t noun_machine(std::size_t at, Refs& refs) const {
    if (!is_machine_noun(t_[at])) return at;
    std::size_t next = at + 1;
    while (mark(next, "#") || mark(next, "\"") ||
           word(next, std::array<std::string_view, 4>{"nr", "numer", "number", "no"}) ||
           (mark(next, ".") && next == at + 2))
      ++next;
    if (const auto number = machine_number(next)) {
      refs.push_back(
          {RefKind::number, static_cast<std::size_t>(number->value), span(at, number->end)});
      std::size_t end = number->end;
      // "machines 1 and 2"
      while (word(end, kAnd) || mark(end, ",")) {
        const auto another = machine_number(end + 1);
        if (!another) break;
        refs.push_back({RefKind::number, static_cast<std::size_t>(another->value),
                        span(end + 1, another->end)});
        end = another->end;
      }
      return end;
    }
    while (mark(next, ":")) ++next;
    if (const auto end = named_machine(next, refs); end != next) return end;
    if (const auto end = kind_machine(next, refs); end != next) return end;
    return at;
  }

  std::size_t kind_machine(std::size_t at, Refs& refs) const {
    std::size_t from = at;
    if (const auto number = read_number(t_, at); number && machine_type_at(t_, number->end)) {
      from = number->end;
    }
    if (word(from, std::array<std::string_view, 2>{"a", "an"})) ++from;
    const auto type = machine_type_at(t_, from);
    if (!type) return at;
    const auto found = std::ranges::find(c_.names.kinds, std::string(*type), &MachineKind::id);
    if (found == c_.names.kinds.end()) return at;
    Ref ref{RefKind::type, static_cast<std::size_t>(found - c_.names.kinds.begin()),
            span(at, from + 1)};
    std::size_t end = from + 1;
    if (from == at && end < t_.size() && t_[end].kind == TokenKind::number) {
      if (const auto number = machine_number(end);
          number && number->value <= static_cast<double>(found->count)) {
        // index: kind, and its number in the high half
        ref.index |= static_cast<std::size_t>(number->value) << 32;
        ref.span.end = number->span.end;
        end = number->end;
      }
    }
    refs.push_back(ref);
    return end;
  }

  std::size_t named_machine(std::size_t at, Refs& refs) const {
    const auto found = find_name(c_.names.machines, at);
    if (!found) {
      // "M2" where machines are only counted
      if (at < t_.size() && t_[at].folded.size() > 1 && t_[at].folded[0] == 'm' &&
          c_.names.machines.empty() &&
          t_[at].folded.find_first_not_of("0123456789", 1) == std::string::npos &&
          t_[at].folded.size() < 7) {
        refs.push_back({RefKind::number,
                        static_cast<std::size_t>(std::stoul(t_[at].folded.substr(1))),
                        t_[at].span});
        return at + 1;
      }
      return at;
    }
    refs.push_back({RefKind::named, found->first, span(at, found->second)});
    // "M1-M3": the names between follow in the list of names
    if (mark(found->second, "-")) {
      const auto last = find_name(c_.names.machines, found->second + 1);
      if (last && last->first > found->first) {
        for (std::size_t i = found->first + 1; i <= last->first; ++i)
          refs.push_back({RefKind::named, i, span(at, last->second)});
        return last->second;
      }
    }
    return found->second;
  }

  const Context& c_;
  std::span<const Token> t_;
};

}  // namespace

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
