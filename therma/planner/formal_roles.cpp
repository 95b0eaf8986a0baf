// SPDX-License-Identifier: Apache-2.0
// Small phrases before the rules: days, who works, other words for a task, places with room for n.
#include "therma/planner/formal_roles.hpp"

#include <algorithm>

#include "therma/planner/formal_rewording.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {

Rewording::Rewording(std::string_view text, std::vector<Token> tokens, const PatternSet& patterns)
    : text_(text),
      t_(std::move(tokens)),
      patterns_(patterns),
      polish_(detect_language(t_, text) == "pl") {}

Reworded Rewording::run() {
  drop_dimensions();
  drop_day();
  one_alone();
  of_us();
  known_tasks();
  drop_descriptions();
  counted_nouns();
  coded_nouns();
  for (auto& noun : nouns_) weigh(noun);
  by_elimination();
  split_kinds();
  for (const auto& noun : nouns_) give_role(noun);
  move_lengths();
  drop_replaced();
  places();
  return {std::move(t_), std::move(roles_)};
}

bool Rewording::word(std::size_t at, std::string_view list) const {
  return at < t_.size() && t_[at].kind == TokenKind::word && has_word(list, t_[at].folded);
}

bool Rewording::mark(std::size_t at, std::string_view m) const {
  return at < t_.size() && t_[at].kind == TokenKind::mark && t_[at].folded == m;
}

bool Rewording::unknown(std::size_t at) const {
  return at < t_.size() && is_unknown_word(patterns_, t_[at]);
}

bool Rewording::same_sentence(std::size_t a, std::size_t b) const {
  return a < t_.size() && b < t_.size() && t_[a].sentence == t_[b].sentence;
}

std::string Rewording::shown(std::size_t begin, std::size_t end) const {
  const auto from = t_[begin].span.begin;
  return std::string(text_.substr(from, t_[end - 1].span.end - from));
}

void Rewording::erase(std::size_t begin, std::size_t end) {
  t_.erase(t_.begin() + static_cast<std::ptrdiff_t>(begin),
           t_.begin() + static_cast<std::ptrdiff_t>(end));
}

void Rewording::drop_replaced() {
  std::erase_if(t_, [](const Token& t) { return t.folded.empty(); });
}

// "3D" beside a machine is part of its name, not a number.
void Rewording::drop_dimensions() {
  for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
    if (t_[i].kind != TokenKind::number || !word(i + 1, " d ") || !t_[i + 1].glued) continue;
    const bool machine = (i > 0 && machine_type(t_[i - 1].folded)) ||
                         (i + 2 < t_.size() && machine_type(t_[i + 2].folded));
    if (machine) replace(i, ""), replace(i + 1, "");
  }
  drop_replaced();
}

void Rewording::drop_day() {
  constexpr std::string_view kDays = " jutro dzisiaj dzis pojutrze tomorrow today ";
  std::size_t found = kNone;
  for (std::size_t i = 0; i < t_.size(); ++i) {
    if (!word(i, kDays)) continue;
    if (found != kNone && t_[found].folded != t_[i].folded) return;  // two days: they differ
    found = i;
  }
  if (found == kNone) return;
  const std::string day = t_[found].folded;
  roles_.days.push_back(shown(found, found + 1));
  std::erase_if(t_, [&](const Token& t) { return t.folded == day; });
}

// One word of a text that says how many people work, in place of the phrase.
void Rewording::people(std::size_t begin, std::size_t end, double count) {
  Token number = t_[begin];
  number.kind = TokenKind::number;
  number.span = {t_[begin].span.begin, t_[end - 1].span.end};
  number.value = count;
  number.decimals = 0;
  number.glued = false;
  number.folded = std::to_string(static_cast<int>(count));
  Token noun = number;
  noun.kind = TokenKind::word;
  noun.folded = polish_ ? "osoby" : "workers";
  erase(begin, end);
  const auto at = t_.begin() + static_cast<std::ptrdiff_t>(begin);
  t_.insert(t_.insert(at, number) + 1, noun);
}

void Rewording::one_alone() {
  constexpr std::string_view kLead =
      " jestem pracuje robie zrobie wykonuje work working am im do doing it to just only tylko all "
      "i ja wszystko ";
  for (std::size_t i = 0; i < t_.size(); ++i) {
    std::size_t end = i;
    if (word(i, " alone samodzielnie ")) end = i + 1;
    if (word(i, " sam sama ")) end = i + 1;
    if (word(i, " by ") && word(i + 1, " myself ")) end = i + 2;
    if (word(i, " on ") && word(i + 1, " my ") && word(i + 2, " own ")) end = i + 3;
    if (word(i, " w ") && word(i + 1, " pojedynke ")) end = i + 2;
    if (word(i, " just only ") && word(i + 1, " me ")) end = i + 2;
    if (word(i, " tylko ") && word(i + 1, " ja ")) end = i + 2;
    // "ta sama maszyna": the same, not alone
    const bool closes = end >= t_.size() || !same_sentence(i, end) ||
                        t_[end].kind == TokenKind::mark || word(end, " i and a ");
    if (end == i || !closes || (i > 0 && word(i - 1, " ta ten tej tego ")) || nouns_.size() > 0)
      continue;
    std::size_t begin = i;
    while (begin > 0 && same_sentence(begin - 1, i) && word(begin - 1, kLead)) --begin;
    return people(begin, end, 1);
  }
}

void Rewording::of_us() {
  constexpr std::array<std::string_view, 5> kTogether = {"dwojke", "trojke", "czworke", "piatke",
                                                         "szostke"};
  constexpr std::string_view kLead = " there are is jest robimy pracujemy to we ";
  for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
    double count = 0;
    std::size_t end = i;
    for (std::size_t k = 0; k < kTogether.size(); ++k) {
      if (word(i, " we w ") && t_[i + 1].folded == kTogether[k])
        count = 2.0 + static_cast<double>(k), end = i + 2;
    }
    const auto number = read_number(t_, i);
    if (number && number->whole() && number->value >= 1 && number->value < 1000) {
      if (word(number->end, " of ") && word(number->end + 1, " us "))
        count = number->value, end = number->end + 2;
    }
    std::size_t begin = i;
    if (word(i, " nas ")) {
      const auto after = read_number(t_, i + 1);
      if (after && after->whole() && after->value < 1000) count = after->value, end = after->end;
    }
    if (count < 1 || (end < t_.size() && same_sentence(i, end) && named_unit(t_[end]))) continue;
    while (begin > 0 && same_sentence(begin - 1, i) && word(begin - 1, kLead)) --begin;
    return people(begin, end, count);
  }
}

// Words that always mean a task, beside those of the grammar.
void Rewording::known_tasks() {
  constexpr std::string_view kOne = " batch assignment chore errand partia partie partii ";
  constexpr std::string_view kMany = " batches assignments chores errands partiach partiami ";
  for (std::size_t i = 0; i < t_.size(); ++i) {
    if (t_[i].kind != TokenKind::word) continue;
    const std::string f = t_[i].folded;
    const bool coded =
        i + 1 < t_.size() &&
        (is_code(i + 1) || (t_[i + 1].kind == TokenKind::number && !read_stretch(t_, i + 1)));
    const bool each = i > 0 && word(i - 1, " each every per kazda kazde kazdej jedna an ");
    if (f.starts_with("zamowieni") || f == "zamowien") replace(i, "zadan" + f.substr(8));
    if (has_word(kMany, f)) replace(i, "tasks");
    if (has_word(kOne, f)) replace(i, coded || each || !polish_ ? "task" : "tasks");
    if ((f == "order" || f == "praca") && (coded || each)) replace(i, "task");
    const bool counted =
        i > 0 && (t_[i - 1].kind == TokenKind::number || is_number_word(t_[i - 1].folded));
    const auto next = word(i + 1, " po ") ? i + 2 : i + 1;
    if (has_word(" robota roboty robot ", f) && counted && read_stretch(t_, next))
      replace(i, "tasks");
  }
}

// "oven capacity 2 cakes at once", "the oven holds 2 cakes", "pojemność pieca: 2 ciasta".
void Rewording::places() {
  for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
    if (place_at(i)) return;
  }
}

bool Rewording::place_at(std::size_t i) {
  constexpr std::string_view kHolds =
      " capacity holds hold fits fit miesci pomiesci pojemnosc pojemnosci takes bierze przyjmuje ";
  constexpr std::string_view kPassed = " of is a the for to sie po o has ma room na ";
  const auto is_place = [&](std::size_t at) {
    return at < t_.size() && (machine_type_at(t_, at) || unknown(at)) && !word(at, kHolds);
  };
  if (!word(i, kHolds)) return false;
  std::size_t noun = kNone;
  if (i > 0 && same_sentence(i - 1, i) && is_place(i - 1)) noun = i - 1;
  if (i > 1 && noun == kNone && word(i - 1, " has with ma o sie ") && is_place(i - 2)) noun = i - 2;
  std::size_t at = i + 1;
  while (mark(at, ":") || word(at, kPassed)) ++at;
  if (noun == kNone && word(i, " capacity pojemnosc ") && is_place(at)) noun = at++;
  while (mark(at, ":") || word(at, kPassed)) ++at;
  const auto number = read_number(t_, at);
  if (noun == kNone || !number || !number->whole() || number->value < 1) return false;
  std::size_t end = number->end;
  const bool bare = word(i, " takes bierze przyjmuje ");
  if (end < t_.size() && is_task_noun(t_[end]))
    ++end;
  else if (bare)
    return false;
  const auto once = end;
  if (word(end, " naraz jednoczesnie rownoczesnie ")) ++end;
  if (word(end, " at ") && word(end + 1, " once ")) end += 2;
  if (word(end, " at ") && word(end + 1, " a ") && word(end + 2, " time ")) end += 3;
  if (bare && once == end) return false;
  if (end == number->end && end < t_.size() && same_sentence(i, end) &&
      t_[end].kind == TokenKind::word)
    return false;  // "capacity 2 kg"
  place(noun, at, std::min(noun, i), end);
  return true;
}

void Rewording::place(std::size_t noun, std::size_t number, std::size_t begin, std::size_t end) {
  const std::string original = t_[noun].folded;
  const Place place{shown(noun, noun + 1), "*" + original, t_[noun].span};
  Token as_resource = t_[noun];
  as_resource.folded = place.word;
  Token count = t_[number];
  const auto number_end = read_number(t_, number)->end;
  std::vector<Token> words(t_.begin() + static_cast<std::ptrdiff_t>(number),
                           t_.begin() + static_cast<std::ptrdiff_t>(number_end));
  words.push_back(as_resource);
  erase(begin, end);
  t_.insert(t_.begin() + static_cast<std::ptrdiff_t>(begin), words.begin(), words.end());
  for (auto& token : t_) {
    if (token.folded == original) token.folded = place.word;
  }
  roles_.places.push_back(place);
}

Reworded reword(std::string_view text, std::vector<Token> tokens, const PatternSet& patterns) {
  return Rewording(text, std::move(tokens), patterns).run();
}

}  // namespace therma::planner
