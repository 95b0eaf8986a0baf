// SPDX-License-Identifier: Apache-2.0
// The bytes of a tokenizer's tokens.
#include "therma/llm/grammar/token_grammar.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"

namespace therma::llm {

TokenBytes token_bytes(const Tokenizer& tokenizer, std::vector<TokenId> ends) {
  std::vector<std::string> bytes;
  for (TokenId token = 0; token < tokenizer.num_tokens(); ++token)
    bytes.emplace_back(tokenizer.bytes(token));
  return {std::move(bytes), std::move(ends)};
}

}  // namespace therma::llm
