// SPDX-License-Identifier: Apache-2.0
// Which of the files named *_<isa>.cpp this processor can run.
#pragma once

namespace therma {

// *_aesni.cpp: AES on 128-bit vectors, SSE 4.1, population count.
[[nodiscard]] bool cpu_runs_aesni() noexcept;
// *_vaes.cpp: AES on 256-bit vectors, AVX2, BMI2, population count.
[[nodiscard]] bool cpu_runs_vaes() noexcept;

}  // namespace therma
