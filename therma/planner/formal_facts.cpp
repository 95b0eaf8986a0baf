// SPDX-License-Identifier: Apache-2.0
// The scan: rules from left to right, subjects carried within a sentence, and what is left over.
#include "therma/planner/formal_facts.hpp"

#include <algorithm>
#include <array>

#include "therma/planner/lexicon.hpp"

namespace therma::planner {
namespace {

struct Compiled {
  PatternSet patterns;
  std::vector<std::size_t> handles;  // one per rule

  Compiled() : patterns(grammar_productions()) {
    for (const auto& rule : grammar_rules()) handles.push_back(patterns.add(rule.pattern));
  }
};
const Compiled& compiled() {
  static const Compiled grammar;
  return grammar;
}

// Facts that say something about tasks, and may leave out which.
bool takes_subject(FactKind kind) {
  using enum FactKind;
  constexpr std::array kKinds = {duration, after,  before, deadline, within,    release,
                                 restrict, forbid, prefer, demand,   chain_last};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

bool is_one_task(const Refs& refs) {
  return refs.size() == 1 && (refs[0].kind == RefKind::named || refs[0].kind == RefKind::number);
}

class Scan {
 public:
  explicit Scan(const Context& c)
      : c_(c),
        t_(c.tokens),
        used_(t_.size()),
        weak_(t_.size()),
        read_slot_([this](Slot slot, std::size_t at) { return read_slot(c_, slot, at); }) {}

  Reader run() {
    skip_bullets();
    for (std::size_t at = 0; at < t_.size();) {
      if (t_[at].sentence != sentence_) next_sentence(t_[at].sentence);
      at = step(at);
    }
    collect_unread();
    return std::move(out_);
  }

 private:
  // "1." and "2)" at the beginning of a line
  void skip_bullets() {
    for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
      const bool first = i == 0 || t_[i - 1].sentence != t_[i].sentence;
      const bool closes =
          t_[i + 1].folded == ")" ||
          (t_[i + 1].folded == "." && i + 2 < t_.size() && t_[i + 2].sentence != t_[i].sentence);
      if (first && t_[i].kind == TokenKind::number && closes && t_[i + 1].glued &&
          i + 2 < t_.size())
        used_[i] = true;
    }
  }

  void next_sentence(std::uint32_t sentence) {
    sentence_ = sentence;
    if (!subject_.empty()) last_subject_ = subject_;
    subject_.clear();
    mentioned_.clear();
    machine_subject_.clear();
    single_subjects_ = 0;
  }

  // Tries every rule at a token; the longest match wins.
  std::size_t step(std::size_t at) {
    if (t_[at].kind == TokenKind::mark && t_[at].folded != ">") return at + 1;
    if (used_[at]) return at + 1;
    std::optional<PatternMatch> best;
    std::size_t best_rule = 0;
    const auto rules = grammar_rules();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      auto found = compiled().patterns.match(compiled().handles[i], t_, at, read_slot_);
      if (found && is_refused(rules[i], *found)) continue;
      if (found && (!best || found->end > best->end)) {
        best = std::move(found);
        best_rule = i;
      }
    }
    if (!best) return at + 1;
    accept(rules[best_rule], *best, at);
    return best->end;
  }

  // Hours without a word beside them must look like hours.
  bool is_refused(const Rule& rule, const PatternMatch& match) const {
    if (rule.kind != FactKind::windows || rule.parameter > kExplicit) return false;
    const bool beside = !out_.facts.empty() && out_.facts.back().sentence == sentence_ &&
                        (out_.facts.back().kind == FactKind::machine_count ||
                         out_.facts.back().kind == FactKind::capacity);
    return (rule.parameter == kBesideMachines && !beside) ||
           !std::get<DayWindows>(match.captures[0].value).explicit_clock;
  }

  void accept(const Rule& rule, PatternMatch& match, std::size_t at) {
    Fact fact;
    fact.kind = rule.kind;
    fact.parameter = rule.parameter;
    fact.sentence = sentence_;
    fact.span = {t_[at].span.begin, t_[match.end - 1].span.end};
    for (auto& capture : match.captures) store(fact, capture);
    // "2 hours of welding": the one task phrase is the subject
    if (fact.kind == FactKind::duration && fact.tasks.empty())
      fact.tasks = std::move(fact.objects), fact.objects.clear();
    // "2 presses" states how many there are: more than a mention
    const bool counts = read_number(t_, at) || (at + 1 < t_.size() && read_number(t_, at + 1));
    const bool weak =
        fact.kind == FactKind::task_mention || (fact.kind == FactKind::machine_mention && !counts);
    for (std::size_t i = at; i < match.end; ++i) {
      used_[i] = true;
      weak_[i] = weak;
    }
    settle_subject(fact, at, match.end);
    out_.facts.push_back(std::move(fact));
  }

  static void store(Fact& fact, Capture& capture) {
    switch (capture.slot) {
      case Slot::tasks:
        fact.tasks = std::get<Refs>(capture.value);
        break;
      case Slot::obj:
        fact.objects = std::get<Refs>(capture.value);
        break;
      case Slot::machines:
        (fact.machines.empty() ? fact.machines : fact.others) = std::get<Refs>(capture.value);
        break;
      case Slot::durs:
        fact.durs = std::get<std::vector<Stretch>>(capture.value);
        break;
      case Slot::dur:
        fact.dur = std::get<Stretch>(capture.value);
        break;
      case Slot::clock:
        fact.clock = std::get<Time>(capture.value);
        break;
      case Slot::windows:
        fact.windows = std::get<DayWindows>(capture.value);
        break;
      case Slot::resource:
        fact.resource = std::get<std::size_t>(capture.value);
        break;
      case Slot::bare:
      case Slot::count:
      case Slot::number:
      case Slot::percent:
        fact.number = std::get<Number>(capture.value);
        break;
    }
  }

  // Fills in who is meant, and remembers it for what follows in the sentence.
  void settle_subject(Fact& fact, std::size_t at, std::size_t end) {
    using enum FactKind;
    if (fact.kind == task_group || fact.kind == task_count) {
      fact.group = groups_++;
      fact.tasks = {{RefKind::group, fact.group, fact.span}};
    }
    if (fact.kind == chain_then || fact.kind == chain_last) {
      fact.objects = subject_.empty() ? last_subject_ : subject_;
    }
    if (fact.kind == in_order) fact.objects = fact.tasks.empty() ? mentioned_ : fact.tasks;
    if (is_general_start(fact, at, end)) fact.kind = release_all;
    if (fact.tasks.empty() && takes_subject(fact.kind)) carry(fact, at);
    if (fact.machines.empty() &&
        (fact.kind == windows || fact.kind == open_from || fact.kind == open_until)) {
      fact.machines = machine_subject_;
    }
    if (!fact.machines.empty()) machine_subject_ = fact.machines;
    for (const auto* refs : {&fact.tasks, &fact.objects}) {
      for (const auto& ref : *refs) {
        if (last_ref_.empty() || ref.span.end > last_ref_[0].span.end) last_ref_ = {ref};
      }
    }
    if (fact.tasks.empty() || fact.kind == in_order) return;
    if (is_one_task(fact.tasks) && !same(subject_, fact.tasks)) ++single_subjects_;
    subject_ = fact.tasks;
    for (const auto& ref : fact.tasks) {
      if (ref.kind == RefKind::named || ref.kind == RefKind::number) mentioned_.push_back(ref);
    }
  }

  // "..., starting at 9." closes a sentence and speaks of all the work.
  bool is_general_start(const Fact& fact, std::size_t at, std::size_t end) const {
    constexpr std::string_view kStarting =
        " starting beginning zaczynajac poczawszy startujac rozpoczynajac ";
    if (fact.kind != FactKind::release || !fact.tasks.empty()) return false;
    if (!has_word(kStarting, t_[at].folded)) return false;
    const bool opens = at == 0 || t_[at - 1].folded == "," || t_[at - 1].sentence != sentence_;
    return opens &&
           (end >= t_.size() || t_[end].sentence != sentence_ || t_[end].kind == TokenKind::mark);
  }

  static bool same(const Refs& a, const Refs& b) {
    return std::ranges::equal(
        a, b, [](const Ref& x, const Ref& y) { return x.kind == y.kind && x.index == y.index; });
  }

  // An unknown word right before a statement without a subject: a task that the text never made.
  bool stranger_before(std::size_t at) const {
    while (at > 0 && t_[at - 1].sentence == sentence_ && t_[at - 1].kind == TokenKind::word &&
           is_filler(t_[at - 1].folded))
      --at;
    return at > 0 && t_[at - 1].sentence == sentence_ && !used_[at - 1] &&
           is_unknown_word(c_.patterns, t_[at - 1]);
  }

  void carry(Fact& fact, std::size_t at) {
    fact.stranger = stranger_before(at);
    const bool after_comma = at > 0 && (t_[at - 1].folded == "," || t_[at - 1].folded == "\n");
    if (!subject_.empty()) {
      // "after priming (1 h)": the parenthesis speaks of what it follows
      const bool parenthesis = at > 0 && t_[at - 1].folded == "(" && !last_ref_.empty();
      fact.tasks = parenthesis ? last_ref_ : subject_;
      fact.unclear_subject = after_comma && single_subjects_ > 1 && fact.kind != FactKind::duration;
      return;
    }
    const bool named_before = !last_subject_.empty() && is_one_task(last_subject_);
    fact.no_subject = true;
    fact.unclear_subject =
        named_before && fact.kind != FactKind::restrict && fact.kind != FactKind::duration;
  }

  bool matters(std::size_t i) const {
    const Token& token = t_[i];
    if (token.kind == TokenKind::number) return true;
    if (token.kind == TokenKind::mark) return token.folded == "%";
    const std::string& f = token.folded;
    if (f.size() == 1 && token.capital && !is_filler(f)) return true;
    if (f.find_first_of("0123456789") != std::string::npos) return true;
    if (is_warning_word(f) || is_number_word(f)) return true;
    if (is_time_word(f) && !is_filler(f) && f != "all" && f != "long") return true;
    return !is_filler(f) &&
           (c_.patterns.knows(f) || machine_type(f) || (f.size() > 1 && named_unit(token)));
  }

  // A clause is what stands between commas and sentence ends.
  std::size_t clause_end(std::size_t at) const {
    std::size_t end = at;
    while (end < t_.size() && t_[end].sentence == t_[at].sentence && t_[end].folded != "," &&
           t_[end].folded != "\n")
      ++end;
    return std::max(end, at + 1);
  }

  void collect_unread() {
    for (std::size_t at = 0; at < t_.size();) {
      const auto end = clause_end(at);
      unread_in_clause(at, end);
      at = end;
    }
  }

  // Left-over words beside a mere mention of a task or machine say something about it.
  void unread_in_clause(std::size_t begin, std::size_t end) {
    bool unknown = false;
    bool weak = false;
    std::size_t first = end;
    std::size_t last = begin;
    const auto widen = [&](std::size_t i) { first = std::min(first, i), last = std::max(last, i); };
    for (std::size_t i = begin; i < end; ++i) {
      weak |= weak_[i];
      if (used_[i]) continue;
      if (matters(i)) widen(i);
      unknown |= is_unknown_word(c_.patterns, t_[i]);
    }
    const bool says_more = weak && unknown;
    for (std::size_t i = begin; i < end; ++i) {
      const bool name_or_word = weak_[i] || (!used_[i] && is_unknown_word(c_.patterns, t_[i]));
      if (says_more && name_or_word) widen(i);
    }
    if (first < end) {
      // the words around say what is meant
      while (last + 1 < end && !used_[last + 1] && t_[last + 1].kind == TokenKind::word) ++last;
      constexpr std::ptrdiff_t kLeast = 3;
      const auto words = [&] {
        return std::count_if(t_.data() + first, t_.data() + last + 1,
                             [](const Token& t) { return t.kind != TokenKind::mark; });
      };
      while (words() < kLeast && last + 1 < end) ++last;
      while (words() < kLeast && first > begin) --first;
      while (last > first && t_[last].kind == TokenKind::mark && t_[last].folded != "%") --last;
      out_.unread.push_back({t_[first].span.begin, t_[last].span.end});
      return;
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (!used_[i] && is_unknown_word(c_.patterns, t_[i])) {
        out_.unused.emplace_back(
            c_.text.substr(t_[i].span.begin, t_[i].span.end - t_[i].span.begin));
      }
    }
  }

  const Context& c_;
  std::span<const Token> t_;
  std::vector<bool> used_;
  std::vector<bool> weak_;
  SlotReader read_slot_;
  Reader out_;
  std::uint32_t sentence_ = 0;
  std::size_t groups_ = 0;
  std::size_t single_subjects_ = 0;
  Refs subject_;
  Refs last_subject_;
  Refs mentioned_;
  Refs last_ref_;
  Refs machine_subject_;
};

}  // namespace

const PatternSet& grammar() { return compiled().patterns; }

Reader read_facts(const Context& context) { return Scan(context).run(); }

}  // namespace therma::planner
