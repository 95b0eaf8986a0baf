// SPDX-License-Identifier: Apache-2.0
// tokenizer.model, the format of SentencePiece: a protocol buffer.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

// Throws Error{bad_data} naming `where` and the byte.
[[nodiscard]] TokenizerSpec tokenizer_spec_from_sentencepiece(std::span<const std::byte> bytes,
                                                              std::string where);

}  // namespace therma::llm
