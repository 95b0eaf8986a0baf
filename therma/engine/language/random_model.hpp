// SPDX-License-Identifier: Apache-2.0
// Models of a known shape with random weights: for speed, not for text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "therma/llm/load/checkpoint.hpp"

namespace therma {

struct RandomModel {
  llm::ModelConfig config;
  llm::DType type = llm::DType::bf16;
};

// "qwen2.5-0.5b[:bf16|q8_0|q4_0]", the part after "random:". Throws Error{invalid_argument} naming
// the shapes there are.
[[nodiscard]] RandomModel random_model(std::string_view name);

// In memory; its vocabulary spells each token by its number, and each byte by itself.
[[nodiscard]] std::shared_ptr<const llm::Checkpoint> make_random_checkpoint(
    const RandomModel& model, std::uint64_t seed);

// The same as a GGUF file that other runtimes read.
void write_random_gguf(const std::filesystem::path& path, const RandomModel& model,
                       std::uint64_t seed);

}  // namespace therma
