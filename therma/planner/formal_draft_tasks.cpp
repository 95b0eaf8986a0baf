// SPDX-License-Identifier: Apache-2.0
// Which tasks there are, and how long each takes.
#include <fmt/format.h>

#include <algorithm>

#include "therma/planner/formal_drafting.hpp"

namespace therma::planner {

using enum FactKind;

void Drafting::make_tasks() {
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

double Drafting::highest_number() const {
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

void Drafting::ask_count(Span span) {
  ask("tasks", {fmt::format("Liczba zadań w {} musi być całkowita i dodatnia.", quote(span)),
                fmt::format("The number of tasks in {} must be a whole number of at least 1.",
                            quote(span))});
}

void Drafting::ask_limit() {
  ask("limit",
      {fmt::format("To wydanie planuje najwyżej {} zadań i {} maszyn.", kMostTasks, kMostMachines),
       fmt::format("This release plans at most {} tasks and {} machines.", kMostTasks,
                   kMostMachines)});
}

void Drafting::place_groups() {
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

std::string Drafting::listed(const std::vector<Name>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < 8; ++i)
    out += fmt::format("{}{}", i > 0 ? ", " : "", names[i].id);
  return names.size() > 8 ? out + ", …" : out;
}

void Drafting::add_task(std::string id) {
  draft_.tasks.emplace_back();
  draft_.tasks.back().id = std::move(id);
}

void Drafting::finish_tasks() {
  if (draft_.tasks.empty())
    need("tasks", {"zadania: ile ich jest albo jak się nazywają",
                   "the tasks: how many there are, or their names"});
}

bool Drafting::same(const Stretch& a, const Stretch& b) {
  return a.low.seconds == b.low.seconds && a.high.seconds == b.high.seconds;
}

void Drafting::set_duration(std::size_t task, const Stretch& stretch) {
  auto& slot = draft_.tasks[task].duration;
  if (slot && !same(*slot, stretch)) {
    return ask("conflict",
               {fmt::format("Zadanie {} ma dwa różne czasy trwania.", draft_.tasks[task].id),
                fmt::format("Task {} has two different durations.", draft_.tasks[task].id)});
  }
  slot = stretch;
}

void Drafting::durations() {
  std::optional<Stretch> unit_from;
  for (const auto& fact : facts_) {
    if (fact.kind == task_group || fact.kind == duration) unit_from = fact.dur;
    if (fact.kind == task_group) {
      for (const auto i : tasks_of({{RefKind::group, fact.group, {}}})) set_duration(i, *fact.dur);
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

bool Drafting::is_counted_total(const Fact& fact) const {
  return fact.tasks.size() == 1 && fact.tasks[0].kind == RefKind::group &&
         !groups_[fact.tasks[0].index].part;
}

void Drafting::general_durations() {
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

void Drafting::each_duration(const Fact& fact) {
  const auto tasks = tasks_of(fact.tasks.empty() ? Refs{{RefKind::all, 0, {}}} : fact.tasks);
  if (tasks.size() != fact.durs.size()) {
    return ask("conflict", {fmt::format("W {} jest {} zadań i {} czasów.", quote(fact.span),
                                        tasks.size(), fact.durs.size()),
                            fmt::format("{} has {} tasks and {} times.", quote(fact.span),
                                        tasks.size(), fact.durs.size())});
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) set_duration(tasks[i], fact.durs[i]);
}

void Drafting::bare_duration(const Fact& fact, const std::optional<Stretch>& unit_from) {
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

void Drafting::unclear_lags() {
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

void Drafting::missing_durations() {
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

}  // namespace therma::planner
