// SPDX-License-Identifier: Apache-2.0
// The request of `therma generate` and `therma chat`: which model, which head, which law.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/hardware/token_head.hpp"
#include "therma/llm/heads/field.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm {
[[nodiscard]] std::span<const std::string_view> enum_names(WeightsAs) noexcept;
[[nodiscard]] std::span<const std::string_view> enum_names(CacheAs) noexcept;
}  // namespace therma::llm

namespace therma {

// Which model and how it is held.
struct ModelOptions {
  std::string model = "tiny";
  llm::WeightsAs weights = llm::WeightsAs::stored;
  llm::CacheAs cache = llm::CacheAs::f16;
  std::uint32_t context = 0;

  static void each_field(auto& self, auto&& field) {
    field("model", self.model,
          "a Hugging Face folder, a GGUF file, tiny (comes with Therma), or "
          "random:qwen2.5-0.5b[:bf16|q8_0|q4_0]");
    field("weights", self.weights, "matrices as stored, or quantised while loading");
    field("cache", self.cache, "keys and values as");
    field("context", self.context,
          "positions to make room for; 0: what the model was made for, at most 4096");
  }
};

enum class BetaOver : std::uint8_t { positions, steps };
[[nodiscard]] std::span<const std::string_view> enum_names(BetaOver) noexcept;

// The head and its temperature.
struct HeadOptions {
  std::string head = "screened";
  std::string beta = "1";
  BetaOver beta_over = BetaOver::positions;
  std::string thermostat;

  static void each_field(auto& self, auto&& field) {
    field("head", self.head, "softmax, race, screened, metropolis or gibbs");
    field("beta", self.beta,
          "inverse temperature: a number, inf (greedy), const:A, linear:A:B, exp:A:B, list:A,B,... "
          "or a file of numbers");
    field("beta_over", self.beta_over, "what a schedule of beta runs over");
    field("thermostat", self.thermostat,
          "entropy=X or surprisal=X: adapt beta so that the mean is X nats");
  }
};

enum class ReportStyle : std::uint8_t { text, json };
[[nodiscard]] std::span<const std::string_view> enum_names(ReportStyle) noexcept;

// How a text is made and told.
struct GenerateOptions {
  std::uint32_t tokens = 256;
  std::uint32_t samples = 1;
  std::uint64_t seed = 0;
  std::uint32_t units = 1;
  std::uint32_t lookup = 0;
  std::string json_schema;
  std::string regex;
  std::uint32_t logprobs = 0;
  bool ignore_end = false;
  std::string prompt_file;
  std::string perplexity;
  ReportStyle report = ReportStyle::text;

  static void each_field(auto& self, auto&& field) {
    field("tokens", self.tokens, "most tokens to make", at_least(1));
    field("samples", self.samples, "independent texts for the same prompt", within(1, 4096));
    field("seed", self.seed, "seed of every random draw");
    field("units", self.units,
          "2: one unit reads a token out while the other already relaxes the next; same text",
          within(1, 2));
    field("lookup", self.lookup,
          "tokens drafted ahead by looking up the text so far; same text, fewer passes",
          within(0, 15));
    field("json_schema", self.json_schema,
          "the text must be JSON of this JSON Schema (a file), or any JSON (any)");
    field("regex", self.regex, "the text must match this regular expression");
    field("logprobs", self.logprobs, "likeliest tokens to report at each position", within(0, 100));
    field("ignore_end", self.ignore_end, "go on after the model's end token");
    field("prompt_file", self.prompt_file, "read the prompt from this file; -: standard input");
    field("perplexity", self.perplexity,
          "no text: the perplexity of this file under the model; -: standard input");
    field("report", self.report, "json: energies, steps and times of every token");
  }
};

struct GenerateRequest {
  ModelOptions model;
  HeadOptions head;
  llm::Truncation truncation;
  llm::PenaltyConfig penalties{.penalty_window = 64};
  llm::HeadConfig machine;
  hardware::HeadLimits limits;
  GenerateOptions options;
  std::string prompt;
  std::vector<std::string> stop;        // strings that end the text
  std::vector<std::string> steer;       // "text=2.0"
  std::vector<std::string> logit_bias;  // "token or id=1.5"
  // Settings by name that the checkpoint's own suggestion stands in for where it has one: beta (one
  // over its temperature), top_k, top_p, repeat_penalty.
  std::vector<std::string> as_suggested;
};

}  // namespace therma
