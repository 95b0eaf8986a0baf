// SPDX-License-Identifier: Apache-2.0
// Ranks as the processes that mpirun started; the rest of Therma sees only Transport.
#pragma once

#include <array>
#include <memory>

#include "therma/dynamics/transport.hpp"

namespace therma {

// Whether this build can talk MPI (-DTHERMA_MPI).
[[nodiscard]] bool mpi_is_built() noexcept;

// One of these is set in the environment of a process that mpirun (Open MPI) or srun started as one
// of several ranks; programs ask for it, the library does not.
inline constexpr std::array kMpiLaunchVariables{"OMPI_COMM_WORLD_SIZE", "PMIX_RANK"};

// Starts MPI, which may take arguments of its own off the command line, and ends it when it is
// destroyed: once in the life of a process, from the thread that makes all calls. Destroyed by an
// error of this rank alone, it ends all ranks. Throws Error{device} where MPI is not built in,
// Error{remote} where it does not start.
[[nodiscard]] std::unique_ptr<Transport> mpi_transport(int* argc, char*** argv);

}  // namespace therma
