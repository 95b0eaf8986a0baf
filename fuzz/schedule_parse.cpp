// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as a scheduling problem are read, or refused with Error{bad_data}.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "therma/problems/schedule/parse.hpp"

// The first byte chooses the format. Anything but bad_data escapes, which a fuzzer reports.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace therma::schedule;
  if (size == 0) return 0;
  const auto format = static_cast<Format>(data[0] % enum_names(Format{}).size());
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const auto parsed = parse_problem(text, "fuzz", format);
    (void)parse_problem(problem_to_json(parsed.problem).dump(), "written");
    (void)parse_solution(text, "fuzz", parsed.problem);
  } catch (const therma::Error& e) {
    if (e.code() != therma::ErrorCode::bad_data) throw;
  }
  return 0;
}
