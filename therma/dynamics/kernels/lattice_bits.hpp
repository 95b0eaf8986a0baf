// SPDX-License-Identifier: Apache-2.0
// One lattice per replica, one bit per spin: the machine behind the row lattice_bits.
#pragma once

#include <memory>
#include <span>

#include "therma/dynamics/kernels/kernels.hpp"
#include "therma/dynamics/kernels/lattice_bits_plan.hpp"
#include "therma/energy/lattice.hpp"

namespace therma::kernels {

// Heat-bath thresholds of a lattice, docs/theory/lattice.md eq. 3.
[[nodiscard]] LatticeLevels lattice_levels(const LatticeProgram& program, double beta) noexcept;

// Implementations that this processor runs, fastest first; the twin is last.
[[nodiscard]] std::span<const LatticeBackend* const> lattice_backends();

[[nodiscard]] std::unique_ptr<Machine> make_lattice_machine(
    std::shared_ptr<const LatticeProgram> program, ReplicaRange range, const Rng& rng,
    const LatticeBackend& backend);

// Bytes a machine of one replica holds, its program included; docs/theory/lattice.md eq. 8.
[[nodiscard]] std::uint64_t lattice_machine_bytes(const LatticeProgram& program) noexcept;

}  // namespace therma::kernels
