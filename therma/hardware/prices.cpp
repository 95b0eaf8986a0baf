// SPDX-License-Identifier: Apache-2.0
// The table of devices and their published prices.
#include "therma/hardware/prices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "therma/core/error.hpp"

namespace therma::hardware {
namespace {

constexpr double kFemto = 1e-15;
constexpr double kPico = 1e-12;

// docs/theory/ledger.md says what each figure is taken to mean.
constexpr std::array kDevices = {
    DevicePrices{.name = "dtm",
                 .summary = "denoising thermodynamic computer, as projected",
                 .label = JoulesLabel::projection,
                 .update_j = 2.0 * kFemto,
                 .random_bit_j = 0.35 * kFemto,
                 .source =
                     "arXiv 2510.23972: about 2 fJ for each cell update, of which about 350 aJ "
                     "for the random bit; no price of a read or a write"},
    DevicePrices{.name = "z1",
                 .summary = "Z1 sampling chip, SPICE projection",
                 .label = JoulesLabel::projection,
                 .update_j = 7.09 * kFemto,
                 .read_j = 1.69 * kPico,
                 .write_j = 153.6 * kPico,
                 .source = "SPICE projection of its makers: sample 7.09 fJ, read 1.69 pJ, write "
                           "153.6 pJ"},
};

}  // namespace

std::string_view name(JoulesLabel label) noexcept {
  constexpr std::string_view kNames[] = {"measured", "estimate", "model", "projection"};
  return kNames[static_cast<std::size_t>(label)];
}

std::span<const DevicePrices> device_prices() noexcept { return kDevices; }

const DevicePrices& prices_of(std::string_view device) {
  const auto* found = std::ranges::find(kDevices, device, &DevicePrices::name);
  if (found != kDevices.end()) return *found;
  std::vector<std::string_view> names;
  for (const auto& row : kDevices) names.push_back(row.name);
  fail(ErrorCode::invalid_argument, "device: must be one of {}, got \"{}\"", fmt::join(names, ", "),
       device);
}

}  // namespace therma::hardware
