// SPDX-License-Identifier: Apache-2.0
// Prompt, texts, report.
#include "therma/engine/language/generate_run.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "therma/engine/usage.hpp"
#include "therma/llm/chat/template.hpp"

namespace therma {
namespace {

std::string_view architecture_name(llm::Architecture architecture) {
  switch (architecture) {
    case llm::Architecture::llama:
      return "llama";
    case llm::Architecture::mistral:
      return "mistral";
    case llm::Architecture::qwen2:
      return "qwen2";
    case llm::Architecture::qwen3:
      return "qwen3";
  }
  return "";
}

Json config_of(const GenerateRequest& request) {
  Json out = fields_to_json(read_fields_of(request.model));
  for (const auto& part : {fields_to_json(read_fields_of(request.head)),
                           fields_to_json(read_fields_of(request.truncation)),
                           fields_to_json(read_fields_of(request.penalties)),
                           fields_to_json(read_fields_of(request.machine)),
                           fields_to_json(read_fields_of(request.limits)),
                           fields_to_json(read_fields_of(request.options))}) {
    out.update(part);
  }
  out["stop"] = request.stop;
  out["steer"] = request.steer;
  out["logit_bias"] = request.logit_bias;
  return out;
}

GenerateReport described(const GenerateRequest& request, const LanguageMachine& machine,
                         const LanguageTeams& teams) {
  const auto& model = machine.model();
  return {.model = request.model.model,
          .architecture = std::string(architecture_name(model.transformer().config().architecture)),
          .weight_bytes = model.transformer().weight_bytes(),
          .head = request.head.head,
          .head_is_exact = llm::head_named(request.head.head).is_exact,
          .head_bytes = machine.head().bytes(),
          .seed = request.options.seed,
          .threads = teams.all().size(),
          .units = request.options.units,
          .load_s = machine.load_s(),
          .notices = machine.notices(),
          .config = config_of(request)};
}

void require_room(const llm::LanguageModel& model, std::size_t num_tokens) {
  const auto context = model.transformer().context();
  if (num_tokens >= context) {
    fail(
        ErrorCode::invalid_argument,
        "prompt: {} tokens leave no room in a context of {}; shorten it or give a larger --context",
        num_tokens, context);
  }
}

}  // namespace

GenerateReport run_generate(const GenerateRequest& request, const LanguageMachine& machine,
                            const LanguageTeams& teams, const Resources& resources,
                            const llm::OnText& on_text) {
  const double cpu_before = cpu_seconds();
  auto report = described(request, machine, teams);
  const auto& model = machine.model();
  const auto prompt = model.prompt_tokens(request.prompt);
  require_room(model, prompt.size());
  report.prompt = request.prompt;
  report.prompt_tokens = prompt.size();
  const Stopwatch prompt_clock;
  llm::Body read(model.transformer());
  read.read(prompt, teams.all());
  report.prompt_s = prompt_clock.elapsed_s();
  for (std::uint32_t chain = 0; chain < request.options.samples; ++chain) {
    if (chain > 0 && resources.should_stop()) break;
    const bool is_last = chain + 1 == request.options.samples;
    llm::Body body = is_last ? std::move(read) : read;
    report.texts.push_back(llm::generate(model, machine.head(), body, prompt, machine.plan(chain),
                                         teams.units(), resources,
                                         chain == 0 ? on_text : llm::OnText()));
    report.decode_s += report.texts.back().decode_s;
    report.cache_bytes = body.bytes();
  }
  report.cpu_s = cpu_seconds() - cpu_before;
  report.peak_rss_bytes = peak_rss_bytes();
  return report;
}

Conversation::Conversation(const GenerateRequest& request, const LanguageMachine& machine,
                           const LanguageTeams& teams)
    : request_(request), machine_(machine), teams_(teams), body_(machine.model().transformer()) {}

void Conversation::set_system(const std::string& message) {
  if (!messages_.empty() && messages_.front().role == "system") messages_.erase(messages_.begin());
  if (!message.empty()) messages_.insert(messages_.begin(), {"system", message});
}

void Conversation::clear() {
  std::erase_if(messages_, [](const Message& message) { return message.role != "system"; });
}

Json Conversation::messages() const {
  Json out = Json::array();
  for (const auto& message : messages_) {
    out.push_back({{"role", message.role}, {"content", message.content}});
  }
  return out;
}

std::vector<llm::TokenId> Conversation::rendered() const {
  const auto& model = machine_.model();
  const auto& tokenizer = model.tokenizer();
  const auto spelling = [&](std::optional<llm::TokenId> token) {
    return token ? std::string(tokenizer.name(*token)) : std::string();
  };
  const auto text = llm::render_chat(model.checkpoint().chat_template,
                                     {{"messages", messages()},
                                      {"add_generation_prompt", true},
                                      {"bos_token", spelling(tokenizer.bos())},
                                      {"eos_token", spelling(tokenizer.eos())}},
                                     "chat template");
  return model.prompt_tokens(text, {.add_special = false});
}

GenerateReport Conversation::say(const std::string& message, const Resources& resources,
                                 const llm::OnText& on_text) {
  const auto& model = machine_.model();
  if (model.checkpoint().chat_template.empty()) {
    fail(ErrorCode::bad_data, "{}: has no chat template; use therma generate",
         request_.model.model);
  }
  messages_.push_back({"user", message});
  auto report = described(request_, machine_, teams_);
  const auto context = rendered();
  require_room(model, context.size());
  const auto same =
      static_cast<std::size_t>(std::ranges::mismatch(context, read_).in1 - context.begin());
  const auto kept = std::min(same, context.size() - 1);
  const Stopwatch clock;
  body_.rewind(static_cast<std::uint32_t>(kept));
  body_.read(std::span(context).subspan(kept), teams_.all());
  report.prompt = message;
  report.prompt_tokens = context.size();
  report.prompt_s = clock.elapsed_s();
  auto plan = machine_.plan(turn_++);
  report.texts.push_back(llm::generate(model, machine_.head(), body_, context, plan, teams_.units(),
                                       resources, on_text));
  report.decode_s = report.texts.back().decode_s;
  read_ = context;
  const auto& tokens = report.texts.back().tokens;
  read_.insert(read_.end(), tokens.begin(), tokens.end());
  read_.resize(std::min<std::size_t>(read_.size(), body_.length()));
  messages_.push_back({"assistant", report.texts.back().text});
  report.peak_rss_bytes = peak_rss_bytes();
  return report;
}

}  // namespace therma
