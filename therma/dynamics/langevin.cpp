// SPDX-License-Identifier: Apache-2.0
// Lays out the arrays of a batch of replicas.
#include "therma/dynamics/langevin.hpp"

#include "therma/core/error.hpp"

namespace therma {

LangevinState langevin_state(std::uint32_t dimension, std::vector<double> z,
                             std::uint32_t first_chain) {
  if (dimension == 0 || z.empty() || z.size() % dimension != 0) {
    fail(ErrorCode::invalid_argument,
         "starting points: must be rows of the energy's {} coordinates, got {} numbers", dimension,
         z.size());
  }
  const std::size_t num_replicas = z.size() / dimension;
  LangevinState s;
  s.first_chain = first_chain;
  s.dimension = dimension;
  s.z = std::move(z);
  for (auto* rows : {&s.gradient, &s.dz, &s.noise}) rows->resize(s.z.size());
  for (auto* column : {&s.energy, &s.work, &s.heat, &s.entropy}) column->resize(num_replicas);
  return s;
}

}  // namespace therma
