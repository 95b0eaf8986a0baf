// SPDX-License-Identifier: Apache-2.0
// A language model without a softmax: tokens from the race of a screened head, and the law they
// follow.
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <map>

#include "therma/llm/generation/body.hpp"
#include "therma/llm/generation/likelihood.hpp"
#include "therma/llm/language_model.hpp"

namespace llm = therma::llm;

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : "data/models/tiny";
  const therma::Team team;  // this thread alone
  const auto model = llm::load_language_model(folder, {}, team);
  const auto head = llm::head_named("screened").make(model->head_matrix(), {}, team);

  // The hidden state after a prompt names the energies E_v = -h . W_v of the next token.
  const auto prompt = model->prompt_tokens("The old man and the");
  llm::Body body(model->transformer());
  body.read(prompt, team);

  // Each position has its own noise; nothing is ever normalised.
  constexpr std::uint32_t kDraws = 4000;
  const std::array beta = {1.0};
  std::map<llm::TokenId, int> seen;
  double rows = 0.0;
  for (std::uint32_t k = 0; k < kDraws; ++k) {
    const auto draw = head->relax(
        {.hidden = body.hidden(), .beta = beta, .noise = {.seed = 7, .position = k}}, team);
    ++seen[draw.token];
    rows += static_cast<double>(draw.rows_read) / kDraws;
  }

  // The law itself, from a full pass: frequencies must agree to five standard errors.
  const auto log_p = llm::log_probabilities(model->head_matrix(), body.hidden(), team);
  double worst = 0.0;
  for (const auto& [token, log_probability] :
       llm::likeliest(model->head_matrix(), body.hidden(), 8, team)) {
    const double p = std::exp(log_probability),
                 frequency = static_cast<double>(seen[token]) / kDraws;
    const double error = std::sqrt(p * (1.0 - p) / kDraws);
    fmt::print("{:12} drawn {:.4f}, law {:.4f}\n", model->tokenizer().bytes(token), frequency, p);
    worst = std::max(worst, std::fabs(frequency - p) / error);
  }
  fmt::print("{:.0f} of {} rows read exactly for a token\n", rows, log_p.size());
  return worst < 5.0 ? 0 : 1;
}
