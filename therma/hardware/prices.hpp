// SPDX-License-Identifier: Apache-2.0
// What one operation costs on a named device: published figures with their source and their label.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace therma::hardware {

// How good a figure in joules is; figures of different labels are never added or subtracted.
enum class JoulesLabel {
  measured,    // by a sensor
  estimate,    // time times an assumed power
  model,       // counted operations times prices, each with a range
  projection,  // counted operations times prices that a device yet to be built is said to have
};
[[nodiscard]] std::string_view name(JoulesLabel label) noexcept;

// Joules for each operation; what nobody has published is unknown, which is not zero.
struct DevicePrices {
  std::string_view name;
  std::string_view summary;
  JoulesLabel label = JoulesLabel::projection;
  std::optional<double> update_j;      // one cell drawn anew, its random bit included
  std::optional<double> random_bit_j;  // the part of update_j that draws the bit
  std::optional<double> read_j;        // one cell's state taken out of the device
  std::optional<double> write_j;       // one number (a bias, a coupling) put into it
  std::string_view source;
};

// The whole list.
[[nodiscard]] std::span<const DevicePrices> device_prices() noexcept;

// The row of that name. Throws Error{invalid_argument} with the names there are.
[[nodiscard]] const DevicePrices& prices_of(std::string_view device);

}  // namespace therma::hardware
