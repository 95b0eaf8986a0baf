// SPDX-License-Identifier: Apache-2.0
// Discovery: nouns with letters, lists after a colon, words before a duration, words in an order.
#include "therma/planner/formal_names.hpp"

#include <algorithm>
#include <array>

#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {
namespace {

bool starts_with_any(std::string_view word, std::span<const std::string_view> stems) {
  return std::ranges::any_of(stems, [&](auto s) { return word.starts_with(s); });
}
bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// Letters that are also words: as names only in capitals or right after their noun.
constexpr std::array<std::string_view, 7> kLetterWords = {"a", "i", "o", "u", "w", "z", "e"};
constexpr std::array<std::string_view, 8> kConjunctions = {"i",   "and",  "oraz", "or",
                                                           "lub", "albo", "ani",  "nor"};

class Discovery {
 public:
  Discovery(std::string_view text, std::span<const Token> tokens, const PatternSet& patterns)
      : text_(text), t_(tokens), patterns_(patterns) {}

  Names run() {
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

 private:
  bool mark(std::size_t at, std::string_view m) const {
    return at < t_.size() && t_[at].kind == TokenKind::mark && t_[at].folded == m;
  }
  bool word(std::size_t at, std::span<const std::string_view> words) const {
    return at < t_.size() && t_[at].kind == TokenKind::word && is_one_of(t_[at].folded, words);
  }
  bool unknown(std::size_t at) const {
    return at < t_.size() && is_unknown_word(patterns_, t_[at]);
  }

  // "A", "M1", "T12": one letter, or a few letters and digits.
  bool is_code(std::size_t at, bool after_noun) const {
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

  std::string id_of(std::size_t begin, std::size_t end) const {
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
    if (!code) nominative(id);
    return id;
  }

  // Polish verbal nouns are shown in the nominative: "gruntowania" is "gruntowanie".
  static void nominative(std::string& id) {
    for (const std::string_view ending : {"nia", "niu", "niem"}) {
      if (id.size() > ending.size() + 2 && id.ends_with(ending)) {
        const char before = id[id.size() - ending.size() - 1];
        if (before == 'a' || before == 'e')
          return id.replace(id.size() - ending.size(), ending.size(), "nie"), void();
      }
    }
  }

  // The capital of the beginning of a sentence is not part of a name.
  static void lower_first(std::string& id) {
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

  void add(std::vector<Name>& list, std::size_t begin, std::size_t end) {
    constexpr std::size_t kMostNames = 2000;
    Name name{id_of(begin, end), {}, {t_[begin].span.begin, t_[end - 1].span.end}};
    for (std::size_t i = begin; i < end; ++i) {
      if (t_[i].kind == TokenKind::word) name.words.push_back(t_[i].folded);
    }
    const bool known = std::ranges::any_of(list, [&](const Name& n) { return same_name(n, name); });
    if (!known && list.size() < kMostNames) list.push_back(std::move(name));
  }

  static bool same_name(const Name& a, const Name& b) {
    if (a.words.size() != b.words.size()) return false;
    for (std::size_t i = 0; i < a.words.size(); ++i) {
      const bool code = a.words[i].size() < 4 || b.words[i].size() < 4;
      if (code ? a.words[i] != b.words[i] : !same_word(a.words[i], b.words[i])) return false;
    }
    return true;
  }

  bool is_machine(std::size_t at) const {
    return std::ranges::any_of(names_.machines, [&](const Name& n) {
      return n.words.size() == 1 && n.words[0] == t_[at].folded;
    });
  }
  bool is_task(std::size_t at) const {
    return std::ranges::any_of(names_.tasks, [&](const Name& n) {
      return n.words.size() == 1 && n.words[0] == t_[at].folded;
    });
  }

  // The end of a run of unknown words that begins at `at`; `at` itself when there is none.
  std::size_t run_end(std::size_t at) const {
    static constexpr std::array<std::string_view, 6> kInside = {"of", "the", "do",
                                                                "z",  "ze",  "for"};
    std::size_t end = at;
    while (end < at + 6 && unknown(end) && (end == at || t_[end].sentence == t_[at].sentence)) {
      ++end;
      if (word(end, kInside) && unknown(end + 1)) ++end;
      if (word(end, kInside) && word(end - 1, kInside) && unknown(end + 1)) ++end;
    }
    return end;
  }

  void count_tasks() {
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

  // "maszyny A, B i C", "zadania: cięcie (3h), gięcie (2h)", "machines called X and Y"
  void after_nouns() {
    for (std::size_t i = 0; i < t_.size(); ++i) {
      const bool task = is_task_noun(t_[i]);
      if (!task && !is_machine_noun(t_[i])) continue;
      auto& list = task ? names_.tasks : names_.machines;
      std::size_t at = i + 1;
      static constexpr std::array<std::string_view, 8> kNaming = {
          "called", "named", "nazwane", "nazwanych", "nazwach", "are", "to", "nr"};
      bool listing = false;
      while (mark(at, ":") || mark(at, "\"") || mark(at, "-") || mark(at, "\n") ||
             word(at, kNaming) ||
             (at < t_.size() && t_[at].folded == "o" && word(at + 1, kNaming))) {
        listing |= mark(at, ":") || (word(at, kNaming) && t_[at].folded != "nr");
        ++at;
      }
      read_list(list, at, listing, !task);
    }
  }

  void read_list(std::vector<Name>& list, std::size_t at, bool listing, bool machines) {
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

  // "M1-M3", "A-C": the codes between two.
  void add_between(std::vector<Name>& list, std::size_t first, std::size_t last) {
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

  // "maszyny A i B": the small letter between two names joins them.
  bool is_conjunction_here(std::size_t at) const { return t_[at].folded == "i" && !t_[at].capital; }

  std::size_t skip_duration(std::size_t at) const {
    std::size_t next = at;
    while (mark(next, "(") || mark(next, "-") || mark(next, ":") || mark(next, "\"")) ++next;
    const auto stretch = read_stretch(t_, next);
    if (!stretch) return mark(at, "\"") ? at + 1 : at;
    next = stretch->end;
    if (mark(next, ")")) ++next;
    return next;
  }

  // "Maszyna A 0-8h, B: 8-16h": letters in a sentence that names a machine by a letter.
  void letters_beside_machines() {
    std::vector<std::uint32_t> sentences;
    for (std::size_t i = 1; i < t_.size(); ++i) {
      if (is_machine_noun(t_[i - 1]) && is_code(i, true) && is_machine(i))
        sentences.push_back(t_[i].sentence);
    }
    for (std::size_t i = 1; i < t_.size(); ++i) {
      if (!std::ranges::binary_search(sentences, t_[i].sentence)) continue;
      if (!is_code(i, false) || is_task(i) || is_task_noun(t_[i - 1])) continue;
      const bool value =
          mark(i + 1, ":") || (i + 1 < t_.size() && (t_[i + 1].kind == TokenKind::number ||
                                                     patterns_.knows(t_[i + 1].folded)));
      if (value && !named_unit_after_number(i)) add(names_.machines, i, i + 1);
    }
  }
  bool named_unit_after_number(std::size_t at) const {
    return at > 0 && t_[at - 1].kind == TokenKind::number && named_unit(t_[at]).has_value();
  }

  void machine_kinds() {
    for (std::size_t i = 0; i < t_.size(); ++i) {
      if (t_[i].kind != TokenKind::word) continue;
      const auto type = machine_type_at(t_, i);
      if (!type) continue;
      std::size_t count = 1;
      bool counted = false;
      for (std::size_t back = 1; back <= 3 && back <= i; ++back) {
        const auto number = read_number(t_, i - back);
        if (number && number->end == i && number->whole() && number->value >= 1 &&
            number->value < 1e6) {
          count = static_cast<std::size_t>(number->value);
          counted = true;
        }
      }
      auto found = std::ranges::find(names_.kinds, std::string(*type), &MachineKind::id);
      if (found == names_.kinds.end()) {
        names_.kinds.push_back({std::string(*type), count, t_[i].span, counted});
        found = names_.kinds.end() - 1;
      } else if (counted && !found->counted) {
        found->count = count;
        found->counted = true;
      }
      if (i + 1 < t_.size() && t_[i + 1].kind == TokenKind::number && !counted) {
        // "tokarka 2" implies that there are two, unless a length of time follows.
        const auto n = t_[i + 1].value;
        const bool time =
            read_stretch(t_, i + 1).has_value() || mark(i + 2, ":") || mark(i + 2, "-");
        if (!time && n >= 1 && n <= 50 && !found->counted) {
          found->count = std::max(found->count, static_cast<std::size_t>(n));
        }
      }
    }
  }

  static bool is_duration_verb(std::string_view f) {
    static constexpr std::array<std::string_view, 8> kStems = {
        "trwa", "potrwa", "zajm", "zajac", "wymaga", "potrzeb", "last", "requir"};
    static constexpr std::array<std::string_view, 12> kWords = {"takes", "take",  "taking", "needs",
                                                                "need",  "po",    "is",     "will",
                                                                "about", "okolo", "each",   "jest"};
    return starts_with_any(f, kStems) || is_one_of(f, kWords);
  }

  // The token before `at` that is not a mark or a verb such as "takes".
  std::optional<std::size_t> before_value(std::size_t at) const {
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

  // A run of unknown words, or a code, that ends at `last`: where it begins.
  std::optional<std::size_t> name_before(std::size_t last) const {
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

  // "spawanie 2h", "A takes 3 hours", "cięcie, gięcie i szycie po 2h"; "... and B 2".
  void before_durations() {
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

  // "2 hours of welding", "1h malowania", "2h trwa spawanie": a name after its duration, where none
  // stands before it and the next word does not say how long the name itself takes.
  void name_after(std::size_t at, std::size_t end) {
    static constexpr std::array<std::string_view, 6> kOf = {"of",      "for",    "trwa",
                                                            "zajmuje", "zajmie", "potrwa"};
    if (end >= t_.size()) return;
    const auto last = before_value(at);
    if (last && (name_before(*last) || is_task_noun(t_[*last]) || is_code(*last, false))) return;
    const std::size_t begin = word(end, kOf) ? end + 1 : end;
    const auto run = run_end(begin);
    if (run == begin || t_[begin].sentence != t_[at].sentence || known_run(begin, run)) return;
    const bool own =
        run < t_.size() && (read_stretch(t_, run) || is_duration_verb(t_[run].folded) ||
                            mark(run, "(") || mark(run, ":"));
    if (!own) add(names_.tasks, begin, run);
  }

  // The items before the last one of a list: "cięcie, gięcie i" before "szycie po 2h".
  void list_before(std::size_t at, bool distributed) {
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
    for (auto it = found.rbegin(); it != found.rend(); ++it)
      add(names_.tasks, it->first, it->second);
  }

  void in_chains() {
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

  // Some task name already covers a word of the run.
  bool known_run(std::size_t begin, std::size_t end) const {
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

  // "tylko na A": a letter after "on" is a machine.
  void on_letters() {
    static constexpr std::array<std::string_view, 4> kOn = {"na", "on", "using", "at"};
    if (names_.machines.size() > 1) return;  // they were listed
    for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
      if (!word(i, kOn) || !is_code(i + 1, false) || is_machine(i + 1) || is_task(i + 1)) continue;
      std::size_t at = i + 1;
      while (at < t_.size() && is_code(at, false) && !is_task(at) &&
             t_[at].sentence == t_[i].sentence) {
        add(names_.machines, at, at + 1);
        if (!(mark(at + 1, ",") || word(at + 1, kConjunctions)) || read_stretch(t_, at + 3)) break;
        at += 2;
      }
    }
  }

  // "painting must come after welding": words in an order are tasks, if no count says otherwise.
  void in_order_phrases() {
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

  void resources() {
    static constexpr std::array<std::string_view, 13> kNeeds = {
        "wymaga",   "wymagaja", "potrzebuje", "potrzebuja", "potrzeba",  "needs", "need",
        "requires", "require",  "uses",       "use",        "potrzebne", "zuzywa"};
    for (std::size_t i = 0; i < t_.size(); ++i) {
      const auto number = read_number(t_, i);
      if (!number || number->end >= t_.size()) continue;
      const std::size_t at = number->end;
      if (const auto type = resource_type(t_[at].folded); type && t_[at].kind == TokenKind::word) {
        add_resource(*type, at);
      } else if (unknown(at) && i > 0 && word(i - 1, kNeeds)) {
        add(names_.resources, at, at + 1);
      }
      i = number->end - 1;
    }
  }

  void add_resource(std::string_view type, std::size_t at) {
    std::string id(type);
    // "4 GB RAM": what is measured names the resource, where it is said.
    static constexpr std::array<std::string_view, 6> kMemory = {"ram",  "pamieci", "memory",
                                                                "vram", "dysku",   "disk"};
    const auto next = word(at + 1, std::array<std::string_view, 1>{"of"}) ? at + 2 : at + 1;
    if (word(next, kMemory))
      id = std::string(text_.substr(t_[next].span.begin, t_[next].span.end - t_[next].span.begin));
    const std::string key(type);
    const auto same = [&](const Name& n) { return n.words[0] == key; };
    const auto found = std::ranges::find_if(names_.resources, same);
    if (found == names_.resources.end()) {
      names_.resources.push_back({id, {key}, t_[at].span});
    } else if (found->id == key) {
      found->id = id;
    }
  }

  std::string_view text_;
  std::span<const Token> t_;
  const PatternSet& patterns_;
  Names names_;
};

}  // namespace

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

Names discover_names(std::string_view text, std::span<const Token> tokens,
                     const PatternSet& patterns) {
  return Discovery(text, tokens, patterns).run();
}

}  // namespace therma::planner
