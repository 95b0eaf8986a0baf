// SPDX-License-Identifier: Apache-2.0
// Speed of a tokenizer on texts: megabytes a CPU second, median of five runs.
//
//   bench_tokenizer tokenizer.json TEXT...
#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "therma/llm/tokenizer/tokenizer.hpp"
#include "therma/llm/tokenizer/tokenizer_json.hpp"

namespace {

constexpr int kRuns = 5;

std::string content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <class Work>
double median_cpu_s(const Work& work) {
  std::vector<double> seconds;
  for (int run = 0; run < kRuns; ++run) {
    const std::clock_t start = std::clock();
    work();
    seconds.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::ranges::sort(seconds);
  return seconds[kRuns / 2];
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_tokenizer tokenizer.json TEXT...\n");
    return 2;
  }
  const auto json = content_of(argv[1]);
  const auto load = [&] {
    return therma::llm::Tokenizer(therma::llm::tokenizer_spec_from_json(json, argv[1]));
  };
  const auto tokenizer = load();
  fmt::print("load {:.0f} ms\n", 1e3 * median_cpu_s([&] { static_cast<void>(load()); }));
  for (int k = 2; k < argc; ++k) {
    const auto text = content_of(argv[k]);
    std::size_t tokens = 0;
    const double seconds = median_cpu_s([&] { tokens = tokenizer.encode(text).size(); });
    fmt::print("{:.1f} MB/s, {:.2f} bytes a token: {}\n",
               static_cast<double>(text.size()) / seconds * 1e-6,
               static_cast<double>(text.size()) / static_cast<double>(tokens), argv[k]);
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_tokenizer: {}\n", error.what());
  return 1;
}
