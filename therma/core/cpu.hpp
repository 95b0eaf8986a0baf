// SPDX-License-Identifier: Apache-2.0
// Which of the files named *_<isa>.cpp this processor can run.
#pragma once

namespace therma {

// *_aesni.cpp: AES on 128-bit vectors, SSE 4.1, population count.
[[nodiscard]] bool cpu_runs_aesni() noexcept;
// *_vaes.cpp: AES on 256-bit vectors, AVX2, BMI2, population count.
[[nodiscard]] bool cpu_runs_vaes() noexcept;
// *_avx2.cpp: AVX2, fused multiply-add, conversion of half floats.
[[nodiscard]] bool cpu_runs_avx2() noexcept;
// *_avx512.cpp: AVX-512 F, BW, VL and DQ with VNNI and BF16.
[[nodiscard]] bool cpu_runs_avx512() noexcept;
// *_amx.cpp: the former and AMX tiles of int8 and bf16. The first call asks Linux to let this
// process use them, which enlarges what is saved of its threads.
[[nodiscard]] bool cpu_runs_amx() noexcept;

}  // namespace therma
