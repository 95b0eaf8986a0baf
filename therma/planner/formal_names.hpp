// SPDX-License-Identifier: Apache-2.0
// The names that a text gives to its tasks, machines and resources, and the phrases that mean them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/planner/formal_pattern.hpp"
#include "therma/planner/formal_roles.hpp"
#include "therma/planner/text.hpp"

namespace therma::planner {

struct Name {
  std::string id;                  // as shown: "spawanie", "A", "GB"
  std::vector<std::string> words;  // folded
  Span span;                       // where it was first given
};

// Machines of a kind: "two lathes". Their ids are the kind, numbered where there are several.
struct MachineKind {
  std::string id;
  std::size_t count = 1;
  Span span;
  bool counted = false;  // the text gives the count
};

struct Names {
  std::vector<Name> tasks;
  std::vector<Name> machines;
  std::vector<MachineKind> kinds;
  std::vector<Name> resources;
  Roles roles;
  bool has_counted_tasks = false;
  double most_tasks =
      0;  // sum of all counts before a task noun; bounds what a bare number can mean
};

// Everything that reading a phrase needs; borrowed.
struct Context {
  std::string_view text;
  std::span<const Token> tokens;
  const PatternSet& patterns;
  const Names& names;
};

// A first pass that consumes nothing: finds what is being named.
[[nodiscard]] Names discover_names(std::string_view text, const Reworded& reworded,
                                   const PatternSet& patterns);

// Reads a slot of a pattern at a token.
[[nodiscard]] std::optional<SlotMatch> read_slot(const Context& context, Slot slot, std::size_t at);

// Words that no table holds: they may be names.
[[nodiscard]] bool is_unknown_word(const PatternSet& patterns, const Token& token);

// The kind of machine that a token names, where it is not a number.
[[nodiscard]] std::optional<std::string_view> machine_type_at(std::span<const Token> tokens,
                                                              std::size_t at);

[[nodiscard]] bool is_task_noun(const Token& token);
[[nodiscard]] bool is_machine_noun(const Token& token);

}  // namespace therma::planner
