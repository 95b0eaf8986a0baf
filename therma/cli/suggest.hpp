// SPDX-License-Identifier: Apache-2.0
// What someone probably meant to type.
#pragma once

#include <span>
#include <string_view>

namespace therma::cli {

// The known word nearest to `typed` by insertions, deletions, substitutions and swaps of
// neighbours; empty where none is near.
[[nodiscard]] std::string_view nearest(std::string_view typed,
                                       std::span<const std::string_view> known);

}  // namespace therma::cli
