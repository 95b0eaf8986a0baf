// SPDX-License-Identifier: Apache-2.0
// The word tables of both languages; all entries are folded.
#include "therma/planner/lexicon.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

namespace therma::planner {
namespace {

constexpr std::string_view kPolishFillers =
    "zaplanuj zaplanowac rozplanuj planuj uloz ulozyc utworz stworz przygotuj zrob zrobic "
    "zrobienia "
    "wykonac wykonania wykonaj rozloz rozdziel przydziel harmonogram harmonogramu grafik plan "
    "planu "
    "rozklad prosze mi nam mnie moj moja moje mam mamy masz maja miec ma sa jest byc bedzie beda "
    "to "
    "ze aby zeby by musi musza moze moga powinno powinna powinny powinien nalezy trzeba chce "
    "chcemy "
    "chcialbym chcialabym potrzebuje potrzebujemy sie oraz a i w we z ze na dla ktore ktora ktory "
    "ktorych ono ona one oni je jego jej ich ten ta te tego tej tym tych takze tez rowniez juz "
    "nasz "
    "nasza nasze czyli przy do czym gdzie bardzo tak dobrze dzien dobry czesc hej witam dzisiaj "
    "dzis "
    "pomoz nastepujace nastepujacy ponizsze lacznie razem ogolem sztuk dostepne miec wszystkie u "
    "zatem "
    "mozna wolno bedziemy wiec ale natomiast zas jak o dziekuje dzieki pozdrawiam";
constexpr std::string_view kEnglishFillers =
    "schedule plan make create build arrange organize organise prepare please me us my our we i "
    "you "
    "have has got need needs to do be is are was will would should must can could may might shall "
    "the a "
    "an of for on in at and with that which who it its they them their this these those there here "
    "also too so just hello hi hey thanks thank want like id ill weve ive lets let s perform run "
    "out up get following total altogether today timetable work plan shop workshop given but while "
    "whereas however then as well";

struct Type {
  std::string_view name;
  std::string_view stems;  // a trailing * takes any ending
};

constexpr Type kMachineTypes[] = {
    {"tokarka", "tokark* tokarek tokarce"},
    {"frezarka", "frezark* frezarek frezarce"},
    {"wiertarka", "wiertark* wiertarek wiertarce"},
    {"szlifierka", "szlifierk* szlifierek szlifierce"},
    {"drukarka", "drukark* drukarek drukarce"},
    {"spawarka", "spawark* spawarek spawarce"},
    {"pakowarka", "pakowark* pakowarek pakowarce"},
    {"lakiernia", "lakierni*"},
    {"wtryskarka", "wtryskark* wtryskarek wtryskarce"},
    {"prasa", "prasa prasy prase prasie prasach pras prasami"},
    {"pilarka", "pilark* pilarek pilarce"},
    {"piła", "pila pile pily pilach pil"},
    {"piec", "piec piece piecu piecow piecach piecem pieca"},
    {"laser", "laser lasera laserze lasery laserow laserach lasers"},
    {"linia", "linia linie linii liniach lini"},
    {"suszarka", "suszark* suszarek suszarce"},
    {"serwer", "serwer serwera serwery serwerze serwerow serwerach"},
    {"kombajn", "kombajn kombajny kombajnie kombajnow kombajnach"},
    {"robot", "robot robots roboty robotow robota robotem robocie robotach"},
    {"lathe", "lathe lathes"},
    {"mill", "mill mills"},
    {"milling machine", "miller millers"},
    {"drill", "drill drills"},
    {"press", "press presses"},
    {"saw", "saw saws"},
    {"oven", "oven ovens"},
    {"furnace", "furnace furnaces"},
    {"grinder", "grinder grinders"},
    {"welder", "welder welders"},
    {"printer", "printer printers"},
    {"cutter", "cutter cutters"},
    {"line", "line lines"},
    {"server", "server servers"},
    {"kiln", "kiln kilns"},
    {"dryer", "dryer dryers drier"},
    {"router", "router routers"},
    {"bench", "bench benches"},
    {"booth", "booth booths"},
    {"stove", "stove stoves"},
    {"grill", "grill grills"},
    {"mixer", "mixer mixers"},
    {"dishwasher", "dishwasher dishwashers"},
    {"microscope", "microscope microscopes"},
    {"scanner", "scanner scanners"},
    {"kuchenka", "kuchenk* kuchenek kuchence"},
    {"zmywarka", "zmywark* zmywarek zmywarce"},
    {"mikroskop", "mikroskop*"},
};

constexpr Type kResourceTypes[] = {
    {"pracownicy", "pracownik* pracownic* robotnik* robotnic*"},
    {"operatorzy", "operatorow operatora operatorzy operatorami operatorem"},
    {"osoby", "osoba osoby osob osobe osobami ludzi"},
    {"monterzy", "monter*"},
    {"spawacze", "spawacz*"},
    {"wózki", "wozek wozki wozkow wozka"},
    {"suwnice", "suwnic*"},
    {"technicy", "technik technicy technikow technika"},
    {"workers", "worker workers workmen workman staff employees employee"},
    {"operators", "operator operators"},
    {"people", "people person persons"},
    {"forklifts", "forklift forklifts"},
    {"cranes", "crane cranes"},
    {"technicians", "technician technicians"},
    {"welders", "weldors"},
    {"GPU", "gpu gpus"},
    {"CPU", "cpu cpus rdzeni rdzenie rdzen cores core"},
    {"GB", "gb gigabajt* gigabyte*"},
    {"MB", "mb megabyte*"},
    {"kW", "kw kilowat*"},
    {"palety", "palet palety palete"},
    {"licences", "licence licences license licenses"},
};

// What may stand after a common stem; sorted by nothing, searched whole.
constexpr std::string_view kEndings =
    " a e y i o u ie ia iu em om ow ami ach am anie ania aniu aniem eniem enie enia eniu niem nie "
    "nia niu cie "
    "cia ciu ciem ka ki ke ce kach kami kom ek iem iami iach iom im ym ego ej emu owi s es ed ing "
    "er d "
    "n an en ac ic owac uje owanie owania owaniu owaniem ji ja je jach jami jom osci sci ";

template <class Visit>
void each_word(std::string_view words, Visit&& visit) {
  for (std::size_t at = 0; at < words.size();) {
    const auto end = std::min(words.find(' ', at), words.size());
    if (end > at) visit(words.substr(at, end - at));
    at = end + 1;
  }
}

using WordSet = std::unordered_set<std::string_view>;
WordSet set_of(std::string_view words) {
  WordSet out;
  each_word(words, [&](std::string_view w) { out.insert(w); });
  return out;
}
const WordSet& polish() {
  static const WordSet words = set_of(kPolishFillers);
  return words;
}
const WordSet& english() {
  static const WordSet words = set_of(kEnglishFillers);
  return words;
}

std::optional<std::string_view> find_type(std::span<const Type> types, std::string_view folded) {
  for (const auto& type : types) {
    bool found = false;
    each_word(type.stems, [&](std::string_view w) {
      found |= w.back() == '*' ? folded.starts_with(w.substr(0, w.size() - 1)) : folded == w;
    });
    if (found) return type.name;
  }
  return std::nullopt;
}

bool is_ending(std::string_view rest) {
  if (rest.empty()) return true;
  return has_word(kEndings, rest);
}

}  // namespace

bool is_filler(std::string_view folded) {
  return polish().contains(folded) || english().contains(folded);
}

bool is_passed_over(std::string_view folded) {
  constexpr std::array<std::string_view, 10> kPrepositions = {"do", "na",  "on",  "at", "w",
                                                              "in", "for", "dla", "o",  "with"};
  return is_filler(folded) && std::ranges::find(kPrepositions, folded) == kPrepositions.end();
}

std::optional<std::string_view> machine_type(std::string_view folded) {
  return find_type(kMachineTypes, folded);
}

std::optional<std::string_view> resource_type(std::string_view folded) {
  return find_type(kResourceTypes, folded);
}

bool same_word(std::string_view a, std::string_view b) {
  if (a == b) return true;
  constexpr std::size_t kShortestStem = 3;
  std::size_t common = 0;
  while (common < a.size() && common < b.size() && a[common] == b[common]) ++common;
  // The cut may lie before the last common letters: "obrobk-a", "obrob-ce" share "obrob".
  for (std::size_t cut = common; cut + 2 >= common && cut >= kShortestStem; --cut) {
    if (is_ending(a.substr(cut)) && is_ending(b.substr(cut))) return true;
  }
  return false;
}

std::string_view detect_language(std::span<const Token> tokens, std::string_view text) {
  constexpr std::string_view kPolishStems[] = {
      "zada",  "maszyn", "godzin",  "minut", "trwa",  "kazd", "pracow", "najp", "potem",
      "tylko", "zlece",  "wszystk", "dwie",  "dwoch", "trzy", "czter",  "jedn", "przed"};
  constexpr std::string_view kEnglishStems[] = {"task", "job",    "machine", "hour",   "minute",
                                                "take", "each",   "every",   "before", "after",
                                                "only", "finish", "worker"};
  const auto starts = [](std::span<const std::string_view> stems, std::string_view word) {
    return std::ranges::any_of(stems, [&](auto s) { return word.starts_with(s); });
  };
  int balance = 0;
  for (const auto& token : tokens) {
    if (token.kind != TokenKind::word || token.folded.size() < 2) continue;
    balance += (token.folded == "po" || polish().contains(token.folded) ||
                starts(kPolishStems, token.folded))
                   ? 1
                   : 0;
    balance -= (english().contains(token.folded) || starts(kEnglishStems, token.folded)) ? 1 : 0;
    // Letters that only Polish among the two has.
    const auto original = text.substr(token.span.begin, token.span.end - token.span.begin);
    balance += fold(original).size() != original.size() ? 2 : 0;
  }
  return balance > 0 ? "pl" : "en";
}

}  // namespace therma::planner
