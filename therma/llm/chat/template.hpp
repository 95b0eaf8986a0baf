// SPDX-License-Identifier: Apache-2.0
// Chat templates: a safe subset of Jinja that turns messages into the text a model expects.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "therma/core/json.hpp"

namespace therma::llm {

struct ChatMessage {
  std::string role;
  std::string content;
};

// What a template may cost before it is refused.
struct TemplateLimits {
  std::size_t template_bytes = std::size_t{1} << 20;
  std::size_t output_bytes = std::size_t{1} << 24;  // also of any text in between
  std::uint64_t steps = 5'000'000;                  // nodes evaluated, items and 16 bytes handled
  std::uint32_t depth = 200;                        // of nested expressions, blocks and calls
};

struct RenderOptions {
  std::int64_t now_s = 0;  // seconds since 1970, UTC: what strftime_now() tells
  TemplateLimits limits = {};
};

// Renders as Hugging Face does (trim_blocks, lstrip_blocks, tojson without HTML escapes); members
// of `context`, an object, are the variables. Nothing outside the context can be reached; names
// that begin with '_' are refused. `where` opens every message.
// Throws Error{bad_data} with line and column where the template is malformed, uses what is not
// understood, exceeds a limit, or calls raise_exception.
[[nodiscard]] std::string render_chat(std::string_view jinja, const Json& context,
                                      std::string_view where, const RenderOptions& options = {});

struct ChatTokens {
  std::string bos;
  std::string eos;
};

// The usual context: messages, add_generation_prompt, bos_token, eos_token.
[[nodiscard]] std::string render_messages(std::string_view jinja,
                                          std::span<const ChatMessage> messages,
                                          bool add_generation_prompt, const ChatTokens& tokens,
                                          std::string_view where = "chat template",
                                          const RenderOptions& options = {});

}  // namespace therma::llm
