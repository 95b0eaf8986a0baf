// SPDX-License-Identifier: Apache-2.0
// Speed of the row kernels beside the speed of reading memory, and of batches beside the peak of
// the multipliers: one JSON line per figure.
//
// bench_rows [--mib N] [--columns N] [--positions N] [--repeats N] [--threads N] [--backend NAME]
//
// Times are processor seconds of each thread, for machines are shared; every repeat measures the
// yardstick and all kernels in turn, and ratios are taken within a repeat. Medians are printed.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "machine_limits.hpp"
#include "options.hpp"
#include "therma/core/config.hpp"
#include "therma/core/error.hpp"
#include "therma/core/large_pages.hpp"
#include "therma/core/team.hpp"
#include "therma/llm/kernels/batch.hpp"
#include "therma/llm/kernels/row_kernels.hpp"

namespace {

namespace llm = therma::llm;
using therma::llm::DType;
using therma::llm::MatrixView;
using therma::llm::Product;
using Bytes = therma::LargeVector<std::byte>;

struct Options {
  std::uint32_t mib = 1280;
  std::uint32_t columns = 896;
  std::uint32_t positions = 512;
  std::uint32_t repeats = 7;
  std::uint32_t threads = 2;
  std::string backend;
  std::string only;

  static void each_field(auto& self, auto&& field) {
    field("mib", self.mib, "of the matrix, far more than the caches", therma::at_least(1));
    field("columns", self.columns, "of the matrix", therma::at_least(1));
    field("positions", self.positions, "of the batch; 0: none", therma::at_least(0));
    field("repeats", self.repeats, "of everything", therma::at_least(1));
    field("threads", self.threads, "at most", therma::at_least(1));
    field("backend", self.backend, "of the row kernels; empty: the fastest");
    field("only", self.only, "a type; empty: all");
  }
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Mean processor seconds of the members that run job(member).
double seconds_of(const therma::Team& team, const std::function<void(unsigned)>& job) {
  std::vector<double> seconds(team.size());
  team.run([&](unsigned member) {
    const double begin = cpu_seconds();
    job(member);
    seconds[member] = cpu_seconds() - begin;
  });
  double sum = 0.0;
  for (const double each : seconds) sum += each;
  return sum / team.size();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// Figures of each repeat, by the name of what was measured.
using Figures = std::map<std::string, std::vector<double>>;

struct Case {
  std::string name;
  DType type;
  Product product;
};
const std::vector<Case> kCases = {
    {"f32", DType::f32, Product::exact},         {"f16", DType::f16, Product::exact},
    {"bf16", DType::bf16, Product::exact},       {"q8_0", DType::q8_0, Product::integer},
    {"q8_0 exact", DType::q8_0, Product::exact}, {"q4_0", DType::q4_0, Product::integer},
    {"q4_0 exact", DType::q4_0, Product::exact}, {"q4_1", DType::q4_1, Product::integer},
    {"q5_0", DType::q5_0, Product::integer},     {"q5_1", DType::q5_1, Product::integer},
    {"q4_k", DType::q4_k, Product::integer},     {"q5_k", DType::q5_k, Product::integer},
    {"q6_k", DType::q6_k, Product::integer},
};

// Any bytes are a matrix; those with small exponents keep every type's numbers finite.
Bytes make_bytes(std::size_t num_bytes) {
  Bytes bytes(num_bytes);
  std::uint64_t state = 1;
  for (std::size_t k = 0; k < num_bytes; k += 8) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t word = (state ^ state >> 31) & 0x3FFF3FFF3FFF3FFFU;
    std::memcpy(&bytes[k], &word, 8);
  }
  return bytes;
}

MatrixView matrix_of(DType type, const Bytes& bytes, std::uint32_t columns) {
  MatrixView W{.type = type, .rows = 0, .columns = columns, .bytes = bytes.data()};
  const auto& block = llm::traits(type);
  W.columns = columns / block.block_weights * block.block_weights;
  W.rows = static_cast<std::uint32_t>((bytes.size() - 8192) / W.row_bytes());
  return W;
}

std::vector<float> some_floats(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t k = 0; k < count; ++k) values[k] = static_cast<float>(k * 37 % 101) - 50.0F;
  return values;
}

const llm::RowKernels& kernels_named(const std::string& name) {
  const auto all = llm::row_kernels();
  const auto found = std::ranges::find(all, name, &llm::RowKernels::name);
  return name.empty() || found == all.end() ? all.front() : *found;
}

double read_gb_s(const therma::Team& team, const Bytes& bytes, std::size_t ahead) {
  const std::size_t part = (bytes.size() / team.size() - 8192) / 4096 * 4096;
  std::vector<std::uint64_t> sums(team.size());
  const double seconds = seconds_of(team, [&](unsigned member) {
    sums[member] = therma::bench::read_all(bytes.data() + member * part, part, ahead);
  });
  return static_cast<double>(part) * team.size() / seconds * 1e-9;
}

double rows_gb_s(const therma::Team& team, const llm::RowKernels& kernels, const Case& which,
                 const Bytes& bytes, std::uint32_t columns) {
  const auto W = matrix_of(which.type, bytes, columns);
  llm::Activation x;
  x.assign(some_floats(W.columns), true);
  const llm::RowInput input{x.x.data(), x.codes.data(), x.scales.data(), x.quads.data()};
  std::vector<float> y(W.rows);
  const std::uint32_t part = W.rows / team.size();
  const double seconds = seconds_of(team, [&](unsigned member) {
    llm::multiply_rows_by(kernels, W, member * part, part, {&input, 1}, which.product,
                          y.data() + member * part, 0);
  });
  return static_cast<double>(part) * team.size() * static_cast<double>(W.row_bytes()) / seconds *
         1e-9;
}

void measure_rows(const Options& options, const Bytes& bytes, unsigned threads) {
  const therma::Team team(threads);
  const auto& kernels = kernels_named(options.backend);
  Figures speed, share;
  for (std::uint32_t repeat = 0; repeat < options.repeats; ++repeat) {
    double best = 0.0;
    for (const std::size_t ahead : {0, 512, 1024, 2048, 4096, 8192}) {
      const double gb_s = read_gb_s(team, bytes, ahead);
      speed[fmt::format("read ahead {}", ahead)].push_back(gb_s);
      best = std::max(best, gb_s);
    }
    for (const auto& which : kCases) {
      if (!options.only.empty() && !which.name.starts_with(options.only)) continue;
      const double gb_s = rows_gb_s(team, kernels, which, bytes, options.columns);
      speed[which.name].push_back(gb_s);
      share[which.name].push_back(gb_s / best);
    }
  }
  for (const auto& [name, values] : speed) {
    therma::Json line = {{"what", name},
                         {"backend", kernels.name},
                         {"threads", threads},
                         {"columns", options.columns},
                         {"gb_s", median(values)}};
    if (share.contains(name)) line["of_reading"] = median(share[name]);
    fmt::print("{}\n", line.dump());
  }
}

// The multiplier's peak and a batch product with it, in multiply-adds a second of one thread.
void measure_batch(const Options& options, const Bytes& bytes) {
  struct Peer {
    Case which;
    std::uint64_t (*peak)(std::uint64_t) noexcept;
  };
  const Peer peers[] = {{{"bf16", DType::bf16, Product::exact}, therma::bench::run_bf16},
                        {{"q8_0", DType::q8_0, Product::integer}, therma::bench::run_integer},
                        {{"q4_0", DType::q4_0, Product::integer}, therma::bench::run_integer},
                        {{"f32", DType::f32, Product::exact}, therma::bench::run_fma},
                        {{"f16", DType::f16, Product::exact}, therma::bench::run_fma},
                        {{"q8_0 exact", DType::q8_0, Product::exact}, therma::bench::run_fma},
                        {{"q4_k", DType::q4_k, Product::integer}, therma::bench::run_fma}};
  for (const auto& [which, peak] : peers) {
    if (!options.only.empty() && !which.name.starts_with(options.only)) continue;
    auto W = matrix_of(which.type, bytes, options.columns);
    W.rows = std::min(W.rows, 4864U);
    llm::ActivationBatch X;
    X.resize(options.positions, W.columns,
             llm::forms_for(which.type, which.product, options.positions));
    const auto values = some_floats(std::size_t{options.positions} * W.columns);
    for (std::uint32_t b = 0; b < options.positions; ++b) {
      X.assign(b, std::span(values).subspan(std::size_t{b} * W.columns, W.columns));
    }
    std::vector<float> Y(std::size_t{W.rows} * options.positions);
    std::vector<double> limits, speeds, shares;
    for (std::uint32_t repeat = 0; repeat < options.repeats; ++repeat) {
      double begin = cpu_seconds();
      const auto most = static_cast<double>(peak(2'000'000));
      limits.push_back(most / (cpu_seconds() - begin) * 1e-9);
      begin = cpu_seconds();
      llm::multiply_batch(W, 0, W.rows, X, which.product, Y.data(), W.rows);
      const double work = static_cast<double>(W.rows) * W.columns * options.positions;
      speeds.push_back(work / (cpu_seconds() - begin) * 1e-9);
      shares.push_back(limits.back() > 0.0 ? speeds.back() / limits.back() : 0.0);
    }
    const therma::Json line = {{"what", "batch " + which.name}, {"positions", options.positions},
                               {"columns", W.columns},          {"gmac_s", median(speeds)},
                               {"peak_gmac_s", median(limits)}, {"of_peak", median(shares)}};
    fmt::print("{}\n", line.dump());
  }
}

// An empty job on two members, in wall time: what sharing a step out costs.
void measure_team() {
  const therma::Team team(2);
  std::vector<double> micros;
  for (int repeat = 0; repeat < 51; ++repeat) {
    timespec begin{}, end{};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int k = 0; k < 200; ++k) team.run([](unsigned) {});
    clock_gettime(CLOCK_MONOTONIC, &end);
    micros.push_back((static_cast<double>(end.tv_sec - begin.tv_sec) * 1e6 +
                      static_cast<double>(end.tv_nsec - begin.tv_nsec) * 1e-3) /
                     200);
  }
  const therma::Json line = {{"what", "empty run of a team of two"},
                             {"micros", median(micros)},
                             {"micros_least", *std::ranges::min_element(micros)}};
  fmt::print("{}\n", line.dump());
}

}  // namespace

int main(int argc, char** argv) try {
  const auto options = parse_options<Options>(argc, argv);
  measure_team();
  const auto bytes = make_bytes(std::size_t{options.mib} << 20);
  for (unsigned threads = 1; threads <= options.threads; ++threads) {
    measure_rows(options, bytes, threads);
  }
  if (options.positions > 0) measure_batch(options, bytes);
} catch (const therma::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return therma::traits(error.code()).exit_code;
}
