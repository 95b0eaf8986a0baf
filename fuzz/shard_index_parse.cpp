// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as the index of a sharded checkpoint are read, or refused with
// Error{bad_data}; no file that the index names lies outside its folder.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "therma/core/error.hpp"
#include "therma/llm/load/safetensors.hpp"

// Anything but bad_data escapes, which a fuzzer reports.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& [tensor, file] : therma::llm::parse_shard_index(text, "fuzz")) {
      const auto path = (std::filesystem::path("/folder") / file).lexically_normal();
      if (path.parent_path() != "/folder") throw std::logic_error(file);
    }
  } catch (const therma::Error& e) {
    if (e.code() != therma::ErrorCode::bad_data) throw;
  }
  return 0;
}
