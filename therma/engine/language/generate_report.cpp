// SPDX-License-Identifier: Apache-2.0
// Facts of a generation as JSON and as one line.
#include "therma/engine/language/generate_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json beta_json(double beta) { return std::isfinite(beta) ? Json(beta) : Json("inf"); }

Json times_json(const llm::UnitTimes& times) {
  Json out = {{"a", {times.a_begin_s, times.a_end_s}}, {"b", nullptr}};
  if (times.b_end_s > times.b_begin_s) out["b"] = {times.b_begin_s, times.b_end_s};
  return out;
}

Json token_json(const llm::TokenReport& report, const llm::Tokenizer& tokenizer) {
  const auto& draw = report.draw;
  Json out = {{"id", report.token},
              {"token", printable(tokenizer.name(report.token))},
              {"energy", number_or_null(draw.energy)},
              {"beta", beta_json(draw.beta)},
              {"steps", draw.steps},
              {"accepted", draw.accepted},
              {"rows_read", draw.rows_read},
              {"fell_back", draw.fell_back},
              {"was_drafted", report.was_drafted},
              {"unit_s", times_json(report.times)}};
  if (draw.thermodynamics) {
    out["free_energy"] = number_or_null(draw.thermodynamics->free_energy);
    out["entropy"] = number_or_null(draw.thermodynamics->entropy);
    out["log_probability"] = number_or_null(draw.thermodynamics->log_probability);
  }
  if (!report.alternatives.empty()) {
    out["alternatives"] = Json::array();
    for (const auto& [token, log_p] : report.alternatives) {
      out["alternatives"].push_back({{"id", token},
                                     {"token", printable(tokenizer.name(token))},
                                     {"log_probability", number_or_null(log_p)}});
    }
  }
  return out;
}

Json text_json(const llm::Generated& text, const llm::Tokenizer& tokenizer) {
  Json tokens = Json::array();
  for (const auto& report : text.reports) tokens.push_back(token_json(report, tokenizer));
  return {{"text", text.text},
          {"finish", llm::name_of(text.finish)},
          {"num_tokens", text.tokens.size()},
          {"guesses_used", text.guesses.used},
          {"guesses_discarded", text.guesses.discarded},
          {"decode_s", text.decode_s},
          {"tokens", std::move(tokens)}};
}

struct Means {
  double rows = 0.0;
  double energy = 0.0;
};

Means means_of(const GenerateReport& report) {
  Means sums;
  double count = 0.0;
  for (const auto& text : report.texts) {
    for (const auto& token : text.reports) {
      sums.rows += static_cast<double>(token.draw.rows_read);
      sums.energy += token.draw.energy;
      count += 1.0;
    }
  }
  return count > 0.0 ? Means{sums.rows / count, sums.energy / count} : sums;
}

}  // namespace

std::uint64_t GenerateReport::tokens() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& text : texts) sum += text.reports.size();
  return sum;
}

double GenerateReport::tokens_per_s() const noexcept {
  return decode_s > 0.0 ? static_cast<double>(tokens()) / decode_s : 0.0;
}

Json to_json(const GenerateReport& report, const llm::Tokenizer& tokenizer) {
  Json texts = Json::array();
  for (const auto& text : report.texts) texts.push_back(text_json(text, tokenizer));
  return {{"therma", GenerateReport::kSchema},
          {"kind", "generate"},
          {"model",
           {{"name", report.model},
            {"architecture", report.architecture},
            {"weight_bytes", report.weight_bytes}}},
          {"head",
           {{"name", report.head}, {"exact", report.head_is_exact}, {"bytes", report.head_bytes}}},
          {"seed", report.seed},
          {"threads", report.threads},
          {"units", report.units},
          {"prompt", report.prompt},
          {"prompt_tokens", report.prompt_tokens},
          {"texts", std::move(texts)},
          {"tokens", report.tokens()},
          {"tokens_per_s", report.tokens_per_s()},
          {"load_s", report.load_s},
          {"prompt_s", report.prompt_s},
          {"decode_s", report.decode_s},
          {"cpu_s", report.cpu_s},
          {"cache_bytes", report.cache_bytes},
          {"peak_rss_bytes", report.peak_rss_bytes},
          {"notices", report.notices},
          {"config", report.config}};
}

std::string summary_text(const GenerateReport& report) {
  const auto means = means_of(report);
  auto out =
      fmt::format("{} tokens in {:.2f} s, {:.1f} tokens/s; prompt {} in {:.2f} s; load {:.2f} s",
                  report.tokens(), report.decode_s, report.tokens_per_s(),
                  counted(report.prompt_tokens, "token"), report.prompt_s, report.load_s);
  out += fmt::format("; {} head, {:.0f} rows and energy {:.2f} per token", report.head, means.rows,
                     means.energy);
  std::uint64_t used = 0, discarded = 0;
  for (const auto& text : report.texts) {
    used += text.guesses.used;
    discarded += text.guesses.discarded;
  }
  if (used + discarded > 0) {
    out += fmt::format("; {} guesses used, {} discarded", used, discarded);
  }
  return out + "\n";
}

}  // namespace therma
