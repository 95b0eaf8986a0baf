// SPDX-License-Identifier: Apache-2.0
// Phrases that mean tasks: all, the rest, ordinals, numbers, names, and lists of them.
#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/formal_phrase.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {

std::optional<SlotMatch> Phrase::tasks(std::size_t at, bool object) const {
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

std::size_t Phrase::task_item(std::size_t at, bool object, Refs& refs) const {
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

std::size_t Phrase::rest_item(std::size_t at, Refs& refs) const {
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

std::size_t Phrase::all_item(std::size_t at, Refs& refs) const {
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
  } else if (word(at, std::array<std::string_view, 2>{"they", "one"}) && t_[at].folded == "they") {
    end = at + 1;
  }
  if (end != at) refs.push_back({RefKind::all, 0, span(at, end)});
  return end;
}

bool Phrase::followed_by_name(std::size_t at) const {
  while (mark(at, "#") || mark(at, "\"") ||
         word(at, std::array<std::string_view, 2>{"nr", "numer"}))
    ++at;
  if (at >= t_.size()) return false;
  if (t_[at].kind == TokenKind::number) return !read_stretch(t_, at) && !mark(at + 1, ":");
  Refs ignored;
  return named_item(at, ignored) != at;
}

std::size_t Phrase::ordinal_item(std::size_t at, Refs& refs) const {
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

std::size_t Phrase::noun_item(std::size_t at, Refs& refs) const {
  if (!is_task_noun(t_[at])) return at;
  std::size_t next = at + 1;
  while (mark(next, "#") || mark(next, "\"") ||
         word(next, std::array<std::string_view, 5>{"nr", "numer", "number", "no", "called"}) ||
         (mark(next, ".") && next == at + 2))
    ++next;
  if (const auto end = number_items(next, refs, false); end != next) return end;
  if (const auto ordinal = read_ordinal(t_, next); ordinal && t_[next].kind == TokenKind::word) {
    refs.push_back({RefKind::number, static_cast<std::size_t>(ordinal->value), span(at, next + 1)});
    return next + 1;
  }
  if (const auto end = named_item(next, refs); end != next) return end;
  return at;
}

std::size_t Phrase::number_items(std::size_t at, Refs& refs, bool bare) const {
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

std::optional<Number> Phrase::task_number(std::size_t at, bool bare) const {
  const auto number = read_number(t_, at);
  if (!number || !number->whole() || number->value < 1 || number->value > 1e9) return std::nullopt;
  if (bare && (!c_.names.has_counted_tasks || number->value > c_.names.most_tasks || number->words))
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

std::size_t Phrase::named_item(std::size_t at, Refs& refs) const {
  const auto found = find_name(c_.names.tasks, at);
  if (!found) return at;
  refs.push_back({RefKind::named, found->first, span(at, found->second)});
  return found->second;
}

}  // namespace therma::planner
