// SPDX-License-Identifier: Apache-2.0
// Makers of the heads, for the table in registry.cpp.
#pragma once

#include <memory>

#include "therma/llm/heads/head.hpp"

namespace therma::llm {

[[nodiscard]] std::unique_ptr<TokenHead> make_softmax(const HeadMatrix& matrix,
                                                      const HeadConfig& config, const Team& team);
[[nodiscard]] std::unique_ptr<TokenHead> make_race(const HeadMatrix& matrix,
                                                   const HeadConfig& config, const Team& team);
[[nodiscard]] std::unique_ptr<TokenHead> make_screened(const HeadMatrix& matrix,
                                                       const HeadConfig& config, const Team& team);

}  // namespace therma::llm
