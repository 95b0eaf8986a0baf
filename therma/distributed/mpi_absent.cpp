// SPDX-License-Identifier: Apache-2.0
// What a build without MPI answers.
#include "therma/core/error.hpp"
#include "therma/distributed/mpi_transport.hpp"

namespace therma {

bool mpi_is_built() noexcept { return false; }

std::unique_ptr<Transport> mpi_transport(int* /*argc*/, char*** /*argv*/) {
  fail(ErrorCode::device,
       "started as one of several ranks, but this build has no MPI: configure it with "
       "-DTHERMA_MPI=ON");
}

}  // namespace therma
