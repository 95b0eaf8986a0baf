// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as a GGUF file are read as a model, or refused with Error{bad_data}.
#include <cstddef>
#include <cstdint>
#include <span>

#include "therma/core/error.hpp"
#include "therma/llm/load/gguf_model.hpp"

// Anything but bad_data escapes, which a fuzzer reports.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = therma::llm::parse_gguf(std::as_bytes(std::span(data, size)), "fuzz");
    (void)therma::llm::checkpoint_of(file);
  } catch (const therma::Error& e) {
    if (e.code() != therma::ErrorCode::bad_data) throw;
  }
  return 0;
}
