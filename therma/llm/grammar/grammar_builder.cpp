// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/grammar_builder.hpp"

#include <algorithm>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

using Kind = Grammar::Kind;
constexpr std::size_t kMaxNodes = 1 << 20;
constexpr std::size_t kMaxRows = 1 << 16;
constexpr std::uint64_t kMaxWays = 1 << 16;

}  // namespace

GrammarBuilder::Node GrammarBuilder::add(Grammar::Node node) {
  if (grammar_.nodes.size() >= kMaxNodes)
    fail(ErrorCode::bad_data, "{}: the grammar needs more than {} nodes", where_, kMaxNodes);
  grammar_.nodes.push_back(node);
  return static_cast<Node>(grammar_.nodes.size() - 1);
}

GrammarBuilder::Rule GrammarBuilder::declare() {
  if (grammar_.rules.size() >= kMaxNodes)
    fail(ErrorCode::bad_data, "{}: the grammar needs more than {} rules", where_, kMaxNodes);
  grammar_.rules.push_back(Grammar::kNowhere);
  return static_cast<Rule>(grammar_.rules.size() - 1);
}

GrammarBuilder::Node GrammarBuilder::end() { return add({}); }

GrammarBuilder::Node GrammarBuilder::text(std::string_view bytes, Node next) {
  for (std::size_t i = bytes.size(); i-- > 0;) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    next = add({.kind = Kind::byte, .low = byte, .high = byte, .next = next});
  }
  return next;
}

GrammarBuilder::Node GrammarBuilder::split(Node a, Node b) {
  return add({.kind = Kind::split, .next = a, .other = b});
}

GrammarBuilder::Node GrammarBuilder::call(Rule rule, Node next) {
  return add({.kind = Kind::call, .next = next, .other = rule});
}

GrammarBuilder::Node GrammarBuilder::repeat(Rule rule, Grammar::Bounds bounds, Node next) {
  grammar_.bounds.push_back(bounds);
  const auto count = static_cast<std::uint32_t>(grammar_.bounds.size() - 1);
  return add({.kind = Kind::repeat, .next = next, .other = rule, .count = count});
}

// An automaton without a way out.
GrammarBuilder::Node GrammarBuilder::nothing() {
  const auto node = add({.kind = Kind::split});
  grammar_.nodes[node].next = grammar_.nodes[node].other = node;
  return node;
}

GrammarBuilder::Rule GrammarBuilder::automaton(const Automaton& automaton) {
  const auto rule = declare();
  if (automaton.is_void()) return define(rule, nothing()), rule;
  const auto first_row = grammar_.rows.size() / 256;
  if (first_row + automaton.size() > kMaxRows)
    fail(ErrorCode::bad_data, "{}: the grammar needs more than {} states", where_, kMaxRows);
  grammar_.rows.insert(grammar_.rows.end(), automaton.next.begin(), automaton.next.end());
  const auto first = static_cast<Node>(grammar_.nodes.size());
  for (std::size_t state = 0; state < automaton.size(); ++state) {
    const auto row = automaton.next.begin() + static_cast<std::ptrdiff_t>(state * 256);
    (void)add(
        {.kind = Kind::automaton,
         .is_final = automaton.is_accepted[state],
         .has_ways = std::any_of(row, row + 256, [](auto to) { return to != Automaton::kNone; }),
         .next = first,
         .other = static_cast<std::uint32_t>(first_row + state)});
  }
  define(rule, first);
  return rule;
}

bool GrammarBuilder::is_finishing(const Grammar::Node& node) const {
  const auto finishes = [&](Node at) { return grammar_.nodes[at].can_finish; };
  switch (node.kind) {
    case Kind::byte:
      return finishes(node.next);
    case Kind::split:
      return finishes(node.next) || finishes(node.other);
    case Kind::call:
      return finishes(grammar_.rules[node.other]) && finishes(node.next);
    case Kind::repeat:
      return (grammar_.bounds[node.count].least == 0 || finishes(grammar_.rules[node.other])) &&
             finishes(node.next);
    case Kind::automaton:  // trimmed
    case Kind::leave:
      return true;
  }
  return false;
}

// The least fixed point: what a text can lead out of.
void GrammarBuilder::find_finishing() {
  for (auto& node : grammar_.nodes)
    node.can_finish = node.kind == Kind::automaton || node.kind == Kind::leave;
  for (bool changes = true; changes;) {
    changes = false;
    for (auto& node : grammar_.nodes) {
      if (node.can_finish || !is_finishing(node)) continue;
      node.can_finish = changes = true;
    }
  }
}

// Rules that may take no byte at all.
std::vector<bool> GrammarBuilder::empty_rules() const {
  std::vector<bool> is_empty(grammar_.nodes.size());
  const auto rule_is_empty = [&](Rule rule) { return is_empty[grammar_.rules[rule]]; };
  const auto computed = [&](const Grammar::Node& node) -> bool {
    switch (node.kind) {
      case Kind::leave:
        return true;
      case Kind::automaton:
        return node.is_final;
      case Kind::split:
        return is_empty[node.next] || is_empty[node.other];
      case Kind::call:
        return rule_is_empty(node.other) && is_empty[node.next];
      case Kind::repeat:
        return (grammar_.bounds[node.count].least == 0 || rule_is_empty(node.other)) &&
               is_empty[node.next];
      case Kind::byte:
        return false;
    }
    return false;
  };
  for (bool changes = true; changes;) {
    changes = false;
    for (std::size_t i = 0; i < grammar_.nodes.size(); ++i) {
      if (is_empty[i] || !computed(grammar_.nodes[i])) continue;
      is_empty[i] = changes = true;
    }
  }
  std::vector<bool> rules;
  for (const auto first : grammar_.rules) rules.push_back(is_empty[first]);
  return rules;
}

// A way from a node back to itself that takes no byte would be followed for ever.
void GrammarBuilder::refuse_left_recursion() const {
  const auto is_empty = empty_rules();
  const auto ways = [&](Node at, std::vector<Node>& out) {
    const auto& node = grammar_.nodes[at];
    out.clear();
    if (!node.can_finish) return;
    if (node.kind == Kind::split) out = {node.next, node.other};
    if (node.kind == Kind::call || node.kind == Kind::repeat) {
      out.push_back(grammar_.rules[node.other]);
      const bool passes = is_empty[node.other];
      if (node.kind == Kind::repeat || passes) out.push_back(node.next);
      if (node.kind == Kind::repeat && passes) out.push_back(at);
    }
  };
  enum : std::uint8_t { kNew, kOpen, kDone };
  std::vector<std::uint8_t> mark(grammar_.nodes.size(), kNew);
  std::vector<std::uint64_t> num_ways(grammar_.nodes.size());
  std::vector<Node> path;
  std::vector<Node> next;
  for (Node root = 0; root < grammar_.nodes.size(); ++root) {
    if (mark[root] == kNew) path.push_back(root);
    while (!path.empty()) {
      const auto at = path.back();
      ways(at, next);
      if (mark[at] != kNew) {
        mark[at] = kDone;
        path.pop_back();
        num_ways[at] = 1;
        for (const auto to : next) num_ways[at] += num_ways[to];
        if (num_ways[at] > kMaxWays)
          fail(ErrorCode::bad_data, "{}: more than {} readings of one text are open at once",
               where_, kMaxWays);
        continue;
      }
      mark[at] = kOpen;
      for (const auto to : next) {
        if (mark[to] == kOpen)
          fail(ErrorCode::bad_data, "{}: a definition refers to itself before anything else",
               where_);
        if (mark[to] == kNew) path.push_back(to);
      }
    }
  }
}

Grammar GrammarBuilder::finish() {
  find_finishing();
  refuse_left_recursion();
  if (!grammar_.nodes[grammar_.rules[0]].can_finish)
    fail(ErrorCode::bad_data, "{}: no finite value satisfies it", where_);
  return std::move(grammar_);
}

}  // namespace therma::llm
