// SPDX-License-Identifier: Apache-2.0
// Added tokens, normal form, segments; and the bytes of each token.
#include "therma/llm/tokenizer/tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/added_tokens.hpp"
#include "therma/llm/tokenizer/blanks.hpp"
#include "therma/llm/tokenizer/normal_form.hpp"
#include "therma/llm/tokenizer/piece_index.hpp"
#include "therma/llm/tokenizer/segmenter.hpp"
#include "therma/llm/tokenizer/unicode.hpp"

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

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(TokenizerSpec given)
      : spec(std::move(given)),
        num_tokens(count_tokens(spec)),
        segmenter(segmenter_of(spec)),
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
    for (const auto edge : {spec.bos, spec.eos, spec.unknown}) {
      if (edge && *edge >= num_tokens) {
        fail(ErrorCode::bad_data, "tokenizer: token {} is named but there are {}", *edge,
             num_tokens);
      }
    }
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
