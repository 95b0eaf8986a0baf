// SPDX-License-Identifier: Apache-2.0
// Checkpoints of any shape with random weights, to measure speed without a download.
#pragma once

#include <cstdint>

#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/model_config.hpp"

namespace therma::llm {

// In memory: matrices of about normal(0, 0.02) stored as `type`, those whose rows are no whole
// number of its blocks as f32; norms are 1, biases normal(0, 0.02), both f32. Rows repeat a pool of
// a few thousand draws from another place each, so that a thousand million weights take a second.
// type: f32, f16, bf16, q8_0 or q4_0; otherwise throws Error{invalid_argument}.
[[nodiscard]] Checkpoint random_checkpoint(const ModelConfig& config, DType type,
                                           std::uint64_t seed);

}  // namespace therma::llm
