// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as text. Without a normal form a byte-level tokenizer gives them back;
// with NFC it gives the NFC of the text, repaired where it is no UTF-8.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "therma/llm/tokenizer/normal_form.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"
#include "therma/llm/unicode.hpp"

namespace {

using namespace therma::llm;

Tokenizer byte_level(PreTokenizer kind, bool nfc) {
  TokenizerSpec spec;
  for (int byte = 0; byte < 256; ++byte) spec.pieces.emplace_back(1, static_cast<char>(byte));
  spec.pieces.insert(spec.pieces.end(), {"ab", "abc"});
  spec.merges = {{'a', 'b'}, {256, 'c'}};
  spec.merged = {256, 257};
  spec.pre_tokenizer = kind;
  spec.nfc = nfc;
  return Tokenizer(std::move(spec));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Tokenizer plain = byte_level(PreTokenizer::gpt2, false);
  static const Tokenizer composed = byte_level(PreTokenizer::qwen2, true);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (plain.decode(plain.encode(text)) != text) throw std::logic_error("bytes changed");
  if (composed.decode(composed.encode(text)) != to_nfc(repaired_utf8(text))) {
    throw std::logic_error("not the normal form");
  }
  return 0;
}
