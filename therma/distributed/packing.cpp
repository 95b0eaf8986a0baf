// SPDX-License-Identifier: Apache-2.0
// States as bytes.
#include "therma/distributed/packing.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr char kAsBytes = 'b';
constexpr char kAsDoubles = 'd';

// Also bit for bit: -0.0 does not.
bool fits_a_byte(double value) noexcept {
  return value >= -128.0 && value <= 127.0 &&
         std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<std::int8_t>(value))) ==
             std::bit_cast<std::uint64_t>(value);
}

std::string_view take(std::string_view& bytes, std::size_t length) {
  if (bytes.size() < length) {
    fail(ErrorCode::remote, "states from another rank end {} bytes early", length - bytes.size());
  }
  const auto taken = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return taken;
}

}  // namespace

void pack_values(std::span<const double> values, std::string& bytes) {
  if (std::ranges::all_of(values, fits_a_byte)) {
    bytes += kAsBytes;
    for (const double value : values) bytes += static_cast<char>(static_cast<std::int8_t>(value));
  } else {
    bytes += kAsDoubles;
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
}

void unpack_values(std::string_view& bytes, std::span<double> values) {
  if (take(bytes, 1).front() == kAsBytes) {
    const auto taken = take(bytes, values.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int8_t>(taken[i]);
  } else {
    const auto taken = take(bytes, values.size_bytes());
    if (!values.empty()) std::memcpy(values.data(), taken.data(), taken.size());
  }
}

}  // namespace therma
