// SPDX-License-Identifier: Apache-2.0
// Hardware limits of a head on a text: bits x noise to perplexity, total variation and divergence.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/json.hpp"
#include "therma/core/team.hpp"
#include "therma/engine/language/generate_request.hpp"
#include "therma/hardware/head_laws.hpp"
#include "therma/llm/language_model.hpp"

namespace therma {

struct HeadSweepConfig {
  std::string text;
  std::uint32_t positions = 256;
  std::string bits = "3,4,5,6,8,inf";
  std::string noise = "0,0.1,0.3,1";
  double beta = 1.0;
  std::uint64_t seed = 1;
  std::string plot;

  static void each_field(auto& self, auto&& field) {
    field(
        "text", self.text,
        "the text to measure on, a file; -: standard input; not given: a few public-domain pages");
    field("positions", self.positions, "tokens of the text to predict", within(1, 1 << 20));
    field("bits", self.bits, "DAC bits to try, with commas between; inf: none");
    field("noise", self.noise, "noise floors to try, in units of kT, with commas between");
    field("beta", self.beta, "inverse temperature", positive);
    field("seed", self.seed, "seed of noise and mismatch");
    field("plot", self.plot, "draw the table to this SVG file");
  }
};

struct HeadSweepRequest {
  ModelOptions model;
  HeadSweepConfig config;
  std::string text;  // what to measure on
};

struct HeadSweepReport {
  std::string model;
  std::uint32_t positions = 0;
  double beta = 1.0;
  double ideal_perplexity = 0.0;
  std::vector<hardware::SweepRow> rows;
  double time_s = 0.0;
  Json config;
};

// Throws Error{bad_data} for a text of fewer than two tokens, Error{invalid_argument} for numbers
// that are none.
[[nodiscard]] HeadSweepReport run_head_sweep(const llm::LanguageModel& model,
                                             const HeadSweepRequest& request, const Team& team,
                                             const Resources& resources);
[[nodiscard]] Json to_json(const HeadSweepReport& report);
[[nodiscard]] std::string render_text(const HeadSweepReport& report);
[[nodiscard]] std::string plot_svg(const HeadSweepReport& report);

}  // namespace therma
