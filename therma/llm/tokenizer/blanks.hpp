// SPDX-License-Identifier: Apache-2.0
// Blanks as SentencePiece writes them: U+2581.
#pragma once

#include <string>
#include <string_view>

#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

inline constexpr std::string_view kBlankMark = "\xE2\x96\x81";

// Blanks marked, one put before the text where the tokenizer does so and the text `begins`, several
// made one where it does so.
[[nodiscard]] std::string with_blank_marks(std::string_view text, const TokenizerSpec& spec,
                                           bool begins);
// Marks as blanks.
[[nodiscard]] std::string without_blank_marks(std::string_view piece);

}  // namespace therma::llm
