// SPDX-License-Identifier: Apache-2.0
// A word, or a file of numbers.
#include "therma/engine/schedules.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/engine/files.hpp"

namespace therma {

Schedule read_schedule(const std::string& text) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(text, ignored)) return Schedule::parse(text);
  const auto content = read_file(text);
  std::vector<double> values;
  const char* at = content.data();
  const char* const end = at + content.size();
  const auto is_blank = [](char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',';
  };
  while ((at = std::find_if_not(at, end, is_blank)) != end) {
    double value = 0.0;
    const auto [stop, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || (stop != end && !is_blank(*stop)) || !(value >= 0.0)) {
      fail(ErrorCode::bad_data, "{}:{}: expected inverse temperatures, numbers not below 0", text,
           1 + std::count(content.data(), at, '\n'));
    }
    values.push_back(value);
    at = stop;
  }
  if (values.empty()) fail(ErrorCode::bad_data, "{}: holds no numbers", text);
  return Schedule::list(std::move(values));
}

}  // namespace therma
