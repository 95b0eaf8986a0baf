// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/automaton.hpp"

#include <algorithm>
#include <unordered_map>

#include "therma/core/error.hpp"

namespace therma::llm {

bool Automaton::matches(std::string_view text) const noexcept {
  if (is_void()) return false;
  State state = 0;
  for (const char c : text) {
    state = step(state, static_cast<std::uint8_t>(c));
    if (state == kNone) return false;
  }
  return is_accepted[state];
}

namespace {

using State = Automaton::State;

// Runs two automata at once; kNone stands for a second one that has stopped.
class Pairs {
 public:
  Pairs(const Automaton& a, const Automaton& b, bool wants_both, std::string_view where)
      : a_(a), b_(b), wants_both_(wants_both), where_(where) {}

  Automaton run() {
    if (a_.is_void() || (wants_both_ && b_.is_void())) return {};
    (void)state_of(0, b_.is_void() ? Automaton::kNone : State{0});
    for (std::size_t at = 0; at < pairs_.size(); ++at) expand(at);
    trim(out_);
    return std::move(out_);
  }

 private:
  void expand(std::size_t at) {
    const auto [a, b] = pairs_[at];
    for (unsigned byte = 0; byte < 256; ++byte) {
      const auto to_a = a_.step(a, static_cast<std::uint8_t>(byte));
      const auto to_b =
          b == Automaton::kNone ? Automaton::kNone : b_.step(b, static_cast<std::uint8_t>(byte));
      if (to_a == Automaton::kNone || (wants_both_ && to_b == Automaton::kNone)) continue;
      const auto to = state_of(to_a, to_b);
      out_.next[at * 256 + byte] = to;
    }
  }

  State state_of(State a, State b) {
    const auto [found, is_new] =
        known_.try_emplace(std::uint32_t{a} << 16 | b, static_cast<State>(pairs_.size()));
    if (!is_new) return found->second;
    if (pairs_.size() >= Automaton::kMaxStates)
      fail(ErrorCode::bad_data, "{}: needs more than {} states", where_, Automaton::kMaxStates);
    pairs_.emplace_back(a, b);
    out_.next.resize(out_.next.size() + 256, Automaton::kNone);
    const bool b_accepts = b != Automaton::kNone && b_.is_accepted[b];
    out_.is_accepted.push_back(a_.is_accepted[a] && b_accepts == wants_both_);
    return found->second;
  }

  const Automaton& a_;
  const Automaton& b_;
  bool wants_both_;
  std::string_view where_;
  std::unordered_map<std::uint32_t, State> known_;
  std::vector<std::pair<State, State>> pairs_;
  Automaton out_;
};

// States from which an accepted one is reached.
std::vector<bool> useful_states(const Automaton& automaton) {
  std::vector<std::vector<State>> before(automaton.size());
  std::vector<bool> is_useful(automaton.size());
  std::vector<State> open;
  for (std::size_t state = 0; state < automaton.size(); ++state) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto to = automaton.next[state * 256 + byte];
      if (to == Automaton::kNone) continue;
      auto& list = before[to];
      if (list.empty() || list.back() != state) list.push_back(static_cast<State>(state));
    }
    if (!automaton.is_accepted[state]) continue;
    is_useful[state] = true;
    open.push_back(static_cast<State>(state));
  }
  while (!open.empty()) {
    const auto state = open.back();
    open.pop_back();
    for (const auto from : before[state]) {
      if (is_useful[from]) continue;
      is_useful[from] = true;
      open.push_back(from);
    }
  }
  return is_useful;
}

}  // namespace

void trim(Automaton& automaton) {
  const auto is_useful = useful_states(automaton);
  if (is_useful.empty() || !is_useful[0]) {
    automaton = {};
    return;
  }
  std::vector<State> renamed(automaton.size(), Automaton::kNone);
  State count = 0;
  for (std::size_t state = 0; state < automaton.size(); ++state)
    if (is_useful[state]) renamed[state] = count++;
  Automaton kept;
  for (std::size_t state = 0; state < automaton.size(); ++state) {
    if (!is_useful[state]) continue;
    kept.is_accepted.push_back(automaton.is_accepted[state]);
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto to = automaton.next[state * 256 + byte];
      kept.next.push_back(to == Automaton::kNone ? to : renamed[to]);
    }
  }
  automaton = std::move(kept);
}

Automaton both(const Automaton& a, const Automaton& b, std::string_view where) {
  return Pairs(a, b, true, where).run();
}

Automaton without(const Automaton& a, const Automaton& b, std::string_view where) {
  return Pairs(a, b, false, where).run();
}

Automaton any_of(const std::vector<std::string_view>& texts, std::string_view where) {
  Automaton out;
  out.next.assign(256, Automaton::kNone);
  out.is_accepted.assign(1, false);
  for (const auto text : texts) {
    std::size_t state = 0;
    for (const char c : text) {
      const auto at = state * 256 + static_cast<std::uint8_t>(c);
      if (out.next[at] == Automaton::kNone) {
        if (out.size() >= Automaton::kMaxStates)
          fail(ErrorCode::bad_data, "{}: needs more than {} states", where, Automaton::kMaxStates);
        out.next[at] = static_cast<State>(out.size());
        out.next.resize(out.next.size() + 256, Automaton::kNone);
        out.is_accepted.push_back(false);
      }
      state = out.next[at];
    }
    out.is_accepted[state] = true;
  }
  trim(out);
  return out;
}

}  // namespace therma::llm
