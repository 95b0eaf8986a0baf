// SPDX-License-Identifier: Apache-2.0
// The draft of a problem: facts resolved to tasks and machines, before units and JSON.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "therma/planner/formal_facts.hpp"
#include "therma/planner/formalise.hpp"

namespace therma::planner {

// One sentence in both languages.
struct Bilingual {
  std::string pl;
  std::string en;

  [[nodiscard]] const std::string& in(std::string_view language) const {
    return language == "pl" ? pl : en;
  }
};

struct DraftDemand {
  std::size_t resource = 0;
  std::optional<Number> amount;  // unset: one, by assumption
};

struct DraftTask {
  std::string id;
  std::optional<Stretch> duration;
  std::vector<std::size_t> machines;  // empty: any
  std::optional<Time> release;
  std::optional<Time> deadline;
  std::vector<DraftDemand> demands;
  std::optional<Number> weight;
};

struct DraftMachine {
  std::string id;
  std::vector<DayWindow> windows;  // empty: always
  std::vector<DayWindow> closed;
  bool daily = false;
  double speed = 1.0;
  std::optional<Span> speed_span;
};

struct DraftResource {
  std::string id;
  Number capacity;
};

struct DraftOrder {
  std::size_t before = 0;
  std::size_t after = 0;
  std::optional<Time> lag;
};

struct DraftPreference {
  std::size_t task = 0;
  std::size_t machine = 0;
};

struct Draft {
  std::vector<DraftTask> tasks;
  std::vector<DraftMachine> machines;
  std::vector<DraftResource> resources;
  std::vector<DraftOrder> orders;
  std::vector<DraftPreference> preferences;
  bool makespan = false;                                         // asked for
  bool tardiness = false;                                        // asked for
  std::vector<std::pair<std::size_t, Time>> relative_deadlines;  // task, "within": from the start
  std::vector<Bilingual> assumptions;
};

// Facts -> draft; a question where the text is incomplete or contradicts itself.
[[nodiscard]] std::variant<Draft, Clarify> draft_problem(const Context& context, const Reader& read,
                                                         std::string_view language);

// Draft -> JSON with readings. The draft is complete, so this cannot fail.
[[nodiscard]] Formal write_problem(const Draft& draft, std::string_view language);

}  // namespace therma::planner
