// SPDX-License-Identifier: Apache-2.0
// Special tokens by their text, and ids against the embedding.
#include "therma/llm/load/tokenizer_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/llm/load/byte_cursor.hpp"
#include "therma/llm/load/hf_config.hpp"

namespace therma::llm {
namespace {

std::optional<TokenId> find_token(const TokenizerSpec& spec, std::string_view text) {
  const auto added = std::ranges::find(spec.added, text, &AddedToken::text);
  if (added != spec.added.end()) return added->id;
  const auto piece = std::ranges::find(spec.pieces, text);
  if (piece == spec.pieces.end()) return std::nullopt;
  return static_cast<TokenId>(piece - spec.pieces.begin());
}

// A string, or an object with its "content".
void read_token(const JsonReader& config, std::string_view key, const TokenizerSpec& spec,
                std::optional<TokenId>& token) {
  if (!is_set(config, key)) return;
  const auto reader = config.at(key);
  const auto text = reader.json().is_object() ? reader.at("content").string() : reader.string();
  const auto found = find_token(spec, text);
  if (!found) reader.reject(fmt::format("{} is no token of the vocabulary", shown_text(text)));
  token = found;
}

void check_token(TokenId token, std::uint32_t num_rows, std::string_view where) {
  if (token < num_rows) return;
  fail(ErrorCode::bad_data, "{}: the tokenizer has token {}, but the embedding has {} rows", where,
       token, num_rows);
}

}  // namespace

void apply_tokenizer_config(const JsonReader& config, TokenizerSpec& spec) {
  read_token(config, "bos_token", spec, spec.bos);
  read_token(config, "eos_token", spec, spec.eos);
  if (is_set(config, "add_bos_token")) {
    spec.add_bos = config.at("add_bos_token").boolean() && spec.bos.has_value();
  }
  if (is_set(config, "add_eos_token")) {
    spec.add_eos = config.at("add_eos_token").boolean() && spec.eos.has_value();
  }
}

void join_tokenizer(Checkpoint& checkpoint, std::string_view where) {
  const auto& spec = checkpoint.tokenizer;
  auto& generation = checkpoint.generation;
  if (spec.eos && std::ranges::count(generation.eos, *spec.eos) == 0) {
    generation.eos.push_back(*spec.eos);
  }
  if (!generation.bos) generation.bos = spec.bos;

  const auto num_rows = checkpoint.config.vocabulary;
  if (!spec.pieces.empty()) {
    check_token(static_cast<TokenId>(spec.pieces.size() - 1), num_rows, where);
  }
  for (const auto& added : spec.added) check_token(added.id, num_rows, where);
  for (const auto token : generation.eos) check_token(token, num_rows, where);
  if (generation.bos) check_token(*generation.bos, num_rows, where);
}

}  // namespace therma::llm
