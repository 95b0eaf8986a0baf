// SPDX-License-Identifier: Apache-2.0
// One float for each of the 64 replicas of a group.
#pragma once

#include "therma/dynamics/kernels/lane_bits.hpp"

namespace therma::kernels {

struct alignas(64) LaneRow {
  float lane[kGroupLanes] = {};
};

}  // namespace therma::kernels
