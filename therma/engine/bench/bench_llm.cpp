// SPDX-License-Identifier: Apache-2.0
// The suite `llm`: language models of the exact shape of Qwen2.5-0.5B with random weights.
//
// Rates are by wall time, for two threads are part of the question; the limits are the bytes that a
// token reads over the bandwidth of one core, measured in the same run.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/engine/bench/bench.hpp"
#include "therma/engine/bench/limits.hpp"
#include "therma/engine/bench/spread.hpp"
#include "therma/engine/language/language_machine.hpp"
#include "therma/engine/language/random_model.hpp"
#include "therma/engine/usage.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::bench {
namespace {

constexpr std::string_view kShape = "qwen2.5-0.5b";
constexpr std::uint32_t kDecodeTokens = 32;
constexpr std::uint32_t kPrefill = 512;
constexpr double kLogitSpread = 3.5;  // normal logits; 5.8 nats of entropy

using OnRow = std::function<void(const BenchRow&)>;

// `count` per second of wall time, over the repeats.
template <class Work>
Spread rates(double count, std::uint32_t repeats, const Work& work) {
  work();
  std::vector<double> values;
  for (std::uint32_t k = 0; k < repeats; ++k) {
    const Stopwatch watch;
    work();
    values.push_back(count / watch.elapsed_s());
  }
  return spread(std::move(values));
}

struct Row {
  std::string work;
  std::string kernel;
  std::string unit = "tokens/s";
  double goal = 0.0;
  double limit_bytes = 0.0;  // read for each token; 0: no such limit
  std::string limit;
  std::string note;
};

class Suite {
 public:
  Suite(const BenchConfig& config, const Resources& resources, const OnRow& on_row)
      : config_(config), resources_(resources), on_row_(on_row), limits_(measure_limits()) {}

  void run() {
    struct Stored {
      llm::DType type;
      double decode_goal[2];  // 1 and 2 threads
      double prefill_goal;
    };
    constexpr Stored kStored[] = {{llm::DType::bf16, {13.8, 23.7}, 1500.0},
                                  {llm::DType::q8_0, {30.7, 52.0}, 1800.0},
                                  {llm::DType::q4_0, {45.0, 76.0}, 0.0}};
    for (const auto& stored : kStored) {
      const auto type = std::string(llm::traits(stored.type).name);
      if (!wanted(type)) continue;
      const Team two(2);
      const auto opened = open(stored.type, two);
      const auto& model = *opened;
      for (unsigned threads = 1; threads <= 2; ++threads) {
        decode(model, type, threads, stored.decode_goal[threads - 1]);
      }
      prefill(model, type, 2, stored.prefill_goal);
      if (stored.type == llm::DType::bf16) heads(model);
    }
  }

 private:
  // From a GGUF file in the folder of --data, made where it is missing; else in memory.
  [[nodiscard]] std::unique_ptr<llm::LanguageModel> open(llm::DType type, const Team& team) {
    const RandomModel shape{random_model(kShape).config, type};
    if (config_.data.empty()) {
      return std::make_unique<llm::LanguageModel>(make_random_checkpoint(shape, config_.seed),
                                                  llm::TransformerConfig{}, team);
    }
    const auto file = std::filesystem::path(config_.data) /
                      fmt::format("{}-{}.gguf", kShape, llm::traits(type).name);
    if (!std::filesystem::exists(file)) write_random_gguf(file, shape, config_.seed);
    first_token(file, llm::traits(type).name, team);
    return llm::load_language_model(file, {}, team);
  }

  // From nothing to the first token of a short prompt, the file being in memory already.
  void first_token(const std::filesystem::path& file, std::string_view type, const Team& team) {
    measure(
        {.work = fmt::format("load and first token, {} {}", kShape, type),
         .kernel = "screened",
         .unit = "1/s",
         .goal = type == "q8_0" ? 1.0 : 0.0},
        1, team.size(), [&] {
          const auto model = llm::load_language_model(file, {}, team);
          const auto head = llm::head_named("screened").make(model->head_matrix(), {}, team);
          const auto context = prompt(8);
          llm::Body body(model->transformer());
          body.read(context, team);
          auto plan = plan_for(*model);
          plan.max_tokens = 1;
          const llm::UnitTeams teams{.all = &team, .a = &team, .b = &team, .pair = nullptr};
          static_cast<void>(llm::generate(*model, *head, body, context, plan, teams, resources_));
        });
  }

  // Row names hold the type, so a filter that names one skips the other models.
  [[nodiscard]] bool wanted(std::string_view type) const {
    return config_.only.empty() || config_.only.find("q8_0") == std::string::npos || type == "q8_0";
  }

  template <class Work>
  void measure(Row row, double count, unsigned threads, const Work& work) {
    if (resources_.should_stop()) return;
    if (row.work.find(config_.only) == std::string::npos) return;
    const auto rate = rates(count, config_.repeats, work);
    const double limit =
        row.limit_bytes > 0.0 ? limits_.read_bytes_per_ns * 1e9 * threads / row.limit_bytes : 0.0;
    on_row_({.work = std::move(row.work),
             .kernel = std::move(row.kernel),
             .unit = std::move(row.unit),
             .value = rate.median,
             .low = rate.low,
             .high = rate.high,
             .goal = row.goal,
             .limit = std::move(row.limit),
             .limit_value = limit,
             .peak_rss_mib = static_cast<double>(peak_rss_bytes()) / (1 << 20),
             .note = std::move(row.note)});
  }

  [[nodiscard]] std::vector<llm::TokenId> prompt(std::uint32_t count) const {
    const Rng rng(config_.seed);
    std::vector<llm::TokenId> tokens;
    for (std::uint32_t k = 0; k < count; ++k) {
      tokens.push_back(static_cast<llm::TokenId>(rng.bits({.site = k}) % 150'000));
    }
    return tokens;
  }

  void decode(const llm::LanguageModel& model, const std::string& type, unsigned threads,
              double goal) {
    const Team team(threads);
    const auto head = llm::head_named("screened").make(model.head_matrix(), {}, team);
    const auto context = prompt(16);
    llm::Body read(model.transformer());
    read.read(context, team);
    const auto plan = plan_for(model);
    const auto body_bytes = static_cast<double>(model.transformer().weight_bytes()) -
                            static_cast<double>(model.head_matrix().weights.num_bytes());
    measure(
        {.work = fmt::format("decode {} {}, {} thread{}", kShape, type, threads,
                             threads > 1 ? "s" : ""),
         .kernel = "screened",
         .goal = goal,
         .limit_bytes = body_bytes + static_cast<double>(head->bytes()),
         .limit = "body and screen read once"},
        kDecodeTokens, threads, [&] {
          llm::Body body = read;
          const llm::UnitTeams teams{.all = &team, .a = &team, .b = &team, .pair = nullptr};
          static_cast<void>(llm::generate(model, *head, body, context, plan, teams, resources_));
        });
  }

  [[nodiscard]] llm::GenerationPlan plan_for(const llm::LanguageModel& model) const {
    return {.field = llm::FieldBuilder(model.head_matrix().num_tokens),
            .max_tokens = kDecodeTokens,
            .seed = config_.seed,
            .ends = false};
  }

  void prefill(const llm::LanguageModel& model, const std::string& type, unsigned threads,
               double goal) {
    const Team team(threads);
    const auto context = prompt(kPrefill);
    std::vector<float> hidden(model.transformer().config().hidden);
    measure({.work = fmt::format("prefill {} {}, {} tokens, {} threads", kShape, type, kPrefill,
                                 threads),
             .kernel = "batch",
             .goal = goal},
            kPrefill, threads, [&] {
              llm::TransformerState state(model.transformer());
              model.transformer().forward(context, state, hidden, team);
            });
  }

  // One state whose law has an entropy of a few nats: the head's rows are drawn independently of
  // it, so logits are normal, and their spread is set by the length of h.
  [[nodiscard]] std::vector<float> head_state(const llm::LanguageModel& model,
                                              double spread) const {
    const Rng rng = Rng(config_.seed).child("head state");
    const auto size = model.transformer().config().hidden;
    std::vector<float> h(size);
    for (std::uint32_t k = 0; k < size; ++k) h[k] = static_cast<float>(rng.normal({.site = k}));
    llm::Activation x;
    x.assign(h, false);
    const auto count = std::min<std::uint32_t>(4096, model.head_matrix().num_tokens);
    std::vector<float> logits(count);
    llm::multiply_rows(model.head_matrix().weights, 0, count, x, llm::Product::exact,
                       logits.data());
    double square = 0.0;
    for (const float logit : logits) square += double{logit} * logit;
    const double scale = spread / std::sqrt(square / count);
    for (auto& value : h) value = static_cast<float>(value * scale);
    return h;
  }

  void head_row(const llm::LanguageModel& model, std::string_view name, unsigned threads,
                const llm::Truncation& truncation, double goal_ms, double bytes) {
    const Team team(threads);
    const auto head = llm::head_named(name).make(model.head_matrix(), {}, team);
    const auto hidden = head_state(model, kLogitSpread);
    const double beta[] = {1.0};
    std::uint32_t position = 0;
    std::uint64_t rows = 0, draws = 0;
    const auto draw = [&] {
      for (int k = 0; k < 8; ++k) {
        const auto drawn = head->relax({.hidden = hidden,
                                        .truncation = truncation,
                                        .beta = beta,
                                        .noise = {.seed = config_.seed, .position = position++}},
                                       team);
        rows += drawn.rows_read;
        ++draws;
      }
    };
    const auto read = bytes > 0.0 ? bytes : static_cast<double>(head->bytes());
    draw();
    const double per_draw = static_cast<double>(rows) / static_cast<double>(draws);
    measure(
        {.work = fmt::format("head {}{} alone, bf16, {} thread{}", name,
                             truncation.top_k > 0 ? fmt::format(" top-k {}", truncation.top_k) : "",
                             threads, threads > 1 ? "s" : ""),
         .kernel = std::string(name),
         .unit = "draws/s",
         .goal = goal_ms > 0.0 ? 1000.0 / goal_ms : 0.0,
         .limit_bytes = read,
         .limit = "matrix or screen read once",
         .note = fmt::format("{:.0f} rows a draw", per_draw)},
        8, threads, draw);
  }

  void heads(const llm::LanguageModel& model) {
    const auto full = static_cast<double>(model.head_matrix().weights.num_bytes());
    for (unsigned threads = 1; threads <= 2; ++threads) {
      head_row(model, "screened", threads, {}, threads == 1 ? 6.5 : 3.3, 0.0);
      head_row(model, "screened", threads, {.top_k = 40}, 0.0, 0.0);
      head_row(model, "race", threads, {}, 0.0, full);
      head_row(model, "softmax", threads, {}, 0.0, full);
    }
  }

  const BenchConfig& config_;
  const Resources& resources_;
  const OnRow& on_row_;
  MachineLimits limits_;
};

}  // namespace

void run_llm(const BenchConfig& config, const Resources& resources, const OnRow& on_row) {
  Suite(config, resources, on_row).run();
}

}  // namespace therma::bench
