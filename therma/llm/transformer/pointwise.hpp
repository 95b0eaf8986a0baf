// SPDX-License-Identifier: Apache-2.0
// What a transformer does to one position between its products.
#pragma once

#include <cstdint>

namespace therma::llm {

// out_i = x_i / sqrt(mean(x^2) + epsilon) * weight_i; out may be x. Sums squares in float32 lanes
// and is good to 2e-6 of each number for up to 2^14 of them.
void rms_norm(const float* x, const float* weight, double epsilon, std::uint32_t count,
              float* out) noexcept;
// gate_i <- gate_i sigma(gate_i) up_i, good to 1e-6 of itself (and to 1e-30 where it is smaller).
void swiglu(float* gate, const float* up, std::uint32_t count) noexcept;

// The plain twins, in double.
void rms_norm_plain(const float* x, const float* weight, double epsilon, std::uint32_t count,
                    float* out) noexcept;
void swiglu_plain(float* gate, const float* up, std::uint32_t count) noexcept;

}  // namespace therma::llm
