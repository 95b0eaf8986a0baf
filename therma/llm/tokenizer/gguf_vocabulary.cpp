// SPDX-License-Identifier: Apache-2.0
// The keys tokenizer.ggml.*
#include "therma/llm/tokenizer/gguf_vocabulary.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/byte_letters.hpp"
#include "therma/llm/tokenizer/piece_index.hpp"

namespace therma::llm {
namespace {

constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 24;
constexpr TokenId kNoToken = kMostTokens;

// GGUF's numbers for types of tokens, which are SentencePiece's.
enum class TokenType : std::int64_t { normal = 1, unknown, control, user_defined, unused, byte };

std::vector<TokenType> types_of(const GgufFile& file, std::size_t count) {
  const auto* types = file.integers("tokenizer.ggml.token_type");
  if (types == nullptr) return std::vector<TokenType>(count, TokenType::normal);
  if (types->size() != count) {
    fail(ErrorCode::bad_data, "{}: tokenizer.ggml.token_type must have {} entries, has {}",
         file.where, count, types->size());
  }
  std::vector<TokenType> out;
  out.reserve(count);
  for (const auto type : *types) {
    if (type < 0 || type > 6) {
      fail(ErrorCode::bad_data, "{}: tokenizer.ggml.token_type must hold 0 to 6, got {}",
           file.where, type);
    }
    out.push_back(type == 0 ? TokenType::normal : static_cast<TokenType>(type));
  }
  return out;
}

std::optional<TokenId> token_at(const GgufFile& file, std::string_view key, std::size_t count) {
  if (file.find(key) == nullptr) return std::nullopt;
  return static_cast<TokenId>(file.count(key, count > 0 ? count - 1 : 0));
}

PreTokenizer pre_tokenizer_named(const GgufFile& file) {
  struct Row {
    std::string_view name;
    PreTokenizer kind;
  };
  constexpr std::array kRows = {
      Row{"default", PreTokenizer::gpt2},
      Row{"gpt-2", PreTokenizer::gpt2},
      Row{"gpt2", PreTokenizer::gpt2},
      Row{"llama3", PreTokenizer::llama3},
      Row{"llama-v3", PreTokenizer::llama3},
      Row{"llama-bpe", PreTokenizer::llama3},
      Row{"smaug-bpe", PreTokenizer::llama3},
      Row{"qwen2", PreTokenizer::qwen2},
      Row{"deepseek-r1-qwen", PreTokenizer::qwen2},
  };
  const auto name = file.text_or("tokenizer.ggml.pre", "default");
  const auto* row = std::ranges::find(kRows, name, &Row::name);
  if (row != kRows.end()) return row->kind;
  fail(ErrorCode::bad_data,
       "{}: tokenizer.ggml.pre must be default, gpt-2, llama-bpe or qwen2, got \"{}\"", file.where,
       name);
}

// "a b": two pieces in letters of bytes.
void add_merges(const GgufFile& file, TokenizerSpec& spec) {
  const PieceIndex index(spec.pieces);
  const auto token_of = [&index](std::string_view letters) {
    const auto bytes = bytes_of(letters);
    return bytes ? index.find(*bytes).value_or(kNoToken) : kNoToken;
  };
  for (const auto& text : file.texts("tokenizer.ggml.merges")) {
    const auto blank = std::min(text.find(' ', 1), text.size());
    const std::string_view left(text.data(), blank);
    const auto right = std::string_view(text).substr(std::min(blank + 1, text.size()));
    const auto a = token_of(left), b = token_of(right);
    const auto whole = token_of(std::string(left).append(right));
    if (std::max({a, b, whole}) == kNoToken) {
      fail(ErrorCode::bad_data,
           "{}: tokenizer.ggml.merges: entry {} must be two tokens that make a third, got \"{}\"",
           file.where, spec.merges.size(), text);
    }
    spec.merges.emplace_back(a, b);
    spec.merged.push_back(whole);
  }
}

void add_byte_bpe(const GgufFile& file, const std::vector<std::string>& tokens,
                  const std::vector<TokenType>& types, TokenizerSpec& spec) {
  spec.kind = TokenizerKind::byte_bpe;
  spec.pre_tokenizer = pre_tokenizer_named(file);
  spec.ignore_merges = spec.pre_tokenizer == PreTokenizer::llama3;
  spec.nfc = spec.pre_tokenizer == PreTokenizer::qwen2;  // GGUF does not say; the model does
  spec.pieces.resize(tokens.size());
  for (TokenId token = 0; token < tokens.size(); ++token) {
    if (types[token] != TokenType::normal) continue;
    const auto bytes = bytes_of(tokens[token]);
    if (!bytes) {
      fail(ErrorCode::bad_data,
           "{}: tokenizer.ggml.tokens: token {} must be written in letters of bytes", file.where,
           token);
    }
    spec.pieces[token] = *bytes;
  }
  add_merges(file, spec);
}

void add_sentencepiece(const GgufFile& file, const std::vector<std::string>& tokens,
                       const std::vector<TokenType>& types, TokenizerSpec& spec) {
  const auto* scores = file.numbers("tokenizer.ggml.scores");
  if (scores == nullptr || scores->size() != tokens.size()) {
    fail(ErrorCode::bad_data, "{}: tokenizer.ggml.scores must have {} entries, has {}", file.where,
         tokens.size(), scores == nullptr ? 0 : scores->size());
  }
  spec.scores.assign(scores->begin(), scores->end());
  spec.pieces.resize(tokens.size());
  std::vector<TokenId> bytes(256, 0);
  std::size_t num_bytes = 0;
  for (TokenId token = 0; token < tokens.size(); ++token) {
    if (types[token] == TokenType::byte) {
      const auto byte = byte_named(tokens[token]);
      if (!byte) {
        fail(ErrorCode::bad_data, "{}: tokenizer.ggml.tokens: token {} must be <0xNN>, got \"{}\"",
             file.where, token, tokens[token]);
      }
      bytes[*byte] = token;
      ++num_bytes;
    } else if (types[token] == TokenType::normal) {
      spec.pieces[token] = tokens[token];
    }
  }
  if (num_bytes == 256) spec.byte_tokens = std::move(bytes);
}

}  // namespace

TokenizerSpec tokenizer_spec_from_gguf(const GgufFile& file) {
  const auto& tokens = file.texts("tokenizer.ggml.tokens");
  if (tokens.empty() || tokens.size() > kMostTokens) {
    fail(ErrorCode::bad_data, "{}: tokenizer.ggml.tokens must have 1 to {} entries, has {}",
         file.where, kMostTokens, tokens.size());
  }
  const auto types = types_of(file, tokens.size());
  TokenizerSpec spec;
  spec.bos = token_at(file, "tokenizer.ggml.bos_token_id", tokens.size());
  spec.eos = token_at(file, "tokenizer.ggml.eos_token_id", tokens.size());
  spec.unknown = token_at(file, "tokenizer.ggml.unknown_token_id", tokens.size());
  const auto model = file.text_or("tokenizer.ggml.model", "");
  if (model == "gpt2") {
    add_byte_bpe(file, tokens, types, spec);
  } else if (model == "llama" || model == "t5") {
    spec.kind = model == "llama" ? TokenizerKind::sentencepiece_bpe : TokenizerKind::unigram;
    if (!spec.unknown) spec.unknown = 0;
    spec.add_prefix_blank = file.flag_or("tokenizer.ggml.add_space_prefix", true);
    spec.collapse_blanks = file.flag_or("tokenizer.ggml.remove_extra_whitespaces", false);
    add_sentencepiece(file, tokens, types, spec);
  } else {
    fail(ErrorCode::bad_data, "{}: tokenizer.ggml.model must be gpt2, llama or t5, got \"{}\"",
         file.where, model);
  }
  for (TokenId token = 0; token < tokens.size(); ++token) {
    const bool is_control =
        types[token] == TokenType::control || types[token] == TokenType::unknown;
    if (is_control || types[token] == TokenType::user_defined) {
      spec.added.push_back({.id = token, .text = tokens[token], .special = is_control});
    }
  }
  spec.add_bos = file.flag_or("tokenizer.ggml.add_bos_token", model == "llama");
  spec.add_eos = file.flag_or("tokenizer.ggml.add_eos_token", model == "t5");
  return spec;
}

}  // namespace therma::llm
