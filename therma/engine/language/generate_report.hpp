// SPDX-License-Identifier: Apache-2.0
// The report of `therma generate`: what was made, by which machine, at what cost.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "therma/core/json.hpp"
#include "therma/llm/generation/generation.hpp"

namespace therma {

struct GenerateReport {
  static constexpr int kSchema = 1;

  std::string model;  // as it was asked for
  std::string architecture;
  std::uint64_t weight_bytes = 0;
  std::string head;
  bool head_is_exact = true;
  std::uint64_t head_bytes = 0;  // beside the matrix
  std::uint64_t seed = 0;
  unsigned threads = 1;
  std::uint32_t units = 1;

  std::string prompt;
  std::uint64_t prompt_tokens = 0;
  std::vector<llm::Generated> texts;

  double load_s = 0.0;
  double prompt_s = 0.0;
  double decode_s = 0.0;  // all texts
  double cpu_s = 0.0;
  std::uint64_t cache_bytes = 0;  // keys and values of one text
  std::uint64_t peak_rss_bytes = 0;
  std::vector<std::string> notices;
  Json config;

  [[nodiscard]] std::uint64_t tokens() const noexcept;
  [[nodiscard]] double tokens_per_s() const noexcept;
};

// docs/reference/report.md; `spell` gives the spelling of a token.
[[nodiscard]] Json to_json(const GenerateReport& report, const llm::Tokenizer& tokenizer);
// The line after a text: tokens, speed, rows, energy.
[[nodiscard]] std::string summary_text(const GenerateReport& report);

}  // namespace therma
