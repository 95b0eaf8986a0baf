// SPDX-License-Identifier: Apache-2.0
// The plain twin of the screen's kernels, and the choice of one.
#include "therma/llm/heads/screen_kernels.hpp"

#include <vector>

namespace therma::llm {
namespace {

std::int32_t dot_of(const std::uint8_t* codes, const std::int8_t* x) noexcept {
  std::int32_t dot = 0;
  for (std::size_t k = 0; k < 16; ++k) {
    const std::uint8_t both = codes[64 * (k / 4) + k % 4];
    dot += (both & 15) * x[k] + (both >> 4) * x[k + 16];
  }
  return dot;
}

void run_plain(const ScreenCall& call, float* a) noexcept {
  for (std::uint32_t row = 0; row < 16 * call.num_groups; ++row) {
    const std::uint8_t* data = call.data + row / 16 * call.group_bytes;
    const std::uint8_t* scales = data + std::size_t{256} * call.blocks + row % 16;
    float sum = 0.0F;
    for (std::size_t b = 0; b < call.blocks; ++b) {
      const std::uint8_t* codes = data + 256 * b + std::size_t{4} * (row % 16);
      const std::int32_t dot = 2 * dot_of(codes, call.codes + 32 * b) + call.sums[b];
      const float whole = static_cast<float>(dot) * static_cast<float>(scales[16 * b]);
      sum += whole * call.scales[b];
    }
    a[row] = call.mean_product + call.row_scales[row] * sum;
  }
}

bool runs_avx512() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

bool runs_avx2() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
#else
  return false;
#endif
}

std::vector<ScreenKernelEntry> find_kernels() {
  std::vector<ScreenKernelEntry> found;
  if (const auto run = screen_kernel_avx512(); run != nullptr && runs_avx512()) {
    found.push_back({"avx512", run});
  }
  if (const auto run = screen_kernel_avx2(); run != nullptr && runs_avx2()) {
    found.push_back({"avx2", run});
  }
  found.push_back({"plain", run_plain});
  return found;
}

}  // namespace

std::span<const ScreenKernelEntry> screen_kernels() noexcept {
  static const std::vector<ScreenKernelEntry> kKernels = find_kernels();
  return kKernels;
}

}  // namespace therma::llm
