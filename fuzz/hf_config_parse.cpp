// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as one of the JSON files of a Hugging Face folder are read, or refused
// with Error{bad_data}.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "therma/llm/load/hf_config.hpp"

// The first byte chooses the file. Anything but bad_data escapes, which a fuzzer reports.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace therma;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] == 'g') {
      (void)llm::parse_generation_config(text, "fuzz");
    } else if (data[0] == 't') {
      const auto json = parse_json(text, "fuzz");
      (void)llm::chat_template_of(JsonReader(json, "fuzz"));
    } else {
      (void)llm::parse_hf_config(text, "fuzz");
    }
  } catch (const Error& e) {
    if (e.code() != ErrorCode::bad_data) throw;
  }
  return 0;
}
