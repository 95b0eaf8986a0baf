// SPDX-License-Identifier: Apache-2.0
// Ends a text at the first of several strings, while it is still being written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace therma::llm {

class StopStrings {
 public:
  // Throws Error{invalid_argument} for an empty string, and for more than 64 KiB in all.
  explicit StopStrings(const std::vector<std::string>& stops);

  // More of the text; returns what can be shown now. What may yet become part of a stop string is
  // held back. Nothing comes after a stop; of several that match, the one that is complete first
  // counts, and of those the one that begins first.
  [[nodiscard]] std::string push(std::string_view text);
  // What was held back, at the end of the text.
  [[nodiscard]] std::string finish();
  [[nodiscard]] bool has_stopped() const noexcept { return has_stopped_; }

 private:
  // The tree of the strings; `next` leads on, or to the longest ending that begins another
  // (Aho and Corasick, Comm. ACM 18, 1975).
  struct Node {
    std::vector<std::uint32_t> next = std::vector<std::uint32_t>(256);  // [byte]
    std::uint32_t depth = 0;  // bytes that match: what is held back
    std::uint32_t stop = 0;   // length of the longest stop that ends here
  };

  void link();

  std::vector<Node> nodes_;
  std::uint32_t at_ = 0;
  std::string held_;
  bool has_stopped_ = false;
};

}  // namespace therma::llm
