// SPDX-License-Identifier: Apache-2.0
// The rows of the table of kernels: each is defined beside its kernel.
#pragma once

#include "therma/dynamics/machine.hpp"

namespace therma::kernels {

extern const KernelEntry kBitSliced;     // bit_sliced.cpp: integer spins, 512 replicas in a word
extern const KernelEntry kColourLanes;   // colour_lanes.cpp: one chain of a large sparse graph
extern const KernelEntry kDenseChain;    // dense_spins_chain.cpp: most pairs coupled, few replicas
extern const KernelEntry kDenseSpins;    // dense_spins.cpp: most pairs coupled, 64 replicas
extern const KernelEntry kLatticeBits;   // lattice_bits.cpp: spins of a lattice, one bit each
extern const KernelEntry kNetworkLanes;  // network_lanes.cpp: quartic and quadratic energies
extern const KernelEntry kReplicaLanes;  // replica_lanes.cpp: 64 chains of a sparse graph
extern const KernelEntry kScalar;        // scalar.cpp: every target, every rule; the plain twin

}  // namespace therma::kernels
