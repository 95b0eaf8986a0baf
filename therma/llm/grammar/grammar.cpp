// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/grammar.hpp"

#include <algorithm>
#include <utility>

#include "therma/llm/grammar/automaton.hpp"

namespace therma::llm {
namespace {

// Deeper texts are not begun: stacks are freed by recursion.
constexpr std::uint32_t kMaxFrames = 8192;

}  // namespace

GrammarState::GrammarState(const Grammar& grammar) { enter(grammar, grammar.rules[0], 0, nullptr); }

bool GrammarState::same(const Stack& a, const Stack& b) noexcept {
  const auto* x = a.get();
  const auto* y = b.get();
  for (; x != y; x = x->below.get(), y = y->below.get()) {
    if (x == nullptr || y == nullptr || x->node != y->node || x->count != y->count ||
        x->depth != y->depth)
      return false;
  }
  return true;
}

void GrammarState::add(std::uint32_t node, std::uint32_t count, const Stack& below) {
  const bool is_known = std::ranges::any_of(places_, [&](const Place& place) {
    return place.node == node && place.count == count && same(place.below, below);
  });
  if (!is_known) places_.push_back({node, count, below});
}

void GrammarState::leave(const Grammar& grammar, const Stack& below) {
  if (below == nullptr) {
    may_end_ = true;
  } else {
    enter(grammar, below->node, below->count, below->below);
  }
}

// Follows what takes no byte to the nodes that do.
void GrammarState::enter(const Grammar& grammar, std::uint32_t node, std::uint32_t count,
                         const Stack& below) {
  const auto& at = grammar.nodes[node];
  if (!at.can_finish) return;
  switch (at.kind) {
    case Grammar::Kind::byte:
      return add(node, count, below);
    case Grammar::Kind::automaton:
      if (at.has_ways) add(node, count, below);
      if (at.is_final) leave(grammar, below);
      return;
    case Grammar::Kind::split:
      enter(grammar, at.next, count, below);
      return enter(grammar, at.other, count, below);
    case Grammar::Kind::call: {
      // The last thing that a rule does needs no frame: equal stacks stay equal.
      const bool is_last = grammar.nodes[at.next].kind == Grammar::Kind::leave;
      if (is_last) return enter(grammar, grammar.rules[at.other], 0, below);
      const auto depth = below == nullptr ? 1 : below->depth + 1;
      if (depth > kMaxFrames) return;
      return enter(grammar, grammar.rules[at.other], 0,
                   std::make_shared<const Frame>(Frame{below, at.next, count, depth}));
    }
    case Grammar::Kind::repeat:
      return enter_repeat(grammar, node, count, below);
    case Grammar::Kind::leave:
      return leave(grammar, below);
  }
}

void GrammarState::enter_repeat(const Grammar& grammar, std::uint32_t node, std::uint32_t count,
                                const Stack& below) {
  const auto& at = grammar.nodes[node];
  const auto bounds = grammar.bounds[at.count];
  if (count >= bounds.least) enter(grammar, at.next, 0, below);
  const auto body = grammar.rules[at.other];
  const auto depth = below == nullptr ? 1 : below->depth + 1;
  if (count >= bounds.most || !grammar.nodes[body].can_finish || depth > kMaxFrames) return;
  // Without an upper bound the count says no more than that the least is reached.
  const bool counts = bounds.most != Grammar::kNowhere || count < bounds.least;
  enter(grammar, body, 0,
        std::make_shared<const Frame>(Frame{below, node, count + (counts ? 1 : 0), depth}));
}

bool GrammarState::step(const Grammar& grammar, std::uint8_t byte, GrammarState& to) const {
  to.places_.clear();
  to.may_end_ = false;
  for (const auto& place : places_) {
    const auto& at = grammar.nodes[place.node];
    if (at.kind == Grammar::Kind::byte) {
      if (byte >= at.low && byte <= at.high) to.enter(grammar, at.next, place.count, place.below);
      continue;
    }
    const auto state = grammar.rows[std::size_t{at.other} * 256 + byte];
    if (state != Automaton::kNone) to.enter(grammar, at.next + state, place.count, place.below);
  }
  return to.may_end_ || !to.places_.empty();
}

bool GrammarState::step(const Grammar& grammar, std::uint8_t byte) {
  GrammarState to;
  const bool goes_on = step(grammar, byte, to);
  *this = std::move(to);
  return goes_on;
}

bool Acceptor::accepts(std::string_view bytes) const {
  auto state = state_;
  return std::ranges::all_of(
      bytes, [&](char c) { return state.step(*grammar_, static_cast<std::uint8_t>(c)); });
}

bool Acceptor::advance(std::string_view bytes) {
  auto state = state_;
  for (const char c : bytes)
    if (!state.step(*grammar_, static_cast<std::uint8_t>(c))) return false;
  state_ = std::move(state);
  return true;
}

}  // namespace therma::llm
