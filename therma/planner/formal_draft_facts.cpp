// SPDX-License-Identifier: Apache-2.0
// Who is meant by a fact, and what each kind of fact adds to the draft.
#include <fmt/format.h>

#include <algorithm>

#include "therma/planner/formal_drafting.hpp"

namespace therma::planner {

using enum FactKind;

Indices Drafting::tasks_of(const Refs& refs) {
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

void Drafting::add_numbered(const Ref& ref, Indices& out) {
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

void Drafting::add_group(std::size_t index, Indices& out) {
  const Group& g = groups_[index];
  const std::size_t first = g.part ? g.first : 0;
  const std::size_t end =
      g.part ? g.first + static_cast<std::size_t>(g.count) : draft_.tasks.size();
  for (std::size_t i = first; i < std::min(end, draft_.tasks.size()); ++i) out.push_back(i);
}

bool Drafting::is_general(const Refs& refs) {
  return std::ranges::any_of(refs, [](const Ref& r) { return r.kind == RefKind::all; });
}

void Drafting::apply(const Fact& fact) {
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
      if (fact.parameter == kReadAsMakespan)
        assume({"Czas do zminimalizowania to koniec ostatniego zadania.",
                "The time to be minimised is the end of the last task."});
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

Indices Drafting::others_than_stated(const Fact& fact) {
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

Indices Drafting::subject(const Fact& fact) {
  if (is_rest(fact.tasks)) return others_than_stated(fact);
  return tasks_of(fact.tasks.empty() ? Refs{{RefKind::all, 0, {}}} : fact.tasks);
}

void Drafting::order(const Fact& fact, const Refs& first, const Refs& second) {
  std::optional<Time> lag;
  const auto k = static_cast<std::size_t>(&fact - facts_.data());
  if (fact.dur && fact.kind != chain_then && (fact.kind != after_unclear || is_lag_.contains(k))) {
    if (fact.dur->range) {
      return ask("unread", {fmt::format("Odstęp w {} musi być jedną liczbą.", quote(fact.span)),
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

void Drafting::add_order(std::size_t before_task, std::size_t after_task,
                         const std::optional<Time>& lag, bool open, Span span) {
  if (before_task == after_task) {
    if (!open)
      ask("conflict", {fmt::format("W {} zadanie musiałoby być przed sobą samym.", quote(span)),
                       fmt::format("In {} a task would have to come before itself.", quote(span))});
    return;
  }
  if (!ordered_.emplace(before_task, after_task).second) return;
  draft_.orders.push_back({before_task, after_task, lag});
}

void Drafting::ends(const Fact& fact) {
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

bool Drafting::has_after(std::size_t k, FactKind kind) const {
  return std::any_of(facts_.begin() + static_cast<std::ptrdiff_t>(k), facts_.end(),
                     [&](const Fact& f) { return f.kind == kind; });
}

bool Drafting::has_before(std::size_t k, FactKind kind) const {
  return std::any_of(facts_.begin(), facts_.begin() + static_cast<std::ptrdiff_t>(k),
                     [&](const Fact& f) { return f.kind == kind; });
}

void Drafting::listed_order(const Fact& fact) {
  auto chain = tasks_of(fact.objects);
  if (chain.size() < 2) chain = tasks_of({{RefKind::all, 0, {}}});
  for (std::size_t i = 1; i < chain.size(); ++i)
    add_order(chain[i - 1], chain[i], std::nullopt, false, fact.span);
}

void Drafting::moments(const Fact& fact) {
  const auto tasks = fact.kind == deadline_all || fact.kind == release_all
                         ? tasks_of({{RefKind::all, 0, {}}})
                         : subject(fact);
  for (const auto i : tasks) {
    auto& task = draft_.tasks[i];
    if (fact.kind == within || fact.kind == within_all) {
      draft_.relative_deadlines.emplace_back(i, fact.dur->high);
    } else if (fact.kind == task_window) {
      if (fact.windows->windows.size() != 1)
        return ask("unread", {fmt::format("Zadanie w {} może mieć jedno okno.", quote(fact.span)),
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

void Drafting::tighten(std::optional<Time>& slot, const Time& time, bool later) {
  if (!slot || (later ? time.seconds > slot->seconds : time.seconds < slot->seconds)) slot = time;
}

void Drafting::places(const Fact& fact) {
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

void Drafting::keep(std::size_t i, const Indices& machines, bool listed, const Fact& fact) {
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

void Drafting::machine_side(const Fact& fact, const Indices& machines) {
  const auto tasks = tasks_of(fact.objects);
  for (std::size_t i = 0; i < draft_.tasks.size(); ++i) {
    const bool listed = std::ranges::find(tasks, i) != tasks.end();
    if (listed == (fact.kind == machine_not)) keep(i, machines, false, fact);
  }
}

}  // namespace therma::planner
