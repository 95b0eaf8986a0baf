// SPDX-License-Identifier: Apache-2.0
// Quality against time on scheduling instances with best-known values: one JSON line per run.
//
// bench_schedule [--dynamics WORD] [--time S] [--threads N] [--seeds N] [--seed FIRST] [--replicas
// N]
//                [--until-known] FILE...
// Best-known values come from best_known.csv beside each file. The last line sums up.
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/problems/schedule/parse.hpp"
#include "therma/solve/schedule.hpp"

namespace {

namespace fs = std::filesystem;
using therma::Json;

struct Options {
  therma::solve::SolveConfig solve;
  double time_s = 10.0;
  std::uint32_t threads = 2;
  std::uint32_t seeds = 1;
  std::uint64_t seed = 1;
  bool until_known = false;

  static void each_field(auto& self, auto&& field) {
    field("dynamics", self.solve.dynamics, "how states move");
    field("replicas", self.solve.replicas, "states relaxed in parallel");
    field("time", self.time_s, "wall seconds per run", therma::positive);
    field("threads", self.threads, "of the pool", therma::at_least(1));
    field("seeds", self.seeds, "runs per instance", therma::at_least(1));
    field("seed", self.seed, "of the first run");
    field("until-known", self.until_known, "stop a run at the best-known value");
  }
};

std::vector<fs::path> parse(int argc, char** argv, Options& options) {
  const auto fields = therma::fields_of(options);
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      files.emplace_back(word);
      continue;
    }
    const auto field = std::ranges::find(fields, word.substr(2), &therma::Field::name);
    if (field == fields.end()) therma::fail(therma::ErrorCode::usage, "unknown option {}", word);
    const bool is_flag = field->type() == "flag";
    if (!is_flag && i + 1 == argc) therma::fail(therma::ErrorCode::usage, "{} needs a value", word);
    field->set(is_flag ? "true" : argv[++i]);
  }
  return files;
}

std::string read(const fs::path& path) {
  std::ifstream file(path);
  if (!file) therma::fail(therma::ErrorCode::io, "{}: cannot be read", path.string());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::optional<double> best_known(const fs::path& instance) {
  std::ifstream table(instance.parent_path() / "best_known.csv");
  for (std::string line; std::getline(table, line);) {
    std::stringstream fields(line);
    std::string name;
    std::string value;
    std::getline(fields, name, ',');
    std::getline(fields, value, ',');
    if (name == instance.stem().string()) return std::stod(value);
  }
  return std::nullopt;
}

double cpu_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

long peak_rss_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// Percent above the best-known value; none where there is no value or no answer.
std::optional<double> run(const Options& o, const fs::path& file, std::uint64_t seed,
                          const therma::Pool& pool) {
  const auto problem = therma::schedule::parse_problem(read(file), file.string()).problem;
  const auto known = best_known(file);
  auto config = o.solve;
  config.seed = seed;
  std::stop_source stop;
  const therma::Stopwatch watch;
  const double cpu_before_s = cpu_s();
  double best_at_s = 0.0;
  double best = 1e300;
  const auto answer = therma::solve::solve_schedule(problem, config,
                                                    {.pool = &pool,
                                                     .stop = stop.get_token(),
                                                     .deadline = therma::Deadline::after(o.time_s),
                                                     .on_progress = [&](const therma::Progress& p) {
                                                       if (p.best && *p.best < best)
                                                         best_at_s = watch.elapsed_s();
                                                       best = std::min(best, p.best.value_or(best));
                                                       if (o.until_known && known && best <= *known)
                                                         stop.request_stop();
                                                     }});
  Json line = {{"instance", file.stem().string()},
               {"seed", seed},
               {"status", therma::solve::name(answer.status)},
               {"verified", answer.verified},
               {"objective", answer.objective ? Json(*answer.objective) : Json()},
               {"best_known", known ? Json(*known) : Json()},
               {"bound", answer.lower_bound ? Json(*answer.lower_bound) : Json()},
               {"bound_from", answer.bound_from},
               {"best_at_s", best_at_s},
               {"time_s", watch.elapsed_s()},
               {"cpu_s", cpu_s() - cpu_before_s},
               {"rounds", answer.rounds}};
  for (const auto& [dynamics, steps] : answer.steps) line["steps"][dynamics] = steps;
  std::optional<double> gap;
  if (known && answer.objective) gap = 100.0 * (*answer.objective - *known) / *known;
  line["gap"] = gap ? Json(*gap) : Json();
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
  return gap;
}

int bench(int argc, char** argv) {
  Options options;
  const auto files = parse(argc, argv, options);
  fmt::print("{}\n", therma::fields_to_json(therma::read_fields_of(options)).dump());
  const therma::Pool pool(options.threads);
  double sum = 0.0;
  std::size_t runs = 0;
  std::size_t measured = 0;
  std::size_t met = 0;
  for (const auto& file : files) {
    for (std::uint64_t i = 0; i < options.seeds; ++i, ++runs) {
      const auto gap = run(options, file, options.seed + i, pool);
      if (!gap) continue;
      ++measured;
      sum += *gap;
      met += *gap <= 0.0;
    }
  }
  fmt::print("{}\n", Json({{"runs", runs},
                           {"with_gap", measured},
                           {"best_known_met", met},
                           {"mean_gap", measured ? sum / static_cast<double>(measured) : 0.0},
                           {"peak_rss_kib", peak_rss_kib()}})
                         .dump());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return bench(argc, argv);
  } catch (const therma::Error& e) {
    fmt::print(stderr, "bench_schedule: {}\n", e.what());
    return therma::traits(e.code()).exit_code;
  }
}
