// SPDX-License-Identifier: Apache-2.0
// A tokenizer as data: what tokenizer.json, a SentencePiece model and GGUF metadata all come down
// to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "therma/llm/model_config.hpp"

namespace therma::llm {

enum class TokenizerKind {
  byte_bpe,           // merges in rank order over bytes; pieces are raw bytes
  sentencepiece_bpe,  // merges by score over characters, byte fallback; blanks are U+2581
  unigram,            // the likeliest segmentation by score; blanks are U+2581
};

// How text is cut before merges (byte_bpe).
enum class PreTokenizer {
  none,
  gpt2,
  llama3,
  qwen2,
  expression,  // any other regular expression, in `expression`
};

// Matched verbatim before anything else.
struct AddedToken {
  TokenId id = 0;
  std::string text;
  bool special = false;  // a control token: recognised in text only where the caller allows it, and
                         // not shown when decoding unless asked for
  bool strip_left = false;
  bool strip_right = false;
  bool normalised = false;  // matched in the normalised text
};

struct TokenizerSpec {
  TokenizerKind kind = TokenizerKind::byte_bpe;
  // byte_bpe: the bytes of each token; otherwise UTF-8 with U+2581 for a blank.  [token]
  std::vector<std::string> pieces;
  std::vector<float> scores;                        // sentencepiece kinds  [token]
  std::vector<std::pair<TokenId, TokenId>> merges;  // byte_bpe, best first: the pair that merges...
  std::vector<TokenId> merged;                      // ... and into what
  std::vector<TokenId> byte_tokens;  // byte fallback of the sentencepiece kinds  [256], or empty
  std::vector<AddedToken> added;
  PreTokenizer pre_tokenizer = PreTokenizer::none;
  std::string expression;
  bool nfc = false;
  bool nfkc = false;              // SentencePiece's own normaliser, where a model asks for it
  bool add_prefix_blank = false;  // SentencePiece's "dummy prefix"
  bool collapse_blanks = false;   // SentencePiece's "remove extra whitespaces"
  bool ignore_merges = false;  // a whole piece that is a token is taken before any merge (Llama 3)
  bool add_bos = false;
  bool add_eos = false;
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::optional<TokenId> unknown;
};

}  // namespace therma::llm
