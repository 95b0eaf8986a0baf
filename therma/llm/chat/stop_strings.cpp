// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/stop_strings.hpp"

#include <algorithm>
#include <utility>

#include "therma/core/error.hpp"

namespace therma::llm {

StopStrings::StopStrings(const std::vector<std::string>& stops) : nodes_(1) {
  constexpr std::size_t kMostNodes = 1 << 16;
  for (const auto& stop : stops) {
    if (stop.empty()) fail(ErrorCode::invalid_argument, "stop: must not be empty");
    std::uint32_t at = 0;
    for (const char c : stop) {
      const auto byte = static_cast<std::uint8_t>(c);
      if (nodes_[at].next[byte] == 0) {
        if (nodes_.size() >= kMostNodes)
          fail(ErrorCode::invalid_argument, "stop: must be at most {} bytes in all", kMostNodes);
        const auto depth = nodes_[at].depth + 1;
        nodes_[at].next[byte] = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back().depth = depth;
      }
      at = nodes_[at].next[byte];
    }
    nodes_[at].stop = nodes_[at].depth;
  }
  link();
}

// Breadth first: the longest proper ending of each node is done before the node itself.
void StopStrings::link() {
  std::vector<std::uint32_t> open(1, 0);
  std::vector<std::uint32_t> ending(nodes_.size());
  for (std::size_t i = 0; i < open.size(); ++i) {
    const auto at = open[i];
    nodes_[at].stop = std::max(nodes_[at].stop, nodes_[ending[at]].stop);
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto other = at == 0 ? 0 : nodes_[ending[at]].next[byte];
      auto& next = nodes_[at].next[byte];
      if (next == 0) {
        next = other;
      } else if (nodes_[next].depth == nodes_[at].depth + 1) {
        ending[next] = other;
        open.push_back(next);
      }
    }
  }
}

std::string StopStrings::push(std::string_view text) {
  std::string shown;
  if (has_stopped_) return shown;
  for (const char c : text) {
    held_ += c;
    at_ = nodes_[at_].next[static_cast<std::uint8_t>(c)];
    const auto& node = nodes_[at_];
    if (node.stop > 0) {
      has_stopped_ = true;
      shown.append(held_, 0, held_.size() - node.stop);
      held_.clear();
      return shown;
    }
    const auto free = held_.size() - node.depth;
    shown.append(held_, 0, free);
    held_.erase(0, free);
  }
  return shown;
}

std::string StopStrings::finish() { return std::exchange(held_, {}); }

}  // namespace therma::llm
