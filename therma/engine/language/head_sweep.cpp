// SPDX-License-Identifier: Apache-2.0
// Reads the text once, then tries every pair of limits on the states it gave.
#include "therma/engine/language/head_sweep.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "therma/llm/generation/likelihood.hpp"
#include "therma/llm/language_model.hpp"

namespace therma {
namespace {

// "3,4,inf" as numbers; `inf` stands for no limit and is returned as 0 for bits.
std::vector<double> numbers_of(const std::string& text, std::string_view name) {
  std::vector<double> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    const auto word = text.substr(at, end - at);
    char* rest = nullptr;
    const double value = word == "inf" ? 0.0 : std::strtod(word.c_str(), &rest);
    const bool whole = word == "inf" || (rest != word.c_str() && *rest == '\0');
    if (!whole || !std::isfinite(value) || value < 0.0) {
      fail(ErrorCode::invalid_argument, "{}: must be numbers with commas between, got \"{}\"", name,
           text);
    }
    out.push_back(value);
    at = end + 1;
  }
  return out;
}

hardware::SweepConfig sweep_config(const HeadSweepConfig& config) {
  hardware::SweepConfig out{.dac_bits = {}, .noise_floors = {}, .others = {}, .beta = config.beta};
  for (const double bits : numbers_of(config.bits, "bits")) {
    if (bits != std::floor(bits)) {
      fail(ErrorCode::invalid_argument, "bits: must be whole numbers, got \"{}\"", config.bits);
    }
    out.dac_bits.push_back(static_cast<std::uint32_t>(bits));
  }
  out.noise_floors = numbers_of(config.noise, "noise");
  out.others.device = config.seed;
  return out;
}

std::string bits_text(std::uint32_t bits) { return bits == 0 ? "-" : std::to_string(bits); }

struct Positions {
  std::vector<float> hidden;  // [position, hidden]
  std::vector<llm::TokenId> targets;
};

Positions read_positions(const llm::LanguageModel& model, const HeadSweepRequest& request,
                         const Team& team, const Resources& resources) {
  auto tokens = model.tokenizer().encode(request.text);
  tokens.resize(std::min<std::size_t>(tokens.size(), request.config.positions + std::size_t{1}));
  Positions out;
  llm::for_each_position(model, tokens, team, resources,
                         [&](std::span<const float> hidden, llm::TokenId target) {
                           out.hidden.insert(out.hidden.end(), hidden.begin(), hidden.end());
                           out.targets.push_back(target);
                         });
  return out;
}

}  // namespace

HeadSweepReport run_head_sweep(const llm::LanguageModel& model, const HeadSweepRequest& request,
                               const Team& team, const Resources& resources) {
  const Stopwatch watch;
  const auto config = sweep_config(request.config);
  const auto positions = read_positions(model, request, team, resources);
  if (positions.targets.empty())
    fail(ErrorCode::stopped, "head-sweep: stopped before any position");
  auto ideal = config;
  ideal.dac_bits = {0};
  ideal.noise_floors = {0.0};
  const auto& matrix = model.head_matrix();
  HeadSweepReport report{.model = request.model.model,
                         .positions = static_cast<std::uint32_t>(positions.targets.size()),
                         .beta = config.beta};
  report.ideal_perplexity =
      hardware::sweep_limits(matrix, positions.hidden, positions.targets, ideal, team)
          .front()
          .perplexity;
  report.rows = hardware::sweep_limits(matrix, positions.hidden, positions.targets, config, team);
  report.time_s = watch.elapsed_s();
  report.config = fields_to_json(read_fields_of(request.config));
  return report;
}

Json to_json(const HeadSweepReport& report) {
  Json rows = Json::array();
  for (const auto& row : report.rows) {
    rows.push_back({{"dac_bits", row.dac_bits == 0 ? Json(nullptr) : Json(row.dac_bits)},
                    {"noise_floor", row.noise_floor},
                    {"perplexity", row.perplexity},
                    {"total_variation", row.tv},
                    {"kl", row.kl},
                    {"effective_beta", row.effective_beta}});
  }
  return {{"therma", 1},
          {"kind", "head-sweep"},
          {"model", report.model},
          {"positions", report.positions},
          {"beta", report.beta},
          {"ideal_perplexity", report.ideal_perplexity},
          {"rows", std::move(rows)},
          {"time_s", report.time_s},
          {"config", report.config}};
}

std::string render_text(const HeadSweepReport& report) {
  auto out = fmt::format("{}: {} positions at beta {}, perplexity {:.3f} without limits\n\n",
                         report.model, report.positions, report.beta, report.ideal_perplexity);
  out += fmt::format("{:>8}  {:>10}  {:>12}  {:>8}  {:>10}  {:>9}\n", "DAC bits", "noise (kT)",
                     "perplexity", "TV", "KL (nats)", "eff. beta");
  for (const auto& row : report.rows) {
    out += fmt::format("{:>8}  {:>10.3g}  {:>12.4g}  {:>8.5f}  {:>10.3g}  {:>9.4f}\n",
                       bits_text(row.dac_bits), row.noise_floor, row.perplexity, row.tv, row.kl,
                       row.effective_beta);
  }
  return out;
}

}  // namespace therma
