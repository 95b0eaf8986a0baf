// SPDX-License-Identifier: Apache-2.0
// The race: every token is a well that escapes at its Arrhenius rate, the first to fire wins.
#include "therma/llm/heads/full_pass.hpp"
#include "therma/llm/heads/head_table.hpp"

namespace therma::llm {
namespace {

class RaceHead final : public TokenHead {
 public:
  RaceHead(const HeadMatrix& matrix, const HeadConfig& config)
      : pass_(matrix), delay_window_(config.delay_window) {}

  HeadDraw relax(const RelaxRequest& request, const Team& team, const OnDraft& on_draft) override {
    const Race race(request, pass_.weights());
    hidden_.assign(request.hidden, false);
    return pass_.draw(race, hidden_, delay_window_, team, on_draft);
  }
  [[nodiscard]] std::size_t bytes() const noexcept override { return pass_.bytes(); }

 private:
  FullPass pass_;
  std::uint32_t delay_window_;
  Activation hidden_;
};

}  // namespace

std::unique_ptr<TokenHead> make_race(const HeadMatrix& matrix, const HeadConfig& config,
                                     const Team& /*team*/) {
  return std::make_unique<RaceHead>(matrix, config);
}

}  // namespace therma::llm
