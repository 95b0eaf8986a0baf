// SPDX-License-Identifier: Apache-2.0
// The rows of the table of kernels: each is defined beside its kernel.
#pragma once

#include "therma/dynamics/machine.hpp"

namespace therma::kernels {

extern const KernelEntry kLatticeBits;  // lattice_bits.cpp: spins of a lattice, one bit each
extern const KernelEntry kScalar;       // scalar.cpp: every target, every rule; the plain twin

}  // namespace therma::kernels
