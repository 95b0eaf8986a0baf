// SPDX-License-Identifier: Apache-2.0
// SentencePiece's BPE: characters merged by the score of what they become, bytes for the rest.
#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/blanks.hpp"
#include "therma/llm/tokenizer/merges.hpp"
#include "therma/llm/tokenizer/piece_index.hpp"
#include "therma/llm/tokenizer/segmenter.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

// Where a piece may be cut in two: between characters.
template <class Use>
void for_each_cut(std::string_view piece, const Use& use) {
  for (std::size_t at = next_character(piece, 0).size; at < piece.size();
       at += next_character(piece, at).size) {
    use(piece.substr(0, at), piece.substr(at));
  }
}

// Tokens by falling score: their place is the rank of every merge that makes them.
std::vector<std::uint32_t> ranks_of(const TokenizerSpec& spec) {
  std::vector<TokenId> order(spec.pieces.size());
  std::iota(order.begin(), order.end(), TokenId{0});
  std::ranges::stable_sort(order,
                           [&](TokenId a, TokenId b) { return spec.scores[a] > spec.scores[b]; });
  std::vector<std::uint32_t> ranks(order.size());
  std::uint32_t rank = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k > 0 && spec.scores[order[k]] < spec.scores[order[k - 1]])
      rank = static_cast<std::uint32_t>(k);
    ranks[order[k]] = rank;
  }
  return ranks;
}

class SentencePieceBpe final : public Segmenter {
 public:
  explicit SentencePieceBpe(const TokenizerSpec& spec)
      : spec_(spec), index_(spec.pieces), merges_(table_of(spec)) {
    if (spec.byte_tokens.empty() && !spec.unknown) {
      fail(ErrorCode::bad_data,
           "tokenizer: must have tokens for bytes, or one for what is unknown");
    }
  }

  void encode(std::string_view text, bool begins, std::vector<TokenId>& out) const override {
    const auto marked = with_blank_marks(text, spec_, begins);
    std::vector<TokenId> tokens;
    MergeScratch scratch;
    for (std::size_t at = 0; at < marked.size();) {
      const auto next = next_character(marked, at);
      add_character(std::string_view(marked).substr(at, next.size), tokens);
      at += next.size;
    }
    const auto count = merge_all(merges_, tokens, scratch);
    out.insert(out.end(), tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count));
  }

 private:
  // From the merges of tokenizer.json where there are any, else from the scores.
  [[nodiscard]] MergeTable table_of(const TokenizerSpec& spec) const {
    if (!spec.merges.empty()) {
      MergeTable table(spec.merges.size());
      for (std::uint32_t rank = 0; rank < spec.merges.size(); ++rank) {
        table.add(spec.merges[rank].first, spec.merges[rank].second, {rank, spec.merged.at(rank)});
      }
      return table;
    }
    if (spec.scores.size() != spec.pieces.size()) {
      fail(ErrorCode::bad_data, "tokenizer: has {} tokens but {} scores", spec.pieces.size(),
           spec.scores.size());
    }
    const auto ranks = ranks_of(spec);
    std::size_t cuts = 0;
    for (const auto& piece : spec.pieces) cuts += piece.empty() ? 0 : piece.size() - 1;
    MergeTable table(cuts);
    for (TokenId token = 0; token < spec.pieces.size(); ++token) {
      if (spec.pieces[token].empty()) continue;
      for_each_cut(spec.pieces[token], [&](std::string_view left, std::string_view right) {
        const auto a = index_.find(left), b = index_.find(right);
        if (a && b) table.add(*a, *b, {ranks[token], token});
      });
    }
    return table;
  }

  void add_character(std::string_view character, std::vector<TokenId>& tokens) const {
    if (const auto found = index_.find(character); found) {
      tokens.push_back(*found);
      return;
    }
    if (spec_.byte_tokens.empty()) {
      tokens.push_back(*spec_.unknown);
      return;
    }
    for (const char byte : character) {
      tokens.push_back(spec_.byte_tokens[static_cast<unsigned char>(byte)]);
    }
  }

  const TokenizerSpec& spec_;
  PieceIndex index_;
  MergeTable merges_;
};

}  // namespace

std::unique_ptr<Segmenter> make_sentencepiece_bpe(const TokenizerSpec& spec) {
  return std::make_unique<SentencePieceBpe>(spec);
}

}  // namespace therma::llm
