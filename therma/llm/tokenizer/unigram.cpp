// SPDX-License-Identifier: Apache-2.0
// The likeliest segmentation by dynamic programming (Kudo 2018, "Subword regularization").
#include <algorithm>
#include <limits>
#include <string>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/blanks.hpp"
#include "therma/llm/tokenizer/piece_index.hpp"
#include "therma/llm/tokenizer/segmenter.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

constexpr float kUnknownPenalty = 10.0F;  // below the least score, as SentencePiece has it

class Unigram final : public Segmenter {
 public:
  explicit Unigram(const TokenizerSpec& spec) : spec_(spec), index_(spec.pieces) {
    if (spec.scores.size() != spec.pieces.size()) {
      fail(ErrorCode::bad_data, "tokenizer: has {} tokens but {} scores", spec.pieces.size(),
           spec.scores.size());
    }
    if (spec.byte_tokens.size() != 256 && !spec.unknown) {
      fail(ErrorCode::bad_data,
           "tokenizer: must have tokens for bytes, or one for what is unknown");
    }
    float least = 0.0F;
    for (TokenId token = 0; token < spec.pieces.size(); ++token) {
      const auto& piece = spec.pieces[token];
      if (piece.empty()) continue;
      longest_ = std::max(longest_, piece.size());
      least = std::min(least, spec.scores[token]);
    }
    unknown_score_ = least - kUnknownPenalty;
  }

  void encode(std::string_view text, bool begins, std::vector<TokenId>& out) const override {
    const auto marked = with_blank_marks(text, spec_, begins);
    const auto best = best_ends(marked);
    std::vector<std::size_t> cuts;
    for (std::size_t at = marked.size(); at > 0; at = best[at].begin) cuts.push_back(at);
    for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
      const auto& step = best[*cut];
      if (step.token) {
        out.push_back(*step.token);
      } else {
        add_unknown(std::string_view(marked).substr(step.begin, *cut - step.begin), out);
      }
    }
  }

 private:
  struct Step {
    float score = -std::numeric_limits<float>::infinity();
    std::size_t begin = 0;
    std::optional<TokenId> token;  // none: a character that is unknown
  };

  [[nodiscard]] std::vector<Step> best_ends(std::string_view text) const {
    std::vector<Step> best(text.size() + 1);
    best[0].score = 0.0F;
    for (std::size_t at = 0; at < text.size();) {
      const auto character = next_character(text, at).size;
      const auto offer = [&](std::size_t end, float score, std::optional<TokenId> token) {
        if (best[at].score + score > best[end].score) {
          best[end] = {best[at].score + score, at, token};
        }
      };
      bool has_single = false;
      for (std::size_t size = character; size <= longest_ && at + size <= text.size();) {
        if (const auto found = index_.find(text.substr(at, size)); found) {
          offer(at + size, spec_.scores[*found], *found);
          has_single |= size == character;
        }
        if (at + size == text.size()) break;
        size += next_character(text, at + size).size;
      }
      if (!has_single) offer(at + character, unknown_score_, std::nullopt);
      at += character;
    }
    return best;
  }

  void add_unknown(std::string_view character, std::vector<TokenId>& out) const {
    if (spec_.byte_tokens.size() != 256) {
      out.push_back(*spec_.unknown);
      return;
    }
    for (const char byte : character) {
      out.push_back(spec_.byte_tokens[static_cast<unsigned char>(byte)]);
    }
  }

  const TokenizerSpec& spec_;
  PieceIndex index_;
  std::size_t longest_ = 1;
  float unknown_score_ = 0.0F;
};

}  // namespace

std::unique_ptr<Segmenter> make_unigram(const TokenizerSpec& spec) {
  return std::make_unique<Unigram>(spec);
}

}  // namespace therma::llm
