// SPDX-License-Identifier: Apache-2.0
// The tree of a regular expression to states without and then with determinism.
#include "therma/llm/grammar/regex.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "therma/core/error.hpp"
#include "therma/llm/grammar/regex_tree.hpp"

namespace therma::llm {
namespace {

// A state either takes a byte of a range, or goes on without one, to two places at most.
struct Choice {
  static constexpr std::uint32_t kNowhere = 0xffffffff;
  std::uint32_t next = kNowhere;
  std::uint32_t other = kNowhere;
  ByteRange bytes;
  bool takes_byte = false;
};

class Builder {
 public:
  Builder(RegexText text, std::string_view where) : text_(text), where_(where) {}

  // States are built from the end: each is told where to go on.
  std::uint32_t build(const RegexNode& node, std::uint32_t next) {
    if (++num_built_ > kMostStates) refuse();
    switch (node.kind) {
      case RegexNode::Kind::characters:
        return characters(node.characters, next);
      case RegexNode::Kind::sequence:
        for (std::size_t i = node.parts.size(); i-- > 0;) next = build(node.parts[i], next);
        return next;
      case RegexNode::Kind::alternatives: {
        std::uint32_t first = build(node.parts.back(), next);
        for (std::size_t i = node.parts.size() - 1; i-- > 0;)
          first = fork(build(node.parts[i], next), first);
        return first;
      }
      case RegexNode::Kind::repetition:
        return repetition(node, next);
    }
    return next;
  }

  std::uint32_t add(Choice choice) {
    if (states.size() >= kMostStates) refuse();
    states.push_back(choice);
    return static_cast<std::uint32_t>(states.size() - 1);
  }

  std::vector<Choice> states;

 private:
  std::uint32_t fork(std::uint32_t a, std::uint32_t b) { return add({a, b, {}, false}); }

  std::uint32_t repetition(const RegexNode& node, std::uint32_t next) {
    const auto& part = node.parts[0];
    if (node.most == kUnbounded) {
      const auto loop = fork(Choice::kNowhere, next);
      states[loop].next = build(part, loop);
      next = loop;
    } else {
      const auto end = next;
      for (auto i = node.least; i < node.most; ++i) next = fork(build(part, next), end);
    }
    for (std::uint32_t i = 0; i < node.least; ++i) next = build(part, next);
    return next;
  }

  std::uint32_t bytes(const ByteSequence& sequence, std::uint32_t next) {
    for (auto i = static_cast<std::size_t>(sequence.size); i-- > 0;)
      next = add({next, Choice::kNowhere, sequence.bytes[i], true});
    return next;
  }

  std::uint32_t characters(const CharacterSet& set, std::uint32_t next) {
    std::uint32_t first = Choice::kNowhere;
    const auto join = [&](std::uint32_t state) {
      first = first == Choice::kNowhere ? state : fork(state, first);
    };
    for (const auto& range : complement(complement(set))) {
      if (text_ == RegexText::plain) {
        for (const auto& sequence : utf8_sequences(range)) join(bytes(sequence, next));
        continue;
      }
      json_range(
          range, [&](const ByteSequence& sequence) { join(bytes(sequence, next)); },
          [&](std::string_view spelt) { join(literal(spelt, next)); });
    }
    return first == Choice::kNowhere ? add({}) : first;  // an empty set: a state that is stuck
  }

  std::uint32_t literal(std::string_view text, std::uint32_t next) {
    for (std::size_t i = text.size(); i-- > 0;) {
      const auto byte = static_cast<std::uint8_t>(text[i]);
      next = add({next, Choice::kNowhere, {byte, byte}, true});
    }
    return next;
  }

  template <class Raw, class Escaped>
  static void json_range(CharacterRange range, const Raw& raw, const Escaped& escaped) {
    constexpr std::string_view kPlain = "\b\t\n\f\r\"\\";
    constexpr std::string_view kNames = "btnfr\"\\";
    char32_t begin = range.first;
    for (char32_t c = begin; c <= std::min(range.last, char32_t{'\\'}); ++c) {
      if (c >= 0x20 && c != '"' && c != '\\') continue;
      if (c > begin)
        for (const auto& sequence : utf8_sequences({begin, c - 1})) raw(sequence);
      begin = c + 1;
      const auto at = kPlain.find(static_cast<char>(c));
      escaped(at != kPlain.npos ? fmt::format("\\{}", kNames[at])
                                : fmt::format("\\u{:04x}", static_cast<unsigned>(c)));
    }
    if (begin <= range.last)
      for (const auto& sequence : utf8_sequences({begin, range.last})) raw(sequence);
  }

  [[noreturn]] void refuse() const {
    fail(ErrorCode::bad_data, "{}: the regular expression needs more than {} states", where_,
         kMostStates);
  }

  static constexpr std::size_t kMostStates = 1 << 18;
  RegexText text_;
  std::string_view where_;
  std::size_t num_built_ = 0;
};

// Sets of states become states.
class Subsets {
 public:
  Subsets(const std::vector<Choice>& states, std::uint32_t end, std::string_view where)
      : states_(states), end_(end), where_(where), mark_(states.size(), 0) {}

  Automaton run(std::uint32_t first) {
    std::vector<std::uint32_t> set;
    ++round_;
    close(first, set);
    (void)state_of(std::move(set));
    for (std::size_t at = 0; at < sets_.size(); ++at) expand(at);
    trim(out_);
    return std::move(out_);
  }

 private:
  using Set = std::vector<std::uint32_t>;

  // Adds what is reached without a byte; keeps states that take one, and the end.
  void close(std::uint32_t first, Set& set) {
    open_.assign(1, first);
    while (!open_.empty()) {
      const auto state = open_.back();
      open_.pop_back();
      if (state == Choice::kNowhere || mark_[state] == round_) continue;
      mark_[state] = round_;
      const auto& choice = states_[state];
      if (choice.takes_byte || state == end_) {
        set.push_back(state);
      } else {
        open_.push_back(choice.next);
        open_.push_back(choice.other);
      }
    }
  }

  // Bytes between two neighbouring cuts lead to the same states.
  void expand(std::size_t at) {
    const auto* set = sets_[at];
    std::array<bool, 257> is_cut{};
    for (const auto state : *set) {
      if (!states_[state].takes_byte) continue;
      is_cut[states_[state].bytes.first] = true;
      is_cut[states_[state].bytes.last + 1U] = true;
    }
    State to = Automaton::kNone;
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (is_cut[byte]) to = target(*set, static_cast<std::uint8_t>(byte));
      out_.next[at * 256 + byte] = to;
    }
  }

  using State = Automaton::State;
  State target(const Set& set, std::uint8_t byte) {
    Set reached;
    ++round_;
    for (const auto state : set) {
      const auto& choice = states_[state];
      if (choice.takes_byte && byte >= choice.bytes.first && byte <= choice.bytes.last)
        close(choice.next, reached);
    }
    return reached.empty() ? Automaton::kNone : state_of(std::move(reached));
  }

  State state_of(Set set) {
    std::ranges::sort(set);
    const auto [found, is_new] =
        known_.try_emplace(std::move(set), static_cast<State>(sets_.size()));
    if (!is_new) return found->second;
    size_ += found->first.size();
    if (sets_.size() >= Automaton::kMaxStates || size_ > kMostInSets)
      fail(ErrorCode::bad_data, "{}: the regular expression needs more than {} states", where_,
           Automaton::kMaxStates);
    sets_.push_back(&found->first);
    out_.next.resize(out_.next.size() + 256, Automaton::kNone);
    out_.is_accepted.push_back(std::ranges::binary_search(found->first, end_));
    return found->second;
  }

  static constexpr std::size_t kMostInSets = 1 << 23;
  const std::vector<Choice>& states_;
  std::uint32_t end_;
  std::string_view where_;
  std::vector<std::uint32_t> mark_;
  std::uint32_t round_ = 0;
  std::vector<std::uint32_t> open_;
  std::map<Set, State> known_;
  std::vector<const Set*> sets_;
  std::size_t size_ = 0;
  Automaton out_;
};

}  // namespace

Automaton compile_regex(std::string_view expression, std::string_view where, RegexMatch match,
                        RegexText text) {
  const auto tree = parse_regex(expression, where, match);
  Builder builder(text, where);
  const auto end = builder.add({});
  const auto first = builder.build(tree, end);
  return Subsets(builder.states, end, where).run(first);
}

}  // namespace therma::llm
