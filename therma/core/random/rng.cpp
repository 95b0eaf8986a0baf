// SPDX-License-Identifier: Apache-2.0
// Key derivation and the draws that need a logarithm.
#include "therma/core/random/rng.hpp"

#include <cmath>
#include <numbers>

namespace therma {
namespace {

// FNV-1a, 64 bits: names a purpose.
constexpr std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

// The last counter word keeps derived keys apart from draws: a draw's is below it, since
// step < 2^48 leaves 0xFFFFFFFF only to (step = 2^48 - 1, lane = 2^16 - 1).
PhiloxKey derive(PhiloxKey key, std::uint64_t tag, std::uint32_t kind) noexcept {
  const auto block = philox_block(
      {static_cast<std::uint32_t>(tag), static_cast<std::uint32_t>(tag >> 32), kind, 0xFFFFFFFF},
      key);
  return {block[0], block[1]};
}

}  // namespace

Rng Rng::child(std::string_view purpose) const noexcept {
  return Rng(derive(key_, fnv1a(purpose), 1));
}

Rng Rng::child(std::uint64_t index) const noexcept { return Rng(derive(key_, index, 2)); }

std::array<double, 2> Rng::normal_pair(DrawAt at) const noexcept {
  const auto b = block(at);
  const double radius =
      std::sqrt(-2.0 * std::log(open_unit_interval(static_cast<std::uint64_t>(b[1]) << 32 | b[0])));
  const double angle =
      2.0 * std::numbers::pi * unit_interval(static_cast<std::uint64_t>(b[3]) << 32 | b[2]);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

double Draws::exponential() noexcept { return -std::log(open_unit_interval(bits())); }

ArsBlock Rng::ars_key() const noexcept { return child("ars").block({}); }

}  // namespace therma
