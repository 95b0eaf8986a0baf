// SPDX-License-Identifier: Apache-2.0
// Bit-sliced machines: 512 replicas of a small-integer Ising program, one bit each in a site's
// word.
#pragma once

#include <memory>

#include "therma/dynamics/kernels/bit_sliced_call.hpp"
#include "therma/dynamics/machine.hpp"

namespace therma::kernels {

// Precondition: sliced_refusal(program) is empty. Throws Error{invalid_argument} unless range.first
// is a multiple of 512. Tests choose the instructions; the table takes the best there are.
[[nodiscard]] std::unique_ptr<Machine> make_bit_sliced(std::shared_ptr<const IsingProgram> program,
                                                       ReplicaRange range, const Rng& rng,
                                                       const SlicedKernels& kernels);

// The fastest kernels of this processor.
[[nodiscard]] const SlicedKernels& best_sliced_kernels() noexcept;

}  // namespace therma::kernels
