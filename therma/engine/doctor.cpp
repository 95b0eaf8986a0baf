// SPDX-License-Identifier: Apache-2.0
// Reads what Linux tells about a machine, and says what each thing is good for.
#include "therma/engine/doctor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "therma/distributed/mpi_transport.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/engine/samples/netcdf.hpp"
#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

namespace fs = std::filesystem;

struct KnownFeature {
  std::string_view name;
  std::string_view flag;  // in /proc/cpuinfo, which leaves out what the kernel has switched off
  std::string_view enables;
  bool used = true;  // by this release
  bool arm = false;  // of ARM processors; the others are of x86
};

constexpr std::array kKnownFeatures = {
    KnownFeature{"AVX2", "avx2", "256-bit kernels of sampling"},
    KnownFeature{"AVX-512", "avx512f", "512-bit kernels of sampling"},
    KnownFeature{"AVX-512 VNNI", "avx512_vnni", "8-bit dot products of a language model"},
    KnownFeature{"AVX-VNNI", "avx_vnni", "8-bit dot products of a language model", false},
    KnownFeature{"AMX", "amx_tile", "matrix tiles of a language model's prefill"},
    KnownFeature{"AES", "aes", "random bits of sampling by the AES round"},
    KnownFeature{"VAES", "vaes", "random bits of sampling by wide AES rounds"},
    KnownFeature{"NEON", "asimd", "128-bit kernels of sampling", true, true},
    KnownFeature{"SVE", "sve", "kernels of any width", false, true},
};

std::string file_text(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

// The value of the first "key : value" line; empty where there is none.
std::string value_of(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(key)) continue;
    if (line.find_first_not_of(" \t", key.size()) != colon) continue;
    const auto first = line.find_first_not_of(" \t", colon + 1);
    return first == std::string::npos ? "" : line.substr(first);
  }
  return "";
}

std::vector<Feature> cpu_features(const std::string& cpuinfo) {
  auto flags = value_of(cpuinfo, "flags");
  const bool arm = flags.empty();
  if (arm) flags = value_of(cpuinfo, "Features");
  std::istringstream words(flags);
  const std::vector<std::string> present{std::istream_iterator<std::string>(words), {}};
  std::vector<Feature> features;
  for (const auto& known : kKnownFeatures) {
    if (known.arm != arm) continue;
    features.push_back({std::string(known.name),
                        std::ranges::find(present, known.flag) != present.end(),
                        std::string(known.enables), known.used});
  }
  return features;
}

// Cores that a container's quota allows (cgroup v2 "max 100000" or "150000 100000").
std::optional<unsigned> quota_cores(const fs::path& root) {
  std::istringstream text(file_text(root / "sys/fs/cgroup/cpu.max"));
  double quota = 0;
  double period = 0;
  if (!(text >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<unsigned>(std::max(1.0, std::ceil(quota / period)));
}

unsigned logical_cores() {
  return static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

unsigned allowed_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&allowed)));
}

std::uint64_t memory_bytes(const std::string& meminfo, std::string_view key) {
  std::istringstream text(value_of(meminfo, key));
  std::uint64_t kib = 0;
  text >> kib;
  return kib * 1024;
}

bool readable(const fs::path& path) { return ::access(path.c_str(), R_OK) == 0; }

// Files in sorted order whose path below `folder` is NAME/leaf, for each NAME with the prefix.
std::vector<fs::path> each_with(const fs::path& folder, std::string_view prefix,
                                std::string_view leaf) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    if (ignored) break;
    const auto path = leaf.empty() ? it->path() : it->path() / leaf;
    if (it->path().filename().string().starts_with(prefix) && fs::exists(path, ignored)) {
      found.push_back(path);
    }
  }
  std::ranges::sort(found);
  return found;
}

std::string first_line(const fs::path& path) {
  auto text = file_text(path);
  return text.substr(0, text.find('\n'));
}

std::vector<Sensor> energy_sensors(const fs::path& root) {
  std::vector<Sensor> sensors;
  for (const auto& path : each_with(root / "sys/class/powercap", "intel-rapl:", "energy_uj")) {
    sensors.push_back(
        {"RAPL " + first_line(path.parent_path() / "name"), path.string(), readable(path)});
  }
  for (const auto* leaf : {"energy1_input", "power1_input"}) {
    for (const auto& path : each_with(root / "sys/class/hwmon", "hwmon", leaf)) {
      sensors.push_back(
          {"hwmon " + first_line(path.parent_path() / "name"), path.string(), readable(path)});
    }
  }
  return sensors;
}

std::vector<std::string> gpu_devices(const fs::path& root) {
  std::vector<std::string> gpus;
  for (const auto& path : each_with(root / "dev", "nvidia", "")) {
    const auto name = path.filename().string();
    constexpr std::size_t kPrefix = 6;  // "nvidia"
    const bool numbered =
        name.size() > kPrefix && name.find_first_not_of("0123456789", kPrefix) == std::string::npos;
    if (numbered) gpus.push_back(path.string());
  }
  return gpus;
}

std::string gib(std::uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0));
}

// One fact: a name, what was found, and the rest wrapped beside them.
void add_line(std::string& out, std::string_view name, std::string_view text, std::size_t width) {
  constexpr std::size_t kNameWidth = 16;
  out += padded(name, kNameWidth) + wrapped(text, width, kNameWidth) + "\n";
}

void add_sensors(std::string& out, const MachineFacts& machine, std::size_t width) {
  if (machine.energy_sensors.empty()) {
    add_line(out, "energy sensors", "none: joules in reports are modelled, never measured", width);
  }
  for (const auto& sensor : machine.energy_sensors) {
    add_line(out, "energy sensor",
             fmt::format("{} ({}): {}", printable(sensor.name), sensor.path,
                         sensor.readable ? "readable; reports do not use it yet"
                                         : "not readable by this user"),
             width);
  }
}

}  // namespace

MachineFacts inspect_machine(const fs::path& root) {
  const auto cpuinfo = file_text(root / "proc/cpuinfo");
  const auto meminfo = file_text(root / "proc/meminfo");
  return {.cpu = value_of(cpuinfo, "model name"),
          .logical_cores = logical_cores(),
          .usable_cores = usable_cores(root),
          .memory_bytes = memory_bytes(meminfo, "MemTotal"),
          .memory_available_bytes = memory_bytes(meminfo, "MemAvailable"),
          .cpu_features = cpu_features(cpuinfo),
          .gpus = gpu_devices(root),
          .energy_sensors = energy_sensors(root)};
}

unsigned usable_cores(const fs::path& root) {
  const auto allowed = allowed_cores();
  return std::min(allowed, quota_cores(root).value_or(allowed));
}

BuildFacts build_facts() {
  BuildFacts facts{.version = THERMA_VERSION, .compiler = "unknown", .build_type = THERMA_BUILD};
#if defined(__clang__)
  facts.compiler = "Clang " __clang_version__;
#elif defined(__GNUC__)
  facts.compiler = "GCC " __VERSION__;
#endif
  facts.mpi = mpi_is_built();
#if defined(THERMA_CHECKED)
  facts.checked = true;
#endif
  return facts;
}

namespace {

Json kernels_json() {
  auto list = Json::array();
  for (const auto* kernel : kernel_table()) {
    list.push_back(
        {{"name", kernel->name}, {"summary", kernel->summary}, {"lanes", kernel->lanes}});
  }
  return list;
}

}  // namespace

Json to_json(const MachineFacts& machine, const BuildFacts& build) {
  auto features = Json::array();
  for (const auto& f : machine.cpu_features) {
    features.push_back({{"name", f.name}, {"present", f.present}, {"enables", f.enables}});
  }
  auto sensors = Json::array();
  for (const auto& s : machine.energy_sensors) {
    sensors.push_back({{"name", s.name}, {"path", s.path}, {"readable", s.readable}});
  }
  return {{"therma", 1},
          {"version", build.version},
          {"compiler", build.compiler},
          {"build_type", build.build_type},
          {"checked", build.checked},
          {"mpi", build.mpi},
          {"cpu", machine.cpu},
          {"logical_cores", machine.logical_cores},
          {"usable_cores", machine.usable_cores},
          {"memory_bytes", machine.memory_bytes},
          {"memory_available_bytes", machine.memory_available_bytes},
          {"cpu_features", features},
          {"kernels", kernels_json()},
          {"netcdf", netcdf_available()},
          {"gpus", machine.gpus},
          {"energy_sensors", sensors}};
}

std::string render_text(const MachineFacts& machine, const BuildFacts& build, std::size_t width) {
  std::string out;
  add_line(out, "therma",
           fmt::format("{}, {} build by {}{}", build.version, build.build_type, build.compiler,
                       build.checked ? ", assertions on" : ""),
           width);
  add_line(out, "processor", machine.cpu.empty() ? "unknown" : printable(machine.cpu), width);
  add_line(out, "cores",
           fmt::format("{} of {} usable: replicas run on {} unless --threads says otherwise",
                       machine.usable_cores, machine.logical_cores,
                       counted(machine.usable_cores, "thread")),
           width);
  add_line(out, "memory",
           fmt::format("{}, {} available", gib(machine.memory_bytes),
                       gib(machine.memory_available_bytes)),
           width);
  std::vector<std::string_view> kernels;
  for (const auto* kernel : kernel_table()) kernels.push_back(kernel->name);
  add_line(out, "kernels",
           fmt::format("{}: each takes the widest instructions below that it has code for",
                       fmt::join(kernels, ", ")),
           width);
  std::vector<std::string> absent;
  for (const auto& f : machine.cpu_features) {
    if (f.present) {
      add_line(out, f.name,
               fmt::format("present, {}: {}", f.used ? "used" : "not used yet", f.enables), width);
    } else {
      absent.push_back(f.name);
    }
  }
  if (!absent.empty()) add_line(out, "absent", fmt::format("{}", fmt::join(absent, ", ")), width);
  add_line(out, "GPU",
           machine.gpus.empty() ? "none found"
                                : fmt::format("{}: not used yet", fmt::join(machine.gpus, ", ")),
           width);
  add_sensors(out, machine, width);
  add_line(out, "netCDF",
           netcdf_available() ? "found: therma sample writes .nc"
                              : "not found: therma sample writes .npz and .csv, not .nc",
           width);
  add_line(out, "MPI",
           build.mpi ? "built in: mpirun therma sample spreads replicas over processes"
                     : "not built in: replicas stay on this machine",
           width);
  return out;
}

}  // namespace therma
