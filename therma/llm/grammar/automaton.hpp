// SPDX-License-Identifier: Apache-2.0
// A deterministic automaton over bytes: what a regular expression is compiled to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace therma::llm {

// Every state lies on a way to an accepted text, so that no byte that is taken leads nowhere.
struct Automaton {
  using State = std::uint16_t;
  static constexpr State kNone = 0xffff;
  static constexpr std::size_t kMaxStates = 16384;

  std::vector<State> next;        // [state, byte]; kNone: not taken
  std::vector<bool> is_accepted;  // [state]; state 0 is the first

  [[nodiscard]] std::size_t size() const noexcept { return is_accepted.size(); }
  // No text at all is accepted.
  [[nodiscard]] bool is_void() const noexcept { return is_accepted.empty(); }
  [[nodiscard]] State step(State state, std::uint8_t byte) const noexcept {
    return next[std::size_t{state} * 256 + byte];
  }
  [[nodiscard]] bool matches(std::string_view text) const noexcept;
};

// Texts that both accept; texts that only the first accepts. `where` opens the message of
// Error{bad_data} where there would be too many states.
[[nodiscard]] Automaton both(const Automaton& a, const Automaton& b, std::string_view where);
[[nodiscard]] Automaton without(const Automaton& a, const Automaton& b, std::string_view where);
// Exactly the given texts.
[[nodiscard]] Automaton any_of(const std::vector<std::string_view>& texts, std::string_view where);

// Drops states from which no accepted state is reached.
void trim(Automaton& automaton);

}  // namespace therma::llm
