// SPDX-License-Identifier: Apache-2.0
// A GGUF file as a model.
#pragma once

#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/load/gguf.hpp"

namespace therma::llm {

// Everything but the tokenizer; tensors under Hugging Face's names, borrowed from the file's bytes.
// Throws Error{bad_data} naming the key or the tensor.
[[nodiscard]] Checkpoint checkpoint_of(const GgufFile& file);

}  // namespace therma::llm
