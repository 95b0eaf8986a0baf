// SPDX-License-Identifier: Apache-2.0
// The sweeps of colour_lanes by their definition: each site's field in double, one after another.
#include "therma/core/random/ars.hpp"
#include "therma/dynamics/kernels/colour_lanes.hpp"

namespace therma::kernels {
namespace {

// The first bits of a site's draw: bytes 0 to 15 of its ARS block hold 16 sites, or 8. Eq. 8.
std::uint32_t head(const SweepCall& call, std::uint32_t position, unsigned bytes) {
  const std::uint32_t per_block = 16 / bytes;
  const ArsBlock key{call.keys[0], call.keys[1], call.keys[2], call.keys[3]};
  const ArsBlock counter{position / per_block, call.counters[1] ^ key[1], call.counters[2] ^ key[2],
                         call.counters[3] ^ key[3]};
  const auto block = ars_block(counter, key);
  const std::uint32_t byte = position % per_block * bytes;
  const std::uint32_t word = block[byte / 4] >> 8 * (byte % 4);
  return bytes == 1 ? word & 0xFF : word & 0xFFFF;
}

template <class T>
void sweep_sites(const SweepCall& call, std::size_t begin, std::size_t end) {
  auto* spins = static_cast<T*>(call.spins) + kSpinPadding;
  for (std::size_t at = begin * kSitesPerBlock; at < end * kSitesPerBlock; ++at) {
    const auto position = static_cast<std::uint32_t>(at);
    const bool up = call.settle(call, position, head(call, position, sizeof(T)));
    spins[at] = up ? T{0} : T{-1};
  }
}

}  // namespace

void sweep_sites_narrow(const SweepCall& call, std::size_t begin, std::size_t end) {
  sweep_sites<std::int8_t>(call, begin, end);
}
void sweep_sites_wide(const SweepCall& call, std::size_t begin, std::size_t end) {
  sweep_sites<std::int16_t>(call, begin, end);
}

}  // namespace therma::kernels
