// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/template.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "therma/llm/chat/jinja_evaluator.hpp"
#include "therma/llm/chat/jinja_parser.hpp"
#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm {

std::string render_chat(std::string_view jinja, const Json& context, std::string_view where,
                        const RenderOptions& options) {
  if (!context.is_object())
    fail(ErrorCode::bad_data, "{}: the context must be an object, got {}", where,
         context.type_name());
  if (jinja.size() > options.limits.template_bytes) {
    fail(ErrorCode::bad_data, "{}: a template of at most {} bytes is read, this one has {}", where,
         options.limits.template_bytes, jinja.size());
  }
  if (!is_valid_utf8(jinja)) fail(ErrorCode::bad_data, "{}: the template is not UTF-8", where);
  const auto tokens = jinja::tokens_of(jinja, where);
  const auto body = jinja::parse(tokens, where, options.limits.depth);
  jinja::Dict globals;
  for (const auto& [key, value] : context.items())
    globals.emplace_back(key, jinja::from_json(value));
  jinja::Meter meter(where, options);
  return jinja::Evaluator(std::move(globals), meter).render(body);
}

std::string render_messages(std::string_view jinja, std::span<const ChatMessage> messages,
                            bool add_generation_prompt, const ChatTokens& tokens,
                            std::string_view where, const RenderOptions& options) {
  Json list = Json::array();
  for (const auto& message : messages)
    list.push_back({{"role", message.role}, {"content", message.content}});
  const Json context = {{"messages", std::move(list)},
                        {"add_generation_prompt", add_generation_prompt},
                        {"bos_token", tokens.bos},
                        {"eos_token", tokens.eos}};
  return render_chat(jinja, context, where, options);
}

}  // namespace therma::llm
