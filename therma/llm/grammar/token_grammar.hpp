// SPDX-License-Identifier: Apache-2.0
// A grammar read in tokens: which of them may come next.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/grammar/grammar.hpp"
#include "therma/llm/model_config.hpp"

namespace therma::llm {

class Tokenizer;

// The bytes of all tokens in the order of their bytes, so that common beginnings are read once.
// Immutable; one serves any number of grammars.
class TokenBytes {
 public:
  // [token]; those without bytes (control tokens) are never taken.
  TokenBytes(std::vector<std::string> bytes, std::vector<TokenId> ends);

  [[nodiscard]] std::string_view bytes(TokenId token) const noexcept {
    return token < bytes_.size() ? std::string_view(bytes_[token]) : std::string_view{};
  }
  [[nodiscard]] bool ends_text(TokenId token) const noexcept;
  [[nodiscard]] const std::vector<TokenId>& ends() const noexcept { return ends_; }
  // Tokens that the state can go on by, ascending; those that end a text are not among them.
  [[nodiscard]] std::vector<TokenId> allowed(const Grammar& grammar,
                                             const GrammarState& state) const;

 private:
  std::vector<std::string> bytes_;
  std::vector<TokenId> ends_;
  std::vector<TokenId> sorted_;        // by their bytes
  std::vector<std::uint32_t> common_;  // bytes in common with the one before  [sorted]
};

// `ends` are the tokens that end a text (EOS, end of turn).
[[nodiscard]] TokenBytes token_bytes(const Tokenizer& tokenizer, std::vector<TokenId> ends);

// A value: copy it and the copy goes on alike.
class TokenGrammar {
 public:
  TokenGrammar(std::shared_ptr<const Grammar> grammar, std::shared_ptr<const TokenBytes> tokens)
      : acceptor_(std::move(grammar)), tokens_(std::move(tokens)) {}

  // What TokenField::allows asks: a token that ends the text only where it may end.
  [[nodiscard]] bool allows(TokenId token) const;
  // Goes on by the token; false, and nothing changes, where it is not allowed.
  [[nodiscard]] bool advance(TokenId token);
  // All that are allowed, ascending: for when asking one by one fails too often.
  [[nodiscard]] std::vector<TokenId> allowed() const;
  [[nodiscard]] bool may_end() const noexcept { return acceptor_.may_end(); }
  [[nodiscard]] bool must_end() const noexcept { return acceptor_.must_end(); }

 private:
  Acceptor acceptor_;
  std::shared_ptr<const TokenBytes> tokens_;
};

}  // namespace therma::llm
