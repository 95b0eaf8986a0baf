// SPDX-License-Identifier: Apache-2.0
// Words of a request become a model, a head and a plan.
#include "therma/engine/language/language_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/language/random_model.hpp"
#include "therma/engine/schedules.hpp"
#include "therma/llm/grammar/schema.hpp"

namespace therma {
namespace {

llm::TransformerConfig transformer_config(const ModelOptions& options) {
  return {.weights = options.weights, .cache = options.cache, .context = options.context};
}

std::filesystem::path find_model(const std::string& name, const ModelFolders& folders) {
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored)) return name;
  std::string searched;
  if (name.find('/') == std::string::npos) {
    for (const auto& folder : folders) {
      if (std::filesystem::exists(folder / name, ignored)) return folder / name;
      searched +=
          fmt::format("{}{}", searched.empty() ? "" : ", ", folder.lexically_normal().string());
    }
  }
  fail(ErrorCode::io, "model {}: there is no such file or folder{}{}", name,
       searched.empty() ? "" : ", nor a model of that name in ", searched);
}

// "words=1.5" for one token of the vocabulary, by number or spelling.
struct LogitBias {
  llm::TokenId token = 0;
  double bias = 0.0;
};

LogitBias parse_bias(const std::string& text, const llm::LanguageModel& model) {
  const auto equals = text.rfind('=');
  double bias = 0.0;
  const auto* end = text.data() + text.size();
  const auto read = equals == std::string::npos
                        ? std::from_chars_result{nullptr, std::errc::invalid_argument}
                        : std::from_chars(text.data() + equals + 1, end, bias);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(bias)) {
    fail(ErrorCode::invalid_argument, "logit_bias: must be TOKEN=NUMBER, got \"{}\"", text);
  }
  const std::string word = text.substr(0, equals);
  std::uint32_t number = 0;
  const auto* word_end = word.data() + word.size();
  const auto as_number = std::from_chars(word.data(), word_end, number);
  if (as_number.ec == std::errc() && as_number.ptr == word_end) {
    if (number < model.head_matrix().num_tokens) return {number, bias};
    fail(ErrorCode::invalid_argument, "logit_bias: token must be below {}, got {}",
         model.head_matrix().num_tokens, number);
  }
  const auto tokens = model.tokenizer().encode(word, {.add_special = false});
  if (tokens.size() == 1) return {tokens.front(), bias};
  fail(ErrorCode::invalid_argument,
       "logit_bias: \"{}\" must be one token of the vocabulary, but it is {}", word, tokens.size());
}

// The request with what the checkpoint suggests, where that is wanted.
GenerateRequest as_suggested(GenerateRequest request, const llm::GenerationDefaults& suggested) {
  const auto wanted = [&](std::string_view name) {
    return std::ranges::find(request.as_suggested, name) != request.as_suggested.end();
  };
  const double temperature = suggested.temperature.value_or(1.0);
  if (wanted("beta") && temperature > 0.0) request.head.beta = fmt::format("{}", 1.0 / temperature);
  if (wanted("top_k") && suggested.top_k) request.truncation.top_k = *suggested.top_k;
  if (wanted("top_p") && suggested.top_p) request.truncation.top_p = *suggested.top_p;
  if (wanted("repeat_penalty") && suggested.repetition_penalty) {
    request.penalties.repeat_penalty = *suggested.repetition_penalty;
  }
  static_cast<void>(checked(request.truncation));
  return request;
}

llm::FieldBuilder field_of(const GenerateRequest& request, const llm::LanguageModel& model) {
  llm::FieldBuilder field(model.head_matrix().num_tokens, request.penalties);
  for (const auto& text : request.steer) {
    const auto steer = llm::parse_steer(text);
    field.steer(model.tokenizer().encode(steer.text, {.add_special = false}), steer.nats);
  }
  for (const auto& text : request.logit_bias) {
    const auto bias = parse_bias(text, model);
    field.bias(bias.token, bias.bias);
  }
  if (request.options.ignore_end) {
    for (const auto token : model.end_tokens()) {
      if (token < model.head_matrix().num_tokens) field.forbid(token);
    }
  }
  return field;
}

llm::CompiledGrammar compiled(const GenerateOptions& options) {
  if (!options.json_schema.empty() && !options.regex.empty()) {
    fail(ErrorCode::usage, "json-schema and regex: give one of them");
  }
  if (!options.regex.empty()) return llm::compile_expression(options.regex, "regex");
  if (options.json_schema == "any") return llm::compile_any_json();
  return llm::compile_schema(parse_json(read_file(options.json_schema), options.json_schema),
                             options.json_schema);
}

// Notices, where the schema asks for what is not held, go to `notices`.
std::optional<llm::TokenGrammar> grammar_of(const GenerateOptions& options,
                                            const llm::LanguageModel& model,
                                            std::vector<std::string>& notices) {
  if (options.json_schema.empty() && options.regex.empty()) return std::nullopt;
  auto found = compiled(options);
  notices = std::move(found.notices);
  auto tokens = std::make_shared<const llm::TokenBytes>(
      llm::token_bytes(model.tokenizer(), model.end_tokens()));
  return llm::TokenGrammar(std::move(found.grammar), std::move(tokens));
}

llm::GenerationPlan plan_of(const GenerateRequest& asked, const llm::LanguageModel& model,
                            std::vector<std::string>& notices) {
  const auto request = as_suggested(asked, model.checkpoint().generation);
  const auto& head = request.head;
  const bool has_steps = !llm::head_named(head.head).is_exact;
  llm::GenerationPlan plan{.field = field_of(request, model),
                           .max_tokens = request.options.tokens,
                           .seed = request.options.seed,
                           .beta = {.schedule = read_schedule(head.beta),
                                    .over_positions = head.beta_over == BetaOver::positions},
                           .steps = has_steps ? request.machine.steps : 1,
                           .truncation = request.truncation,
                           .grammar = grammar_of(request.options, model, notices),
                           .stop = request.stop,
                           .lookup = request.options.lookup,
                           .ends = !request.options.ignore_end,
                           .wants_thermodynamics = request.options.report == ReportStyle::json,
                           .alternatives = request.options.logprobs};
  if (!head.thermostat.empty()) {
    const double start = plan.beta.betas(0, 1, 1).front();
    plan.thermostat = llm::parse_thermostat(head.thermostat, {.beta_start = start});
  }
  return plan;
}

// The range of the hidden states of the prompt and of 32 tokens that the ideal head makes of it.
double field_range_of(const llm::LanguageModel& model, std::string_view prompt, const Team& team) {
  constexpr int kTokens = 32;
  const auto head = llm::head_named("race").make(model.head_matrix(), {}, team);
  const auto tokens = model.prompt_tokens(prompt);
  const double beta[] = {1.0};
  llm::Body body(model.transformer());
  body.read(tokens, team);
  double range = hardware::calibrated_range(body.hidden());
  for (std::uint32_t k = 0; k < kTokens && body.room() > 0; ++k) {
    const auto drawn = head->relax(
        {.hidden = body.hidden(), .beta = beta, .noise = {.seed = 0, .position = k}}, team);
    body.advance(drawn.token, {}, team);
    range = std::max(range, hardware::calibrated_range(body.hidden()));
  }
  return range;
}

std::unique_ptr<llm::TokenHead> head_of(const GenerateRequest& request,
                                        const llm::LanguageModel& model, const Team& team) {
  const auto& entry = llm::head_named(request.head.head);
  const auto& limits = request.limits;
  const bool is_limited = limits.dac_bits > 0 || limits.noise_floor > 0.0 ||
                          limits.gain_mismatch > 0.0 || limits.offset_mismatch > 0.0 ||
                          limits.relaxation_time > 0.0;
  if (!is_limited) return entry.make(model.head_matrix(), request.machine, team);
  auto calibrated = limits;
  if (limits.dac_bits > 0 && limits.field_range == 0.0) {
    calibrated.field_range = field_range_of(model, request.prompt, team);
  }
  return hardware::make_limited_head(model.head_matrix(), calibrated, team);
}

}  // namespace

LanguageTeams::LanguageTeams(unsigned threads, std::uint32_t units)
    : num_units_(units),
      all_(threads),
      a_(1),
      b_(units > 1 ? std::max(1U, threads - 1) : 1),
      pair_(units > 1 ? std::min(2U, threads) : 1) {}

llm::UnitTeams LanguageTeams::units() const noexcept {
  return {.all = &all_, .a = &a_, .b = &b_, .pair = num_units_ > 1 ? &pair_ : nullptr};
}

std::unique_ptr<llm::LanguageModel> open_model(const ModelOptions& options,
                                               const ModelFolders& folders, const Team& team,
                                               const Resources& resources) {
  constexpr std::string_view kRandom = "random:";
  const auto config = transformer_config(options);
  if (options.model.starts_with(kRandom)) {
    const auto model = random_model(std::string_view(options.model).substr(kRandom.size()));
    return std::make_unique<llm::LanguageModel>(make_random_checkpoint(model, 1), config, team,
                                                resources);
  }
  return llm::load_language_model(find_model(options.model, folders), config, team, resources);
}

LanguageMachine::LanguageMachine(const GenerateRequest& request, const ModelFolders& folders,
                                 const LanguageTeams& teams, const Resources& resources) {
  static_cast<void>(llm::head_named(request.head.head));  // before the work, not after it
  const Stopwatch clock;
  model_ = open_model(request.model, folders, teams.all(), resources);
  plan_ = std::make_unique<llm::GenerationPlan>(plan_of(request, *model_, notices_));
  head_ = head_of(request, *model_, teams.all());
  load_s_ = clock.elapsed_s();
}

llm::GenerationPlan LanguageMachine::plan(std::uint32_t chain) const {
  auto plan = *plan_;
  plan.chain = chain;
  return plan;
}

}  // namespace therma
