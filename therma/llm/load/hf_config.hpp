// SPDX-License-Identifier: Apache-2.0
// The JSON files beside a Hugging Face checkpoint, as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/json.hpp"
#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/model_config.hpp"

namespace therma::llm {

// config.json. model.tied_embeddings is left to the caller where `tied` is empty.
struct HfConfig {
  ModelConfig model;
  std::optional<bool> tied;
  std::vector<TokenId> eos;
  std::optional<TokenId> bos;
};

// Each throws Error{bad_data} with `where` and the path of the member: one that is missing, of
// another type, out of its range, or that asks for what is not computed here.
[[nodiscard]] HfConfig parse_hf_config(std::string_view text, const std::string& where);
[[nodiscard]] GenerationDefaults parse_generation_config(std::string_view text,
                                                         const std::string& where);
// The template of tokenizer_config.json: the only one, or the one named "default"; empty: none.
[[nodiscard]] std::string chat_template_of(const JsonReader& tokenizer_config);

// Both styles: rope_theta and rope_scaling of the configuration, or its rope_parameters.
[[nodiscard]] RopeConfig read_hf_rope(const JsonReader& config, std::uint32_t max_context);

// That a member is there and not null.
[[nodiscard]] bool is_set(const JsonReader& reader, std::string_view key);

}  // namespace therma::llm
