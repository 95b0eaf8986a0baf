// SPDX-License-Identifier: Apache-2.0
// Sums in float64, chunk by chunk in order.
#include "therma/llm/heads/thermodynamics.hpp"

#include <algorithm>
#include <cmath>

#include "therma/llm/heads/energies.hpp"

namespace therma::llm {

std::vector<PartialMoments> chunk_moments(std::span<const float> energies, double beta, float least,
                                          const Team& team) {
  std::vector<PartialMoments> parts((energies.size() + kChunk - 1) / kChunk);
  for_each_chunk(static_cast<std::uint32_t>(energies.size()), team,
                 [&](std::uint32_t chunk, std::uint32_t first, std::uint32_t count) {
                   parts[chunk] = partial_moments(energies.subspan(first, count), beta, least);
                 });
  return parts;
}

Moments moments_of(std::span<const float> energies, double beta, const Team& team) {
  Moments moments{.least = *std::ranges::min_element(energies)};
  for (const auto& part : chunk_moments(energies, beta, moments.least, team)) {
    moments.z += part.z;
    moments.zx += part.zx;
  }
  return moments;
}

TokenThermodynamics thermodynamics_of(const Moments& moments, double beta,
                                      float energy_drawn) noexcept {
  const double least = moments.least, log_z = std::log(moments.z);
  const double above = static_cast<double>(energy_drawn) - least;
  const double exponent = above == 0.0 ? 0.0 : beta * above;
  return {.free_energy = least - log_z / beta,
          .entropy = log_z + moments.zx / moments.z,
          .log_probability = -exponent - log_z};
}

}  // namespace therma::llm
