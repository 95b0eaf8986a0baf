// SPDX-License-Identifier: Apache-2.0
// Writes the container GGUF, version 3: for models that benchmarks make.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "therma/llm/load/gguf.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm {

using GgufEntries = std::vector<std::pair<std::string, GgufValue>>;

// Counts are written as 32-bit numbers where they fit, reals as 32-bit floats, as other writers do.
// Throws Error{io} where the file can't be written whole.
void write_gguf(const std::filesystem::path& path, const GgufEntries& metadata,
                std::span<const Tensor> tensors);

}  // namespace therma::llm
