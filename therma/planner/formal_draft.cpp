// SPDX-License-Identifier: Apache-2.0
// Resolution: who is meant by each fact, and what the facts together say about tasks and machines.
#include "therma/planner/formal_draft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "therma/planner/lexicon.hpp"

namespace therma::planner {
namespace {

using enum FactKind;
using Indices = std::vector<std::size_t>;

class Drafting {
 public:
  Drafting(const Context& c, const Reader& read, std::string_view language)
      : c_(c), facts_(read.facts), read_(read), language_(language) {}

  std::variant<Draft, Clarify> run() {
    make_tasks();
    make_machines();
    if (!need_.empty()) check_unread_before_needs();
    if (!question_) check_unread();
    if (!question_) durations();
    if (!question_)
      for (const auto& fact : facts_) apply(fact);
    if (!question_) resources();
    if (!question_ && !need_.empty()) ask_needs();
    if (question_) return *question_;
    general_assumptions();
    return std::move(draft_);
  }

 private:
  // --- questions ---------------------------------------------------------------------------------
  void ask(std::string missing, const Bilingual& message) {
    if (!question_) question_ = Clarify{{std::move(missing)}, message.in(language_)};
  }
  void need(std::string missing, Bilingual noun) {
    need_.emplace_back(std::move(missing), std::move(noun));
  }
  void assume(Bilingual sentence) { draft_.assumptions.push_back(std::move(sentence)); }
  bool polish() const { return language_ == "pl"; }

  std::string quote(Span span) const {
    constexpr std::size_t kLongest = 80;
    std::size_t size = std::min(span.end - span.begin, kLongest);
    const auto continues = [&](std::size_t at) {
      return at < c_.text.size() && (static_cast<unsigned char>(c_.text[at]) & 0xC0U) == 0x80U;
    };
    while (size > 0 && size < span.end - span.begin && continues(span.begin + size)) --size;
    const auto part = c_.text.substr(span.begin, size);
    std::string out;
    for (const char ch : part) out += static_cast<unsigned char>(ch) < ' ' ? ' ' : ch;
    return polish() ? fmt::format("„{}”", out) : fmt::format("“{}”", out);
  }

  void ask_needs() {
    Clarify out;
    std::string list;
    for (std::size_t i = 0; i < need_.size(); ++i) {
      out.missing.push_back(need_[i].first);
      if (i > 0) list += i + 1 == need_.size() ? (polish() ? " i " : " and ") : ", ";
      list += need_[i].second.in(language_);
    }
    out.message = polish() ? fmt::format("Brakuje: {}.", list) : fmt::format("Missing: {}.", list);
    question_ = std::move(out);
  }

  // A text without tasks or machines is asked about those, not about each word of it.
  void check_unread_before_needs() {
    if (draft_.tasks.empty()) ask_needs();
  }
  void check_unread() {
    if (read_.unread.empty()) return;
    const auto part = quote(read_.unread.front());
    ask("unread",
        {fmt::format("Nie rozumiem fragmentu {}; powiedz to inaczej albo pomiń.", part),
         fmt::format("I did not understand {}; please say it in other words or leave it out.",
                     part)});
  }

  // --- tasks -------------------------------------------------------------------------------------
  struct Group {
    double count;
    bool part = true;  // its tasks are [first, first + count)
    std::size_t first = 0;
  };

  void make_tasks() {
    std::vector<bool> plain;
    for (const auto& fact : facts_) {
      if (fact.kind != task_group && fact.kind != task_count) continue;
      groups_.push_back({fact.number->value});
      plain.push_back(fact.kind == task_count);
      if (!fact.number->whole() || fact.number->value < 1) return ask_count(fact.span);
      total_ += fact.number->value;
    }
    if (groups_.empty() && c_.names.tasks.empty()) total_ = highest_number();
    const bool leads = !plain.empty() && plain[0] && groups_.size() > 1 &&
                       total_ - groups_[0].count <= groups_[0].count;
    if (leads) {
      total_ = groups_[0].count;
      groups_[0].part = false;
    } else if (groups_.size() == 1) {
      groups_[0].part = true;
    }
    if (total_ > static_cast<double>(kMostTasks)) return ask_limit();
    place_groups();
  }

  // "task 1: 2h, task 2: 4h" without a count: as many tasks as the highest number with a duration.
  double highest_number() const {
    std::size_t highest = 0;
    for (const auto& fact : facts_) {
      if (fact.kind != duration && fact.kind != duration_bare && fact.kind != durations_each)
        continue;
      for (const auto& ref : fact.tasks) {
        if (ref.kind == RefKind::number) highest = std::max(highest, ref.index);
      }
    }
    return static_cast<double>(highest);
  }

  void ask_count(Span span) {
    ask("tasks", {fmt::format("Liczba zadań w {} musi być całkowita i dodatnia.", quote(span)),
                  fmt::format("The number of tasks in {} must be a whole number of at least 1.",
                              quote(span))});
  }
  void ask_limit() {
    ask("limit", {fmt::format("To wydanie planuje najwyżej {} zadań i {} maszyn.", kMostTasks,
                              kMostMachines),
                  fmt::format("This release plans at most {} tasks and {} machines.", kMostTasks,
                              kMostMachines)});
  }

  void place_groups() {
    const auto& names = c_.names.tasks;
    const auto counted = static_cast<std::size_t>(total_);
    const bool has_groups =
        std::ranges::any_of(facts_, [](const Fact& f) { return f.kind == task_group; });
    if (!names.empty() && !has_groups && counted > 0 && counted != names.size()) {
      return ask("tasks", {fmt::format("Mowa o {} zadaniach, a nazwanych jest {}: {}.", counted,
                                       names.size(), listed(names)),
                           fmt::format("The text counts {} tasks but names {}: {}.", counted,
                                       names.size(), listed(names))});
    }
    for (const auto& name : names) add_task(name.id);
    named_end_ = names.size();
    if (!names.empty() && !has_groups) {
      for (auto& g : groups_) g.part = false;
      return finish_tasks();
    }
    const bool leading_total = !groups_.empty() && !groups_[0].part;
    std::size_t next = leading_total && !names.empty() ? 0 : names.size();
    const std::size_t extra =
        leading_total && counted >= names.size() ? counted - names.size() : counted;
    for (std::size_t i = 0; i < extra; ++i) add_task(std::to_string(i + 1));
    next = names.size();
    for (auto& g : groups_) {
      if (!g.part) continue;
      g.first = next;
      next += static_cast<std::size_t>(g.count);
    }
    if (next > draft_.tasks.size()) {
      return ask("tasks", {"Liczby zadań się nie zgadzają.", "The counts of tasks do not add up."});
    }
    finish_tasks();
  }

  static std::string listed(const std::vector<Name>& names) {
    std::string out;
    for (std::size_t i = 0; i < names.size() && i < 8; ++i)
      out += fmt::format("{}{}", i > 0 ? ", " : "", names[i].id);
    return names.size() > 8 ? out + ", …" : out;
  }

  void add_task(std::string id) {
    draft_.tasks.emplace_back();
    draft_.tasks.back().id = std::move(id);
  }
  void finish_tasks() {
    if (draft_.tasks.empty())
      need("tasks", {"zadania: ile ich jest albo jak się nazywają",
                     "the tasks: how many there are, or their names"});
  }

  // --- machines ----------------------------------------------------------------------------------
  void make_machines() {
    double counted = 0;
    for (const auto& fact : facts_) {
      if (fact.kind != machine_count) continue;
      if (!fact.number->whole() || fact.number->value < 1) {
        return ask("machines", {"Liczba maszyn musi być całkowita i dodatnia.",
                                "The number of machines must be a whole number of at least 1."});
      }
      if (counted > 0 && counted != fact.number->value) {
        return ask(
            "machines",
            {fmt::format("Ile jest maszyn: {} czy {}?", counted, fact.number->value),
             fmt::format("How many machines are there: {} or {}?", counted, fact.number->value)});
      }
      counted = fact.number->value;
    }
    if (counted > static_cast<double>(kMostMachines)) return ask_limit();
    named_machines(static_cast<std::size_t>(counted));
    if (draft_.machines.size() > kMostMachines) return ask_limit();
  }

  void add_machine(std::string id) {
    draft_.machines.emplace_back();
    draft_.machines.back().id = std::move(id);
  }

  void named_machines(std::size_t counted) {
    const auto& names = c_.names.machines;
    if (complete_scheme(counted)) return;
    for (const auto& name : names) {
      machine_of_name_.push_back(draft_.machines.size());
      add_machine(name.id);
    }
    for (const auto& kind : c_.names.kinds) {
      first_of_kind_.push_back(draft_.machines.size());
      if (draft_.machines.size() + kind.count > kMostMachines) return ask_limit();
      for (std::size_t i = 0; i < kind.count; ++i) {
        add_machine(kind.count == 1 ? kind.id : fmt::format("{} {}", kind.id, i + 1));
      }
    }
    if (draft_.machines.empty()) {
      for (std::size_t i = 0; i < counted; ++i) add_machine(fmt::format("M{}", i + 1));
    }
    if (counted > 0 && counted != draft_.machines.size()) {
      return ask("machines", {fmt::format("Mowa o {} maszynach, a nazwanych jest {}.", counted,
                                          draft_.machines.size()),
                              fmt::format("The text counts {} machines but names {}.", counted,
                                          draft_.machines.size())});
    }
    if (draft_.machines.empty() && !workers_as_machines()) {
      need("machines", {"liczba maszyn albo ich nazwy", "the number of machines, or their names"});
    }
  }

  // Letters or numbered codes of which only some are named: A and C of three are A, B, C.
  bool complete_scheme(std::size_t counted) {
    const auto& names = c_.names.machines;
    if (names.empty() || names.size() >= counted || !c_.names.kinds.empty()) return false;
    Indices at;
    std::string prefix;
    for (const auto& name : names) {
      const std::string& id = name.id;
      const auto digit = id.find_first_of("0123456789");
      std::size_t index = 0;
      if (id.size() == 1 && id[0] >= 'A' && id[0] <= 'Z') {
        index = static_cast<std::size_t>(id[0] - 'A');
      } else if (digit != std::string::npos && digit > 0 && id.size() - digit < 5 &&
                 id.find_first_not_of("0123456789", digit) == std::string::npos) {
        index = static_cast<std::size_t>(std::stoul(id.substr(digit))) - 1;
        prefix = id.substr(0, digit);
      } else {
        return false;
      }
      if (index >= counted) return false;
      at.push_back(index);
    }
    if (prefix.empty() && counted > 26) return false;
    machine_of_name_ = at;
    for (std::size_t i = 0; i < counted; ++i) {
      add_machine(prefix.empty() ? std::string(1, static_cast<char>('A' + i))
                                 : prefix + std::to_string(i + 1));
    }
    assume(
        {fmt::format("Nienazwane maszyny dostały kolejne nazwy, do {}.", draft_.machines.back().id),
         fmt::format("Machines without a name got the next names, up to {}.",
                     draft_.machines.back().id)});
    return true;
  }

  // "two workers" without machines: each worker does one task at a time.
  bool workers_as_machines() {
    static constexpr std::string_view kPeople[] = {
        "pracownicy", "operatorzy", "osoby",     "monterzy", "spawacze",
        "technicy",   "workers",    "operators", "people",   "technicians"};
    const Fact* found = nullptr;
    for (const auto& fact : facts_) {
      if (fact.kind == demand) return false;
      if (fact.kind != capacity) continue;
      const auto& id = c_.names.resources[fact.resource].id;
      if (std::ranges::find(kPeople, id) == std::end(kPeople) || found != nullptr) return false;
      found = &fact;
    }
    if (found == nullptr || !found->number->whole() || found->number->value < 1 ||
        found->number->value > static_cast<double>(kMostMachines))
      return false;
    const auto n = static_cast<std::size_t>(found->number->value);
    for (std::size_t i = 0; i < n; ++i)
      add_machine(fmt::format("{} {}", polish() ? "osoba" : "worker", i + 1));
    assume({"Tekst nie wymienia maszyn: każda osoba wykonuje naraz jedno zadanie.",
            "The text names no machines: each worker does one task at a time."});
    workers_are_machines_ = true;
    return true;
  }

  // --- references --------------------------------------------------------------------------------
  Indices tasks_of(const Refs& refs) {
    Indices out;
    for (const auto& ref : refs) {
      switch (ref.kind) {
        case RefKind::named:
          out.push_back(ref.index);
          break;
        case RefKind::number:
          add_numbered(ref, out);
          break;
        case RefKind::group:
          add_group(ref.index, out);
          break;
        case RefKind::rest:
          for (const auto i : rest_) out.push_back(i);
          break;
        default:
          for (std::size_t i = 0; i < draft_.tasks.size(); ++i) out.push_back(i);
      }
    }
    std::set<std::size_t> seen;
    std::erase_if(out, [&](std::size_t i) { return !seen.insert(i).second; });
    return out;
  }

  void add_numbered(const Ref& ref, Indices& out) {
    const std::size_t named = named_end_;
    const bool by_name = named == draft_.tasks.size();
    const std::size_t most = by_name ? named : draft_.tasks.size() - named;
    const std::size_t number = ref.index == 0 ? most : ref.index;
    if (number < 1 || number > most) {
      ask("task",
          {fmt::format("Nie ma zadania {}: zadań jest {}.", quote(ref.span), most),
           fmt::format("There is no task {}: the text has {} tasks.", quote(ref.span), most)});
      return;
    }
    out.push_back(by_name ? number - 1 : named + number - 1);
  }

  void add_group(std::size_t index, Indices& out) {
    const Group& g = groups_[index];
    const std::size_t first = g.part ? g.first : 0;
    const std::size_t end =
        g.part ? g.first + static_cast<std::size_t>(g.count) : draft_.tasks.size();
    for (std::size_t i = first; i < std::min(end, draft_.tasks.size()); ++i) out.push_back(i);
  }

  Indices machines_of(const Refs& refs) {
    Indices out;
    for (const auto& ref : refs) {
      if (ref.kind == RefKind::named) {
        out.push_back(machine_of_name_[ref.index]);
      } else if (ref.kind == RefKind::type) {
        const auto kind = ref.index & 0xFFFFFFFFU;
        const auto number = ref.index >> 32;
        for (std::size_t i = 0; i < c_.names.kinds[kind].count; ++i) {
          if (number == 0 || number == i + 1) out.push_back(first_of_kind_[kind] + i);
        }
      } else if (ref.kind == RefKind::number) {
        if (ref.index < 1 || ref.index > draft_.machines.size()) {
          ask("machine", {fmt::format("Nie ma maszyny {}: maszyn jest {}.", quote(ref.span),
                                      draft_.machines.size()),
                          fmt::format("There is no machine {}: the text has {} machines.",
                                      quote(ref.span), draft_.machines.size())});
        } else {
          out.push_back(ref.index - 1);
        }
      } else {
        for (std::size_t i = 0; i < draft_.machines.size(); ++i) out.push_back(i);
      }
    }
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
  }

  static bool is_general(const Refs& refs) {
    return std::ranges::any_of(refs, [](const Ref& r) { return r.kind == RefKind::all; });
  }

  // --- durations ---------------------------------------------------------------------------------
  static bool same(const Stretch& a, const Stretch& b) {
    return a.low.seconds == b.low.seconds && a.high.seconds == b.high.seconds;
  }

  void set_duration(std::size_t task, const Stretch& stretch) {
    auto& slot = draft_.tasks[task].duration;
    if (slot && !same(*slot, stretch)) {
      return ask("conflict",
                 {fmt::format("Zadanie {} ma dwa różne czasy trwania.", draft_.tasks[task].id),
                  fmt::format("Task {} has two different durations.", draft_.tasks[task].id)});
    }
    slot = stretch;
  }

  // Own durations first; then "the rest"; then "each".
  void durations() {
    std::optional<Stretch> unit_from;
    for (const auto& fact : facts_) {
      if (fact.kind == task_group || fact.kind == duration) unit_from = fact.dur;
      if (fact.kind == task_group) {
        for (const auto i : tasks_of({{RefKind::group, fact.group, {}}}))
          set_duration(i, *fact.dur);
      }
      if (fact.kind == chain_then && fact.dur) {
        for (const auto i : tasks_of(fact.tasks)) set_duration(i, *fact.dur);
      }
      if (fact.kind == durations_each) each_duration(fact);
      if (fact.kind == duration_bare) bare_duration(fact, unit_from);
      if (fact.kind != duration || is_general(fact.tasks) || is_rest(fact.tasks) || fact.no_subject)
        continue;
      if (is_counted_total(fact)) continue;
      for (const auto i : tasks_of(fact.tasks)) set_duration(i, *fact.dur);
    }
    unclear_lags();
    rest_.clear();
    for (std::size_t i = 0; i < draft_.tasks.size(); ++i) {
      if (!draft_.tasks[i].duration) rest_.push_back(i);
    }
    general_durations();
    missing_durations();
  }

  static bool is_rest(const Refs& refs) { return !refs.empty() && refs[0].kind == RefKind::rest; }

  // "10 zadań ... trwa 2h": the subject is the whole count, so single tasks may differ.
  bool is_counted_total(const Fact& fact) const {
    return fact.tasks.size() == 1 && fact.tasks[0].kind == RefKind::group &&
           !groups_[fact.tasks[0].index].part;
  }

  void general_durations() {
    std::optional<Stretch> general;
    for (const auto& fact : facts_) {
      if (fact.kind != duration) continue;
      if (!is_general(fact.tasks) && !is_rest(fact.tasks) && !fact.no_subject &&
          !is_counted_total(fact))
        continue;
      if (general && !same(*general, *fact.dur)) {
        return ask("conflict", {"Tekst podaje dwa różne czasy trwania dla tych samych zadań.",
                                "The text gives two different durations for the same tasks."});
      }
      general = fact.dur;
    }
    if (!general) return;
    for (const auto i : rest_) draft_.tasks[i].duration = general;
  }

  void each_duration(const Fact& fact) {
    const auto tasks = tasks_of(fact.tasks);
    if (tasks.size() != fact.durs.size()) {
      return ask("conflict", {fmt::format("W {} jest {} zadań i {} czasów.", quote(fact.span),
                                          tasks.size(), fact.durs.size()),
                              fmt::format("{} has {} tasks and {} times.", quote(fact.span),
                                          tasks.size(), fact.durs.size())});
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) set_duration(tasks[i], fact.durs[i]);
  }

  void bare_duration(const Fact& fact, const std::optional<Stretch>& unit_from) {
    if (!unit_from) {
      return ask("unread", {fmt::format("W {} brakuje jednostki czasu.", quote(fact.span)),
                            fmt::format("{} lacks a unit of time.", quote(fact.span))});
    }
    Time time{fact.number->value * seconds_in(unit_from->low.unit),
              fact.number->span,
              unit_from->low.unit,
              false,
              false,
              TimeNote::none};
    for (const auto i : tasks_of(fact.tasks)) set_duration(i, Stretch{time, time, false, 0});
    assume({fmt::format("{}: liczba bez jednostki jest w {}, jak czas przed nią.", quote(fact.span),
                        symbol(time.unit)),
            fmt::format("{}: the number without a unit is in {}, like the time before it.",
                        quote(fact.span), symbol(time.unit))});
  }

  // "painting 2h after welding": a lag where painting has its own duration, else its duration.
  void unclear_lags() {
    const bool general = std::ranges::any_of(facts_, [](const Fact& f) {
      return f.kind == duration && (is_general(f.tasks) || f.no_subject);
    });
    for (std::size_t k = 0; k < facts_.size(); ++k) {
      const Fact& fact = facts_[k];
      if (fact.kind != after_unclear) continue;
      bool all_known = general;
      const auto tasks = tasks_of(fact.tasks);
      if (!general)
        all_known = std::ranges::all_of(
            tasks, [&](std::size_t i) { return draft_.tasks[i].duration.has_value(); });
      if (all_known) {
        is_lag_.insert(k);
      } else {
        for (const auto i : tasks) set_duration(i, *fact.dur);
        assume({fmt::format("{}: czas jest czasem trwania, nie odstępem.", quote(fact.span)),
                fmt::format("{}: the time is the duration, not a gap.", quote(fact.span))});
      }
    }
  }

  void missing_durations() {
    std::string ids;
    std::size_t count = 0;
    for (const auto& task : draft_.tasks) {
      if (task.duration) {
        if (task.duration->low.seconds > task.duration->high.seconds) {
          ask("conflict", {fmt::format("Zakres czasu zadania {} jest odwrócony.", task.id),
                           fmt::format("The range of durations of task {} is reversed.", task.id)});
        }
        continue;
      }
      if (++count <= 5) ids += fmt::format("{}{}", count > 1 ? ", " : "", task.id);
    }
    if (count == 0) return;
    if (count > 5) ids += ", …";
    if (count == draft_.tasks.size()) {
      need("durations", {"czasy trwania zadań", "how long the tasks take"});
    } else {
      need("durations", {"czas trwania zadań " + ids, "how long these tasks take: " + ids});
    }
  }

  // --- facts about tasks -------------------------------------------------------------------------
  void apply(const Fact& fact) {
    if (fact.stranger && fact.kind != duration) {
      return ask("task",
                 {fmt::format("Nie wiem, którego zadania dotyczy {}.", quote(fact.span)),
                  fmt::format("I do not know the task that {} speaks of.", quote(fact.span))});
    }
    if (fact.unclear_subject) {
      return ask("which_task", {fmt::format("Którego zadania dotyczy {}?", quote(fact.span)),
                                fmt::format("Which task does {} speak of?", quote(fact.span))});
    }
    switch (fact.kind) {
      case unsupported:
        return ask(
            "unread",
            {fmt::format("Największego odstępu, jak w {}, nie da się jeszcze zaplanować.",
                         quote(fact.span)),
             fmt::format("A longest gap, as in {}, cannot be planned yet.", quote(fact.span))});
      case windows:
      case open_from:
      case open_until:
      case closed:
        return open_hours(fact);
      case speed_times:
      case speed_divided:
      case speed_percent:
      case speed_set:
        return speed(fact);
      case after:
      case after_lead:
      case after_unclear:
        return order(fact, fact.objects, fact.tasks);
      case before:
      case before_lead:
        return order(fact, fact.tasks, fact.objects);
      case chain_then:
        return order(fact, fact.objects, fact.tasks);
      case chain_first:
      case chain_last:
        return ends(fact);
      case in_order:
        return listed_order(fact);
      case deadline:
      case deadline_all:
      case within:
      case within_all:
      case release:
      case release_all:
      case release_after:
      case task_window:
        return moments(fact);
      case restrict:
      case forbid:
      case prefer:
      case machine_only:
      case machine_not:
        return places(fact);
      case minimise_makespan:
        draft_.makespan = true;
        return;
      case minimise_tardiness:
        draft_.tardiness = true;
        return;
      case weight:
        for (const auto i : tasks_of(fact.tasks)) draft_.tasks[i].weight = fact.number;
        return;
      default:
        return;
    }
  }

  // "the rest": the tasks that no other statement of the kind speaks of.
  Indices others_than_stated(const Fact& fact) {
    std::set<std::size_t> stated;
    for (const auto& other : facts_) {
      if (other.kind != fact.kind || is_rest(other.tasks) || is_general(other.tasks)) continue;
      for (const auto i : tasks_of(other.tasks)) stated.insert(i);
    }
    Indices out;
    for (std::size_t i = 0; i < draft_.tasks.size(); ++i) {
      if (!stated.contains(i)) out.push_back(i);
    }
    return out;
  }

  Indices subject(const Fact& fact) {
    if (is_rest(fact.tasks)) return others_than_stated(fact);
    return tasks_of(fact.tasks.empty() ? Refs{{RefKind::all, 0, {}}} : fact.tasks);
  }

  void order(const Fact& fact, const Refs& first, const Refs& second) {
    std::optional<Time> lag;
    const auto k = static_cast<std::size_t>(&fact - facts_.data());
    if (fact.dur && fact.kind != chain_then &&
        (fact.kind != after_unclear || is_lag_.contains(k))) {
      if (fact.dur->range) {
        return ask("unread",
                   {fmt::format("Odstęp w {} musi być jedną liczbą.", quote(fact.span)),
                    fmt::format("The gap in {} must be a single time.", quote(fact.span))});
      }
      lag = fact.dur->low;
    }
    const auto befores = tasks_of(first.empty() ? Refs{{RefKind::all, 0, {}}} : first);
    const auto afters = tasks_of(second.empty() ? Refs{{RefKind::all, 0, {}}} : second);
    const bool open = is_general(first) || is_general(second) || first.empty() || second.empty();
    constexpr std::size_t kMostOrders = 2'000'000;
    if (befores.size() * afters.size() > kMostOrders) return ask_limit();
    for (const auto b : befores) {
      for (const auto a : afters) add_order(b, a, lag, open, fact.span);
    }
  }

  void add_order(std::size_t before_task, std::size_t after_task, const std::optional<Time>& lag,
                 bool open, Span span) {
    if (before_task == after_task) {
      if (!open)
        ask("conflict",
            {fmt::format("W {} zadanie musiałoby być przed sobą samym.", quote(span)),
             fmt::format("In {} a task would have to come before itself.", quote(span))});
      return;
    }
    if (!ordered_.emplace(before_task, after_task).second) return;
    draft_.orders.push_back({before_task, after_task, lag});
  }

  // "welding first": before all others; the beginning of a chain when "then" follows.
  void ends(const Fact& fact) {
    const auto k = static_cast<std::size_t>(&fact - facts_.data());
    const bool chained = std::any_of(facts_.begin(), facts_.end(),
                                     [](const Fact& f) { return f.kind == chain_then; }) ||
                         (fact.kind == chain_first && has_after(k, chain_last)) ||
                         (fact.kind == chain_last && has_before(k, chain_first));
    if (fact.kind == chain_first && chained) return;
    if (fact.kind == chain_last && chained) return order(fact, fact.objects, fact.tasks);
    const Refs all{{RefKind::all, 0, {}}};
    if (fact.kind == chain_first)
      order(fact, fact.tasks, all);
    else
      order(fact, all, fact.tasks);
  }
  bool has_after(std::size_t k, FactKind kind) const {
    return std::any_of(facts_.begin() + static_cast<std::ptrdiff_t>(k), facts_.end(),
                       [&](const Fact& f) { return f.kind == kind; });
  }
  bool has_before(std::size_t k, FactKind kind) const {
    return std::any_of(facts_.begin(), facts_.begin() + static_cast<std::ptrdiff_t>(k),
                       [&](const Fact& f) { return f.kind == kind; });
  }

  void listed_order(const Fact& fact) {
    auto chain = tasks_of(fact.objects);
    if (chain.size() < 2) chain = tasks_of({{RefKind::all, 0, {}}});
    for (std::size_t i = 1; i < chain.size(); ++i)
      add_order(chain[i - 1], chain[i], std::nullopt, false, fact.span);
  }

  void moments(const Fact& fact) {
    const auto tasks = fact.kind == deadline_all || fact.kind == release_all
                           ? tasks_of({{RefKind::all, 0, {}}})
                           : subject(fact);
    for (const auto i : tasks) {
      auto& task = draft_.tasks[i];
      if (fact.kind == within || fact.kind == within_all) {
        draft_.relative_deadlines.emplace_back(i, fact.dur->high);
      } else if (fact.kind == task_window) {
        if (fact.windows->windows.size() != 1)
          return ask("unread",
                     {fmt::format("Zadanie w {} może mieć jedno okno.", quote(fact.span)),
                      fmt::format("A task can have one window in {}.", quote(fact.span))});
        tighten(task.release, fact.windows->windows[0].open, true);
        tighten(task.deadline, fact.windows->windows[0].close, false);
      } else if (fact.kind == deadline || fact.kind == deadline_all) {
        tighten(task.deadline, *fact.clock, false);
      } else {
        tighten(task.release, *fact.clock, true);
      }
    }
  }
  static void tighten(std::optional<Time>& slot, const Time& time, bool later) {
    if (!slot || (later ? time.seconds > slot->seconds : time.seconds < slot->seconds)) slot = time;
  }

  void places(const Fact& fact) {
    const auto machines = machines_of(fact.machines);
    if (machines.empty()) return;
    if (fact.kind == machine_only || fact.kind == machine_not) return machine_side(fact, machines);
    if (fact.kind == restrict && fact.tasks.empty()) return;  // "on machines A and B": a mention
    for (const auto i : subject(fact)) {
      if (fact.kind == prefer) {
        for (const auto m : machines) draft_.preferences.push_back({i, m});
      } else if (fact.kind == restrict) {
        keep(i, machines, true, fact);
      } else {
        keep(i, machines, false, fact);
      }
    }
  }

  // Keeps, of the machines that task i may use, those listed (or those not listed).
  void keep(std::size_t i, const Indices& machines, bool listed, const Fact& fact) {
    auto& allowed = draft_.tasks[i].machines;
    if (allowed.empty()) {
      for (std::size_t m = 0; m < draft_.machines.size(); ++m) allowed.push_back(m);
    }
    std::erase_if(allowed,
                  [&](std::size_t m) { return std::ranges::binary_search(machines, m) != listed; });
    if (allowed.empty()) {
      ask("conflict", {fmt::format("Po {} zadanie {} nie ma żadnej maszyny.", quote(fact.span),
                                   draft_.tasks[i].id),
                       fmt::format("After {} task {} has no machine left.", quote(fact.span),
                                   draft_.tasks[i].id)});
    }
  }

  void machine_side(const Fact& fact, const Indices& machines) {
    const auto tasks = tasks_of(fact.objects);
    for (std::size_t i = 0; i < draft_.tasks.size(); ++i) {
      const bool listed = std::ranges::find(tasks, i) != tasks.end();
      if (listed == (fact.kind == machine_not)) keep(i, machines, false, fact);
    }
  }

  // --- facts about machines ----------------------------------------------------------------------
  void open_hours(const Fact& fact) {
    const auto machines =
        machines_of(fact.machines.empty() ? Refs{{RefKind::all, 0, {}}} : fact.machines);
    for (const auto m : machines) {
      auto& machine = draft_.machines[m];
      if (fact.kind == closed) {
        machine.closed.insert(machine.closed.end(), fact.windows->windows.begin(),
                              fact.windows->windows.end());
      } else if (fact.kind == windows) {
        machine.windows.insert(machine.windows.end(), fact.windows->windows.begin(),
                               fact.windows->windows.end());
        machine.daily |= fact.parameter > 0;
      } else {
        // closed before, or after, that moment
        Time zero{0, fact.clock->span, fact.clock->unit, fact.clock->clock, false, TimeNote::none};
        Time never{1e15,  fact.clock->span, fact.clock->unit, fact.clock->clock,
                   false, TimeNote::none};
        machine.closed.push_back(fact.kind == open_from ? DayWindow{zero, *fact.clock}
                                                        : DayWindow{*fact.clock, never});
      }
    }
  }

  void speed(const Fact& fact) {
    double factor = fact.parameter;
    if (fact.number) factor = fact.number->value;
    if (fact.kind == speed_percent) factor = 1.0 + fact.parameter * fact.number->value / 100.0;
    if (fact.kind == speed_divided) factor = factor > 0 ? 1.0 / factor : 0.0;
    if (!(factor > 0) || factor > 1e6) {
      return ask("conflict", {fmt::format("Prędkość w {} musi być dodatnia.", quote(fact.span)),
                              fmt::format("The speed in {} must be positive.", quote(fact.span))});
    }
    const auto others = machines_of(fact.others);
    const double base = others.empty() ? 1.0 : draft_.machines[others[0]].speed;
    for (const auto m : machines_of(fact.machines)) {
      if (std::ranges::find(others, m) != others.end()) continue;
      draft_.machines[m].speed = base * factor;
      draft_.machines[m].speed_span = fact.span;
      if (fact.kind != speed_set) speeds_relative_ = true;
    }
  }

  // --- resources ---------------------------------------------------------------------------------
  void resources() {
    if (workers_are_machines_) return;
    std::map<std::size_t, std::size_t> index;
    for (const auto& fact : facts_) {
      if (fact.kind != capacity) continue;
      const auto& id = c_.names.resources[fact.resource].id;
      if (index.contains(fact.resource)) {
        return ask("conflict", {fmt::format("Ilość zasobu {} podano dwa razy.", id),
                                fmt::format("The amount of {} is given twice.", id)});
      }
      index[fact.resource] = draft_.resources.size();
      draft_.resources.push_back({id, *fact.number});
    }
    std::set<std::size_t> demanded;
    for (const auto& fact : facts_) {
      if (fact.kind != demand) continue;
      const auto& id = c_.names.resources[fact.resource].id;
      if (!index.contains(fact.resource)) {
        need("capacity", {fmt::format("ile jest dostępne: {}", id),
                          fmt::format("how much of this is available: {}", id)});
        return;
      }
      demanded.insert(fact.resource);
      for (const auto i : subject(fact))
        draft_.tasks[i].demands.push_back({index[fact.resource], fact.number});
    }
    for (const auto& [resource, at] : index) {
      if (demanded.contains(resource)) continue;
      for (auto& task : draft_.tasks) task.demands.push_back({at, std::nullopt});
      const auto& id = draft_.resources[at].id;
      assume(
          {fmt::format("Każde zadanie zajmuje jedną jednostkę zasobu „{}”: tekst nie mówi, ile.",
                       id),
           fmt::format("Each task takes one unit of “{}”: the text does not say how many.", id)});
    }
    whole_resources();
  }

  void whole_resources() {
    bool whole =
        std::ranges::all_of(draft_.resources, [](const auto& r) { return r.capacity.whole(); });
    for (const auto& task : draft_.tasks) {
      for (const auto& d : task.demands) whole &= !d.amount || d.amount->whole();
    }
    if (!whole)
      ask("capacity", {"Ilości zasobów muszą być liczbami całkowitymi.",
                       "Amounts of resources must be whole numbers."});
  }

  // --- what was not said -------------------------------------------------------------------------
  void general_assumptions() {
    const bool uncertain =
        std::ranges::any_of(draft_.tasks, [](const auto& t) { return t.duration->range; });
    if (uncertain) {
      assume(
          {"Czas podany jako zakres jest losowany z ziarna, raz dla każdego zadania; z końców "
           "całkowitych wychodzi liczba całkowita.",
           "A duration given as a range is drawn from the seed, once for each task; between whole "
           "ends it is whole."});
    }
    if (draft_.tasks.size() > named_end_) {
      const auto& first = draft_.tasks[named_end_].id;
      const auto& last = draft_.tasks.back().id;
      assume({fmt::format("Zadania mają numery od {} do {}.", first, last),
              fmt::format("The tasks are numbered from {} to {}.", first, last)});
    }
    if (draft_.orders.empty() && draft_.tasks.size() > 1)
      assume({"Zadania są od siebie niezależne.", "The tasks are independent of each other."});
    const bool any =
        std::ranges::any_of(draft_.tasks, [](const auto& t) { return t.machines.empty(); });
    if (any && draft_.machines.size() > 1) {
      assume({"Zadanie bez podanej maszyny może iść na każdej.",
              "A task without a stated machine can run on any of them."});
    }
    assume({"Maszyna wykonuje naraz jedno zadanie i nie przerywa go.",
            "A machine does one task at a time and does not interrupt it."});
    if (speeds_relative_)
      assume({"Prędkości są względem maszyny o prędkości 1.",
              "Speeds are relative to a machine of speed 1."});
    if (!draft_.makespan && !draft_.tardiness)
      assume({"Cel nie jest podany: najwcześniejszy koniec ostatniego zadania.",
              "No goal is stated: the last task ends as early as possible."});
    if (!read_.unused.empty()) {
      std::string words;
      for (std::size_t i = 0; i < read_.unused.size() && i < 20; ++i)
        words += fmt::format("{}{}", i > 0 ? ", " : "", read_.unused[i]);
      assume({fmt::format("Nie użyto słów: {}.", words),
              fmt::format("Words that were not used: {}.", words)});
    }
  }

  const Context& c_;
  const std::vector<Fact>& facts_;
  const Reader& read_;
  std::string_view language_;
  Draft draft_;
  std::optional<Clarify> question_;
  std::vector<std::pair<std::string, Bilingual>> need_;
  std::vector<Group> groups_;
  double total_ = 0.0;
  std::size_t named_end_ = 0;
  Indices rest_;
  Indices machine_of_name_;
  Indices first_of_kind_;
  std::set<std::size_t> is_lag_;
  std::set<std::pair<std::size_t, std::size_t>> ordered_;
  bool workers_are_machines_ = false;
  bool speeds_relative_ = false;
};

}  // namespace

std::variant<Draft, Clarify> draft_problem(const Context& context, const Reader& read,
                                           std::string_view language) {
  return Drafting(context, read, language).run();
}

}  // namespace therma::planner
