// SPDX-License-Identifier: Apache-2.0
// Nouns that no table knows: what a text says of them decides whether they are tasks or machines.
#include "therma/planner/formal_rewording.hpp"

#include <algorithm>
#include <functional>

#include "therma/planner/lexicon.hpp"

namespace therma::planner {
namespace {

constexpr std::size_t kMostNouns = 32;  // of a text; keeps the reading linear

constexpr std::string_view kEach =
    " each every kazde kazda kazdy kazdego kazdej kazdemu apiece all wszystkie ";
constexpr std::string_view kNeeds =
    " wymaga wymagaja potrzebuje potrzebuja potrzeba needs need requires require uses use "
    "potrzebne zuzywa requiring needing ";
constexpr std::string_view kHours =
    " open opens works work working available closed down off unavailable runs operates busy "
    "czynny czynna czynne czynni czynnych dziala dzialaja pracuje pracuja dostepny dostepna "
    "dostepne "
    "nieczynny nieczynna nieczynne niedostepny niedostepna niedostepne zamkniety zamknieta "
    "zamkniete otwarty otwarta otwarte zajety zajeta zajete przyjmuje przyjmuja ";

constexpr std::string_view kListing =
    " i a oraz and plus mam mamy ma maja posiadamy have has are is sa jest got only tylko ";
// What is counted in these is an amount.
constexpr std::string_view kAmounts =
    " zlotych zlote euro dolarow dollars pounds euros kilometrow kilometry kilometers kilometres "
    "miles metrow metry metres meters kilogramow kilo litrow litry litres liters punktow points "
    "stopni degrees procent percent lat lata years months miesiecy miesiace razy times sztuk ";

// Trades whose plural is not a thing: people who do one task at a time.
constexpr std::string_view kTrades =
    " baker bakers cook cooks chef chefs developer developers programmer programmers engineer "
    "engineers nurse nurses doctor doctors surgeon surgeons dentist dentists teacher teachers "
    "cleaner cleaners painter painters plumber plumbers electrician electricians mechanic "
    "mechanics carpenter carpenters mason masons tailor tailors barber barbers hairdresser "
    "hairdressers designer designers tester testers student students helper helpers driver drivers "
    "assistant assistants clerk clerks editor editors translator translators guys men women "
    "volunteer volunteers friends crewmen builders builder gardener gardeners packer packers "
    "piekarz piekarze piekarzy kucharz kucharze kucharzy kucharek kucharki lekarz lekarze lekarzy "
    "lekarki lekarek pielegniarka pielegniarki pielegniarek chirurg chirurdzy chirurgow "
    "dentysta dentysci dentystow mechanik mechanicy mechanikow malarz malarze malarzy hydraulik "
    "hydraulicy hydraulikow elektryk elektrycy elektrykow stolarz stolarze stolarzy murarz murarze "
    "murarzy krawiec krawcy krawcow krawcowa krawcowe krawcowych fryzjer fryzjerzy fryzjerow "
    "fryzjerka fryzjerki fryzjerek programista programisci programistow nauczyciel nauczyciele "
    "nauczycieli student studenci studentow studentka studentki studentek kierowca kierowcy "
    "kierowcow pomocnik pomocnicy pomocnikow fachowiec fachowcy fachowcow robotnik robotnicy "
    "robotnikow budowlaniec budowlancy budowlancow kolega koledzy kolegow sprzataczka sprzataczki "
    "sprzataczek magazynier magazynierzy magazynierow kelner kelnerzy kelnerow tester testerzy "
    "testerow inzynier inzynierowie inzynierow tlumacz tlumacze tlumaczy monterow wolontariusze "
    "wolontariuszy ";

std::string_view stem_of_plural(std::string_view f) {
  if (f.size() > 4 && f.ends_with("ies")) return f.substr(0, f.size() - 3);
  if (f.size() > 4 &&
      (f.ends_with("ches") || f.ends_with("shes") || f.ends_with("xes") || f.ends_with("sses")))
    return f.substr(0, f.size() - 2);
  if (f.size() > 3 && f.ends_with("s") && !f.ends_with("ss")) return f.substr(0, f.size() - 1);
  if (f.size() > 4 && f.ends_with("y")) return f.substr(0, f.size() - 1);
  return f;
}

bool same_noun(std::string_view a, std::string_view b, bool polish) {
  if (a == b) return true;
  return polish ? same_word(a, b) : stem_of_plural(a) == stem_of_plural(b);
}

bool is_polish_adjective(std::string_view f) {
  constexpr std::array<std::string_view, 12> kEndings = {
      "ych", "ich", "owe", "owa", "owy", "jne", "yjne", "skie", "ska", "czne", "lne", "wne"};
  return std::ranges::any_of(kEndings, [&](auto e) { return f.size() > 4 && f.ends_with(e); });
}

}  // namespace

bool Rewording::is_code(std::size_t at) const {
  return at < t_.size() && t_[at].kind == TokenKind::word && t_[at].folded.size() == 1 &&
         t_[at].capital && t_[at].folded != "i";
}

bool Rewording::is_noun(std::size_t at) const { return at < noun_at_.size() && noun_at_[at]; }

// The words after a count: unknown ones, and "-ing" words before an unknown one.
std::size_t Rewording::run_end(std::size_t at) const {
  std::size_t end = at;
  while (end < at + 3 && same_sentence(at, end) && t_[end].kind == TokenKind::word) {
    const bool participle = !polish_ && t_[end].folded.ends_with("ing") && unknown(end + 1) &&
                            same_sentence(at, end + 1);
    if (!unknown(end) && !participle) break;
    ++end;
  }
  return end;
}

std::size_t Rewording::head(std::size_t begin, std::size_t end, bool several) const {
  if (polish_) {
    const bool adjective = end > begin + 1 && is_polish_adjective(t_[begin].folded) &&
                           !has_word(kTrades, t_[begin].folded);
    return adjective ? begin + 1 : begin;
  }
  if (!several) return end - 1;
  for (std::size_t i = end; i-- > begin;) {
    if (t_[i].folded.ends_with("s") || has_word(kTrades, t_[i].folded)) return i;
  }
  return begin;
}

// "12 print jobs": words between a count and a known noun only describe it.
void Rewording::drop_descriptions() {
  for (std::size_t i = 0; i < t_.size() && !polish_; ++i) {
    const auto number = read_number(t_, i);
    if (!number || read_stretch(t_, i)) continue;
    const auto end = run_end(number->end);
    if (end > number->end && same_sentence(i, end) &&
        (is_task_noun(t_[end]) || is_machine_noun(t_[end]) || machine_type_at(t_, end)))
      for (auto k = number->end; k < end; ++k) replace(k, "");
  }
  drop_replaced();
}

void Rewording::counted_nouns() {
  for (std::size_t i = 0; i < t_.size(); ++i) {
    const auto number = read_number(t_, i);
    if (!number || !number->whole() || number->value < 1) continue;
    if (const auto stretch = read_stretch(t_, i)) {
      i = stretch->end - 1;
      continue;
    }
    const auto begin = number->end;
    const auto end = run_end(begin);
    const bool needed = i > 0 && word(i - 1, kNeeds);
    if (end > begin && !t_[begin].glued && !needed && !word(begin, kAmounts) &&
        nouns_.size() < kMostNouns) {
      const auto at = head(begin, end, number->value > 1);
      const bool known = std::ranges::any_of(
          nouns_, [&](const Noun& n) { return same_noun(n.word, t_[at].folded, polish_); });
      if (!known) nouns_.push_back({t_[at].folded, shown(begin, at + 1), i, begin, at + 1, {}});
    }
    i = number->end - 1;
  }
  for (auto& noun : nouns_) find_places_of(noun);
}

void Rewording::find_places_of(Noun& noun) {
  noun.at.clear();
  noun_at_.resize(t_.size());
  for (std::size_t i = 0; i < t_.size(); ++i) {
    if (t_[i].kind == TokenKind::word && same_noun(noun.word, t_[i].folded, polish_) && unknown(i))
      noun.at.push_back(i), noun_at_[i] = true;
  }
}

// "wydruk X ... wydruk Y", "room A, room B": a noun whose members have letters or numbers.
void Rewording::coded_nouns() {
  struct Seen {
    std::size_t at;
    std::string code;
  };
  std::vector<Seen> seen;
  for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
    const bool number =
        t_[i + 1].kind == TokenKind::number && t_[i + 1].decimals == 0 && !read_stretch(t_, i + 1);
    if (!unknown(i) || !same_sentence(i, i + 1) || t_[i + 1].glued) continue;
    if (is_code(i + 1) || number) seen.push_back({i, t_[i + 1].folded});
  }
  constexpr std::size_t kMostSeen = 200;
  if (seen.size() > kMostSeen) seen.resize(kMostSeen);
  for (const auto& s : seen) {
    const auto known = std::ranges::find_if(
        nouns_, [&](const Noun& n) { return same_noun(n.word, t_[s.at].folded, polish_); });
    const bool again = std::ranges::any_of(seen, [&](const Seen& o) {
      return o.code != s.code && same_noun(t_[o.at].folded, t_[s.at].folded, polish_);
    });
    if (known != nouns_.end()) known->named = true;
    if (known != nouns_.end() || !again || nouns_.size() >= kMostNouns) continue;
    Noun noun{t_[s.at].folded, shown(s.at, s.at + 1), kNone, s.at, s.at + 1, {}};
    noun.named = true;
    find_places_of(noun);
    nouns_.push_back(std::move(noun));
  }
}

// "each surgery takes 1 to 3 hours", "6 ciężarówek po 50 minut", "5 cars, each takes 2 hours".
std::optional<std::size_t> Rewording::duration_after(std::size_t at) const {
  constexpr std::size_t kFar = 9;
  for (std::size_t i = at + 1; i < std::min(at + kFar, t_.size()) && same_sentence(at, i); ++i) {
    if (mark(i, ",")) {
      if (word(i + 1, kEach) && !is_noun(i + 2) &&
          !(i + 2 < t_.size() && (is_task_noun(t_[i + 2]) || is_machine_noun(t_[i + 2]))))
        continue;
      if (word(i + 1, " po ")) continue;
      return std::nullopt;
    }
    if (word(i, kHours) || word(i, " cala cale caly przez around round ") || is_noun(i) ||
        is_task_noun(t_[i]) || is_machine_noun(t_[i]))
      return std::nullopt;
    if (i > at + 1 && word(i, " do by before after przed until ")) return std::nullopt;
    if (t_[i].kind == TokenKind::number && mark(i + 1, "-") && !read_stretch(t_, i)) {
      i += 2;  // "jobs 5-12 take 45 minutes"
      continue;
    }
    if (read_stretch(t_, i)) return i;
  }
  return std::nullopt;
}

bool Rewording::hours_follow(std::size_t at) const {
  std::size_t i = at + 1;
  const bool code = is_code(i);
  if (code || (i < t_.size() && t_[i].kind == TokenKind::number)) ++i;
  bool verb = false;
  for (std::size_t k = 0; k < 4 && i < t_.size() && same_sentence(at, i); ++k, ++i) {
    if (mark(i, ",")) return false;
    if (word(i, kHours)) verb = true;
    if ((verb || code) && (read_windows(t_, i) || (verb && read_clock(t_, i)))) return true;
  }
  return false;
}

bool Rewording::after_preposition(const Noun& noun) const {
  constexpr std::string_view kBefore =
      " in on at with using across na w przy przez pomiedzy miedzy by ";
  if (noun.number == kNone || noun.number == 0) return false;
  const auto at =
      word(noun.number - 1, " the our ") && noun.number > 1 ? noun.number - 2 : noun.number - 1;
  return word(at, kBefore);
}

void Rewording::weigh(Noun& noun) const {
  const bool per =
      std::ranges::any_of(noun.at, [&](std::size_t i) { return i > 0 && word(i - 1, " per "); });
  noun.task =
      per || std::ranges::any_of(noun.at, [&](auto i) { return duration_after(i).has_value(); });
  if (noun.task) return;
  const bool hours = std::ranges::any_of(noun.at, [&](auto i) { return hours_follow(i); });
  noun.person = has_word(kTrades, noun.word) && !noun.named;
  noun.machine = !noun.person && (hours || after_preposition(noun) || has_word(kTrades, noun.word));
}

bool Rewording::has_known(bool machines) const {
  for (std::size_t i = 0; i < t_.size(); ++i) {
    if (machines ? is_machine_noun(t_[i]) || machine_type_at(t_, i) ||
                       word(i,
                            " osoby osob osoba pracownikow pracownicy workers worker people "
                            "robotnikow operatorow operators ")
                 : is_task_noun(t_[i]))
      return true;
  }
  return false;
}

// What is left when all else has a role: the one thing that is counted and must be the other.
void Rewording::by_elimination() {
  const auto open = [](const Noun& n) { return !n.task && !n.machine && !n.person; };
  const auto any = [&](auto what) { return std::ranges::any_of(nouns_, what); };
  for (auto& noun : nouns_) {
    // "10 patients with 3 symptoms": where others are known to work, "with" says nothing
    const bool with = noun.machine && noun.number != kNone && noun.number > 0 &&
                      word(noun.number - 1, " with by ");
    if (with && any([&](const Noun& n) { return n.person || (n.machine && &n != &noun); }))
      noun.machine = false;
  }
  const auto left = std::ranges::count_if(nouns_, open);
  if (left != 1) return;
  const auto last = std::ranges::find_if(nouns_, open);
  if (last->number == kNone) return;
  // it stands where things are listed, not as the amount of something: "budget 500 crowns"
  const bool listed = last->number == 0 || !same_sentence(last->number - 1, last->number) ||
                      mark(last->number - 1, ",") || mark(last->number - 1, "\n") ||
                      word(last->number - 1, kListing);
  bool stretch = false;
  bool each = false;
  for (std::size_t i = 0; i < t_.size(); ++i) {
    if (const auto found = read_stretch(t_, i)) {
      stretch = true;
      each |= word(found->end, kEach) || (i > 0 && word(i - 1, kEach));
    }
  }
  const bool machines = has_known(true) || any([](const Noun& n) { return n.machine || n.person; });
  const bool tasks = has_known(false) || any([](const Noun& n) { return n.task; });
  if (!tasks && each) {
    last->task = true;
  } else if (!machines && stretch && listed) {
    last->machine = true;
  }
}

// "jedno pranie trwa godzinę": one stands for each where several are counted.
void Rewording::single_means_each(std::size_t at) {
  if (at > 0 && word(at - 1, " jeden jedna jedno one a an ") && same_sentence(at - 1, at))
    replace(at - 1, "each");
}

// Many or one: "zabiegi 1-3" and "zabieg 3 do 12:00" are read apart.
std::string_view Rewording::task_word(std::size_t at) const {
  const std::string& f = t_[at].folded;
  const bool coded =
      at + 1 < t_.size() &&
      (is_code(at + 1) || (t_[at + 1].kind == TokenKind::number && !read_stretch(t_, at + 1)));
  if (!coded) return "tasks";
  const bool many = polish_ ? f.ends_with("y") || f.ends_with("i") : f.ends_with("s");
  return many ? "tasks" : "task";
}

// "3 cakes and 2 pies: a cake takes 50 minutes, a pie 30": each length moves to its count. Only
// where nothing else is said of the kinds, since the rules know one kind of task.
void Rewording::split_kinds() {
  std::vector<Noun*> kinds;
  for (auto& noun : nouns_) {
    if (noun.task) kinds.push_back(&noun);
  }
  if (kinds.size() < 2 || has_known(false)) return;
  for (const auto* kind : kinds) {
    const bool only_lengths = std::ranges::all_of(kind->at, [&](std::size_t i) {
      return i < kind->run_end || duration_after(i).has_value();
    });
    if (kind->number == kNone || kind->named || kind->at.size() > 2 || !only_lengths) return;
  }
  for (auto* kind : kinds) {
    const auto last = kind->at.back();
    const auto from = *duration_after(last);
    const auto end = read_stretch(t_, from)->end;
    for (auto i = kind->run_begin; i < kind->run_end; ++i) replace(i, "");
    replace(kind->at[0], "tasks");
    if (last >= kind->run_end) {
      moved_.push_back({kind->run_end,
                        {t_.begin() + static_cast<std::ptrdiff_t>(from),
                         t_.begin() + static_cast<std::ptrdiff_t>(end)}});
      for (auto i = word(last - 1, " a an the each every kazdy kazda kazde jeden jedna jedno ")
                        ? last - 1
                        : last;
           i < end; ++i)
        replace(i, "");
    }
    roles_.tasks.push_back(shown(kind->number, kind->run_end));
    kind->task = false;
  }
}

// The lengths of kinds of task, to where each kind is counted.
void Rewording::move_lengths() {
  std::ranges::sort(moved_, std::greater{}, &Moved::to);
  for (auto& m : moved_) {
    for (auto& token : m.tokens) token.sentence = t_[m.to - 1].sentence;
    t_.insert(t_.begin() + static_cast<std::ptrdiff_t>(m.to), m.tokens.begin(), m.tokens.end());
  }
  moved_.clear();
}

void Rewording::give_role(const Noun& noun) {
  if (!noun.task && !noun.machine && !noun.person) return;
  // a word of the grammar names the tasks or machines already; two kinds of task stay apart
  const bool rival = std::ranges::any_of(nouns_, [&](const Noun& n) {
    return &n != &noun &&
           ((n.task && noun.task) || (n.person && noun.person) || (n.machine && noun.machine));
  });
  if (rival) return;
  if (noun.task && has_known(false) && noun.number != kNone) return;
  if (noun.machine && has_known(true)) return;
  if (noun.number != kNone) {
    for (auto i = noun.run_begin; i < noun.run_end; ++i) {
      if (std::ranges::find(noun.at, i) == noun.at.end()) replace(i, "");
    }
  }
  for (const auto i : noun.at) {
    if (noun.task) {
      // "a sample spins for 15 minutes": any verb between a task and its length means "takes"
      const auto length = duration_after(i).value_or(i);
      for (auto k = i + 1; k < length; ++k) {
        if (unknown(k)) replace(k, "");
      }
      if (i > noun.run_end) single_means_each(i);
      replace(i, task_word(i));
    } else if (noun.machine) {
      replace(i, "machine");
    } else {
      replace(i, polish_ ? "osoby" : "workers");
    }
  }
  (noun.task ? roles_.tasks : noun.machine ? roles_.machines : roles_.people).push_back(noun.shown);
}

}  // namespace therma::planner
