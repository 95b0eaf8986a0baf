// SPDX-License-Identifier: Apache-2.0
// Facts: what the rules read from a text, in order, and what no rule read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/formal_names.hpp"

namespace therma::planner {

struct Fact {
  FactKind kind = FactKind::noise;
  double parameter = 0.0;
  Refs tasks;
  Refs objects;  // order words: the other side
  Refs machines;
  Refs others;  // speeds: "than B"
  std::optional<Stretch> dur;
  std::vector<Stretch> durs;
  std::optional<Time> clock;
  std::optional<DayWindows> windows;
  std::optional<Number> number;
  std::size_t resource = 0;
  std::size_t group = 0;         // task_count, task_group: counted groups in order
  bool no_subject = false;       // nothing says which tasks are meant: all of them are
  bool unclear_subject = false;  // several tasks could be meant
  bool stranger = false;         // an unknown word stands where the subject would
  Span span;
  std::uint32_t sentence = 0;
};

struct Reader {
  std::vector<Fact> facts;
  std::vector<Span> unread;         // fragments with numbers, names or words that matter
  std::vector<std::string> unused;  // other words that no rule used
};

[[nodiscard]] Reader read_facts(const Context& context);

// The grammar, compiled once.
[[nodiscard]] const PatternSet& grammar();

}  // namespace therma::planner
