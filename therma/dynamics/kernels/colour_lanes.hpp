// SPDX-License-Identifier: Apache-2.0
// Single chains of large sparse graphs: machines vectorised over the sites of a colour class.
#pragma once

#include <memory>

#include "therma/dynamics/kernels/colour_lanes_call.hpp"
#include "therma/dynamics/machine.hpp"

namespace therma::kernels {

// The sweeps of one machine; tests put the twin in place of the vector code.
struct ColourSweeps {
  BlockSweep narrow = sweep_narrow;
  BlockSweep wide = sweep_wide;
};

// One site after another in double, from the same random bits: the plain twin of both sweeps.
void sweep_sites_narrow(const SweepCall& call, std::size_t begin, std::size_t end);
void sweep_sites_wide(const SweepCall& call, std::size_t begin, std::size_t end);
inline constexpr ColourSweeps kSiteBySite{sweep_sites_narrow, sweep_sites_wide};

[[nodiscard]] std::unique_ptr<Machine> make_colour_lanes(
    std::shared_ptr<const IsingProgram> program, ReplicaRange range, const Rng& rng,
    const ColourSweeps& sweeps = {});

}  // namespace therma::kernels
