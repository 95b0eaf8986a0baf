// SPDX-License-Identifier: Apache-2.0
// Byte-pair merging: the best pair of neighbours becomes one token until none is left.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "therma/llm/model_config.hpp"

namespace therma::llm {

// Which pairs merge, how early, and into what: an open hash table, immutable once made.
class MergeTable {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  struct Merge {
    std::uint32_t rank = kNone;  // the least merges first
    TokenId token = 0;
  };

  explicit MergeTable(std::size_t num_merges);
  // The first of equal pairs counts.
  void add(TokenId left, TokenId right, Merge merge);
  [[nodiscard]] Merge find(TokenId left, TokenId right) const noexcept;

 private:
  struct Slot {
    TokenId left = kNone;
    TokenId right = kNone;
    Merge merge;
  };
  [[nodiscard]] std::size_t start(TokenId left, TokenId right) const noexcept;
  std::vector<Slot> slots_;
};

// Scratch of one caller.
struct MergeScratch {
  struct Node {
    TokenId token = 0;
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
    MergeTable::Merge with_next;
  };
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t at;  // the left one of the pair
    TokenId token;     // that the pair becomes
  };
  std::vector<Node> nodes;
  std::vector<Candidate> heap;
};

// Merges in place, the leftmost of equal ranks first; returns how many tokens are left. n log n.
[[nodiscard]] std::size_t merge_all(const MergeTable& table, std::span<TokenId> tokens,
                                    MergeScratch& scratch);

}  // namespace therma::llm
