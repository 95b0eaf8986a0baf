// SPDX-License-Identifier: Apache-2.0
// Cuts found in a given time on instances with best-known values: one JSON line per run.
//
// bench_maxcut [--method WORD] [--time S] [--threads N] [--seeds N] [--seed FIRST] ... FILE...
// Methods beside those of the library: guess (states at infinite temperature) and descent (from
// random states, downhill alone), the controls. Best-known values come from best_known.csv beside
// each file. A line per instance and method sums up.
#include <fmt/core.h>

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

#include "therma/core/error.hpp"
#include "therma/dynamics/anneal.hpp"
#include "therma/dynamics/optimise.hpp"
#include "therma/energy/ising.hpp"

namespace {

namespace fs = std::filesystem;
using therma::Json;

struct Options {
  std::string method = "automatic";
  therma::OptimiseConfig search;
  std::string beta;
  double time_s = 10.0;
  double cpu_s = 0.0;
  std::uint32_t threads = 2;
  std::uint32_t seeds = 1;
  std::uint64_t seed = 1;
  bool until_known = false;

  static void each_field(auto& self, auto&& field) {
    field("method", self.method, "a method of the library, guess, or descent");
    field("kernel", self.search.kernel, "of the machine");
    field("replicas", self.search.replicas, "chains at once; 0: as the method likes it");
    field("sweeps", self.search.sweeps, "of one anneal; 0: as the method likes it");
    field("rounds", self.search.rounds, "of the method, to repeat a run; 0: no such limit");
    field("polish", self.search.polish, "tabu search from the best states");
    field("num-best", self.search.goal.num_best, "states kept");
    field("beta", self.beta, "schedule of an anneal; empty: the default");
    field("time", self.time_s, "wall seconds per run", therma::positive);
    field("cpu", self.cpu_s,
          "processor seconds per run, where other programs take part of them; 0: no such limit",
          therma::non_negative);
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

// Edges of weight w as couplings of -w: cut = (sum of weights - energy) / 2.
struct Cut {
  std::shared_ptr<const therma::IsingProgram> program;
  double weight = 0.0;
  [[nodiscard]] double of(double energy) const { return 0.5 * (weight - energy); }
};

// "nodes edges", then "i j weight" with nodes from 1.
Cut read_cut(const fs::path& path) {
  std::ifstream file(path);
  therma::IsingModel model;
  std::size_t edges = 0;
  if (!(file >> model.num_spins >> edges)) {
    therma::fail(therma::ErrorCode::io, "{}: cannot be read", path.string());
  }
  Cut cut;
  for (std::size_t k = 0; k < edges; ++k) {
    std::uint32_t i = 0, j = 0;
    double w = 0.0;
    if (!(file >> i >> j >> w)) {
      therma::fail(therma::ErrorCode::bad_data, "{}: ends at edge {}", path.string(), k);
    }
    model.couplings.push_back({i - 1, j - 1, -w});
    cut.weight += w;
  }
  cut.program = std::make_shared<const therma::IsingProgram>(model);
  return cut;
}

std::optional<double> best_known(const fs::path& instance) {
  std::ifstream table(instance.parent_path() / "best_known.csv");
  for (std::string line; std::getline(table, line);) {
    std::stringstream fields(line);
    std::string name, value;
    std::getline(fields, name, ',');
    std::getline(fields, value, ',');
    if (name == instance.stem().string()) return std::stod(value);
  }
  return std::nullopt;
}

struct Outcome {
  therma::SearchResult found;
  std::string kernel;
  std::string method;
};

// Random states again and again, and what descends from them: the controls.
Outcome control(const Options& o, const Cut& cut, std::uint64_t seed,
                const therma::Resources& resources) {
  const bool descends = o.method == "descent";
  const therma::Target target = cut.program;
  const therma::MachineConfig config{.kernel = o.search.kernel,
                                     .replicas = o.search.replicas ? o.search.replicas : 1024};
  const auto& entry = therma::choose_kernel(target, config);
  const auto machine = entry.make(target, config, {0, config.replicas}, therma::Rng(seed));
  const auto schedule = therma::Schedule::parse(descends ? "list:0,inf,inf,inf" : "0");
  const std::uint64_t sweeps = descends ? 64 : 1;
  auto found = anneal(*machine,
                      {.goal = o.search.goal, .sweeps = sweeps, .anneals = 0, .look_every = sweeps},
                      schedule, resources);
  return {std::move(found), std::string(entry.name), o.method};
}

Outcome search(const Options& o, const Cut& cut, std::uint64_t seed,
               const therma::Resources& resources) {
  if (o.method == "guess" || o.method == "descent") return control(o, cut, seed, resources);
  auto config = o.search;
  for (auto& field : therma::fields_of(config)) {
    if (field.name == "method") field.set(o.method);
  }
  if (!o.beta.empty()) config.schedule = o.beta;
  auto result = therma::optimise(cut.program, config, seed, resources);
  std::string method(enum_names(result.method)[static_cast<std::size_t>(result.method)]);
  return {std::move(result), result.kernel, method};
}

// The cut and whether it is the best known, or better.
struct Score {
  double cut = 0.0;
  bool solved = false;
};

Score run(const Options& o, const fs::path& file, std::uint64_t seed, const therma::Pool& pool) {
  const auto cut = read_cut(file);
  const auto known = best_known(file);
  auto options = o;
  if (o.until_known && known) options.search.goal.target_energy = cut.weight - 2.0 * *known;
  options.search.goal.fold_mirrors = true;
  const therma::Stopwatch watch;
  const auto cpu_before = std::clock();
  const auto cpu_s = [&] {
    return static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC;
  };
  std::stop_source stop;
  double best = 0.0, best_at_s = 0.0;
  const auto outcome = search(options, cut, seed,
                              {.pool = &pool,
                               .stop = stop.get_token(),
                               .deadline = therma::Deadline::after(o.time_s),
                               .on_progress = [&](const therma::Progress& p) {
                                 if (o.cpu_s > 0.0 && cpu_s() > o.cpu_s) stop.request_stop();
                                 if (!p.best || (best_at_s > 0.0 && *p.best >= best)) return;
                                 best = *p.best;
                                 best_at_s = watch.elapsed_s();
                               }});
  const std::vector<therma::Spin> spins(outcome.found.best[0].values.begin(),
                                        outcome.found.best[0].values.end());
  const double value = cut.of(cut.program->energy(spins));  // from the state, not from the report
  const bool solved = known && value >= *known;
  Json line = {{"instance", file.stem().string()},
               {"seed", seed},
               {"method", outcome.method},
               {"kernel", outcome.kernel},
               {"polished", outcome.found.polished},
               {"cut", value},
               {"best_known", known ? Json(*known) : Json()},
               {"gap", known ? Json(100.0 * (*known - value) / *known) : Json()},
               {"best_at_s", best_at_s},
               {"time_s", watch.elapsed_s()},
               {"cpu_s", cpu_s()},
               {"rounds", outcome.found.rounds},
               {"sweeps", outcome.found.sweeps}};
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
  return {value, solved};
}

int bench(int argc, char** argv) {
  Options options;
  const auto files = parse(argc, argv, options);
  fmt::print("{}\n", therma::fields_to_json(therma::read_fields_of(options)).dump());
  const therma::Pool pool(options.threads);
  for (const auto& file : files) {
    double sum = 0.0, best = -1e300;
    std::uint32_t solved = 0;
    for (std::uint64_t i = 0; i < options.seeds; ++i) {
      const auto score = run(options, file, options.seed + i, pool);
      sum += score.cut;
      best = std::max(best, score.cut);
      solved += score.solved;
    }
    fmt::print("{}\n", Json({{"instance", file.stem().string()},
                             {"runs", options.seeds},
                             {"mean", sum / options.seeds},
                             {"best", best},
                             {"solved", solved}})
                           .dump());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return bench(argc, argv);
  } catch (const therma::Error& e) {
    fmt::print(stderr, "bench_maxcut: {}\n", e.what());
    return therma::traits(e.code()).exit_code;
  }
}
