// SPDX-License-Identifier: Apache-2.0
// Marks for blanks and back.
#include "therma/llm/tokenizer/blanks.hpp"

namespace therma::llm {

std::string with_blank_marks(std::string_view text, const TokenizerSpec& spec, bool begins) {
  std::string out;
  out.reserve(text.size() + text.size() / 2 + kBlankMark.size());
  bool after_blank = spec.collapse_blanks && begins;  // blanks before a text go
  if (begins && spec.add_prefix_blank && !text.empty()) out += kBlankMark;
  for (const char c : text) {
    if (c != ' ') {
      out.push_back(c);
      after_blank = false;
      continue;
    }
    if (spec.collapse_blanks && after_blank) continue;
    out += kBlankMark;
    after_blank = true;
  }
  if (spec.collapse_blanks) {
    while (out.size() > kBlankMark.size() && out.ends_with(kBlankMark)) {
      out.resize(out.size() - kBlankMark.size());
    }
  }
  return out;
}

std::string without_blank_marks(std::string_view piece) {
  std::string out;
  for (std::size_t at = 0; at < piece.size();) {
    if (piece.substr(at).starts_with(kBlankMark)) {
      out.push_back(' ');
      at += kBlankMark.size();
    } else {
      out.push_back(piece[at++]);
    }
  }
  return out;
}

}  // namespace therma::llm
