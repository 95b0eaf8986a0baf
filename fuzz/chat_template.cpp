// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as a chat template render, or are refused with Error{bad_data}.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "therma/llm/chat/template.hpp"

// Anything but bad_data escapes, which a fuzzer reports.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const therma::Json context = therma::parse_json(
      R"({"messages": [{"role": "user", "content": "a <b>"}, {"role": "assistant", "content": ""}],
          "n": 3, "x": 0.5, "s": "zażółć", "none_": null, "d": {"k": [1, 2]}})",
      "context");
  therma::llm::RenderOptions options;
  options.limits.output_bytes = 1 << 16;
  options.limits.steps = 20'000;
  try {
    (void)therma::llm::render_chat(text, context, "fuzz", options);
  } catch (const therma::Error& e) {
    if (e.code() != therma::ErrorCode::bad_data) throw;
  }
  return 0;
}
