// SPDX-License-Identifier: Apache-2.0
// The work of draft_problem(): one object that holds the facts, the growing draft and the question.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "therma/planner/formal_draft.hpp"

namespace therma::planner {

using Indices = std::vector<std::size_t>;  // of tasks or machines of the draft

class Drafting {
 public:
  Drafting(const Context& c, const Reader& read, std::string_view language)
      : c_(c), facts_(read.facts), read_(read), language_(language) {}

  std::variant<Draft, Clarify> run();

 private:
  void ask(std::string missing, const Bilingual& message);
  void need(std::string missing, Bilingual noun);
  void assume(Bilingual sentence) { draft_.assumptions.push_back(std::move(sentence)); }
  bool polish() const { return language_ == "pl"; }

  std::string quote(Span span) const;

  void ask_needs();

  // A text without tasks or machines is asked about those, not about each word of it.
  void check_unread_before_needs();
  void check_unread();

  struct Group {
    double count;
    bool part = true;  // its tasks are [first, first + count)
    std::size_t first = 0;
  };

  void make_tasks();

  // "task 1: 2h, task 2: 4h" without a count: as many tasks as the highest number with a duration.
  double highest_number() const;

  void ask_count(Span span);
  void ask_limit();

  void place_groups();

  static std::string listed(const std::vector<Name>& names);

  void add_task(std::string id);
  void finish_tasks();

  void make_machines();

  void add_machine(std::string id);

  void named_machines(std::size_t counted);

  // Letters or numbered codes of which only some are named: A and C of three are A, B, C.
  bool complete_scheme(std::size_t counted);

  // "two workers" without machines: each worker does one task at a time.
  bool workers_as_machines();

  Indices tasks_of(const Refs& refs);

  void add_numbered(const Ref& ref, Indices& out);

  void add_group(std::size_t index, Indices& out);

  Indices machines_of(const Refs& refs);

  static bool is_general(const Refs& refs);

  static bool same(const Stretch& a, const Stretch& b);

  void set_duration(std::size_t task, const Stretch& stretch);

  // Own durations first; then "the rest"; then "each".
  void durations();

  static bool is_rest(const Refs& refs) { return !refs.empty() && refs[0].kind == RefKind::rest; }

  // "10 zadań ... trwa 2h": the subject is the whole count, so single tasks may differ.
  bool is_counted_total(const Fact& fact) const;

  void general_durations();

  void each_duration(const Fact& fact);

  void bare_duration(const Fact& fact, const std::optional<Stretch>& unit_from);

  // "painting 2h after welding": a lag where painting has its own duration, else its duration.
  void unclear_lags();

  void missing_durations();

  void apply(const Fact& fact);

  // "the rest": the tasks that no other statement of the kind speaks of.
  Indices others_than_stated(const Fact& fact);

  Indices subject(const Fact& fact);

  void order(const Fact& fact, const Refs& first, const Refs& second);

  void add_order(std::size_t before_task, std::size_t after_task, const std::optional<Time>& lag,
                 bool open, Span span);

  // "welding first": before all others; the beginning of a chain when "then" follows.
  void ends(const Fact& fact);
  bool has_after(std::size_t k, FactKind kind) const;
  bool has_before(std::size_t k, FactKind kind) const;

  void listed_order(const Fact& fact);

  void moments(const Fact& fact);
  static void tighten(std::optional<Time>& slot, const Time& time, bool later);

  void places(const Fact& fact);

  // Keeps, of the machines that task i may use, those listed (or those not listed).
  void keep(std::size_t i, const Indices& machines, bool listed, const Fact& fact);

  void machine_side(const Fact& fact, const Indices& machines);

  void open_hours(const Fact& fact);

  void speed(const Fact& fact);

  void resources();

  void whole_resources();

  void role_assumptions();
  void general_assumptions();

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
  std::optional<std::size_t> worker_machines_;  // the resource whose units are the machines
  bool speeds_relative_ = false;
};

}  // namespace therma::planner
