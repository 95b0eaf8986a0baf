// SPDX-License-Identifier: Apache-2.0
// Looks at what is held back: a few characters longer than the longest string at most.
#include "therma/llm/generation/stop_strings.hpp"

#include <algorithm>
#include <utility>

namespace therma::llm {

StopStrings::StopStrings(std::vector<std::string> strings) : strings_(std::move(strings)) {
  std::erase_if(strings_, [](const std::string& text) { return text.empty(); });
}

std::string StopStrings::push(std::string_view text) {
  if (matched_) return {};
  held_ += text;
  std::size_t end = held_.size();
  for (const auto& stop : strings_) {
    const auto at = held_.find(stop);
    if (at < end) {
      end = at;
      matched_ = true;
    }
  }
  if (!matched_) {
    // The longest end of the text that begins one of the strings stays.
    std::size_t kept = 0;
    for (const auto& stop : strings_) {
      const auto most = std::min(stop.size() - 1, held_.size());
      for (std::size_t size = most; size > kept; --size) {
        if (held_.ends_with(std::string_view(stop).substr(0, size))) kept = size;
      }
    }
    end = held_.size() - kept;
  }
  std::string shown = held_.substr(0, end);
  held_.erase(0, end);
  return shown;
}

std::string StopStrings::finish() { return matched_ ? std::string() : std::exchange(held_, {}); }

}  // namespace therma::llm
