// SPDX-License-Identifier: Apache-2.0
// Ranks over MPI, for doors.
#include "therma/engine/ranks.hpp"

#include <bit>

#include "therma/distributed/mpi_transport.hpp"

namespace therma {

std::span<const char* const> Ranks::launch_variables() noexcept { return kMpiLaunchVariables; }

Ranks::Ranks(bool launched) {
  if (launched) transport_ = mpi_transport(nullptr, nullptr);
}

std::uint64_t Ranks::of_first(std::uint64_t mine) const {
  double number[] = {std::bit_cast<double>(mine)};  // bits are kept
  if (transport_) transport_->broadcast(number, 0);
  return std::bit_cast<std::uint64_t>(number[0]);
}

}  // namespace therma
