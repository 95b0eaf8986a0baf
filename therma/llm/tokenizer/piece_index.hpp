// SPDX-License-Identifier: Apache-2.0
// From the spelling of a token to its id: an open hash table beside the list of pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/model_config.hpp"

namespace therma::llm {

class PieceIndex {
 public:
  PieceIndex() = default;
  // Borrows the pieces, which must stay where and as they are. Empty ones have no place; of equal
  // ones the first counts.
  explicit PieceIndex(std::span<const std::string> pieces);
  [[nodiscard]] std::optional<TokenId> find(std::string_view piece) const noexcept;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t token_plus_one = 0;  // 0: free
  };
  [[nodiscard]] std::size_t place_of(std::string_view piece, std::uint32_t hash) const noexcept;

  std::span<const std::string> pieces_;
  std::vector<Slot> slots_;
};

// Of a word: not for use against hostile keys, which only slow down their own sender.
[[nodiscard]] inline std::uint64_t hash_of(std::string_view word) noexcept {
  std::uint64_t hash = word.size() * 0x9E3779B97F4A7C15U;
  for (std::size_t at = 0; at < word.size(); at += sizeof hash) {
    std::uint64_t part = 0;
    const auto size = word.size() - at < sizeof part ? word.size() - at : sizeof part;
    for (std::size_t k = 0; k < size; ++k) {
      part |= std::uint64_t{static_cast<unsigned char>(word[at + k])} << (8 * k);
    }
    hash = (hash ^ part) * 0xD6E8FEB86659FD93U;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace therma::llm
