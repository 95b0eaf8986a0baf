// SPDX-License-Identifier: Apache-2.0
// The body of a language model one token at a time: what it has worked out for guessed tokens is
// kept until the token is known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/team.hpp"
#include "therma/llm/model_config.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm {

// How guesses fared.
struct GuessTally {
  std::uint64_t used = 0;       // guessed positions whose token came
  std::uint64_t discarded = 0;  // guessed positions whose work was thrown away
};

// A value: copy it and the copy continues alike. What hidden() holds depends on the tokens alone,
// never on the guesses.
class Body {
 public:
  static constexpr std::uint32_t kMostGuesses = 15;  // a batch of 16 has the bits of single tokens

  explicit Body(const Transformer& transformer);

  // Appends tokens (at least one), after whatever was guessed is forgotten.
  // Throws Error{invalid_argument} where the context is full.
  void read(std::span<const TokenId> tokens, const Team& team);
  // Forgets all but the first `length` tokens; read() must follow.
  void rewind(std::uint32_t length) noexcept;
  // Appends one token. If it was guessed there is nothing left to do; otherwise it is worked out
  // together with up to kMostGuesses `guesses` of what follows it.
  void advance(TokenId token, std::span<const TokenId> guesses, const Team& team);
  // Works out guesses ahead of advance(), while another thread may read hidden(). Does nothing
  // while older guesses are left.
  void guess(std::span<const TokenId> tokens, const Team& team);

  // The state after the last token that is certain.  [hidden]
  [[nodiscard]] std::span<const float> hidden() const noexcept { return row(current_); }
  [[nodiscard]] std::uint32_t length() const noexcept { return length_; }  // certain tokens
  [[nodiscard]] std::uint32_t room() const noexcept;                       // left in the context
  [[nodiscard]] bool has_guesses() const noexcept { return !guesses_.empty(); }
  [[nodiscard]] const GuessTally& tally() const noexcept { return tally_; }
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  [[nodiscard]] std::span<const float> row(std::uint32_t index) const noexcept;
  [[nodiscard]] std::span<float> rows(std::uint32_t first, std::size_t count) noexcept;
  void forget_guesses() noexcept;
  [[nodiscard]] std::span<const TokenId> that_fit(std::span<const TokenId> guesses,
                                                  std::uint32_t after) const noexcept;

  const Transformer* transformer_;
  TransformerState state_;
  std::uint32_t length_ = 0;
  std::vector<TokenId> guesses_;  // the oldest first; their rows follow current_
  std::vector<float> hidden_;     // [row, hidden]
  std::uint32_t current_ = 0;
  GuessTally tally_;
};

}  // namespace therma::llm
