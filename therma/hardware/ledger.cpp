// SPDX-License-Identifier: Apache-2.0
// Counts times prices; what has no price is refused, never taken as nothing.
#include "therma/hardware/ledger.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace therma::hardware {
namespace {

// An operation that was not done costs nothing, whatever its price.
std::optional<double> cost_of(std::uint64_t count, std::optional<double> price_j) {
  if (count == 0) return 0.0;
  if (!price_j) return std::nullopt;
  return static_cast<double>(count) * *price_j;
}

}  // namespace

Bill bill_of(const Ledger& ledger, const DevicePrices& device,
             std::optional<double> independent_samples) {
  Bill bill{.device = &device,
            .updates_j = cost_of(ledger.updates, device.update_j),
            .reads_j = cost_of(ledger.reads, device.read_j),
            .writes_j = cost_of(ledger.writes, device.write_j)};
  std::vector<std::string_view> unknown;
  if (!bill.updates_j) unknown.emplace_back("an update");
  if (!bill.reads_j) unknown.emplace_back("a read");
  if (!bill.writes_j) unknown.emplace_back("a write");
  if (!unknown.empty()) {
    bill.refusal = fmt::format("{} has no published price of {}: the run is not priced",
                               device.name, fmt::join(unknown, " or "));
    return bill;
  }
  bill.total_j = *bill.updates_j + *bill.reads_j + *bill.writes_j;
  if (!independent_samples || !(*independent_samples > 0.0)) {
    bill.refusal =
        "no effective sample size is known, so there is no price of an independent sample";
    return bill;
  }
  bill.per_independent_j = *bill.total_j / *independent_samples;
  return bill;
}

}  // namespace therma::hardware
