// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as a safetensors file are read, or refused with Error{bad_data}.
#include <cstddef>
#include <cstdint>
#include <span>

#include "therma/core/error.hpp"
#include "therma/llm/load/safetensors.hpp"

// Anything but bad_data escapes, which a fuzzer reports.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    (void)therma::llm::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz");
  } catch (const therma::Error& e) {
    if (e.code() != therma::ErrorCode::bad_data) throw;
  }
  return 0;
}
