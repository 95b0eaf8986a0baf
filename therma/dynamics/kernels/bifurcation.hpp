// SPDX-License-Identifier: Apache-2.0
// The time steps of simulated bifurcation for a block of replicas in lanes, and their plain twin.
#pragma once

#include <cstddef>
#include <cstdint>

namespace therma::kernels {

inline constexpr std::size_t kBifurcationLanes = 16;

// Rows of the couplings in single precision; an extra spin for fields, where there are any, is one
// of them.
struct BifurcationRows {
  std::uint32_t size = 0;
  const std::size_t* row_start = nullptr;  // [size + 1]
  const std::uint32_t* column = nullptr;
  const float* value = nullptr;  // c0 J
};

// One block: kBifurcationLanes replicas. `felt` is what neighbours feel: x, or its sign.
struct BifurcationBlock {
  float* x = nullptr;     // [size, lane]
  float* y = nullptr;     // [size, lane]
  float* felt = nullptr;  // [size, lane]
};

struct BifurcationSteps {
  std::uint64_t first = 0;  // of `total` in a run
  std::uint64_t count = 0;
  std::uint64_t total = 1;
  float dt = 1.0F;
  bool discrete = true;
};

// docs/theory/bifurcation.md eqs. 1 and 2: y += dt (c0 sum J felt - (1 - a) x), x += dt y, walls at
// +-1. Same bits from both: products are rounded before they are added.
void bifurcation_steps(const BifurcationRows& rows, const BifurcationBlock& block,
                       const BifurcationSteps& steps) noexcept;
void bifurcation_steps_plain(const BifurcationRows& rows, const BifurcationBlock& block,
                             const BifurcationSteps& steps) noexcept;

}  // namespace therma::kernels
