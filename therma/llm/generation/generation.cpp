// SPDX-License-Identifier: Apache-2.0
// The loop of a text: each pass is one token.
#include "therma/llm/generation/generation.hpp"

#include <algorithm>

#include "therma/core/error.hpp"
#include "therma/llm/chat/stop_strings.hpp"
#include "therma/llm/generation/likelihood.hpp"
#include "therma/llm/speculation.hpp"

namespace therma::llm {
namespace {

class Loop {
 public:
  Loop(const LanguageModel& model, TokenHead& head, Body& body, std::span<const TokenId> context,
       const GenerationPlan& plan, const UnitTeams& teams, const OnText& on_text)
      : model_(model),
        head_(head),
        body_(body),
        plan_(plan),
        teams_(teams),
        on_text_(on_text),
        context_(context.begin(), context.end()),
        num_prompt_(context.size()),
        decoder_(model.tokenizer()),
        stop_(plan.stop),
        grammar_(plan.grammar),
        thermostat_(plan.thermostat),
        lookup_({.max_drafts = std::max(1U, plan.lookup)}) {
    if (plan.lookup > 0) lookup_.push(context_);
  }

  [[nodiscard]] Generated run(const Resources& resources) {
    const auto used_before = body_.tally();
    Finish finish = Finish::length;
    while (!is_over(resources, finish)) {
    }
    show(stop_.push(decoder_.finish()));
    if (finish != Finish::stop_string) show(stop_.finish());
    out_.finish = finish;
    out_.decode_s = clock_.elapsed_s();
    out_.guesses = {body_.tally().used - used_before.used,
                    body_.tally().discarded - used_before.discarded};
    return std::move(out_);
  }

 private:
  // One token, unless the text is over; says why it is.
  bool is_over(const Resources& resources, Finish& finish) {
    const auto ends = [&](Finish why) { return finish = why, true; };
    if (out_.tokens.size() >= plan_.max_tokens) return ends(Finish::length);
    if (resources.should_stop()) return ends(Finish::stopped);
    if (grammar_ && grammar_->must_end()) return ends(Finish::complete);
    const auto token = draw();
    if (plan_.ends && model_.is_end(token)) return ends(Finish::end);
    accept(token);
    if (stop_.has_stopped()) return ends(Finish::stop_string);
    if (out_.tokens.size() >= plan_.max_tokens) return ends(Finish::length);
    if (body_.room() == 0) return ends(Finish::context);
    const auto guesses = look_up();
    body_.advance(token, guesses, *teams_.all);
    return false;
  }

  TokenId draw() {
    const auto position = static_cast<std::uint32_t>(out_.reports.size());
    const auto field = field_now();
    const auto betas = betas_at(position);
    const RelaxRequest request{
        .hidden = body_.hidden(),
        .field = &field,
        .truncation = plan_.truncation,
        .beta = betas,
        .noise = {.seed = plan_.seed, .chain = plan_.chain, .position = position},
        .text = context_,
        .wants_thermodynamics = plan_.wants_thermodynamics || thermostat_.has_value()};
    TokenReport report{.was_drafted = body_.has_guesses()};
    if (plan_.alternatives > 0) {
      report.alternatives =
          likeliest(model_.head_matrix(), body_.hidden(), plan_.alternatives, *teams_.all);
    }
    auto drawn = relax_in_units(head_, request, body_, teams_, clock_);
    report.token = drawn.draw.token;
    report.draw = drawn.draw;
    report.times = drawn.times;
    if (thermostat_ && drawn.draw.thermodynamics) thermostat_->learn(*drawn.draw.thermodynamics);
    out_.reports.push_back(std::move(report));
    return drawn.draw.token;
  }

  [[nodiscard]] TokenField field_now() {
    const std::span<const TokenId> all(context_);
    auto field = plan_.field.field(all.first(num_prompt_), all.subspan(num_prompt_));
    if (grammar_) {
      field.allows = [this](TokenId token) { return grammar_->allows(token); };
      field.list_allowed = [this] { return all_allowed(); };
    }
    return field;
  }

  [[nodiscard]] std::vector<TokenId> all_allowed() const {
    auto tokens = grammar_->allowed();
    if (grammar_->may_end()) {
      tokens.insert(tokens.end(), model_.end_tokens().begin(), model_.end_tokens().end());
      std::ranges::sort(tokens);
    }
    return tokens;
  }

  [[nodiscard]] std::vector<double> betas_at(std::uint32_t position) const {
    if (thermostat_) return {thermostat_->beta()};
    return plan_.beta.betas(position, plan_.max_tokens, plan_.steps);
  }

  void accept(TokenId token) {
    out_.tokens.push_back(token);
    context_.push_back(token);
    if (plan_.lookup > 0) lookup_.push(token);
    if (grammar_) static_cast<void>(grammar_->advance(token));  // it was allowed
    show(stop_.push(decoder_.push(token)));
  }

  void show(std::string_view text) {
    if (text.empty()) return;
    out_.text += text;
    if (on_text_) on_text_(text);
  }

  [[nodiscard]] std::vector<TokenId> look_up() const {
    return plan_.lookup == 0 || body_.has_guesses() ? std::vector<TokenId>() : lookup_.draft();
  }

  const LanguageModel& model_;
  TokenHead& head_;
  Body& body_;
  const GenerationPlan& plan_;
  const UnitTeams& teams_;
  const OnText& on_text_;
  std::vector<TokenId> context_;  // the prompt and what was drawn
  std::size_t num_prompt_;
  StreamDecoder decoder_;
  StopStrings stop_;
  std::optional<TokenGrammar> grammar_;
  std::optional<Thermostat> thermostat_;
  PromptLookup lookup_;
  Stopwatch clock_;
  Generated out_;
};

}  // namespace

std::string_view name_of(Finish finish) noexcept {
  switch (finish) {
    case Finish::length:
      return "length";
    case Finish::end:
      return "end";
    case Finish::stop_string:
      return "stop";
    case Finish::complete:
      return "complete";
    case Finish::context:
      return "context";
    case Finish::stopped:
      return "stopped";
  }
  return "";
}

Generated generate(const LanguageModel& model, TokenHead& head, Body& body,
                   std::span<const TokenId> context, const GenerationPlan& plan,
                   const UnitTeams& teams, const Resources& resources, const OnText& on_text) {
  return Loop(model, head, body, context, plan, teams, on_text).run(resources);
}

}  // namespace therma::llm
