// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as tokenizer.model give a tokenizer that encodes and decodes, or are
// refused with Error{bad_data}.
#include <cstddef>
#include <cstdint>
#include <span>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/sentencepiece_model.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace therma;
  try {
    const llm::Tokenizer tokenizer(
        llm::tokenizer_spec_from_sentencepiece(std::as_bytes(std::span(data, size)), "fuzz"));
    (void)tokenizer.decode(tokenizer.encode("hi  hi <s>\n 12\xFF\u0142"), true);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::bad_data) throw;
  }
  return 0;
}
