// SPDX-License-Identifier: Apache-2.0
// tokenizer.json, taken apart but not yet understood.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/core/json.hpp"

namespace therma::llm {

inline constexpr std::size_t kMostTokens = std::size_t{1} << 24;

struct TokenizerDocument {
  Json rest;                                                 // without model.vocab and model.merges
  std::vector<std::pair<std::string, std::uint64_t>> vocab;  // of BPE: piece, id
  std::vector<std::pair<std::string, double>> scored;        // of unigram: piece, score
  std::vector<std::pair<std::string, std::string>> merges;
};

// Throws Error{bad_data} naming `where` and the byte or the entry.
[[nodiscard]] TokenizerDocument read_tokenizer_document(std::string_view text,
                                                        const std::string& where);

}  // namespace therma::llm
