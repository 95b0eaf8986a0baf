// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as tokenizer.json give a tokenizer that encodes and decodes, or are
// refused with Error{bad_data}.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"
#include "therma/llm/tokenizer/tokenizer_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace therma;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const llm::Tokenizer tokenizer(llm::tokenizer_spec_from_json(text, "fuzz"));
    (void)tokenizer.decode(tokenizer.encode("ab c, <s>\n 12\xFF\u0142"), true);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::bad_data) throw;
  }
  return 0;
}
