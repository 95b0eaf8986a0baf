// SPDX-License-Identifier: Apache-2.0
// The table of element types.
#include "therma/llm/tensor.hpp"

#include <array>

namespace therma::llm {
namespace {

constexpr std::array kTypes = {
    DTypeTraits{DType::f32, "f32", 1, 4},       DTypeTraits{DType::f16, "f16", 1, 2},
    DTypeTraits{DType::bf16, "bf16", 1, 2},     DTypeTraits{DType::q8_0, "q8_0", 32, 34},
    DTypeTraits{DType::q4_0, "q4_0", 32, 18},   DTypeTraits{DType::q4_1, "q4_1", 32, 20},
    DTypeTraits{DType::q5_0, "q5_0", 32, 22},   DTypeTraits{DType::q5_1, "q5_1", 32, 24},
    DTypeTraits{DType::q4_k, "q4_k", 256, 144}, DTypeTraits{DType::q5_k, "q5_k", 256, 176},
    DTypeTraits{DType::q6_k, "q6_k", 256, 210},
};

}  // namespace

const DTypeTraits& traits(DType type) noexcept { return kTypes[static_cast<std::size_t>(type)]; }

}  // namespace therma::llm
