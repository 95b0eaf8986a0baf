// SPDX-License-Identifier: Apache-2.0
// Added tokens, normal form, segments; and the bytes of each token.
#include "therma/llm/tokenizer/tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/added_tokens.hpp"
#include "therma/llm/tokenizer/blanks.hpp"
#include "therma/llm/tokenizer/normal_form.hpp"
#include "therma/llm/tokenizer/piece_index.hpp"
#include "therma/llm/tokenizer/segmenter.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

std::unique_ptr<Segmenter> segmenter_of(const TokenizerSpec& spec) {
  switch (spec.kind) {
    case TokenizerKind::byte_bpe:
      return make_byte_bpe(spec);
    case TokenizerKind::sentencepiece_bpe:
      return make_sentencepiece_bpe(spec);
    case TokenizerKind::unigram:
      return make_unigram(spec);
  }
  return nullptr;
}

std::uint32_t count_tokens(const TokenizerSpec& spec) {
  constexpr std::size_t kMost = std::size_t{1} << 24;
  std::size_t count = spec.pieces.size();
  for (const auto& added : spec.added)
    count = std::max<std::size_t>(count, added.id + std::size_t{1});
  if (count > kMost) {
    fail(ErrorCode::bad_data, "tokenizer: ids must be below {}, got {}", kMost, count - 1);
  }
  return static_cast<std::uint32_t>(count);
}

void check_added(const TokenizerSpec& spec, std::uint32_t num_tokens) {
  std::vector<bool> seen(num_tokens);
  for (const auto& added : spec.added) {
    if (added.text.empty()) {
      fail(ErrorCode::bad_data, "tokenizer: added token {} must have a text", added.id);
    }
    if (seen[added.id]) {
      fail(ErrorCode::bad_data, "tokenizer: added token {} must come once", added.id);
    }
    seen[added.id] = true;
  }
}

// A merge makes what its parts spell; a piece that an added token has taken spells nothing.
void check_merges(const TokenizerSpec& spec) {
  if (spec.merged.size() != spec.merges.size()) {
    fail(ErrorCode::bad_data, "tokenizer: has {} merges but {} results of them", spec.merges.size(),
         spec.merged.size());
  }
  for (std::size_t rank = 0; rank < spec.merges.size(); ++rank) {
    const auto [left, right] = spec.merges[rank];
    const auto token = spec.merged[rank];
    if (std::max({left, right, token}) >= spec.pieces.size()) {
      fail(ErrorCode::bad_data, "tokenizer: merge {} names a token beyond the {} there are", rank,
           spec.pieces.size());
    }
    const std::string_view a = spec.pieces[left], b = spec.pieces[right], both = spec.pieces[token];
    if (a.empty() || b.empty() || both.empty()) continue;
    if (both.size() != a.size() + b.size() || !both.starts_with(a) || !both.ends_with(b)) {
      fail(ErrorCode::bad_data,
           "tokenizer: merge {} must make what its parts spell, makes token {}", rank, token);
    }
  }
}

void check_scores(const TokenizerSpec& spec) {
  constexpr std::size_t kLongest = 1024;  // the work of preparing a piece grows with its square
  for (TokenId token = 0; token < spec.pieces.size(); ++token) {
    if (spec.pieces[token].size() > kLongest) {
      fail(ErrorCode::bad_data, "tokenizer: token {} must be at most {} bytes long, is {}", token,
           kLongest, spec.pieces[token].size());
    }
  }
  for (TokenId token = 0; token < spec.scores.size(); ++token) {
    if (!std::isfinite(spec.scores[token])) {
      fail(ErrorCode::bad_data, "tokenizer: token {} must have a finite score", token);
    }
  }
  if (!spec.byte_tokens.empty() && spec.byte_tokens.size() != 256) {
    fail(ErrorCode::bad_data, "tokenizer: must have 256 tokens for bytes or none, has {}",
         spec.byte_tokens.size());
  }
  for (const auto token : spec.byte_tokens) {
    if (token >= spec.pieces.size()) {
      fail(ErrorCode::bad_data, "tokenizer: byte token {} is beyond the {} there are", token,
           spec.pieces.size());
    }
  }
}

// Before anything is built from it.
const TokenizerSpec& checked(const TokenizerSpec& spec, std::uint32_t num_tokens) {
  check_added(spec, num_tokens);
  check_merges(spec);
  if (spec.kind != TokenizerKind::byte_bpe) check_scores(spec);
  for (const auto edge : {spec.bos, spec.eos, spec.unknown}) {
    if (edge && *edge >= num_tokens) {
      fail(ErrorCode::bad_data, "tokenizer: token {} is named but there are {}", *edge, num_tokens);
    }
  }
  return spec;
}

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(TokenizerSpec given)
      : spec(std::move(given)),
        num_tokens(count_tokens(spec)),
        segmenter(segmenter_of(checked(spec, num_tokens))),
        raw_added(spec.added) {
    names.resize(num_tokens);
    bytes.resize(num_tokens);
    special.resize(num_tokens);
    for (TokenId token = 0; token < spec.pieces.size(); ++token) {
      names[token] = spec.pieces[token];
      bytes[token] = spec.kind == TokenizerKind::byte_bpe ? spec.pieces[token]
                                                          : without_blank_marks(spec.pieces[token]);
    }
    for (std::size_t byte = 0; byte < spec.byte_tokens.size(); ++byte) {
      const auto token = spec.byte_tokens[byte];
      bytes.at(token) = std::string(1, static_cast<char>(byte));
      names.at(token) = fmt::format("<0x{:02X}>", byte);
    }
    for (const auto& added : spec.added) {
      names[added.id] = added.text;
      special[added.id] = added.special;
      bytes[added.id] = added.special ? std::string() : added.text;
    }
    by_name = PieceIndex(names);
  }

  // A stretch without added tokens.
  void encode_plain(std::string_view text, bool begins, std::vector<TokenId>& out) const {
    if (text.empty()) return;
    if (!spec.nfc && !spec.nfkc) return segmenter->encode(text, begins, out);
    std::string repaired;
    if (!is_valid_utf8(text)) {
      repaired = repaired_utf8(text);
      text = repaired;
    }
    if (spec.nfkc) return segmenter->encode(to_nfkc(text), begins, out);
    if (is_settled_in_nfc(text)) return segmenter->encode(text, begins, out);
    segmenter->encode(to_nfc(text), begins, out);
  }

  TokenizerSpec spec;
  std::uint32_t num_tokens;
  std::unique_ptr<Segmenter> segmenter;
  AddedTokens raw_added;
  std::vector<std::string> names;
  std::vector<std::string> bytes;
  std::vector<bool> special;
  PieceIndex by_name;
};

Tokenizer::Tokenizer(TokenizerSpec spec) : parts_(std::make_unique<const Parts>(std::move(spec))) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<TokenId> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  std::vector<TokenId> out;
  const auto& spec = parts_->spec;
  if (options.add_special && spec.add_bos && spec.bos) out.push_back(*spec.bos);
  bool begins = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto match = parts_->raw_added.find(text, at, options.parse_special);
    const auto end = match ? match->begin : text.size();
    parts_->encode_plain(text.substr(at, end - at), begins, out);
    if (!match) break;
    out.push_back(match->token);
    at = match->end;
    begins = parts_->special[match->token];
  }
  if (options.add_special && spec.add_eos && spec.eos) out.push_back(*spec.eos);
  return out;
}

std::string Tokenizer::decode(std::span<const TokenId> tokens, bool with_special) const {
  std::string out;
  for (const auto token : tokens) {
    out += with_special && is_special(token) ? name(token) : bytes(token);
  }
  const bool has_prefix = parts_->spec.kind != TokenizerKind::byte_bpe &&
                          parts_->spec.add_prefix_blank && out.starts_with(' ');
  return has_prefix ? out.substr(1) : out;
}

std::string_view Tokenizer::bytes(TokenId token) const noexcept {
  return token < parts_->num_tokens ? std::string_view(parts_->bytes[token]) : std::string_view();
}

std::string_view Tokenizer::name(TokenId token) const noexcept {
  return token < parts_->num_tokens ? std::string_view(parts_->names[token]) : std::string_view();
}

bool Tokenizer::is_special(TokenId token) const noexcept {
  return token < parts_->num_tokens && parts_->special[token];
}

std::optional<TokenId> Tokenizer::find(std::string_view name) const {
  return parts_->by_name.find(name);
}

std::uint32_t Tokenizer::num_tokens() const noexcept { return parts_->num_tokens; }
std::optional<TokenId> Tokenizer::bos() const noexcept { return parts_->spec.bos; }
std::optional<TokenId> Tokenizer::eos() const noexcept { return parts_->spec.eos; }
const TokenizerSpec& Tokenizer::spec() const noexcept { return parts_->spec; }

}  // namespace therma::llm
