// SPDX-License-Identifier: Apache-2.0
// Compiling and matching patterns: a small backtracking matcher that keeps all readings open.
#include "therma/planner/formal_pattern.hpp"

#include <algorithm>
#include <array>

#include "therma/core/error.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {
namespace {

struct SlotName {
  std::string_view name;
  Slot slot;
};
constexpr std::array kSlots = {
    SlotName{"tasks", Slot::tasks},       SlotName{"obj", Slot::obj},
    SlotName{"machines", Slot::machines}, SlotName{"dur", Slot::dur},
    SlotName{"bare", Slot::bare},         SlotName{"clock", Slot::clock},
    SlotName{"windows", Slot::windows},   SlotName{"count", Slot::count},
    SlotName{"number", Slot::number},     SlotName{"percent", Slot::percent},
    SlotName{"resource", Slot::resource}, SlotName{"durs", Slot::durs},
};

// Between the elements of a pattern these do not matter.
bool is_skippable(const Token& token) {
  const bool name = token.capital && token.folded.size() == 1 && token.folded != "i";
  if (token.kind == TokenKind::word) return !name && is_passed_over(token.folded);
  constexpr std::string_view kMarks = "():=\"\n~-";
  return token.kind == TokenKind::mark && kMarks.find(token.folded) != std::string_view::npos;
}

}  // namespace

class PatternSet::Compiler {
 public:
  Compiler(PatternSet& set, std::string_view pattern) : set_(set), rest_(pattern) {}

  std::size_t run() {
    const auto root = alternatives();
    THERMA_ASSERT(peek().empty());
    return root;
  }

 private:
  std::string_view peek() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    if (rest_.empty()) return {};
    constexpr std::string_view kSingle = "()|?^,";
    if (kSingle.find(rest_.front()) != std::string_view::npos) return rest_.substr(0, 1);
    return rest_.substr(0, std::min(rest_.find_first_of(" ()|?"), rest_.size()));
  }
  std::string_view take() {
    const auto token = peek();
    rest_.remove_prefix(token.size());
    return token;
  }
  std::size_t push(Node node) {
    set_.nodes_.push_back(std::move(node));
    return set_.nodes_.size() - 1;
  }

  std::size_t alternatives() {
    std::vector<std::size_t> kids{sequence()};
    while (peek() == "|") {
      take();
      kids.push_back(sequence());
    }
    return kids.size() == 1 ? kids[0] : push({Kind::alt, {}, {}, kids, false});
  }

  std::size_t sequence() {
    std::vector<std::size_t> kids;
    for (auto next = peek(); !next.empty() && next != "|" && next != ")"; next = peek()) {
      std::size_t node = element();
      if (peek() == "?") {
        take();
        node = push({Kind::opt, {}, {}, {node}, false});
      }
      kids.push_back(node);
    }
    return kids.size() == 1 ? kids[0] : push({Kind::seq, {}, {}, kids, false});
  }

  std::size_t element() {
    const auto token = take();
    if (token.front() == '!' && token.size() > 1) {
      rest_ = {token.data() + 1, rest_.size() + token.size() - 1};
      const auto node = element();
      set_.nodes_[node].tight = true;
      return node;
    }
    if (token == "(") {
      const auto inner = alternatives();
      THERMA_ASSERT(peek() == ")");
      take();
      return inner;
    }
    if (token == "^") return push({Kind::start, {}, {}, {}, false});
    if (token == ",") return push({Kind::comma, {}, {}, {}, false});
    if (token.front() == '<') return production(token.substr(1, token.size() - 2));
    if (token.front() == '$') return slot(token.substr(1));
    if (token.back() == '*') {
      const std::string stem(token.substr(0, token.size() - 1));
      set_.stems_.push_back(stem);
      return push({Kind::stem, {}, stem, {}, false});
    }
    set_.words_.insert(std::string(token));
    return push({Kind::word, {}, std::string(token), {}, false});
  }

  std::size_t production(std::string_view name) {
    const auto found =
        std::ranges::find(set_.productions_, name, &std::pair<std::string, std::size_t>::first);
    THERMA_ASSERT(found != set_.productions_.end());
    return found->second;
  }

  std::size_t slot(std::string_view name) {
    const auto* found = std::ranges::find(kSlots, name, &SlotName::name);
    THERMA_ASSERT(found != kSlots.end());
    return push({Kind::slot, found->slot, {}, {}, false});
  }

  PatternSet& set_;
  std::string_view rest_;
};

class PatternSet::Matcher {
 public:
  Matcher(const PatternSet& set, std::span<const Token> tokens, std::size_t start,
          const SlotReader& read)
      : set_(set), tokens_(tokens), start_(start), read_(read) {}

  std::vector<PatternMatch> run(std::size_t root) { return visit(root, {start_, {}}); }

 private:
  using States = std::vector<PatternMatch>;
  static constexpr std::size_t kMostStates = 48;

  States visit(std::size_t index, PatternMatch state) {
    const Node& node = set_.nodes_[index];
    switch (node.kind) {
      case Kind::seq:
        return sequence(node, std::move(state));
      case Kind::alt:
        return alternatives(node, state);
      case Kind::opt: {
        auto out = visit(node.kids[0], state);
        out.push_back(std::move(state));
        return out;
      }
      case Kind::start:
        return at_start(state.end) ? States{std::move(state)} : States{};
      case Kind::comma:
        if (state.end >= tokens_.size() || tokens_[state.end].folded != ",") return {};
        ++state.end;
        return {std::move(state)};
      default:
        return leaf(node, std::move(state));
    }
  }

  States sequence(const Node& node, PatternMatch first) {
    States states{std::move(first)};
    for (const auto kid : node.kids) {
      States next;
      for (auto& state : states) {
        for (auto& found : visit(kid, std::move(state))) next.push_back(std::move(found));
        if (next.size() > kMostStates) break;
      }
      states = std::move(next);
      if (states.empty()) break;
    }
    return states;
  }

  States alternatives(const Node& node, const PatternMatch& state) {
    States out;
    for (const auto kid : node.kids) {
      for (auto& found : visit(kid, state)) out.push_back(std::move(found));
    }
    return out;
  }

  // A word or a slot, at the first place where it fits after skipped fillers.
  States leaf(const Node& node, PatternMatch state) {
    constexpr std::size_t kMostSkipped = 6;
    for (std::size_t skipped = 0; skipped <= kMostSkipped; ++skipped) {
      const std::size_t at = state.end + skipped;
      if (at >= tokens_.size() || tokens_[at].sentence != tokens_[start_].sentence) break;
      if (auto end = leaf_at(node, at, state)) {
        state.end = *end;
        return {std::move(state)};
      }
      if (node.tight || state.end == start_ || !is_skippable(tokens_[at])) break;
    }
    return {};
  }

  std::optional<std::size_t> leaf_at(const Node& node, std::size_t at, PatternMatch& state) {
    const Token& token = tokens_[at];
    if (node.kind == Kind::slot) {
      auto found = read_(node.slot, at);
      if (!found) return std::nullopt;
      state.captures.push_back({node.slot, std::move(found->value)});
      return found->end;
    }
    const bool mark = token.kind == TokenKind::mark;
    if (token.kind != TokenKind::word && !(mark && node.text == token.folded)) return std::nullopt;
    const bool fits =
        node.kind == Kind::stem ? token.folded.starts_with(node.text) : token.folded == node.text;
    return fits ? std::optional(at + 1) : std::nullopt;
  }

  bool at_start(std::size_t at) const {
    while (at > 0 && tokens_[at - 1].sentence == tokens_[at].sentence) {
      const Token& before = tokens_[at - 1];
      if (!is_skippable(before) && before.folded != "*") return false;
      --at;
    }
    return true;
  }

  const PatternSet& set_;
  std::span<const Token> tokens_;
  std::size_t start_;
  const SlotReader& read_;
};

PatternSet::PatternSet(std::span<const Production> productions) {
  for (const auto& p : productions) {
    const auto root = Compiler(*this, p.pattern).run();
    productions_.emplace_back(std::string(p.name), root);
  }
}

std::size_t PatternSet::add(std::string_view pattern) { return Compiler(*this, pattern).run(); }

std::optional<PatternMatch> PatternSet::match(std::size_t pattern, std::span<const Token> tokens,
                                              std::size_t at, const SlotReader& read) const {
  auto found = Matcher(*this, tokens, at, read).run(pattern);
  if (found.empty()) return std::nullopt;
  auto best = std::ranges::max_element(found, {}, &PatternMatch::end);
  if (best->end == at) return std::nullopt;
  return std::move(*best);
}

bool PatternSet::knows(std::string_view folded) const {
  return words_.contains(std::string(folded)) ||
         std::ranges::any_of(stems_, [&](const auto& s) { return folded.starts_with(s); });
}

}  // namespace therma::planner
