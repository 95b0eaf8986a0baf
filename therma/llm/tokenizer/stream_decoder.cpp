// SPDX-License-Identifier: Apache-2.0
// Whole characters out of bytes that come in pieces.
#include "therma/llm/tokenizer/tokenizer.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {

std::string StreamDecoder::push(TokenId token) {
  auto bytes = tokenizer_->bytes(token);
  const auto& spec = tokenizer_->spec();
  if (at_start_ && !bytes.empty()) {
    const bool has_prefix = spec.kind != TokenizerKind::byte_bpe && spec.add_prefix_blank;
    if (has_prefix && bytes.starts_with(' ')) bytes.remove_prefix(1);
    at_start_ = false;
  }
  pending_ += bytes;
  std::string out;
  std::size_t at = 0;
  while (at < pending_.size()) {
    const auto next = next_character(pending_, at);
    // A beginning that more bytes could complete waits for them.
    if (!next.is_valid && at + next.size == pending_.size() && next.could_continue) break;
    append_utf8(out, next.code);
    at += next.size;
  }
  pending_.erase(0, at);
  return out;
}

std::string StreamDecoder::finish() {
  auto out = repaired_utf8(pending_);
  pending_.clear();
  return out;
}

}  // namespace therma::llm
