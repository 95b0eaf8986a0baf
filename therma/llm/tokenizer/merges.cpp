// SPDX-License-Identifier: Apache-2.0
// Short words by looking for the best pair again and again, long ones by a heap.
#include "therma/llm/tokenizer/merges.hpp"

#include <algorithm>
#include <bit>

namespace therma::llm {
namespace {

constexpr std::size_t kShort = 24;

std::size_t merge_short(const MergeTable& table, std::span<TokenId> tokens) {
  std::uint32_t ranks[kShort];
  TokenId merged[kShort];
  std::size_t count = tokens.size();
  const auto look = [&](std::size_t at) {
    const auto found =
        at + 1 < count ? table.find(tokens[at], tokens[at + 1]) : MergeTable::Merge{};
    ranks[at] = found.rank;
    merged[at] = found.token;
  };
  for (std::size_t at = 0; at < count; ++at) look(at);
  for (;;) {
    std::size_t best = 0;
    for (std::size_t at = 1; at < count; ++at) best = ranks[at] < ranks[best] ? at : best;
    if (ranks[best] == MergeTable::kNone) return count;
    tokens[best] = merged[best];
    for (std::size_t at = best + 1; at + 1 < count; ++at) {
      tokens[at] = tokens[at + 1];
      ranks[at] = ranks[at + 1];
      merged[at] = merged[at + 1];
    }
    --count;
    look(best);
    if (best > 0) look(best - 1);
  }
}

// Pops the least rank, the leftmost of equals.
constexpr auto later = [](const MergeScratch::Candidate& a, const MergeScratch::Candidate& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
};

std::size_t merge_long(const MergeTable& table, std::span<TokenId> tokens, MergeScratch& scratch) {
  auto& nodes = scratch.nodes;
  auto& heap = scratch.heap;
  const auto end = static_cast<std::uint32_t>(tokens.size());
  nodes.resize(tokens.size());
  heap.clear();
  const auto look = [&](std::uint32_t at) {
    auto& node = nodes[at];
    node.with_next =
        node.next < end ? table.find(node.token, nodes[node.next].token) : MergeTable::Merge{};
    if (node.with_next.rank == MergeTable::kNone) return;
    heap.push_back({node.with_next.rank, at, node.with_next.token});
    std::ranges::push_heap(heap, later);
  };
  for (std::uint32_t at = 0; at < end; ++at) {
    nodes[at] = {
        .token = tokens[at], .next = at + 1, .previous = at == 0 ? end : at - 1, .with_next = {}};
  }
  for (std::uint32_t at = 0; at < end; ++at) look(at);
  constexpr TokenId kGone = MergeTable::kNone;
  while (!heap.empty()) {
    std::ranges::pop_heap(heap, later);
    const auto best = heap.back();
    heap.pop_back();
    auto& node = nodes[best.at];
    const bool is_current = node.token != kGone && node.with_next.rank == best.rank &&
                            node.with_next.token == best.token;
    if (!is_current) continue;
    const auto gone = node.next;
    node.token = best.token;
    node.next = nodes[gone].next;
    nodes[gone].token = kGone;
    if (node.next < end) nodes[node.next].previous = best.at;
    look(best.at);
    if (node.previous < end) look(node.previous);
  }
  std::size_t count = 0;
  for (std::uint32_t at = 0; at < end; at = nodes[at].next) tokens[count++] = nodes[at].token;
  return count;
}

}  // namespace

MergeTable::MergeTable(std::size_t num_merges)
    : slots_(std::bit_ceil(std::max<std::size_t>(16, num_merges + num_merges / 2))) {}

std::size_t MergeTable::start(TokenId left, TokenId right) const noexcept {
  const std::uint64_t key = std::uint64_t{left} << 32 | right;
  return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15U) >> 20) & (slots_.size() - 1);
}

void MergeTable::add(TokenId left, TokenId right, Merge merge) {
  std::size_t at = start(left, right);
  while (slots_[at].left != kNone) {
    if (slots_[at].left == left && slots_[at].right == right) return;
    at = (at + 1) & (slots_.size() - 1);
  }
  slots_[at] = {left, right, merge};
}

MergeTable::Merge MergeTable::find(TokenId left, TokenId right) const noexcept {
  std::size_t at = start(left, right);
  while (slots_[at].left != kNone) {
    if (slots_[at].left == left && slots_[at].right == right) return slots_[at].merge;
    at = (at + 1) & (slots_.size() - 1);
  }
  return {};
}

std::size_t merge_all(const MergeTable& table, std::span<TokenId> tokens, MergeScratch& scratch) {
  if (tokens.size() < 2) return tokens.size();
  return tokens.size() <= kShort ? merge_short(table, tokens) : merge_long(table, tokens, scratch);
}

}  // namespace therma::llm
