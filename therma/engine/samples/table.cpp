// SPDX-License-Identifier: Apache-2.0
// Which file a path asks for; comma-separated values.
#include "therma/engine/samples/table.hpp"

#include <fmt/format.h>

#include "therma/core/error.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/samples/netcdf.hpp"
#include "therma/engine/samples/npz.hpp"

namespace therma {
namespace {

// Text of draws takes some four times the memory of the draws themselves.
constexpr std::uint64_t kMostCsvValues = std::uint64_t{1} << 28;

// A field of a line: quoted where commas, quotes or line ends would break it.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string header(const SampleTable& table) {
  std::string out = "chain,draw,energy";
  for (std::uint64_t v = 0; v < table.num_variables; ++v) {
    out += ',';
    out += table.labels.empty() ? fmt::format("x{}", v) : quoted(table.labels[v]);
  }
  return out + '\n';
}

}  // namespace

SampleFormat sample_format_of(const std::filesystem::path& path) {
  const auto suffix = path.extension();
  if (suffix == ".csv") return SampleFormat::csv;
  if (suffix == ".npz") return SampleFormat::npz;
  if (suffix != ".nc") {
    fail(ErrorCode::usage, "--samples: the file must end in .csv, .npz or .nc, got {}",
         path.string());
  }
  if (!netcdf_available()) {
    fail(ErrorCode::usage,
         "--samples: .nc needs the netCDF library, which is not on this machine (apt-get install "
         "libnetcdf19); .npz and .csv need nothing");
  }
  return SampleFormat::netcdf;
}

std::string samples_as_csv(const SampleTable& table) {
  const auto num_values = table.num_chains() * table.num_draws * (table.num_variables + 3);
  if (num_values > kMostCsvValues) {
    fail(ErrorCode::invalid_argument,
         "samples: {} values are too many for CSV, which takes {}: use .npz, or --thin", num_values,
         kMostCsvValues);
  }
  auto out = header(table);
  const auto end = std::back_inserter(out);
  for (std::size_t chain = 0; chain < table.num_chains(); ++chain) {
    for (std::uint64_t draw = 0; draw < table.num_draws; ++draw) {
      fmt::format_to(end, "{},{},{}", chain, draw, table.energies[chain][draw]);
      std::visit(
          [&](const auto& states) {
            const auto row = states[chain].subspan(draw * table.num_variables, table.num_variables);
            for (const auto value : row) fmt::format_to(end, ",{}", value);
          },
          table.states);
      out += '\n';
    }
  }
  return out;
}

void write_samples(const std::filesystem::path& path, const SampleTable& table) {
  switch (sample_format_of(path)) {
    case SampleFormat::csv:
      return write_file(path, samples_as_csv(table));
    case SampleFormat::npz:
      return write_file(path, samples_as_npz(table));
    case SampleFormat::netcdf:
      return write_netcdf(path, table);
  }
}

}  // namespace therma
