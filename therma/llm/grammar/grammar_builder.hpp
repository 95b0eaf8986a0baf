// SPDX-License-Identifier: Apache-2.0
// Puts a grammar together, and proves that it has no dead ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/grammar/automaton.hpp"
#include "therma/llm/grammar/grammar.hpp"

namespace therma::llm {

// Nodes are made from the end of a rule to its start: each is told what comes after it. Every
// member throws Error{bad_data} where the grammar becomes too large.
class GrammarBuilder {
 public:
  using Node = std::uint32_t;
  using Rule = std::uint32_t;

  explicit GrammarBuilder(std::string where) : where_(std::move(where)) {}

  // A rule may be called before it is defined. The first one made is the whole text.
  [[nodiscard]] Rule declare();
  void define(Rule rule, Node first) { grammar_.rules[rule] = first; }

  [[nodiscard]] Node end();  // of a rule
  [[nodiscard]] Node text(std::string_view bytes, Node next);
  [[nodiscard]] Node split(Node a, Node b);
  [[nodiscard]] Node call(Rule rule, Node next);
  // At most one repeat stands on a way through a rule without another between: its count is the
  // rule's.
  [[nodiscard]] Node repeat(Rule rule, Grammar::Bounds bounds, Node next);
  [[nodiscard]] Node nothing();  // no text at all
  [[nodiscard]] Rule automaton(const Automaton& automaton);

  // Throws Error{bad_data} where no text is accepted, or where a rule begins with itself.
  [[nodiscard]] Grammar finish();
  [[nodiscard]] const std::string& where() const noexcept { return where_; }

 private:
  Node add(Grammar::Node node);
  void find_finishing();
  void refuse_left_recursion() const;
  [[nodiscard]] std::vector<bool> empty_rules() const;
  [[nodiscard]] bool is_finishing(const Grammar::Node& node) const;

  std::string where_;
  Grammar grammar_;
};

}  // namespace therma::llm
