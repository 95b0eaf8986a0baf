// SPDX-License-Identifier: Apache-2.0
// Drafts by prompt look-up: what followed the last time that the text ended like this.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "therma/llm/model_config.hpp"

namespace therma::llm {

struct LookupConfig {
  std::uint32_t longest = 4;     // tokens of the ending that is looked up, at first
  std::uint32_t shortest = 2;    // tried down to this
  std::uint32_t max_drafts = 8;  // tokens of one draft
};

// Depends on the tokens alone. Adding a token costs `longest` table entries, a draft as many
// look-ups.
class PromptLookup {
 public:
  // Throws Error{invalid_argument} unless 1 <= shortest <= longest <= 16.
  explicit PromptLookup(const LookupConfig& config = {});

  void push(TokenId token);
  void push(std::span<const TokenId> tokens);
  // Of the longest ending that came before, what followed its latest earlier occurrence; empty
  // where none did.
  [[nodiscard]] std::vector<TokenId> draft() const;
  [[nodiscard]] std::span<const TokenId> text() const noexcept { return text_; }

 private:
  struct Seen {
    std::uint32_t last = 0;    // where the latest occurrence ends
    std::uint32_t before = 0;  // and the one before it; 0: none
  };

  [[nodiscard]] std::uint64_t key_of(std::size_t length) const noexcept;  // of the ending
  [[nodiscard]] bool is_same(std::size_t end, std::size_t length) const noexcept;

  LookupConfig config_;
  std::vector<TokenId> text_;
  std::unordered_map<std::uint64_t, Seen> seen_;
};

}  // namespace therma::llm
