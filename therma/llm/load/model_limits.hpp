// SPDX-License-Identifier: Apache-2.0
// What a configuration may say before memory is taken for it.
#pragma once

#include <cstdint>
#include <string_view>

#include "therma/llm/model_config.hpp"

namespace therma::llm {

inline constexpr std::uint32_t kMostLayers = 1024;
inline constexpr std::uint32_t kMostHidden = 1 << 16;
inline constexpr std::uint32_t kMostHeads = 1024;
inline constexpr std::uint32_t kMostHeadDim = 1024;
inline constexpr std::uint32_t kMostFfn = 1 << 20;
inline constexpr std::uint32_t kMostVocabulary = 1 << 22;
inline constexpr std::uint32_t kMostContext = 1 << 27;

// That every size is within its limit and fits the others, and every constant is in its range.
// Throws Error{bad_data} naming `where` and the member.
void check_model_config(const ModelConfig& config, std::string_view where);

}  // namespace therma::llm
