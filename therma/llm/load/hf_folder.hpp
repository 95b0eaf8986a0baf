// SPDX-License-Identifier: Apache-2.0
// A Hugging Face folder as a model.
#pragma once

#include <filesystem>

#include "therma/llm/load/checkpoint.hpp"

namespace therma::llm {

// Reads config.json, generation_config.json, the chat template, the tokenizer and model.safetensors
// or the files of its index. Throws as load_checkpoint does.
[[nodiscard]] Checkpoint load_folder(const std::filesystem::path& folder);

}  // namespace therma::llm
