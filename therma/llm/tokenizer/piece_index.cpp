// SPDX-License-Identifier: Apache-2.0
// Linear probing; a slot keeps half of the hash, so that few strings are compared.
#include "therma/llm/tokenizer/piece_index.hpp"

#include <algorithm>
#include <bit>

namespace therma::llm {

PieceIndex::PieceIndex(std::span<const std::string> pieces)
    : pieces_(pieces), slots_(std::bit_ceil(std::max<std::size_t>(16, 2 * pieces.size()))) {
  for (TokenId token = 0; token < pieces.size(); ++token) {
    if (pieces[token].empty()) continue;
    const auto hash = static_cast<std::uint32_t>(hash_of(pieces[token]));
    auto& slot = slots_[place_of(pieces[token], hash)];
    if (slot.token_plus_one == 0) slot = {hash, token + 1};
  }
}

std::optional<TokenId> PieceIndex::find(std::string_view piece) const noexcept {
  if (slots_.empty() || piece.empty()) return std::nullopt;
  const auto& slot = slots_[place_of(piece, static_cast<std::uint32_t>(hash_of(piece)))];
  return slot.token_plus_one == 0 ? std::nullopt : std::optional(slot.token_plus_one - 1);
}

std::size_t PieceIndex::place_of(std::string_view piece, std::uint32_t hash) const noexcept {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].token_plus_one != 0 &&
         (slots_[at].hash != hash || pieces_[slots_[at].token_plus_one - 1] != piece)) {
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

}  // namespace therma::llm
