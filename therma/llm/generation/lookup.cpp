// SPDX-License-Identifier: Apache-2.0
// One search backwards for each length of suffix.
#include "therma/llm/generation/lookup.hpp"

#include <algorithm>

namespace therma::llm {

std::vector<TokenId> look_up_draft(std::span<const TokenId> context, std::uint32_t most) {
  constexpr std::size_t kLongest = 4, kShortest = 2, kReach = 4096;
  if (context.size() > kReach) context = context.last(kReach);
  for (std::size_t size = kLongest; size >= kShortest; --size) {
    if (context.size() <= size) continue;
    const auto suffix = context.last(size);
    // The suffix itself, one to the left, and so on.
    for (std::size_t at = context.size() - size; at-- > 0;) {
      if (!std::ranges::equal(context.subspan(at, size), suffix)) continue;
      const auto after = context.subspan(at + size);
      const auto count = std::min<std::size_t>(most, after.size());
      return {after.begin(), after.begin() + static_cast<std::ptrdiff_t>(count)};
    }
  }
  return {};
}

}  // namespace therma::llm
