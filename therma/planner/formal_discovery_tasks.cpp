// SPDX-License-Identifier: Apache-2.0
// Names of tasks: words before or after a duration, in a chain, in an order.
#include "therma/planner/formal_discovery.hpp"
#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {

void Discovery::count_tasks() {
  for (std::size_t i = 0; i < t_.size(); ++i) {
    const auto number = read_number(t_, i);
    if (!number) continue;
    // "task 3" says that tasks have numbers
    if (i > 0 && is_task_noun(t_[i - 1]) && number->whole()) {
      names_.has_counted_tasks = true;
      names_.most_tasks = std::max(names_.most_tasks, number->value);
    }
    for (std::size_t j = number->end; j < std::min(number->end + 4, t_.size()); ++j) {
      if (is_task_noun(t_[j])) {
        names_.has_counted_tasks = true;
        names_.most_tasks += number->value;
      }
      const bool unit = named_unit(t_[j]).has_value() || t_[j].kind == TokenKind::mark;
      if (is_task_noun(t_[j]) || (t_[j].kind != TokenKind::word && !unit)) break;
      if (t_[j].folded == "," || is_machine_noun(t_[j])) break;
    }
    i = number->end - 1;
  }
}

bool Discovery::is_duration_verb(std::string_view f) {
  static constexpr std::array<std::string_view, 8> kStems = {"trwa",   "potrwa",  "zajm", "zajac",
                                                             "wymaga", "potrzeb", "last", "requir"};
  static constexpr std::array<std::string_view, 12> kWords = {"takes", "take",  "taking", "needs",
                                                              "need",  "po",    "is",     "will",
                                                              "about", "okolo", "each",   "jest"};
  return starts_with_any(f, kStems) || is_one_of(f, kWords);
}

std::optional<std::size_t> Discovery::before_value(std::size_t at) const {
  const auto sentence = t_[at].sentence;
  for (std::size_t i = at; i-- > 0 && t_[i].sentence == sentence;) {
    const bool passed =
        t_[i].kind == TokenKind::mark
            ? std::string_view(":-(=\"~").find(t_[i].folded) != std::string_view::npos
            : t_[i].kind == TokenKind::word && is_duration_verb(t_[i].folded);
    if (!passed) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> Discovery::name_before(std::size_t last) const {
  if (is_code(last, false) && !is_machine(last)) return last;
  if (!unknown(last)) return std::nullopt;
  std::size_t begin = last;
  while (begin > 0 && last - begin < 6 && t_[begin - 1].sentence == t_[last].sentence) {
    if (unknown(begin - 1))
      --begin;
    else if (begin > 1 && run_end(begin - 2) > last)
      begin -= 2;
    else if (begin > 2 && run_end(begin - 3) > last)
      begin -= 3;
    else
      break;
  }
  return begin;
}

void Discovery::before_durations() {
  std::optional<std::uint32_t> sentence_with_unit;
  for (std::size_t i = 0; i < t_.size(); ++i) {
    const auto stretch = read_stretch(t_, i);
    const bool bare =
        !stretch && sentence_with_unit == t_[i].sentence && t_[i].kind == TokenKind::number;
    if (!stretch && !bare) continue;
    if (const auto last = before_value(i)) {
      if (const auto begin = name_before(*last)) {
        const bool distributed = *last + 1 < i && is_duration_verb(t_[*last + 1].folded);
        if (!bare || is_code(*last, false)) {
          add(names_.tasks, *begin, *last + 1);
          if (!bare) list_before(*begin, distributed);
        }
      }
    }
    if (stretch) {
      name_after(i, stretch->end);
      sentence_with_unit = t_[i].sentence;
      i = stretch->end - 1;
    }
  }
}

void Discovery::name_after(std::size_t at, std::size_t end) {
  static constexpr std::array<std::string_view, 6> kOf = {"of",      "for",    "trwa",
                                                          "zajmuje", "zajmie", "potrwa"};
  if (end >= t_.size()) return;
  const auto last = before_value(at);
  if (last && (name_before(*last) || is_task_noun(t_[*last]) || is_code(*last, false))) return;
  const std::size_t begin = word(end, kOf) ? end + 1 : end;
  const auto run = run_end(begin);
  if (run == begin || t_[begin].sentence != t_[at].sentence || known_run(begin, run)) return;
  const bool own = run < t_.size() && (read_stretch(t_, run) || is_duration_verb(t_[run].folded) ||
                                       mark(run, "(") || mark(run, ":"));
  if (!own) add(names_.tasks, begin, run);
}

void Discovery::list_before(std::size_t at, bool distributed) {
  bool conjunction = false;
  std::vector<std::pair<std::size_t, std::size_t>> found;
  while (at > 1) {
    std::size_t last = at - 1;
    const bool joined = word(last, kConjunctions);
    if (joined && last > 0) --last;
    if (mark(last, ",") && last > 0)
      --last;
    else if (!joined)
      break;
    conjunction |= joined;
    const auto begin = name_before(last);
    if (!begin || t_[*begin].sentence != t_[at].sentence) break;
    found.emplace_back(*begin, last + 1);
    at = *begin;
  }
  if (!conjunction || !distributed) return;
  for (auto it = found.rbegin(); it != found.rend(); ++it) add(names_.tasks, it->first, it->second);
}

void Discovery::in_chains() {
  static constexpr std::array<std::string_view, 12> kChain = {
      "najpierw", "potem",   "nastepnie", "pozniej", "first",  "then",
      "next",     "finally", "lastly",    "koncu",   "koniec", "dalej"};
  for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
    if (!word(i, kChain)) continue;
    std::size_t at = i + 1;
    if (mark(at, ",") || (at < t_.size() && t_[at].kind == TokenKind::word &&
                          is_filler(t_[at].folded) && !t_[at].capital))
      ++at;
    const auto end = run_end(at);
    if (end > at && end - at <= 4 && !known_run(at, end)) add(names_.tasks, at, end);
  }
}

bool Discovery::known_run(std::size_t begin, std::size_t end) const {
  for (std::size_t i = begin; i < end; ++i) {
    for (const auto& name : names_.tasks) {
      if (std::ranges::any_of(name.words, [&](const auto& w) {
            return w.size() > 3 && same_word(w, t_[i].folded);
          }))
        return true;
    }
  }
  return false;
}

void Discovery::in_order_phrases() {
  static constexpr std::array<std::string_view, 5> kOrder = {"po", "after", "przed", "before",
                                                             "follows"};
  if (names_.has_counted_tasks) return;
  for (std::size_t i = 1; i + 1 < t_.size(); ++i) {
    if (!word(i, kOrder)) continue;
    std::size_t before = i;
    while (before-- > 0 && t_[before].sentence == t_[i].sentence && !unknown(before) &&
           t_[before].kind == TokenKind::word && !is_task_noun(t_[before])) {
    }
    const std::size_t next =
        i + 1 < t_.size() && t_[i + 1].kind == TokenKind::word && is_filler(t_[i + 1].folded)
            ? i + 2
            : i + 1;
    if (before >= t_.size() || t_[before].sentence != t_[i].sentence || !unknown(before) ||
        !unknown(next))
      continue;
    const auto begin = name_before(before);
    const auto end = run_end(next);
    if (begin && !known_run(*begin, before + 1)) add(names_.tasks, *begin, before + 1);
    if (!known_run(next, end)) add(names_.tasks, next, end);
  }
}

}  // namespace therma::planner
