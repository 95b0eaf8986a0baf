// SPDX-License-Identifier: Apache-2.0
// The draws of a run as the writers of sample files see them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace therma {

// Borrows everything; every chain holds the same number of draws.
struct SampleTable {
  // [chain] of [draw, variable]: spins +1 and -1, bits 0 and 1, categories 0, 1, ... as int8;
  // reals as float.
  using Discrete = std::vector<std::span<const std::int8_t>>;
  using Real = std::vector<std::span<const float>>;

  std::uint64_t num_draws = 0;
  std::uint64_t num_variables = 0;
  std::variant<Discrete, Real> states = {};
  std::vector<std::span<const double>> energies = {};  // [chain] of [draw]
  std::vector<std::string> labels = {};                // [variable], or empty for x0, x1, ...
  // What the file says of itself: model, seed, kernel, ...
  std::vector<std::pair<std::string, std::string>> facts = {};

  [[nodiscard]] std::size_t num_chains() const noexcept { return energies.size(); }
};

enum class SampleFormat { csv, npz, netcdf };

// From the suffix .csv, .npz or .nc; throws Error{usage} for another, and for .nc where no netCDF
// library is found on this machine.
[[nodiscard]] SampleFormat sample_format_of(const std::filesystem::path& path);

// Replaces the file in one step. Throws Error{io}, and Error{invalid_argument} where the format
// cannot hold that much.
void write_samples(const std::filesystem::path& path, const SampleTable& table);

// Bytes of a file's content. A header, then a line for each draw: chain, draw, energy, values.
[[nodiscard]] std::string samples_as_csv(const SampleTable& table);

}  // namespace therma
