// SPDX-License-Identifier: Apache-2.0
// A list for each first byte: few texts hold any of them.
#include "therma/llm/tokenizer/added_tokens.hpp"

#include <algorithm>

#include "therma/llm/tokenizer/unicode.hpp"

namespace therma::llm {
namespace {

bool is_blank(char c) noexcept { return is_space(static_cast<unsigned char>(c) & 0x7F) && c > 0; }

}  // namespace

AddedTokens::AddedTokens(std::span<const AddedToken> tokens) {
  for (const auto& token : tokens) {
    if (!token.text.empty()) {
      by_first_[static_cast<unsigned char>(token.text.front())].push_back(&token);
    }
  }
  for (auto& list : by_first_) {
    std::ranges::stable_sort(list, [](const AddedToken* a, const AddedToken* b) {
      return a->text.size() > b->text.size();
    });
  }
}

std::optional<AddedTokens::Match> AddedTokens::find(std::string_view text, std::size_t at,
                                                    bool with_special) const {
  const std::size_t start = at;
  for (; at < text.size(); ++at) {
    for (const auto* token : by_first_[static_cast<unsigned char>(text[at])]) {
      if (token->special && !with_special) continue;
      if (!text.substr(at).starts_with(token->text)) continue;
      Match match{at, at + token->text.size(), token->id};
      if (token->strip_left) {
        while (match.begin > start && is_blank(text[match.begin - 1])) --match.begin;
      }
      if (token->strip_right) {
        while (match.end < text.size() && is_blank(text[match.end])) ++match.end;
      }
      return match;
    }
  }
  return std::nullopt;
}

}  // namespace therma::llm
