// SPDX-License-Identifier: Apache-2.0
// Plain text, without added tokens, to tokens: what the kinds of tokenizers differ in.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

class Segmenter {
 public:
  virtual ~Segmenter() = default;
  // Appends the tokens of `text`, which stands at the start of the whole text or after a control
  // token where `begins`.
  virtual void encode(std::string_view text, bool begins, std::vector<TokenId>& out) const = 0;
};

// Each throws Error{bad_data} where the spec contradicts itself; the spec must outlive it.
[[nodiscard]] std::unique_ptr<Segmenter> make_byte_bpe(const TokenizerSpec& spec);
[[nodiscard]] std::unique_ptr<Segmenter> make_sentencepiece_bpe(const TokenizerSpec& spec);
[[nodiscard]] std::unique_ptr<Segmenter> make_unigram(const TokenizerSpec& spec);

}  // namespace therma::llm
