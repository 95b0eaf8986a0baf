// SPDX-License-Identifier: Apache-2.0
// Samples as netCDF-4 in ArviZ's InferenceData layout, by the system's netCDF library.
#pragma once

#include <filesystem>

#include "therma/engine/samples/table.hpp"

namespace therma {

// Whether the library is on this machine: it is looked for at run time, so that neither the build
// nor the start of the program depends on it (docs/decisions/0010-netcdf-at-run-time.md).
[[nodiscard]] bool netcdf_available();

// Group `posterior` holds x [chain, draw, x_dim_0], group `sample_stats` holds energy
// [chain, draw]; both have the coordinates chain and draw, and the facts as attributes. Replaces
// the file in one step. Throws Error{device} without the library, Error{io} where it fails.
void write_netcdf(const std::filesystem::path& path, const SampleTable& table);

}  // namespace therma
