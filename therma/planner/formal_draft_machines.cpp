// SPDX-License-Identifier: Apache-2.0
// Which machines and resources there are, when they work and how fast.
#include <fmt/format.h>

#include <algorithm>

#include "therma/planner/formal_drafting.hpp"

namespace therma::planner {

using enum FactKind;

void Drafting::make_machines() {
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

void Drafting::add_machine(std::string id) {
  draft_.machines.emplace_back();
  draft_.machines.back().id = std::move(id);
}

void Drafting::named_machines(std::size_t counted) {
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

bool Drafting::complete_scheme(std::size_t counted) {
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

bool Drafting::workers_as_machines() {
  static constexpr std::string_view kPeople[] = {"pracownicy", "operatorzy", "osoby",   "monterzy",
                                                 "spawacze",   "technicy",   "workers", "operators",
                                                 "people",     "technicians"};
  const Fact* found = nullptr;
  for (const auto& fact : facts_) {
    if (fact.kind != capacity && fact.kind != demand) continue;
    const auto& id = c_.names.resources[fact.resource].id;
    if (std::ranges::find(kPeople, id) == std::end(kPeople)) continue;
    if (fact.kind == demand || found != nullptr) return false;
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
  worker_machines_ = found->resource;
  return true;
}

Indices Drafting::machines_of(const Refs& refs) {
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
      const auto number = ref.index == 0 ? draft_.machines.size() : ref.index;
      if (number < 1 || number > draft_.machines.size()) {
        ask("machine", {fmt::format("Nie ma maszyny {}: maszyn jest {}.", quote(ref.span),
                                    draft_.machines.size()),
                        fmt::format("There is no machine {}: the text has {} machines.",
                                    quote(ref.span), draft_.machines.size())});
      } else {
        out.push_back(number - 1);
      }
    } else {
      for (std::size_t i = 0; i < draft_.machines.size(); ++i) out.push_back(i);
    }
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

void Drafting::open_hours(const Fact& fact) {
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

void Drafting::speed(const Fact& fact) {
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

void Drafting::resources() {
  std::map<std::size_t, std::size_t> index;
  for (const auto& fact : facts_) {
    if (fact.kind != capacity || fact.resource == worker_machines_) continue;
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
        {fmt::format("Każde zadanie zajmuje jedną jednostkę zasobu „{}”: tekst nie mówi, ile.", id),
         fmt::format("Each task takes one unit of “{}”: the text does not say how many.", id)});
  }
  whole_resources();
}

void Drafting::whole_resources() {
  bool whole =
      std::ranges::all_of(draft_.resources, [](const auto& r) { return r.capacity.whole(); });
  for (const auto& task : draft_.tasks) {
    for (const auto& d : task.demands) whole &= !d.amount || d.amount->whole();
  }
  if (!whole)
    ask("capacity", {"Ilości zasobów muszą być liczbami całkowitymi.",
                     "Amounts of resources must be whole numbers."});
}

}  // namespace therma::planner
