// SPDX-License-Identifier: Apache-2.0
// Whether two implementations of the batch tiles agree: asked once, before instructions that this
// release could not be tried on are used.
#pragma once

#include "therma/llm/kernels/batch_tiles.hpp"

namespace therma::llm {

// Products of a small matrix of each type, to the rounding of float sums. Some microseconds to
// some milliseconds.
[[nodiscard]] bool tiles_agree(const BatchKernels& kernels, const BatchKernels& twin);

}  // namespace therma::llm
