// SPDX-License-Identifier: Apache-2.0
// The suite `maxcut`: cuts of the G-set reached in a given time, against the best known.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/dynamics/optimise.hpp"
#include "therma/engine/bench/bench.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/models/model.hpp"
#include "therma/engine/usage.hpp"

namespace therma::bench {
namespace {

namespace fs = std::filesystem;

// The instances of the suite and the share of the best known cut that counts as met.
struct Instance {
  std::string_view name;
  double share = 1.0;
};
constexpr Instance kInstances[] = {{"G1"},
                                   {"G22"},
                                   {"G43"},
                                   {"G55", 0.999},
                                   {"G60", 0.999},
                                   {"G70", 0.999},
                                   {"G81", 14000.0 / 14060.0}};

// best_known.csv: "instance,best_known,..."; a first line of column names.
std::map<std::string, double> best_known(const fs::path& folder) {
  std::istringstream lines(source_from_argument((folder / "best_known.csv").string()).text);
  std::map<std::string, double> known;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const auto first = line.find(',');
    if (first == std::string::npos) continue;
    known[line.substr(0, first)] = std::strtod(line.c_str() + first + 1, nullptr);
  }
  return known;
}

struct Found {
  std::vector<double> cuts;  // [seed]
  std::string method;
};

Found runs_of(const SampleModel& model, const BenchConfig& config, double goal,
              const Resources& resources) {
  Found found;
  for (std::uint64_t k = 0; k < config.seeds && !resources.stop.stop_requested(); ++k) {
    Resources limited = resources;
    limited.deadline = Deadline::after(config.time_s);
    OptimiseConfig optimise_config{.polish = config.polish};
    optimise_config.goal.target_energy = *model.total_weight - 2.0 * goal;
    const auto result = optimise(model.target, optimise_config, config.seed + k, limited);
    if (result.best.empty()) break;
    found.cuts.push_back(*model.cut_of(result.best_energy()));
    found.method =
        fmt::format("{}{}", enum_names(result.method)[static_cast<std::size_t>(result.method)],
                    result.polished ? " + tabu" : "");
  }
  return found;
}

}  // namespace

void run_maxcut(const BenchConfig& config, const Resources& resources,
                const std::function<void(const BenchRow&)>& on_row) {
  if (config.data.empty()) {
    fail(ErrorCode::usage,
         "bench maxcut: --data names a folder with G1.txt ... and best_known.csv");
  }
  const fs::path folder = config.data;
  const auto known = best_known(folder);
  for (const auto& instance : kInstances) {
    const std::string name(instance.name);
    if (name.find(config.only) == std::string::npos) continue;
    const auto best = known.find(name);
    if (best == known.end()) fail(ErrorCode::bad_data, "best_known.csv: no line for {}", name);
    const auto model = load_model((folder / (name + ".txt")).string(), ModelFormat::maxcut);
    auto found = runs_of(model, config, best->second, resources);
    if (found.cuts.empty()) return;
    double sum = 0.0;
    for (const double cut : found.cuts) sum += cut;
    const auto [low, high] = std::ranges::minmax(found.cuts);
    const auto solved = std::ranges::count(found.cuts, best->second);
    on_row({.work = fmt::format("max-cut {}, {} runs of {:g} s", name, found.cuts.size(),
                                config.time_s),
            .kernel = found.method,
            .unit = "mean cut",
            .value = sum / static_cast<double>(found.cuts.size()),
            .low = low,
            .high = high,
            .goal = std::ceil(instance.share * best->second - 1e-6),
            .limit = "best known",
            .limit_value = best->second,
            .peak_rss_mib = static_cast<double>(peak_rss_bytes()) / (1 << 20),
            .note = fmt::format("best known in {} of {} runs", solved, found.cuts.size())});
  }
}

}  // namespace therma::bench
