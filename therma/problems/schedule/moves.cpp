// SPDX-License-Identifier: Apache-2.0
// States of the list search: edits, incremental decoding, energy and undo.
#include "therma/problems/schedule/moves.hpp"

#include <algorithm>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/problems/move_problem.hpp"

namespace therma::schedule {

static_assert(MoveProblem<ListMoves>);

ListMoves::ListMoves(const Problem& problem)
    : problem_(problem),
      decoder_(problem),
      unit_per_tick_(1.0 / static_cast<double>(problem.ticks_per_unit)) {
  const auto& tables = decoder_.tables();
  const auto& weights = problem.objective;
  double heaviest = 0;
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    const auto& stated = problem.tasks[task];
    if (tables.eligible[task].size() > 1) movable_.push_back(task);
    if (tables.floors[task].size() > 1) waiting_.push_back(task);
    if (!stated.due || weights.tardiness <= 0) continue;
    dues_.push_back({task, *stated.due, stated.weight});
    heaviest = std::max(heaviest, stated.weight);
  }
  const double per_time = weights.makespan + weights.tardiness * heaviest;
  const double base = per_time > 0 ? per_time : weights.preference;
  penalties_ = {2 * base, 2 * base, 0.05 * base / tables.num_machines};

  const std::uint32_t has_pairs = tables.num_tasks > 1;
  const std::uint32_t is_coupled = tables.is_coupled;
  shares_[static_cast<std::size_t>(Kind::insert)] = 40;
  shares_[static_cast<std::size_t>(Kind::nudge)] = 20 * has_pairs * is_coupled;
  shares_[static_cast<std::size_t>(Kind::reassign)] = 15 * is_coupled * !movable_.empty();
  shares_[static_cast<std::size_t>(Kind::exchange)] = 40 * has_pairs;
  shares_[static_cast<std::size_t>(Kind::rotate)] = 10 * has_pairs;
  shares_[static_cast<std::size_t>(Kind::cross)] = 5 * !is_coupled * (tables.num_machines > 1);
  shares_[static_cast<std::size_t>(Kind::wait)] = 10 * !waiting_.empty();
}

double ListMoves::weigh(const ListTerms& terms) const noexcept {
  const auto& w = problem_.objective;
  const double objective = w.makespan * units(terms.makespan) + w.tardiness * terms.tardiness +
                           w.preference * terms.preference;
  return objective + penalties_.availability * units(terms.outside) +
         penalties_.deadline * units(terms.late) + penalties_.load * units(terms.load);
}

ListMoves::State ListMoves::initial(Draws& draws) const {
  const auto& tables = decoder_.tables();
  std::vector<double> keys(tables.num_tasks);
  for (auto& key : keys) key = draws.uniform();
  TaskList list;
  list.order = order_by(tables, keys);
  list.floor.assign(tables.num_tasks, 0);
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    const auto eligible = tables.eligible[task];
    list.machine.push_back(eligible[draws.below(static_cast<std::uint32_t>(eligible.size()))]);
  }
  return from_list(list);
}

ListMoves::State ListMoves::state_of(const Solution& solution) const {
  return from_list(decoder_.list_of(solution));
}

ListMoves::State ListMoves::from_list(const TaskList& list) const {
  const auto& tables = decoder_.tables();
  State s(tables);
  s.machine = list.machine;
  s.floor = list.floor;
  s.place.resize(tables.num_tasks);
  s.sequences.resize(tables.is_coupled ? 1 : tables.num_machines);
  s.old_lanes.resize(tables.is_coupled ? tables.num_machines : 2);
  for (const auto task : list.order) {
    auto& sequence = s.sequences[sequence_of(s, task)];
    s.place[task] = static_cast<std::uint32_t>(sequence.size());
    sequence.push_back(task);
  }
  for (const auto& sequence : s.sequences) {
    for (const auto task : sequence) {
      const Ticks floor = tables.floors[task][s.floor[task]];
      const auto at = s.schedule.find(tables, task, s.machine[task], floor);
      s.schedule.record(tables, task, at);
    }
  }
  s.terms = recomputed_terms(s);
  return s;
}

ListTerms ListMoves::recomputed_terms(const State& s) const {
  const auto& tables = decoder_.tables();
  ListTerms terms;
  const auto parts = objective_parts(problem_, {s.schedule.placed});
  terms.tardiness = problem_.objective.tardiness > 0 ? parts.tardiness : 0.0;
  terms.preference = problem_.objective.preference > 0 ? parts.preference : 0.0;
  std::vector<Ticks> ends(tables.num_machines);
  for (std::uint32_t task = 0; task < tables.num_tasks; ++task) {
    const auto& at = s.schedule.placed[task];
    terms.outside += overflow(tables, at);
    terms.late += std::max<Ticks>(0, at.end - tables.deadline[task]);
    ends[at.machine] = std::max(ends[at.machine], at.end);
  }
  for (const Ticks end : ends) {
    terms.makespan = std::max(terms.makespan, end);
    terms.load += end;
  }
  return terms;
}

std::array<std::pair<std::string_view, double>, 6> ListMoves::named_terms(const State& s) const {
  return {{{"no_overlap", 0.0},
           {"resource_limit", static_cast<double>(decoder_.tables().unmet_demand)},
           {"precedence", 0.0},
           {"deadline", units(s.terms.late)},
           {"availability", units(s.terms.outside)},
           {"preference", s.terms.preference}}};
}

// Remembers a sequence from `first` on, before it is edited.
void ListMoves::touch(State& s, std::uint32_t sequence, std::uint32_t first) const {
  auto& touched = s.touched[s.num_touched++];
  const auto& tasks = s.sequences[sequence];
  touched.sequence = sequence;
  touched.first = first;
  touched.tasks.assign(tasks.begin() + first, tasks.end());
}

void ListMoves::move_to_machine(State& s, std::uint32_t task, std::uint32_t machine) const {
  s.old_machine.emplace_back(task, s.machine[task]);
  s.machine[task] = machine;
}

void ListMoves::renumber(State& s, std::uint32_t sequence, std::uint32_t first) const noexcept {
  const auto& tasks = s.sequences[sequence];
  for (auto i = first; i < tasks.size(); ++i) s.place[tasks[i]] = i;
}

void ListMoves::edit_insert(State& s, const Move& move) const {
  const auto from = sequence_of(s, move.a);
  const auto to = decoder_.tables().is_coupled ? 0 : move.machine;
  const auto place = s.place[move.a];
  touch(s, from, from == to ? std::min(place, move.c) : place);
  if (from != to) touch(s, to, move.c);
  if (from == to) {
    auto at = s.sequences[from].begin();
    if (place < move.c) std::rotate(at + place, at + place + 1, at + move.c + 1);
    if (place > move.c) std::rotate(at + move.c, at + place, at + place + 1);
  } else {
    s.sequences[from].erase(s.sequences[from].begin() + place);
    s.sequences[to].insert(s.sequences[to].begin() + move.c, move.a);
  }
  if (move.machine != s.machine[move.a]) move_to_machine(s, move.a, move.machine);
}

void ListMoves::edit_exchange(State& s, const Move& move) const {
  const auto first = sequence_of(s, move.a);
  const auto second = sequence_of(s, move.b);
  const auto place_a = s.place[move.a];
  const auto place_b = s.place[move.b];
  touch(s, first, first == second ? std::min(place_a, place_b) : place_a);
  if (first != second) touch(s, second, place_b);
  std::swap(s.sequences[first][place_a], s.sequences[second][place_b]);
  const auto machine_a = s.machine[move.a];
  const auto machine_b = s.machine[move.b];
  if (move.c == 0 || machine_a == machine_b) return;
  move_to_machine(s, move.a, machine_b);
  move_to_machine(s, move.b, machine_a);
}

void ListMoves::edit_cross(State& s, const Move& move) const {
  touch(s, move.machine, move.a);
  touch(s, move.other, move.b);
  auto& first = s.sequences[move.machine];
  auto& second = s.sequences[move.other];
  first.resize(move.a);
  second.resize(move.b);
  first.insert(first.end(), s.touched[1].tasks.begin(), s.touched[1].tasks.end());
  second.insert(second.end(), s.touched[0].tasks.begin(), s.touched[0].tasks.end());
  for (const auto task : s.touched[0].tasks) move_to_machine(s, task, move.other);
  for (const auto task : s.touched[1].tasks) move_to_machine(s, task, move.machine);
}

void ListMoves::edit(State& s, const Move& move) const {
  s.num_touched = 0;
  s.old_machine.clear();
  s.old_floor.reset();
  switch (move.kind) {
    case Kind::exchange:
      edit_exchange(s, move);
      break;
    case Kind::rotate: {
      touch(s, move.machine, move.a);
      auto at = s.sequences[move.machine].begin();
      std::rotate(at + move.a, at + move.b, at + move.c);
      break;
    }
    case Kind::cross:
      edit_cross(s, move);
      break;
    case Kind::wait:
      touch(s, sequence_of(s, move.a), s.place[move.a]);
      s.old_floor = {move.a, s.floor[move.a]};
      s.floor[move.a] = move.c;
      break;
    default:  // nudge and reassign are inserts too
      edit_insert(s, move);
  }
  for (std::size_t i = 0; i < s.num_touched; ++i) {
    renumber(s, s.touched[i].sequence, s.touched[i].first);
  }
}

// Takes every task of a touched sequence from its first changed place on out of the schedule.
void ListMoves::take_out(State& s) const {
  const auto& tables = decoder_.tables();
  ++s.epoch;
  s.old_placed.clear();
  s.old_terms = s.terms;
  if (tables.is_coupled) s.old_profiles = s.schedule.profiles;
  for (std::size_t i = 0; i < s.num_touched; ++i) {
    for (const auto task : s.touched[i].tasks) {
      const auto& at = s.schedule.placed[task];
      s.stamp[task] = s.epoch;
      s.old_placed.emplace_back(task, at);
      s.terms.outside -= overflow(tables, at);
      s.terms.late -= std::max<Ticks>(0, at.end - tables.deadline[task]);
      s.schedule.release_demands(tables, task);
    }
  }
  const auto strip = [&](std::vector<Slot>& lane, std::vector<Slot>& old) {
    std::swap(lane, old);
    lane.clear();
    for (const auto& slot : old) {
      if (s.stamp[slot.task] != s.epoch) lane.push_back(slot);
    }
  };
  if (tables.is_coupled) {
    for (std::size_t k = 0; k < s.old_lanes.size(); ++k) {
      strip(s.schedule.lanes[k], s.old_lanes[k]);
    }
  } else {
    for (std::size_t i = 0; i < s.num_touched; ++i) {
      strip(s.schedule.lanes[s.touched[i].sequence], s.old_lanes[i]);
    }
  }
}

// Places them again; false as soon as the energy is sure to pass `limit`.
bool ListMoves::put_back(State& s, double limit) const {
  const auto& tables = decoder_.tables();
  ListTerms least;  // a lower bound on the terms to come
  least.outside = s.terms.outside;
  least.late = s.terms.late;
  for (std::size_t i = 0; i < s.num_touched; ++i) {
    const auto& sequence = s.sequences[s.touched[i].sequence];
    for (auto place = s.touched[i].first; place < sequence.size(); ++place) {
      const auto task = sequence[place];
      const Ticks floor = tables.floors[task][s.floor[task]];
      const auto at = s.schedule.find(tables, task, s.machine[task], floor);
      s.schedule.record(tables, task, at);
      ++s.decoded;
      least.outside += overflow(tables, at);
      least.late += std::max<Ticks>(0, at.end - tables.deadline[task]);
      least.makespan = std::max(least.makespan, at.end);
      if (weigh(least) > limit) return false;
    }
  }
  s.terms.outside = least.outside;
  s.terms.late = least.late;
  return true;
}

void ListMoves::finish_terms(State& s) const noexcept {
  s.terms.makespan = 0;
  s.terms.load = 0;
  for (const auto& lane : s.schedule.lanes) {
    if (lane.empty()) continue;
    s.terms.makespan = std::max(s.terms.makespan, lane.back().end);
    s.terms.load += lane.back().end;
  }
  s.terms.tardiness = 0;
  for (const auto& due : dues_) {
    const Ticks end = s.schedule.placed[due.task].end;
    if (end > due.due) s.terms.tardiness += due.weight * to_units(problem_, end - due.due);
  }
  if (problem_.objective.preference > 0) {
    s.terms.preference = 0;
    for (const auto& wish : problem_.preferences) {
      if (is_broken(wish, s.schedule.placed[wish.task])) s.terms.preference += wish.weight;
    }
  }
}

double ListMoves::apply(State& s, const Move& move, double threshold) const {
  const double before = energy(s);
  edit(s, move);
  take_out(s);
  // A margin above rounding keeps a move at the threshold itself from being cut.
  const double limit = before + threshold + 1e-9 * (1.0 + before);
  if (!put_back(s, limit)) return std::numeric_limits<double>::infinity();
  finish_terms(s);
  return energy(s) - before;
}

void ListMoves::undo(State& s) const {
  for (const auto& [task, at] : s.old_placed) s.schedule.placed[task] = at;
  for (const auto& [task, machine] : s.old_machine) s.machine[task] = machine;
  if (s.old_floor) s.floor[s.old_floor->first] = s.old_floor->second;
  for (std::size_t i = 0; i < s.num_touched; ++i) {
    const auto& touched = s.touched[i];
    auto& sequence = s.sequences[touched.sequence];
    sequence.resize(touched.first);
    sequence.insert(sequence.end(), touched.tasks.begin(), touched.tasks.end());
    renumber(s, touched.sequence, touched.first);
    if (!decoder_.tables().is_coupled) {
      std::swap(s.schedule.lanes[touched.sequence], s.old_lanes[i]);
    }
  }
  if (decoder_.tables().is_coupled) {
    std::swap(s.schedule.lanes, s.old_lanes);
    std::swap(s.schedule.profiles, s.old_profiles);
  }
  s.terms = s.old_terms;
}

}  // namespace therma::schedule
