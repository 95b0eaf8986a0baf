// SPDX-License-Identifier: Apache-2.0
// Runs the yardsticks' loops for a while each and takes the best.
#include "therma/engine/bench/limits.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "therma/core/cpu.hpp"
#include "therma/engine/bench/limits_simd.hpp"
#include "therma/engine/usage.hpp"

namespace therma {
namespace {

// Best rate of several runs, `amount` of work each.
double best_rate(double amount, const std::function<std::uint64_t()>& work) {
  constexpr int kRuns = 5;
  double best = 0.0;
  volatile std::uint64_t keep = 0;
  for (int run = 0; run < kRuns; ++run) {
    const double start = cpu_seconds();
    keep = keep + work();
    best = std::max(best, amount / ((cpu_seconds() - start) * 1e9));
  }
  return best;
}

double read_rate(std::size_t num_bytes) {
  const std::vector<std::uint64_t> data(num_bytes / sizeof(std::uint64_t), 1);
  const std::size_t passes = std::max<std::size_t>(1, (std::size_t{1} << 28) / num_bytes);
  return best_rate(static_cast<double>(num_bytes * passes), [&] {
    std::uint64_t sum = 0;
    for (std::size_t pass = 0; pass < passes; ++pass) sum += run_read(data.data(), data.size());
    return sum;
  });
}

}  // namespace

AesLoop aes_loop() noexcept {
#if defined(__x86_64__)
  if (cpu_runs_vaes()) return run_aes_vaes;
#endif
  return nullptr;
}

MachineLimits measure_limits() {
  constexpr std::size_t kRounds = 4'000'000, kAesRounds = 1'000'000;
  const auto bits = static_cast<double>(widest_vector_bits());
  MachineLimits limits;
  limits.fma_per_ns = best_rate(kRounds * kMultiplyAddsPerRound * bits / 32.0, [] {
    return static_cast<std::uint64_t>(run_multiply_adds(kRounds));
  });
  limits.logic_bits_per_ns =
      best_rate(kRounds * kLogicPerRound * bits, [] { return run_logic(kRounds); });
  if (const auto loop = aes_loop()) {
    limits.aes_bits_per_ns =
        best_rate(kAesRounds * kAesBlocksPerRound * 128.0, [loop] { return loop(kAesRounds); });
  }
  limits.read_bytes_per_ns = read_rate(std::size_t{1} << 28);
  limits.cache_bytes_per_ns = read_rate(std::size_t{1} << 23);
  return limits;
}

}  // namespace therma
