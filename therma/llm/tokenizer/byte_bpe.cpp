// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE: words by the pre-tokenizer, bytes merged within each, words seen before looked
// up.
#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/merges.hpp"
#include "therma/llm/tokenizer/piece_index.hpp"
#include "therma/llm/tokenizer/pre_tokenizer.hpp"
#include "therma/llm/tokenizer/segmenter.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

// The tokens of words met in one call, each where its hash puts it; a newer word takes the place of
// an older one.
class WordCache {
 public:
  struct Entry {
    std::string_view word;  // of the text that is encoded
    std::uint32_t count = 0;
    std::array<TokenId, 7> tokens{};
  };
  // For a text of so many bytes; a short one has none.
  explicit WordCache(std::size_t text_bytes)
      : entries_(text_bytes < kWorthIt
                     ? 0
                     : std::min(kMostEntries, std::bit_ceil(text_bytes / kBytesPerEntry))) {}
  // The only place where the word can be; null where there is no cache or the word is too long.
  [[nodiscard]] Entry* at(std::string_view word) {
    if (entries_.empty() || word.size() > kLongest) return nullptr;
    return &entries_[hash_of(word) & (entries_.size() - 1)];
  }

 private:
  static constexpr std::size_t kWorthIt = 512;
  static constexpr std::size_t kBytesPerEntry = 16;
  static constexpr std::size_t kMostEntries = 1 << 15;
  static constexpr std::size_t kLongest = 64;
  std::vector<Entry> entries_;
};

class ByteBpe final : public Segmenter {
 public:
  explicit ByteBpe(const TokenizerSpec& spec) : spec_(spec), merges_(spec.merges.size()) {
    index_bytes();
    index_merges();
    if (spec.pre_tokenizer == PreTokenizer::expression) expression_.emplace(spec.expression);
    if (spec.ignore_merges) whole_ = PieceIndex(spec.pieces);
  }

  void encode(std::string_view text, bool /*begins*/, std::vector<TokenId>& out) const override {
    std::string prefixed;
    if (spec_.add_prefix_blank && !text.starts_with(' ')) {
      text = prefixed.assign(" ").append(text);
    }
    Call call{.out = out, .cache = WordCache(text.size()), .scratch = {}, .buffer = {}};
    if (spec_.pre_tokenizer == PreTokenizer::none) return encode_word(text, call);
    if (expression_) return encode_matches(text, call);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = word_end(spec_.pre_tokenizer, text, at);
      encode_word(text.substr(at, end - at), call);
      at = end;
    }
  }

 private:
  struct Call {
    std::vector<TokenId>& out;
    WordCache cache;
    MergeScratch scratch;
    std::vector<TokenId> buffer;
  };

  void index_bytes() {
    bytes_.fill(MergeTable::kNone);
    for (TokenId token = 0; token < spec_.pieces.size(); ++token) {
      const auto& piece = spec_.pieces[token];
      if (piece.size() != 1) continue;
      auto& place = bytes_[static_cast<unsigned char>(piece[0])];
      if (place == MergeTable::kNone) place = token;
    }
    const auto missing = std::ranges::find(bytes_, MergeTable::kNone);
    if (missing != bytes_.end()) {
      fail(ErrorCode::bad_data, "tokenizer: byte {} must be a token, but is none",
           missing - bytes_.begin());
    }
  }

  void index_merges() {
    for (std::uint32_t rank = 0; rank < spec_.merges.size(); ++rank) {
      const auto [left, right] = spec_.merges[rank];
      merges_.add(left, right, {rank, spec_.merged[rank]});
    }
  }

  // Between matches, and where none is found, text is a word too.
  void encode_matches(std::string_view text, Call& call) const {
    std::string repaired;
    if (!is_valid_utf8(text)) {
      repaired = repaired_utf8(text);
      text = repaired;
    }
    for (std::size_t at = 0; at < text.size();) {
      const auto match = expression_->find(text, at);
      if (match.begin > at) encode_word(text.substr(at, match.begin - at), call);
      if (match.end > match.begin) {
        encode_word(text.substr(match.begin, match.end - match.begin), call);
      }
      at = match.end;
    }
  }

  void encode_word(std::string_view word, Call& call) const {
    auto* entry = call.cache.at(word);
    if (entry != nullptr && entry->count > 0 && entry->word == word) {
      call.out.insert(call.out.end(), entry->tokens.begin(), entry->tokens.begin() + entry->count);
      return;
    }
    if (spec_.ignore_merges) {
      if (const auto found = whole_.find(word); found) {
        call.out.push_back(*found);
        return;
      }
    }
    auto& buffer = call.buffer;
    buffer.resize(word.size());
    for (std::size_t k = 0; k < word.size(); ++k) {
      buffer[k] = bytes_[static_cast<unsigned char>(word[k])];
    }
    const auto count = merge_all(merges_, buffer, call.scratch);
    call.out.insert(call.out.end(), buffer.begin(),
                    buffer.begin() + static_cast<std::ptrdiff_t>(count));
    if (entry != nullptr && count <= entry->tokens.size()) {
      entry->word = word;
      entry->count = static_cast<std::uint32_t>(count);
      std::copy_n(buffer.begin(), count, entry->tokens.begin());
    }
  }

  const TokenizerSpec& spec_;
  MergeTable merges_;
  std::array<TokenId, 256> bytes_{};
  std::optional<Expression> expression_;
  PieceIndex whole_;
};

}  // namespace

std::unique_ptr<Segmenter> make_byte_bpe(const TokenizerSpec& spec) {
  return std::make_unique<ByteBpe>(spec);
}

}  // namespace therma::llm
