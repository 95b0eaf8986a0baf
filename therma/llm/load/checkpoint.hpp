// SPDX-License-Identifier: Apache-2.0
// A checkpoint on disk, mapped into memory: configuration, tokenizer, tensors.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/model_config.hpp"
#include "therma/llm/tensor.hpp"
#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

// What the checkpoint suggests for sampling; generation_config.json.
struct GenerationDefaults {
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<std::uint32_t> top_k;
  std::optional<double> repetition_penalty;
  std::vector<TokenId> eos;  // any of them ends a text
  std::optional<TokenId> bos;
};

struct Checkpoint {
  std::string format;  // "safetensors" or "gguf"
  ModelConfig config;
  TokenizerSpec tokenizer;  // without pieces where the files have none
  GenerationDefaults generation;
  std::string chat_template;    // Jinja; empty where there is none
  std::vector<Tensor> tensors;  // sorted by name; Hugging Face's names
  std::size_t file_bytes = 0;
  std::shared_ptr<const void> mapping;  // keeps the tensors' bytes

  // Throws Error{bad_data} naming the tensor where it is missing or has another shape.
  [[nodiscard]] const Tensor& tensor(std::string_view name,
                                     std::initializer_list<std::uint64_t> shape) const;
  [[nodiscard]] const Tensor* find(std::string_view name) const noexcept;
};

// A folder (config.json, tokenizer.json or tokenizer.model, safetensors) or a GGUF file.
// Throws Error{io} where it cannot be read, Error{bad_data} with file, place and what was expected
// where it is malformed or of an architecture that is not known. Nothing in the files is trusted:
// every length is checked before memory is taken, every range before it is read.
[[nodiscard]] Checkpoint load_checkpoint(const std::filesystem::path& path);

}  // namespace therma::llm
