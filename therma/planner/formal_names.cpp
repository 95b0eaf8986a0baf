// SPDX-License-Identifier: Apache-2.0
// What a name looks like, the lists after nouns, and what nouns are.
#include "therma/planner/formal_discovery.hpp"
#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {

Names Discovery::run(const Roles& roles) {
  names_.roles = roles;
  for (const auto& place : roles.places)
    names_.resources.push_back({place.id, {place.word}, place.span});
  count_tasks();
  after_nouns();
  letters_beside_machines();
  machine_kinds();
  before_durations();
  in_chains();
  on_letters();
  in_order_phrases();
  resources();
  std::ranges::stable_sort(names_.tasks, {}, [](const Name& n) { return n.span.begin; });
  if (std::ranges::all_of(names_.machines, [](const Name& n) { return n.id.size() == 1; })) {
    std::ranges::stable_sort(names_.machines, {}, &Name::id);
  }
  return std::move(names_);
}

bool Discovery::mark(std::size_t at, std::string_view m) const {
  return at < t_.size() && t_[at].kind == TokenKind::mark && t_[at].folded == m;
}

bool Discovery::word(std::size_t at, std::span<const std::string_view> words) const {
  return at < t_.size() && t_[at].kind == TokenKind::word && is_one_of(t_[at].folded, words);
}

bool Discovery::unknown(std::size_t at) const {
  return at < t_.size() && is_unknown_word(patterns_, t_[at]);
}

bool Discovery::is_code(std::size_t at, bool after_noun) const {
  if (at >= t_.size() || t_[at].kind != TokenKind::word) return false;
  const std::string& f = t_[at].folded;
  if (f.size() == 1) {
    if (at > 0 && t_[at].glued && t_[at - 1].kind == TokenKind::number) return false;  // "2h"
    if (t_[at].capital) return f != "i" || after_noun;
    const bool counted =
        at > 1 && read_number(t_, at - 2) && read_number(t_, at - 2)->end == at - 1;
    if (is_one_of(f, kLetterWords)) return after_noun && (f == "a" || f == "e") && !counted;
    return after_noun || !named_unit(t_[at]);
  }
  const auto digit = f.find_first_of("0123456789");
  return digit != std::string::npos && digit <= 3 && f.size() <= 8 &&
         f.find_first_not_of("0123456789", digit) == std::string::npos;
}

std::string Discovery::id_of(std::size_t begin, std::size_t end) const {
  std::string id;
  for (std::size_t i = begin; i < end; ++i) {
    if (i > begin) id += ' ';
    id += text_.substr(t_[i].span.begin, t_[i].span.end - t_[i].span.begin);
  }
  const bool code = end == begin + 1 && is_code(begin, true);
  if (code) {
    for (char& c : id) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  } else if (t_[begin].capital) {
    lower_first(id);
  }
  if (!code && end == begin + 1) nominative(id);
  return id;
}

void Discovery::nominative(std::string& id) {
  for (const std::string_view ending : {"nia", "niu", "niem"}) {
    if (id.size() > ending.size() + 2 && id.ends_with(ending)) {
      const char before = id[id.size() - ending.size() - 1];
      if (before == 'a' || before == 'e')
        return id.replace(id.size() - ending.size(), ending.size(), "nie"), void();
    }
  }
}

void Discovery::lower_first(std::string& id) {
  const auto lead = static_cast<unsigned char>(id[0]);
  const bool shout = id.size() > 1 && id[1] >= 'A' && id[1] <= 'Z';
  if (shout) return;
  if (lead >= 'A' && lead <= 'Z') id[0] = static_cast<char>(lead + 32);
  if (lead == 0xC3 && id.size() > 1 && static_cast<unsigned char>(id[1]) == 0x93) id[1] = '\xB3';
  if ((lead == 0xC4 || lead == 0xC5) && id.size() > 1) {
    ++id[1];  // Ą Ć Ę Ł Ń Ś Ź Ż: the small letter is the next code point
    if (static_cast<unsigned char>(id[1]) == 0xC0)
      id[0] = static_cast<char>(lead + 1), id[1] = '\x80';
  }
}

void Discovery::add(std::vector<Name>& list, std::size_t begin, std::size_t end) {
  constexpr std::size_t kMostNames = 2000;
  Name name{id_of(begin, end), {}, {t_[begin].span.begin, t_[end - 1].span.end}};
  for (std::size_t i = begin; i < end; ++i) {
    if (t_[i].kind == TokenKind::word) name.words.push_back(t_[i].folded);
  }
  const bool known = std::ranges::any_of(list, [&](const Name& n) { return same_name(n, name); });
  if (!known && list.size() < kMostNames) list.push_back(std::move(name));
}

bool Discovery::same_name(const Name& a, const Name& b) {
  if (a.words.size() != b.words.size()) return false;
  for (std::size_t i = 0; i < a.words.size(); ++i) {
    const bool code = a.words[i].size() < 4 || b.words[i].size() < 4;
    if (code ? a.words[i] != b.words[i] : !same_word(a.words[i], b.words[i])) return false;
  }
  return true;
}

bool Discovery::is_machine(std::size_t at) const {
  return std::ranges::any_of(names_.machines, [&](const Name& n) {
    return n.words.size() == 1 && n.words[0] == t_[at].folded;
  });
}

bool Discovery::is_task(std::size_t at) const {
  return std::ranges::any_of(names_.tasks, [&](const Name& n) {
    return n.words.size() == 1 && n.words[0] == t_[at].folded;
  });
}

std::size_t Discovery::run_end(std::size_t at) const {
  static constexpr std::array<std::string_view, 6> kInside = {"of", "the", "do", "z", "ze", "for"};
  std::size_t end = at;
  while (end < at + 6 && unknown(end) && (end == at || t_[end].sentence == t_[at].sentence)) {
    ++end;
    if (word(end, kInside) && unknown(end + 1)) ++end;
    if (word(end, kInside) && word(end - 1, kInside) && unknown(end + 1)) ++end;
  }
  return end;
}

void Discovery::after_nouns() {
  for (std::size_t i = 0; i < t_.size(); ++i) {
    if (!is_task_noun(t_[i]) && !is_machine_noun(t_[i])) continue;
    std::size_t at = i + 1;
    static constexpr std::array<std::string_view, 8> kNaming = {
        "called", "named", "nazwane", "nazwanych", "nazwach", "are", "to", "nr"};
    bool listing = false;
    while (mark(at, ":") || mark(at, "\"") || mark(at, "-") || mark(at, "\n") ||
           (word(at, kNaming) && (polish_ || t_[at].folded != "to")) ||
           (at < t_.size() && t_[at].folded == "o" && word(at + 1, kNaming))) {
      listing |= mark(at, ":") || (word(at, kNaming) && t_[at].folded != "nr");
      ++at;
    }
    // "3 tasks on 2 machines: cutting 2h, welding 1h": what lasts is a task.
    const auto end = listing && !is_code(at, true) ? run_end(at) : at;
    const bool lasts = end > at && read_stretch(t_, end) && !read_windows(t_, end);
    const bool task = is_task_noun(t_[i]) || lasts;
    read_list(task ? names_.tasks : names_.machines, at, listing, !task);
  }
}

void Discovery::read_list(std::vector<Name>& list, std::size_t at, bool listing, bool machines) {
  const std::size_t home = at < t_.size() ? t_[at].sentence : 0;
  while (at < t_.size()) {
    while (mark(at, "*") || mark(at, "-") || mark(at, "\"") || mark(at, "\n")) ++at;
    if (at >= t_.size()) return;
    const bool bullet = at > 0 && (mark(at - 1, "*") || mark(at - 1, "-"));
    if (t_[at].sentence != home && !(listing && bullet)) return;
    std::size_t end = at;
    if (is_code(at, true) && !is_conjunction_here(at)) {
      end = at + 1;
    } else if (listing && !(machines && machine_type(t_[at].folded))) {
      end = run_end(at);
    }
    if (end == at) return;
    add(list, at, end);
    if (end == at + 1 && mark(end, "-") && is_code(end + 1, true)) {
      add_between(list, at, end + 1);
      add(list, end + 1, end + 2);
      end += 2;
    }
    at = skip_duration(end);
    const bool comma = mark(at, ",") || mark(at, "\n") || mark(at, "\"");
    if (comma) ++at;
    const bool joined = word(at, kConjunctions);
    if (joined) ++at;
    if (!comma && !joined && !(at < t_.size() && t_[at].sentence != home)) return;
  }
}

void Discovery::add_between(std::vector<Name>& list, std::size_t first, std::size_t last) {
  const std::string& a = t_[first].folded;
  const std::string& b = t_[last].folded;
  const auto digit = a.find_first_of("0123456789");
  const Span span{t_[first].span.begin, t_[last].span.end};
  const auto put = [&](const std::string& folded) {
    std::string id = folded;
    for (char& c : id) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    list.push_back({id, {folded}, span});
  };
  if (a.size() == 1 && b.size() == 1) {
    for (char c = static_cast<char>(a[0] + 1); c < b[0]; ++c) put(std::string(1, c));
  } else if (digit != std::string::npos && b.compare(0, digit, a, 0, digit) == 0 &&
             b.size() > digit && b.size() - digit < 5 && a.size() - digit < 5) {
    const auto end = std::stoul(b.substr(digit));
    for (auto n = std::stoul(a.substr(digit)) + 1; n < end; ++n)
      put(a.substr(0, digit) + std::to_string(n));
  }
}

std::size_t Discovery::skip_duration(std::size_t at) const {
  std::size_t next = at;
  while (mark(next, "(") || mark(next, "-") || mark(next, ":") || mark(next, "\"")) ++next;
  const auto stretch = read_stretch(t_, next);
  if (!stretch) return mark(at, "\"") ? at + 1 : at;
  next = stretch->end;
  if (mark(next, ")")) ++next;
  return next;
}

// "piec" is an oven, and five without its diacritics.
std::optional<std::string_view> machine_type_at(std::span<const Token> tokens, std::size_t at) {
  if (at >= tokens.size() || tokens[at].kind != TokenKind::word) return std::nullopt;
  const auto type = machine_type(tokens[at].folded);
  if (!type || !is_number_word(tokens[at].folded)) return type;
  const bool marked = tokens[at].folded.size() != tokens[at].span.end - tokens[at].span.begin;
  const bool counts =
      at + 1 < tokens.size() && (is_task_noun(tokens[at + 1]) || is_machine_noun(tokens[at + 1]) ||
                                 named_unit(tokens[at + 1]));
  const bool joined =
      at > 0 && is_number_word(tokens[at - 1].folded) && tokens[at - 1].folded != "jeden";
  return marked || counts || joined ? std::nullopt : type;
}

bool is_task_noun(const Token& token) {
  static constexpr std::array<std::string_view, 9> kStems = {"zadan",    "zadani",  "zlecen",
                                                             "czynnosc", "operacj", "operation",
                                                             "activit",  "etap",    "operacji"};
  static constexpr std::array<std::string_view, 14> kWords = {
      "prac", "prace", "task", "tasks", "job",    "jobs", "orders",
      "item", "items", "krok", "kroki", "krokow", "step", "steps"};
  return token.kind == TokenKind::word &&
         (starts_with_any(token.folded, kStems) || is_one_of(token.folded, kWords));
}

bool is_machine_noun(const Token& token) {
  static constexpr std::array<std::string_view, 4> kStems = {"maszyn", "stanowisk", "urzadzen",
                                                             "workstation"};
  static constexpr std::array<std::string_view, 6> kWords = {"machine",  "machines", "station",
                                                             "stations", "device",   "devices"};
  return token.kind == TokenKind::word &&
         (starts_with_any(token.folded, kStems) || is_one_of(token.folded, kWords));
}

bool is_unknown_word(const PatternSet& patterns, const Token& token) {
  if (token.kind != TokenKind::word || token.folded.size() < 3) return false;
  const std::string& f = token.folded;
  return !is_filler(f) && !patterns.knows(f) && !is_number_word(f) && !named_unit(token) &&
         !machine_type(f) && !resource_type(f) && !is_warning_word(f) && !is_time_word(f) &&
         f.find_first_of("0123456789") == std::string::npos;
}

Names discover_names(std::string_view text, const Reworded& reworded, const PatternSet& patterns) {
  return Discovery(text, reworded.tokens, patterns).run(reworded.roles);
}

}  // namespace therma::planner
