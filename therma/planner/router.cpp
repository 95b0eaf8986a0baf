// SPDX-License-Identifier: Apache-2.0
// Intents by structure: the leading verb, the objects it may act on, and the quantities around.
#include "therma/planner/router.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "therma/planner/formal_facts.hpp"
#include "therma/planner/formal_names.hpp"
#include "therma/planner/formalise.hpp"
#include "therma/planner/lexicon.hpp"
#include "therma/planner/units.hpp"

namespace therma::planner {
namespace {

// A verb counts in full where it leads the sentence and little elsewhere; an object counts always.
enum class Role : std::uint8_t { verb, object };

struct Row {
  Intent intent;
  Role role;
  double weight;
  std::string_view words;  // folded; a trailing * takes any ending
};

using enum Intent;
constexpr Row kRows[] = {
    {schedule, Role::verb, 1.5,
     "schedule zaplanuj* zaplanowac rozplanuj* rozplanowac ulozyc uloz harmonogramuj"},
    {schedule, Role::object, 1.2, "harmonogram* grafik* timetable gantt schedule rozklad"},
    {schedule, Role::object, 0.8,
     "zadan* zadani* zlecen* maszyn* stanowisk* task tasks job jobs machine machines makespan "
     "operacj* deadline* termin* shift shifts"},
    {plan, Role::verb, 1.0, "plan planuj zaplanuj*"},
    {plan, Role::object, 1.2,
     "goal* cel celu krok kroki krokow steps actions akcj* precondition* stan robota"},
    {allocate, Role::verb, 1.8,
     "allocate przydziel* rozdziel* assign distribute przypisz* pack spakuj zaladuj"},
    {allocate, Role::object, 1.0,
     "knapsack plecak* bin bins pojemnik* budzet* budget capacity zasob* resources quota "
     "kontener*"},
    {optimize, Role::verb, 1.5,
     "optimize optimise optymalizuj* maximize maximise maksymalizuj* minimize minimise "
     "minimalizuj* znajdz find"},
    {optimize, Role::object, 1.2,
     "function funkcj* minimum maximum maksimum parametr* parameter* variable* zmienn* objective"},
    {sample, Role::verb, 1.8, "sample probkuj* wylosuj* losuj* draw simulate symuluj*"},
    {sample, Role::object, 1.2,
     "samples probek probki ising spin* boltzmann* distribution rozklad* posterior chain"},
    {route, Role::verb, 1.5, "route deliver dostarcz* rozwiez objedz odwiedz* visit dowiez"},
    {route, Role::object, 1.3,
     "tras* route routes vehicle* pojazd* ciezarowk* truck* van vans miast* cities depot magazyn* "
     "klient* customer* kurier* courier* tsp vrp przesylk* paczek paczki"},
    {query, Role::verb, 2.2,
     "select show list count pokaz* wypisz* wyswietl* podaj ile what which who when where how why "
     "co kto kiedy gdzie jaki jaka jakie ktory describe explain fetch get wylistuj policz opisz "
     "sprawdz check czy is are does"},
    {query, Role::object, 1.0,
     "table tabel* row rows wiersz* database baza bazy kolumn* column* records rekord* users "
     "uzytkownik* balance saldo"},
    {execute, Role::verb, 2.2,
     "run execute uruchom* wykonaj* odpal* start stop kill restart zatrzymaj* zabij delete remove "
     "usun* rm ls cat grep ping traceroute curl wget ssh chmod cd mkdir cp mv ps top df du tail "
     "head find install zainstaluj apt git make python bash sudo"},
    {execute, Role::object, 0.8,
     "command polecen* script skrypt* process proces* file files plik* folder katalog* directory"},
    {deploy, Role::verb, 2.4,
     "deploy wdroz* rollback scale skaluj* publish opublikuj kubectl docker helm"},
    {deploy, Role::object, 1.0,
     "container* image obraz* pod pods cluster klaster* kubernetes production produkcj* release "
     "replik* namespace"},
    {transform, Role::verb, 2.2,
     "convert transform przeksztalc* zamien* konwertuj* translate przetlumacz* format sformatuj* "
     "parse sort posortuj* merge polacz encode decode"},
    {transform, Role::object, 0.8, "csv json xml yaml markdown uppercase lowercase pdf"},
};

constexpr std::array<std::string_view, 13> kNames = {
    "schedule", "allocate", "optimize",  "sample",  "plan", "route", "query",
    "execute",  "deploy",   "transform", "unknown", "",     ""};
constexpr std::array<std::string_view, 5> kDecisions = {"classic", "langevin", "hybrid", "clarify",
                                                        "reject"};
constexpr std::size_t kNumIntents = static_cast<std::size_t>(Intent::unknown);

bool row_has(std::string_view words, std::string_view folded) {
  for (std::size_t at = 0; at < words.size();) {
    const auto end = std::min(words.find(' ', at), words.size());
    const auto word = words.substr(at, end - at);
    if (word.back() == '*' ? folded.starts_with(word.substr(0, word.size() - 1)) : folded == word)
      return true;
    at = end + 1;
  }
  return false;
}

// Words before the leading verb that do not take its place: "please", "chcę", "can you".
bool is_prelude(std::string_view folded) {
  static constexpr std::array<std::string_view, 34> kPrelude = {
      "please", "prosze", "can",    "could", "you",       "i",          "want",  "to",     "need",
      "we",     "would",  "like",   "chce",  "chcialbym", "chcialabym", "musze", "trzeba", "mi",
      "mam",    "help",   "me",     "pomoz", "hi",        "hello",      "hey",   "czesc",  "dzien",
      "dobry",  "moge",   "mozesz", "id",    "lets",      "let",        "us"};
  return std::ranges::find(kPrelude, folded) != kPrelude.end();
}

using Scores = std::array<double, kNumIntents>;

std::size_t leading_word(std::span<const Token> tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == TokenKind::word && !is_prelude(tokens[i].folded)) return i;
  }
  return tokens.size();
}

// Each row counts once as an object, so that repeating a word proves nothing.
Scores word_scores(std::span<const Token> tokens) {
  Scores scores{};
  const auto lead = leading_word(tokens);
  for (const auto& row : kRows) {
    double best = 0.0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].kind != TokenKind::word || !row_has(row.words, tokens[i].folded)) continue;
      const bool verb = row.role == Role::verb;
      if (!verb && i == lead) continue;
      best = std::max(best, verb && i != lead ? 0.15 * row.weight : row.weight);
    }
    scores[static_cast<std::size_t>(row.intent)] += best;
  }
  return scores;
}

// Counted tasks and machines, or tasks with a length: what only a scheduling text has together.
double schedule_structure(std::string_view text, const std::vector<Token>& original) {
  const Reworded reworded = reword(text, original, grammar());
  const auto& tokens = reworded.tokens;
  bool duration = false;
  bool task = false;
  bool machine = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    duration |= (tokens[i].kind == TokenKind::number || is_number_word(tokens[i].folded)) &&
                read_stretch(tokens, i).has_value();
    task |= is_task_noun(tokens[i]);
    machine |= is_machine_noun(tokens[i]) || machine_type_at(tokens, i).has_value();
    machine |= !reworded.roles.people.empty();
  }
  if (!duration && !(task && machine)) return 0.0;
  const Names names = discover_names(text, reworded, grammar());
  task |= !names.tasks.empty();
  return 1.2 * (static_cast<int>(duration) + static_cast<int>(task) + static_cast<int>(machine)) -
         1.0;
}

// SELECT ... FROM and its kin.
double statement_structure(std::span<const Token> tokens) {
  static constexpr std::array<std::string_view, 5> kOpen = {"select", "insert", "update", "delete",
                                                            "with"};
  static constexpr std::array<std::string_view, 4> kInside = {"from", "into", "set", "where"};
  if (tokens.empty() || std::ranges::find(kOpen, tokens[0].folded) == kOpen.end()) return 0.0;
  const bool inside = std::ranges::any_of(
      tokens, [](const Token& t) { return std::ranges::find(kInside, t.folded) != kInside.end(); });
  return inside ? 2.0 : 0.0;
}

// Evidence against the rest: 0.8 stands for what the tables do not know.
double confidence(double best, double second) { return best / (best + second + 0.8); }

}  // namespace

std::string_view name(Intent intent) noexcept { return kNames[static_cast<std::size_t>(intent)]; }
std::string_view name(Decision decision) noexcept {
  return kDecisions[static_cast<std::size_t>(decision)];
}

Route route(std::string_view text) {
  Route out;
  const auto tokens = tokenise(text.substr(0, std::min(text.size(), kLongestText)));
  out.language = detect_language(tokens, text);
  Scores scores = word_scores(tokens);
  scores[static_cast<std::size_t>(schedule)] +=
      schedule_structure(text.substr(0, kLongestText), tokens);
  scores[static_cast<std::size_t>(query)] += statement_structure(tokens);
  const auto best = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
  if (scores[best] <= 0.0) {
    out.decision = Decision::reject;
    return out;
  }
  out.intent = static_cast<Intent>(best);
  Scores others = scores;
  others[best] = 0.0;
  out.confidence = confidence(scores[best], *std::ranges::max_element(others));
  if (out.confidence < 0.5) {
    out.decision = Decision::clarify;
  } else if (!is_thermodynamic(out.intent)) {
    out.decision = Decision::classic;
  } else {
    if (out.intent == schedule) {
      const auto result = formalise(text, out);
      if (const auto* formal = std::get_if<Formal>(&result))
        out.complexity = schedule_complexity(formal->problem);
    }
    constexpr double kHard = 0.7;
    out.decision = out.complexity > kHard ? Decision::langevin : Decision::hybrid;
  }
  return out;
}

double complexity(double log10_states, double tied_share) {
  return std::clamp(1.0 - std::exp(-log10_states / 30.0) + 0.2 * (tied_share - 0.5), 0.0, 1.0);
}

double schedule_log10_states(std::size_t num_tasks, std::size_t num_machines) {
  const auto n = static_cast<double>(num_tasks);
  const double assignments = n * std::log10(std::max(1.0, static_cast<double>(num_machines)));
  return assignments + std::lgamma(n + 1.0) / std::log(10.0);
}

double schedule_tied_share(const Json& problem) {
  const Json& tasks = problem.at("tasks");
  const std::size_t n = tasks.size();
  if (n < 2) return 0.0;
  // Tasks with the same machines and resources are alike: pairs are counted by kind.
  struct Kind {
    std::set<std::string> machines;  // empty: all
    std::set<std::string> resources;
    double count = 0;
  };
  std::map<std::pair<std::set<std::string>, std::set<std::string>>, std::size_t> index;
  std::vector<Kind> kinds;
  std::map<std::string, std::size_t> kind_of;
  for (const auto& task : tasks) {
    Kind kind;
    if (task.contains("machines")) {
      for (const auto& m : task["machines"]) kind.machines.insert(m.get<std::string>());
    }
    if (task.contains("demand")) {
      for (const auto& [resource, amount] : task["demand"].items()) kind.resources.insert(resource);
    }
    const auto [found, is_new] = index.try_emplace({kind.machines, kind.resources}, kinds.size());
    if (is_new) kinds.push_back(kind);
    ++kinds[found->second].count;
    kind_of[task.at("id").get<std::string>()] = found->second;
  }
  const auto meet = [](const auto& a, const auto& b) {
    return std::ranges::any_of(a, [&](const auto& x) { return b.contains(x); });
  };
  const auto tied = [&](const Kind& a, const Kind& b) {
    return a.machines.empty() || b.machines.empty() || meet(a.machines, b.machines) ||
           meet(a.resources, b.resources);
  };
  double pairs = 0.0;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    pairs += kinds[i].count * (kinds[i].count - 1) / 2;
    for (std::size_t j = i + 1; j < kinds.size(); ++j) {
      if (tied(kinds[i], kinds[j])) pairs += kinds[i].count * kinds[j].count;
    }
  }
  std::set<std::pair<std::string, std::string>> ordered;
  for (const auto& order : problem.value("precedence", Json::array())) {
    auto a = order.at("before").get<std::string>();
    auto b = order.at("after").get<std::string>();
    const auto& ka = kinds[kind_of.at(a)];
    const auto& kb = kinds[kind_of.at(b)];
    if (&ka != &kb && !tied(ka, kb) && ordered.emplace(std::min(a, b), std::max(a, b)).second)
      ++pairs;
  }
  const auto count = static_cast<double>(n);
  return pairs / (count * (count - 1) / 2);
}

double schedule_complexity(const Json& problem) {
  const auto num_tasks = problem.at("tasks").size();
  return complexity(schedule_log10_states(num_tasks, problem.at("machines").size()),
                    schedule_tied_share(problem));
}

}  // namespace therma::planner
