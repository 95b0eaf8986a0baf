// SPDX-License-Identifier: Apache-2.0
// Drafts by looking up what followed the last tokens when they came before (prompt look-up).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/llm/model_config.hpp"

namespace therma::llm {

// Up to `most` tokens that followed the latest earlier place of the longest of the last 4, 3 or 2
// tokens; empty where none came before. Searches the last 4096 tokens.
[[nodiscard]] std::vector<TokenId> look_up_draft(std::span<const TokenId> context,
                                                 std::uint32_t most);

}  // namespace therma::llm
