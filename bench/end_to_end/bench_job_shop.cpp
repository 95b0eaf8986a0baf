// SPDX-License-Identifier: Apache-2.0
// Job-shop quality against processor time: instances x seeds -> makespan, gap, time to best.
//
// bench_job_shop [--cpu S] [--seeds N] [--seed FIRST] [--threads N] [--singles N] [--replicas N]
//                [--patience N] [--until-known] FILE...
// A file holds "jobs machines" and then, per job, pairs "machine duration"; lines starting with #
// are comments. Best-known values come from best_known.csv beside the file, where there is one.
// The budget is processor time of all threads together, so that a busy machine does not matter.
#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "therma/solve/job_shop.hpp"

namespace {

namespace fs = std::filesystem;
using therma::job_shop::Model;

struct Options {
  double cpu_s = 20.0;
  std::uint64_t seeds = 1;
  std::uint64_t first_seed = 1;
  unsigned threads = 1;
  bool until_known = false;  // stop once the best known value is met
  therma::solve::JobShopConfig config;
  std::vector<fs::path> files;
};

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto number = [&] { return std::stoull(argv[++i]); };
    if (word == "--cpu") {
      o.cpu_s = std::stod(argv[++i]);
    } else if (word == "--seeds") {
      o.seeds = number();
    } else if (word == "--seed") {
      o.first_seed = number();
    } else if (word == "--threads") {
      o.threads = static_cast<unsigned>(number());
    } else if (word == "--singles") {
      o.config.single_move_replicas = static_cast<std::uint32_t>(number());
    } else if (word == "--replicas") {
      o.config.replicas = static_cast<std::uint32_t>(number());
    } else if (word == "--patience") {
      o.config.patience = static_cast<std::uint32_t>(number());
    } else if (word == "--until-known") {
      o.until_known = true;
    } else {
      o.files.emplace_back(word);
    }
  }
  return o;
}

Model read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream numbers;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('#')) numbers << line << '\n';
  }
  std::uint32_t num_jobs = 0;
  std::uint32_t num_machines = 0;
  numbers >> num_jobs >> num_machines;
  std::vector<std::vector<therma::job_shop::Step>> jobs(num_jobs);
  for (auto& job : jobs) {
    job.resize(num_machines);
    for (auto& step : job) numbers >> step.machine >> step.duration;
  }
  if (!numbers) therma::fail(therma::ErrorCode::bad_data, "{}: not a job shop", path.string());
  return therma::job_shop::from_jobs(jobs, num_machines);
}

std::map<std::string, long> best_known(const fs::path& folder) {
  std::map<std::string, long> best;
  std::ifstream file(folder / "best_known.csv");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::stringstream fields(line);
    std::string name;
    std::string value;
    std::getline(fields, name, ',');
    std::getline(fields, value, ',');
    best[name] = std::stol(value);
  }
  return best;
}

double cpu_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Runs one instance with one seed, prints its line and returns the gap in percent.
double run(const Options& o, const fs::path& file, std::uint64_t seed, const therma::Pool& pool) {
  const Model model = read(file);
  auto config = o.config;
  config.seed = seed;
  const auto known = best_known(file.parent_path());
  const auto found = known.find(file.filename().string());
  const double reference = found == known.end() ? 0.0 : static_cast<double>(found->second);
  std::stop_source stop;
  const double start = cpu_s();
  double best = 1e300;
  double best_at = 0.0;
  const therma::Resources resources{
      .pool = &pool, .stop = stop.get_token(), .on_progress = [&](const therma::Progress& p) {
        if (*p.best < best) best_at = cpu_s() - start;
        best = std::min(best, *p.best);
        const bool met = o.until_known && best * static_cast<double>(model.unit) <= reference;
        if (met || cpu_s() - start >= o.cpu_s) stop.request_stop();
      }};
  const auto outcome = therma::solve::search_job_shop(model, config, resources);
  const double used = cpu_s() - start;
  const auto makespan = outcome.best().makespan * model.unit;
  const double gap =
      reference == 0.0 ? 0.0 : 100.0 * (static_cast<double>(makespan) - reference) / reference;
  fmt::print(
      "{{\"instance\": \"{}\", \"seed\": {}, \"makespan\": {}, \"best_known\": {}, \"gap\": "
      "{:.3f}, "
      "\"bound\": {}, \"bound_from\": \"{}\", \"best_at_cpu_s\": {:.2f}, \"cpu_s\": {:.2f}, "
      "\"rounds\": {}, \"single_moves\": {}, \"tabu_evaluations\": {}, \"proof_nodes\": {}}}\n",
      file.filename().string(), seed, makespan, reference, gap, outcome.lower_bound * model.unit,
      outcome.bound_from, best_at, used, outcome.rounds, outcome.single_moves,
      outcome.tabu_evaluations, outcome.proof_nodes);
  std::fflush(stdout);
  return gap;
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = parse(argc, argv);
  const therma::Pool pool(o.threads);
  double sum = 0.0;
  std::uint64_t count = 0;
  std::uint64_t met = 0;
  for (const auto& file : o.files) {
    for (std::uint64_t i = 0; i < o.seeds; ++i, ++count) {
      const double gap = run(o, file, o.first_seed + i, pool);
      sum += gap;
      met += gap <= 0.0;
    }
  }
  fmt::print("{{\"runs\": {}, \"best_known_met\": {}, \"mean_gap\": {:.4f}}}\n", count, met,
             count == 0 ? 0.0 : sum / static_cast<double>(count));
}
