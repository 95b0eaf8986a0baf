// SPDX-License-Identifier: Apache-2.0
// Text to tokens and back.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

struct EncodeOptions {
  bool add_special = true;    // BOS and EOS, where the tokenizer adds them
  bool parse_special = true;  // control tokens written in the text become tokens
};

// Immutable and safe to share between threads.
class Tokenizer {
 public:
  // Throws Error{bad_data} where the spec contradicts itself (a merge of no token, a missing byte).
  explicit Tokenizer(TokenizerSpec spec);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // Any bytes are taken; what is not UTF-8 becomes U+FFFD where the model normalises, and bytes
  // elsewhere.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            EncodeOptions options = {}) const;
  // The bytes of the tokens, blanks as blanks; control tokens are left out unless `with_special`.
  // The blank that SentencePiece puts before a text is taken away again at its start.
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens,
                                   bool with_special = false) const;

  // The bytes that one token adds in the middle of a text; empty for control tokens and for ids
  // without a token.
  [[nodiscard]] std::string_view bytes(TokenId token) const noexcept;
  // How the vocabulary spells it, control tokens included; empty where there is none.
  [[nodiscard]] std::string_view name(TokenId token) const noexcept;
  [[nodiscard]] bool is_special(TokenId token) const noexcept;
  [[nodiscard]] std::optional<TokenId> find(std::string_view name) const;  // by its spelling

  // One more than the largest id. Ids below it that stand for no token have an empty name.
  [[nodiscard]] std::uint32_t num_tokens() const noexcept;
  [[nodiscard]] std::optional<TokenId> bos() const noexcept;
  [[nodiscard]] std::optional<TokenId> eos() const noexcept;
  [[nodiscard]] const TokenizerSpec& spec() const noexcept;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

// Text as it is generated: holds back the bytes of a character that is not complete yet.
class StreamDecoder {
 public:
  // `begins`: the first token begins a text, so that a blank which the tokenizer puts before texts
  // is taken away again.
  explicit StreamDecoder(const Tokenizer& tokenizer, bool begins = true)
      : tokenizer_(&tokenizer), at_start_(begins) {}
  // What can be shown now, always whole characters; bytes that can be no UTF-8 become U+FFFD.
  [[nodiscard]] std::string push(TokenId token);
  [[nodiscard]] std::string finish();  // what was held back, at the end

 private:
  const Tokenizer* tokenizer_;
  std::string pending_;
  bool at_start_;
};

}  // namespace therma::llm
