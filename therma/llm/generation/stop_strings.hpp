// SPDX-License-Identifier: Apache-2.0
// Ends a text before the first of given strings, wherever tokens cut it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace therma::llm {

class StopStrings {
 public:
  // Empty strings never match.
  explicit StopStrings(std::vector<std::string> strings);

  // More of the text; returns what can be shown: nothing of a string that is complete, nor what
  // could still become one. After a match nothing is shown any more.
  [[nodiscard]] std::string push(std::string_view text);
  [[nodiscard]] std::string finish();  // what was held back, unless there was a match
  [[nodiscard]] bool matched() const noexcept { return matched_; }

 private:
  std::vector<std::string> strings_;
  std::string held_;
  bool matched_ = false;
};

}  // namespace therma::llm
