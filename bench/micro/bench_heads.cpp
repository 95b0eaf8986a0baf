// SPDX-License-Identifier: Apache-2.0
// Speed of the token heads at full size, beside the time that memory alone would take: one JSON
// line per head and beta.
//
// bench_heads [--rows N] [--columns N] [--type bf16|q8_0|f32] [--threads N] [--draws N] [--heads
// A,B]
//             [--betas 1,inf] [--spread X] [--topic X]
//
// The model of a head: rows of 4096 topics, W_v = length (sqrt(0.3) topic + sqrt(0.7) own), all
// parts Gaussian; h = spread (cos a topic + sin a Gaussian), so that some 40 tokens stand out of a
// Gaussian bulk of logits with deviation spread / sqrt(columns). The entropy of the laws is
// printed. Times are milliseconds, wall and processor, medians over the draws.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "options.hpp"
#include "therma/core/config.hpp"
#include "therma/core/error.hpp"
#include "therma/core/large_pages.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/core/team.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/heads/noise.hpp"
#include "therma/llm/heads/screen.hpp"

namespace {

namespace llm = therma::llm;
using nlohmann::json;

constexpr std::uint32_t kTopics = 4096;

struct Options {
  std::uint32_t rows = 151'936;
  std::uint32_t columns = 896;
  std::string type = "bf16";
  std::uint32_t threads = 1;
  std::uint32_t draws = 40;
  std::string heads = "softmax,race,screened";
  std::string betas = "0.5,1,inf";
  double spread = 66.0;
  double topic = 0.6;

  static void each_field(auto& self, auto&& field) {
    field("rows", self.rows, "tokens", therma::at_least(1));
    field("columns", self.columns, "of the hidden state", therma::at_least(32));
    field("type", self.type, "of the matrix");
    field("threads", self.threads, "of the team", therma::at_least(1));
    field("draws", self.draws, "per head and beta", therma::at_least(1));
    field("heads", self.heads, "names, with commas");
    field("betas", self.betas, "numbers or inf, with commas");
    field("spread", self.spread, "norm of h times a typical norm of a row");
    field("topic", self.topic, "share of a topic in h, a cosine");
  }
};

using Bytes = therma::LargeVector<std::byte>;

struct Model {
  llm::HeadMatrix matrix;
  Bytes bytes;
  std::vector<float> topics;  // [kTopics, columns]
};

Model make_model(const Options& options, const therma::Team& team) {
  Model model;
  const auto columns = options.columns;
  const therma::Rng rng(1);
  llm::MatrixView view{llm::DType::f32, options.rows, columns, nullptr};
  for (const auto type : {llm::DType::f32, llm::DType::f16, llm::DType::bf16, llm::DType::q8_0}) {
    if (llm::traits(type).name == options.type) view.type = type;
  }
  model.bytes.resize(view.num_bytes());
  view.bytes = model.bytes.data();
  model.topics.resize(std::size_t{kTopics} * columns);
  const double scale = 1.0 / std::sqrt(static_cast<double>(columns));
  const auto fill = [&](std::uint32_t chain, std::uint32_t row, std::span<float> out) {
    for (std::uint32_t k = 0; k < columns; k += 2) {
      const auto pair = rng.normal_pair({.chain = chain, .step = row, .site = k});
      out[k] = static_cast<float>(scale * pair[0]);
      if (k + 1 < columns) out[k + 1] = static_cast<float>(scale * pair[1]);
    }
  };
  for (std::uint32_t t = 0; t < kTopics; ++t) {
    fill(1, t, std::span(model.topics).subspan(std::size_t{t} * columns, columns));
  }
  team.split(options.rows, 1, [&](std::uint32_t begin, std::uint32_t end) {
    std::vector<float> row(columns);
    for (auto v = begin; v < end; ++v) {
      fill(2, v, row);
      const float* topic = model.topics.data() + std::size_t{v % kTopics} * columns;
      const auto length = static_cast<float>(0.8 + 0.4 * rng.uniform({.chain = 3, .site = v}));
      const float own = std::sqrt(0.7F), common = std::sqrt(0.3F);
      for (std::uint32_t k = 0; k < columns; ++k)
        row[k] = length * (own * row[k] + common * topic[k]);
      llm::quantise(view.type, row, model.bytes.data() + v * view.row_bytes());
    }
  });
  model.matrix = {view, options.rows, {}};
  return model;
}

std::vector<float> make_hidden(const Options& options, const Model& model, std::uint32_t index) {
  const therma::Rng rng(2);
  std::vector<float> h(options.columns);
  const auto topic = std::size_t{rng.block({.site = index})[0] % kTopics} * options.columns;
  const double own = std::sqrt((1.0 - options.topic * options.topic) / options.columns);
  for (std::uint32_t k = 0; k < options.columns; ++k) {
    const double noise = rng.normal({.chain = 1, .step = index, .site = k});
    h[k] = static_cast<float>(
        options.spread *
        (options.topic * static_cast<double>(model.topics[topic + k]) + own * noise));
  }
  return h;
}

double now_ms(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

// Wall time, and processor time of all threads.
struct Watch {
  double wall = now_ms(CLOCK_MONOTONIC);
  double processor = now_ms(CLOCK_PROCESS_CPUTIME_ID);
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

struct Times {
  std::vector<double> wall, processor;

  void add(const Watch& begin) {
    wall.push_back(now_ms(CLOCK_MONOTONIC) - begin.wall);
    processor.push_back(now_ms(CLOCK_PROCESS_CPUTIME_ID) - begin.processor);
  }
  [[nodiscard]] json line() const {
    return {{"wall_ms", median(wall)},
            {"least_wall_ms", *std::ranges::min_element(wall)},
            {"cpu_ms", median(processor)},
            {"least_cpu_ms", *std::ranges::min_element(processor)}};
  }
};

void print(json line, const json& rest) {
  if (!rest.is_null()) line.update(rest);
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
}

// Reading all these bytes, each member its part.
Times read_times(const Bytes& bytes, const therma::Team& team) {
  Times times;
  std::vector<std::uint64_t> sums(team.size());
  for (int repeat = 0; repeat < 9; ++repeat) {
    const Watch begin;
    team.run([&](unsigned member) {
      using Words = std::uint64_t __attribute__((vector_size(16), may_alias));
      Words sum[4] = {};
      const std::size_t share = bytes.size() / team.size() / 4096 * 4096;
      const std::byte* from = bytes.data() + share * member;
      for (std::size_t at = 0; at < share; at += 64) {
        __builtin_prefetch(from + at + 4096);
        for (std::size_t k = 0; k < 4; ++k) {
          sum[k] += *reinterpret_cast<const Words*>(from + at + 16 * k);
        }
      }
      const Words all = sum[0] + sum[1] + sum[2] + sum[3];
      sums[member] = all[0] + all[1];
    });
    times.add(begin);
  }
  return times;
}

json measure(const Options& options, const Model& model, const llm::HeadEntry& entry, double beta,
             const therma::Team& team) {
  const auto head = entry.make(model.matrix, {}, team);
  Times times;
  std::vector<double> rows;
  std::uint32_t fallbacks = 0;
  for (std::uint32_t i = 0; i < options.draws + 2; ++i) {
    const auto h = make_hidden(options, model, i);
    const llm::RelaxRequest request{.hidden = h, .beta = {&beta, 1}, .noise = {1, 0, i}};
    const Watch begin;
    const auto draw = head->relax(request, team);
    if (i < 2) continue;
    times.add(begin);
    rows.push_back(static_cast<double>(draw.rows_read));
    fallbacks += draw.fell_back ? 1 : 0;
  }
  json line = {{"head", entry.name},        {"beta", fmt::format("{}", beta)},
               {"threads", team.size()},    {"type", options.type},
               {"rows_read", median(rows)}, {"most_rows_read", *std::ranges::max_element(rows)},
               {"fallbacks", fallbacks},    {"head_bytes", head->bytes()}};
  line.update(times.line());
  return line;
}

double mean_entropy(const Options& options, const Model& model, double beta,
                    const therma::Team& team) {
  const auto head = llm::head_named("race").make(model.matrix, {}, team);
  double sum = 0.0;
  for (std::uint32_t i = 0; i < 8; ++i) {
    const auto h = make_hidden(options, model, i);
    sum += head->relax({.hidden = h, .beta = {&beta, 1}, .wants_thermodynamics = true}, team)
               .thermodynamics->entropy;
  }
  return sum / 8.0;
}

void measure_parts(const Options& options, const Model& model, const therma::Team& team) {
  Times build, noise, product;
  const Watch begin;
  const llm::Screen screen(model.matrix.weights, team);
  build.add(begin);
  llm::ScreenInput input;
  screen.prepare(make_hidden(options, model, 0), input);
  std::vector<float> a(options.rows);
  for (int repeat = 0; repeat < 25; ++repeat) {
    const Watch first;
    llm::TokenNoise({}).gumbels(0, a);
    noise.add(first);
    const Watch second;
    team.split(options.rows, 512, [&](std::uint32_t from, std::uint32_t end) {
      screen.approximate(input, from, end - from, a.data() + from);
    });
    product.add(second);
  }
  double residual = 0.0, code = 0.0;
  for (const float r : screen.residual_norms()) residual += r;
  for (const float r : screen.code_norms()) code += r;
  print({{"part", "build"}, {"threads", team.size()}}, build.line());
  print({{"part", "noise"}, {"threads", 1}}, noise.line());
  print({{"part", "screen"},
         {"threads", team.size()},
         {"bytes", screen.bytes()},
         {"residual", residual / code}},
        product.line());
}

void run(const Options& options) {
  const therma::Team team(options.threads);
  const auto model = make_model(options, team);
  const auto reading = read_times(model.bytes, team);
  print({{"part", "read"}, {"threads", team.size()}, {"bytes", model.bytes.size()}},
        reading.line());
  measure_parts(options, model, team);
  std::stringstream betas(options.betas);
  for (std::string beta_word; std::getline(betas, beta_word, ',');) {
    const double beta = std::stod(beta_word);
    const double entropy = mean_entropy(options, model, beta, team);
    std::stringstream names(options.heads);
    for (std::string name; std::getline(names, name, ',');) {
      auto line = measure(options, model, llm::head_named(name), beta, team);
      line["entropy"] = entropy;
      print(line, {});
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(parse_options<Options>(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
