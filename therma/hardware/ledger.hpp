// SPDX-License-Identifier: Apache-2.0
// What a sampling run did, counted, and what that costs on a device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "therma/hardware/prices.hpp"

namespace therma::hardware {

// Operations of one run, all replicas together. A device does the same run with the same counts;
// how the numbers were drawn on this machine is not its business.
struct Ledger {
  std::uint64_t updates = 0;      // variables drawn anew
  std::uint64_t random_bits = 0;  // one for each update of a two-state variable
  std::uint64_t samples = 0;      // states of all variables that were looked at
  std::uint64_t reads = 0;        // variables read out: samples times variables
  std::uint64_t writes = 0;       // numbers put in: fields and both ends of each coupling
};

// One run's joules under one device's prices.
struct Bill {
  const DevicePrices* device = nullptr;
  std::optional<double> updates_j;  // none where the price is unknown
  std::optional<double> reads_j;
  std::optional<double> writes_j;
  std::optional<double> total_j;            // none unless all three are known or not used
  std::optional<double> per_independent_j;  // none without an effective sample size
  std::string refusal;                      // one sentence: why a figure is not there
};

// independent_samples: the run's effective sample size as its certificate gives it, all replicas
// together; none where it gives none. docs/theory/ledger.md eqs. 1 and 2.
[[nodiscard]] Bill bill_of(const Ledger& ledger, const DevicePrices& device,
                           std::optional<double> independent_samples);

}  // namespace therma::hardware
