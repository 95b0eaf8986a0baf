// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/speculation.hpp"

#include <algorithm>

#include "therma/core/error.hpp"

namespace therma::llm {

PromptLookup::PromptLookup(const LookupConfig& config) : config_(config) {
  constexpr std::uint32_t kLongest = 16;
  if (config.shortest < 1 || config.shortest > config.longest || config.longest > kLongest)
    fail(ErrorCode::invalid_argument,
         "lookup: must have 1 <= shortest <= longest <= {}, got {} and {}", kLongest,
         config.shortest, config.longest);
}

// Keys of different endings may collide: is_same compares the tokens themselves.
std::uint64_t PromptLookup::key_of(std::size_t length) const noexcept {
  std::uint64_t key = 0x9e3779b97f4a7c15U * length;
  for (std::size_t i = text_.size() - length; i < text_.size(); ++i) {
    key = (key ^ text_[i]) * 0xff51afd7ed558ccdU;
    key ^= key >> 32;
  }
  return key;
}

bool PromptLookup::is_same(std::size_t end, std::size_t length) const noexcept {
  return end >= length && std::equal(text_.end() - static_cast<std::ptrdiff_t>(length), text_.end(),
                                     text_.begin() + static_cast<std::ptrdiff_t>(end - length));
}

void PromptLookup::push(TokenId token) {
  text_.push_back(token);
  const auto end = static_cast<std::uint32_t>(text_.size());
  for (std::size_t length = config_.shortest; length <= config_.longest && length <= end;
       ++length) {
    auto& seen = seen_[key_of(length)];
    seen = {end, seen.last};
  }
}

void PromptLookup::push(std::span<const TokenId> tokens) {
  for (const auto token : tokens) push(token);
}

std::vector<TokenId> PromptLookup::draft() const {
  for (std::size_t length = std::min<std::size_t>(config_.longest, text_.size());
       length >= config_.shortest; --length) {
    const auto found = seen_.find(key_of(length));
    if (found == seen_.end() || found->second.before == 0) continue;
    const std::size_t end = found->second.before;
    if (!is_same(end, length)) continue;
    const auto count = std::min<std::size_t>(config_.max_drafts, text_.size() - end);
    const auto first = text_.begin() + static_cast<std::ptrdiff_t>(end);
    return {first, first + static_cast<std::ptrdiff_t>(count)};
  }
  return {};
}

}  // namespace therma::llm
