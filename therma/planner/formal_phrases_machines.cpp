// SPDX-License-Identifier: Apache-2.0
// Phrases that mean machines: all, ordinals, numbers, kinds, names, and lists of them.
#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/formal_phrase.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {

std::optional<SlotMatch> Phrase::machines(std::size_t at) const {
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

std::size_t Phrase::machine_item(std::size_t at, Refs& refs) const {
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

std::size_t Phrase::all_machines(std::size_t at, Refs& refs) const {
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

bool Phrase::read_number_before(std::size_t at) const {
  const auto number = read_number(t_, at - 1);
  return number && number->end == at;
}

std::size_t Phrase::ordinal_machine(std::size_t at, Refs& refs) const {
  auto ordinal = read_ordinal(t_, at);
  const bool last = word(at, kLastOne);
  if (last) ordinal = Number{0, t_[at].span, at + 1, true};
  if (!ordinal || ordinal->end >= t_.size()) return at;
  if (const auto type = machine_type_at(t_, ordinal->end)) {
    const auto kind = std::ranges::find(c_.names.kinds, std::string(*type), &MachineKind::id);
    if (kind == c_.names.kinds.end()) return at;
    const auto nth = last ? kind->count : static_cast<std::size_t>(ordinal->value);
    if (nth > kind->count) return at;
    refs.push_back({RefKind::type,
                    static_cast<std::size_t>(kind - c_.names.kinds.begin()) | nth << 32,
                    span(at, ordinal->end + 1)});
    return ordinal->end + 1;
  }
  if (!is_machine_noun(t_[ordinal->end])) return at;
  refs.push_back(
      {RefKind::number, static_cast<std::size_t>(ordinal->value), span(at, ordinal->end + 1)});
  return ordinal->end + 1;
}

std::optional<Number> Phrase::machine_number(std::size_t at) const {
  const auto number = task_number(at, false);
  if (!number || number->words) return std::nullopt;
  if (read_windows(t_, at)) return std::nullopt;
  return number;
}

std::size_t Phrase::noun_machine(std::size_t at, Refs& refs) const {
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
      refs.push_back(
          {RefKind::number, static_cast<std::size_t>(another->value), span(end + 1, another->end)});
      end = another->end;
    }
    return end;
  }
  while (mark(next, ":")) ++next;
  if (const auto end = named_machine(next, refs); end != next) return end;
  if (const auto end = kind_machine(next, refs); end != next) return end;
  return at;
}

std::size_t Phrase::kind_machine(std::size_t at, Refs& refs) const {
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

std::size_t Phrase::named_machine(std::size_t at, Refs& refs) const {
  const auto found = find_name(c_.names.machines, at);
  if (!found) {
    // "M2" where machines are only counted
    if (at < t_.size() && t_[at].folded.size() > 1 && t_[at].folded[0] == 'm' &&
        c_.names.machines.empty() &&
        t_[at].folded.find_first_not_of("0123456789", 1) == std::string::npos &&
        t_[at].folded.size() < 7) {
      refs.push_back({RefKind::number,
                      static_cast<std::size_t>(std::stoul(t_[at].folded.substr(1))), t_[at].span});
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

}  // namespace therma::planner
