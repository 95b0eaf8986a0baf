// SPDX-License-Identifier: Apache-2.0
// Finds added tokens in a text: the leftmost, and of those that begin there the longest.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

class AddedTokens {
 public:
  // Borrows the tokens.
  explicit AddedTokens(std::span<const AddedToken> tokens);

  struct Match {
    std::size_t begin = 0;  // blanks that the token takes with it included
    std::size_t end = 0;
    TokenId token = 0;
  };
  // The first match at or after `at`; special tokens only where they are wanted.
  [[nodiscard]] std::optional<Match> find(std::string_view text, std::size_t at,
                                          bool with_special) const;

 private:
  std::array<std::vector<const AddedToken*>, 256> by_first_;  // longest first
};

}  // namespace therma::llm
