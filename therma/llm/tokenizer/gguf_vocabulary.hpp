// SPDX-License-Identifier: Apache-2.0
// The vocabulary in the metadata of a GGUF file.
#pragma once

#include "therma/llm/load/gguf.hpp"
#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

// Throws Error{bad_data} naming the file and the key.
[[nodiscard]] TokenizerSpec tokenizer_spec_from_gguf(const GgufFile& file);

}  // namespace therma::llm
