// SPDX-License-Identifier: Apache-2.0
// How far the states a run visited are from Boltzmann's law, and how far chance alone takes them.
#pragma once

#include <cstdint>
#include <span>

#include "therma/inference/enumerate.hpp"
#include "therma/inference/traces.hpp"

namespace therma {

struct TotalVariation {
  double value = 0.0;        // 1/2 sum |visited - exact| over cells of states
  double expected = 0.0;     // of a healthy run, from chance alone
  double noise_floor = 0.0;  // which a healthy run exceeds with the given rate
  std::size_t cells = 0;
};

// counts: [state] of all samples; states: state numbers by chain and sample, for their correlation
// in time; independent_samples: of the slowest observable. docs/theory/certificate.md eqs. 4, 5.
//
// States are put in order of energy and joined until each cell expects 16 independent visits or
// more: with few samples the test still sees a wrong temperature. A cell's variance comes from
// its own autocorrelation; the spread of the sum is bounded by that of the slowest event there is.
[[nodiscard]] TotalVariation total_variation(const Enumeration& exact,
                                             std::span<const std::uint64_t> counts,
                                             const Traces& states, double independent_samples,
                                             double false_alarm_rate);

}  // namespace therma
