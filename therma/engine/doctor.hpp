// SPDX-License-Identifier: Apache-2.0
// What this machine offers, and what of it this build uses: `therma doctor`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "therma/core/json.hpp"

namespace therma {

struct Feature {
  std::string name;
  bool present = false;
  std::string enables;  // what it is for
  bool used = false;    // by this release
};

struct Sensor {
  std::string name;
  std::string path;
  bool readable = false;
};

struct MachineFacts {
  std::string cpu;  // model name; empty where unknown
  unsigned logical_cores = 1;
  unsigned usable_cores = 1;  // by this process: affinity and the container's quota
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_available_bytes = 0;
  std::vector<Feature> cpu_features;
  std::vector<std::string> gpus;  // device files
  std::vector<Sensor> energy_sensors;
};

struct BuildFacts {
  std::string version;
  std::string compiler;
  std::string build_type;
  bool mpi = false;
  bool checked = false;  // assertions compiled in
};

// Reads /proc, /sys and /dev below `root`, so that tests can build a machine of files.
// Never throws for what is missing: it is reported as absent.
[[nodiscard]] MachineFacts inspect_machine(const std::filesystem::path& root = "/");
[[nodiscard]] BuildFacts build_facts();

// Cores this process may use: the default number of threads.
[[nodiscard]] unsigned usable_cores(const std::filesystem::path& root = "/");

[[nodiscard]] Json to_json(const MachineFacts& machine, const BuildFacts& build);
[[nodiscard]] std::string render_text(const MachineFacts& machine, const BuildFacts& build,
                                      std::size_t width);

}  // namespace therma
