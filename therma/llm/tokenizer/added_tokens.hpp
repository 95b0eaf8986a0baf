// SPDX-License-Identifier: Apache-2.0
// Finds added tokens in a text: the leftmost, and of those that begin there the longest.
#pragma once

#include <cstdint>
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
  // The first match at or after `at`; special tokens only where they are wanted. Each byte costs at
  // most the longest token, however many there are.
  [[nodiscard]] std::optional<Match> find(std::string_view text, std::size_t at,
                                          bool with_special) const;

 private:
  // A tree of the tokens' bytes.
  struct Node {
    struct Child {
      unsigned char byte;
      std::uint32_t node;
    };
    std::vector<Child> children;  // by byte
    const AddedToken* token = nullptr;
  };
  void insert(const AddedToken& token);
  [[nodiscard]] const Node* child(const Node& node, char byte) const noexcept;
  [[nodiscard]] const AddedToken* longest_at(std::string_view text, std::size_t at,
                                             bool with_special) const noexcept;

  std::vector<Node> nodes_;  // the first is the root
};

}  // namespace therma::llm
