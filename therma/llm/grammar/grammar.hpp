// SPDX-License-Identifier: Apache-2.0
// A grammar over bytes, and the test of which texts can still become one of its texts.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace therma::llm {

// Rules as a graph of nodes; immutable once built (GrammarBuilder), safe to share between threads.
struct Grammar {
  static constexpr std::uint32_t kNowhere = 0xffffffff;

  enum class Kind : std::uint8_t {
    byte,       // takes a byte of [low, high], then `next`
    automaton,  // row `other` of `rows`, its states being the nodes from `next` on
    split,      // goes on at `next` and at `other`
    call,       // rule `other`, then `next`
    repeat,     // rule `other` as often as `bounds[count]` says, then `next`
    leave,      // the end of a rule
  };
  struct Node {
    Kind kind = Kind::leave;
    bool is_final = false;   // automaton: the rule may end here
    bool has_ways = true;    // automaton: some byte is taken
    bool can_finish = true;  // some text leads from here to the end of the rule
    std::uint8_t low = 0;
    std::uint8_t high = 0;
    std::uint32_t next = kNowhere;
    std::uint32_t other = kNowhere;
    std::uint32_t count = 0;
  };
  struct Bounds {
    std::uint32_t least = 0;
    std::uint32_t most = kNowhere;  // none
  };

  std::vector<Node> nodes;
  std::vector<std::uint32_t> rules;  // their first nodes; the first rule is the whole text
  std::vector<std::uint16_t> rows;   // [row, byte]: a state, or Automaton::kNone
  std::vector<Bounds> bounds;
};

// Where a text has come to: a set of stacks of rules that are under way. A value, cheap to copy;
// copies share what they have in common.
class GrammarState {
 public:
  explicit GrammarState(const Grammar& grammar);

  // Whether the text may go on by this byte, which it then does; otherwise nothing goes on.
  bool step(const Grammar& grammar, std::uint8_t byte);
  // The same, into another state, whose memory is used again.
  bool step(const Grammar& grammar, std::uint8_t byte, GrammarState& to) const;
  [[nodiscard]] bool may_end() const noexcept { return may_end_; }
  [[nodiscard]] bool may_go_on() const noexcept { return !places_.empty(); }

 private:
  struct Frame;
  using Stack = std::shared_ptr<const Frame>;
  struct Frame {  // of a rule that waits for the one it called
    Stack below;
    std::uint32_t node;
    std::uint32_t count;
    std::uint32_t depth;
  };
  struct Place {
    std::uint32_t node;
    std::uint32_t count;  // of the rule's repetition
    Stack below;
  };

  GrammarState() = default;
  void enter(const Grammar& grammar, std::uint32_t node, std::uint32_t count, const Stack& below);
  void enter_repeat(const Grammar& grammar, std::uint32_t node, std::uint32_t count,
                    const Stack& below);
  void leave(const Grammar& grammar, const Stack& below);
  void add(std::uint32_t node, std::uint32_t count, const Stack& below);
  static bool same(const Stack& a, const Stack& b) noexcept;

  std::vector<Place> places_;
  bool may_end_ = false;
};

// A grammar and where a text has come to in it.
class Acceptor {
 public:
  explicit Acceptor(std::shared_ptr<const Grammar> grammar)
      : grammar_(std::move(grammar)), state_(*grammar_) {}

  // Whether the text so far, with these bytes behind it, can still become a whole one. What is
  // accepted never leads into a dead end.
  [[nodiscard]] bool accepts(std::string_view bytes) const;
  // Goes on by the bytes where accepts() says so; otherwise stays and returns false.
  [[nodiscard]] bool advance(std::string_view bytes);
  [[nodiscard]] bool may_end() const noexcept { return state_.may_end(); }
  [[nodiscard]] bool must_end() const noexcept { return !state_.may_go_on(); }

  [[nodiscard]] const Grammar& grammar() const noexcept { return *grammar_; }
  [[nodiscard]] const GrammarState& state() const noexcept { return state_; }

 private:
  std::shared_ptr<const Grammar> grammar_;
  GrammarState state_;
};

}  // namespace therma::llm
