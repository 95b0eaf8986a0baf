// SPDX-License-Identifier: Apache-2.0
// config.json: the sizes, and what is refused by name.
#include "therma/llm/load/hf_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "therma/llm/load/byte_cursor.hpp"
#include "therma/llm/load/model_limits.hpp"

namespace therma::llm {
namespace {

struct Family {
  std::string_view class_name;
  std::string_view model_type;
  Architecture architecture;
};
constexpr std::array kFamilies = {
    Family{"LlamaForCausalLM", "llama", Architecture::llama},
    Family{"MistralForCausalLM", "mistral", Architecture::mistral},
    Family{"Qwen2ForCausalLM", "qwen2", Architecture::qwen2},
    Family{"Qwen3ForCausalLM", "qwen3", Architecture::qwen3},
};

Architecture find_family(const JsonReader& reader, std::string_view Family::*member) {
  const auto name = reader.string();
  for (const auto& family : kFamilies) {
    if (family.*member == name) return family.architecture;
  }
  std::vector<std::string_view> known;
  for (const auto& family : kFamilies) known.push_back(family.*member);
  reader.reject(fmt::format("the architecture {} is not known; known are {}", shown_text(name),
                            fmt::join(known, ", ")));
}

Architecture architecture_of(const JsonReader& config) {
  if (!is_set(config, "architectures")) {
    return find_family(config.at("model_type"), &Family::model_type);
  }
  const auto classes = config.at("architectures");
  if (classes.array_size() != 1) classes.expected("an array of one name");
  const auto architecture = find_family(classes.at(0), &Family::class_name);
  if (is_set(config, "model_type") &&
      find_family(config.at("model_type"), &Family::model_type) != architecture) {
    config.at("model_type").reject("contradicts \"architectures\"");
  }
  return architecture;
}

std::uint32_t size_of(const JsonReader& config, std::string_view key, std::uint32_t most) {
  const auto reader = config.at(key);
  const auto size = reader.count(most);
  if (size == 0) reader.reject("must be at least 1, got 0");
  return static_cast<std::uint32_t>(size);
}

std::uint32_t size_or(const JsonReader& config, std::string_view key, std::uint32_t most,
                      std::uint32_t fallback) {
  return is_set(config, key) ? size_of(config, key, most) : fallback;
}

bool flag_or(const JsonReader& config, std::string_view key, bool fallback) {
  return is_set(config, key) ? config.at(key).boolean() : fallback;
}

void refuse_flag(const JsonReader& config, std::string_view key, std::string_view what) {
  if (flag_or(config, key, false)) config.at(key).reject(what);
}

// Weights or computations that would be needed and are not here.
void refuse_what_is_not_computed(const JsonReader& config) {
  if (is_set(config, "quantization_config")) {
    const auto quantisation = config.at("quantization_config");
    const auto method = is_set(quantisation, "quant_method")
                            ? shown_text(quantisation.at("quant_method").string())
                            : std::string("an unnamed method");
    quantisation.reject(fmt::format(
        "weights quantised by {} are not read; use the original checkpoint or a GGUF file",
        method));
  }
  if (is_set(config, "hidden_act") && config.at("hidden_act").string() != "silu") {
    config.at("hidden_act").expected("\"silu\", the activation of these architectures");
  }
  refuse_flag(config, "rope_interleaved",
              "rotary pairs of neighbours are not known in this format");
  if (is_set(config, "partial_rotary_factor") &&
      config.at("partial_rotary_factor").number() != 1.0) {
    config.at("partial_rotary_factor")
        .reject("a rotary embedding of part of a head is not computed");
  }
}

std::uint32_t head_dim_of(const JsonReader& config, const ModelConfig& model) {
  constexpr std::uint32_t kDefaultOfQwen3 = 128;
  if (is_set(config, "head_dim")) return size_of(config, "head_dim", kMostHeadDim);
  if (model.architecture == Architecture::qwen3) return kDefaultOfQwen3;
  if (model.hidden % model.num_heads != 0) {
    config.at("hidden_size")
        .reject(fmt::format("must be a multiple of num_attention_heads where head_dim is not "
                            "given, got {} and {}",
                            model.hidden, model.num_heads));
  }
  return model.hidden / model.num_heads;
}

// layer_types: what each layer attends to.
std::vector<bool> read_layer_types(const JsonReader& types, std::uint32_t num_layers) {
  if (types.array_size() != num_layers) {
    types.reject(fmt::format("must have num_hidden_layers = {} elements, got {}", num_layers,
                             types.array_size()));
  }
  std::vector<bool> layer_has_window;
  for (std::size_t layer = 0; layer < num_layers; ++layer) {
    const auto type = types.at(layer).string();
    if (type != "full_attention" && type != "sliding_attention") {
      types.at(layer).expected("\"full_attention\" or \"sliding_attention\"");
    }
    layer_has_window.push_back(type == "sliding_attention");
  }
  return layer_has_window;
}

// Qwen slides in layers from max_window_layers on, and only where use_sliding_window says so;
// Mistral in all of them, with the window of its first release where none is given; Llama never.
void read_window(const JsonReader& config, ModelConfig& model) {
  constexpr std::uint32_t kDefaultWindow = 4096;
  constexpr std::uint32_t kDefaultFirstLayer = 28;
  const bool is_mistral = model.architecture == Architecture::mistral;
  if (model.architecture == Architecture::llama) return;
  if (!is_mistral && !flag_or(config, "use_sliding_window", false)) return;
  if (config.has("sliding_window") && !is_set(config, "sliding_window")) return;

  std::vector<bool> has_window;
  if (is_set(config, "layer_types")) {
    has_window = read_layer_types(config.at("layer_types"), model.num_layers);
  } else if (!is_mistral) {
    const auto first = is_set(config, "max_window_layers")
                           ? config.at("max_window_layers").count(kMostLayers)
                           : kDefaultFirstLayer;
    for (std::uint32_t layer = 0; layer < model.num_layers; ++layer) {
      has_window.push_back(layer >= first);
    }
  }
  if (!has_window.empty() && std::ranges::count(has_window, true) == 0) return;
  model.sliding_window = size_or(config, "sliding_window", kMostContext, kDefaultWindow);
  model.layer_has_window = std::move(has_window);
}

ModelConfig read_model(const JsonReader& config) {
  ModelConfig model;
  model.architecture = architecture_of(config);
  refuse_what_is_not_computed(config);
  if (is_set(config, "_name_or_path")) model.name = config.at("_name_or_path").string();
  model.num_layers = size_of(config, "num_hidden_layers", kMostLayers);
  model.hidden = size_of(config, "hidden_size", kMostHidden);
  model.num_heads = size_of(config, "num_attention_heads", kMostHeads);
  model.num_kv_heads = size_or(config, "num_key_value_heads", kMostHeads, model.num_heads);
  model.head_dim = head_dim_of(config, model);
  model.ffn = size_of(config, "intermediate_size", kMostFfn);
  model.vocabulary = size_of(config, "vocab_size", kMostVocabulary);
  model.max_context = size_of(config, "max_position_embeddings", kMostContext);
  if (is_set(config, "rms_norm_eps")) model.rms_epsilon = config.at("rms_norm_eps").number();
  read_window(config, model);
  model.rope = read_hf_rope(config, model.max_context);
  return model;
}

TokenId read_token(const JsonReader& reader) {
  return static_cast<TokenId>(reader.count(kMostVocabulary - 1));
}

std::vector<TokenId> read_eos(const JsonReader& config) {
  constexpr std::size_t kMostEnds = 64;
  if (!is_set(config, "eos_token_id")) return {};
  const auto reader = config.at("eos_token_id");
  if (!reader.json().is_array()) return {read_token(reader)};
  if (reader.array_size() > kMostEnds) reader.expected("an array of at most 64 tokens");
  std::vector<TokenId> eos;
  for (std::size_t i = 0; i < reader.array_size(); ++i) eos.push_back(read_token(reader.at(i)));
  return eos;
}

std::optional<TokenId> read_bos(const JsonReader& config) {
  if (!is_set(config, "bos_token_id")) return std::nullopt;
  return read_token(config.at("bos_token_id"));
}

std::optional<double> read_optional(const JsonReader& config, std::string_view key, double least,
                                    double most) {
  if (!is_set(config, key)) return std::nullopt;
  const auto reader = config.at(key);
  const double value = reader.number();
  if (value < least || value > most) reader.expected(fmt::format("in [{}, {}]", least, most));
  return value;
}

}  // namespace

bool is_set(const JsonReader& reader, std::string_view key) {
  return reader.has(key) && !reader.at(key).json().is_null();
}

HfConfig parse_hf_config(std::string_view text, const std::string& where) {
  const auto json = parse_json(text, where);
  const JsonReader config(json, where);
  HfConfig result;
  result.model = read_model(config);
  check_model_config(result.model, where);
  if (is_set(config, "tie_word_embeddings")) {
    result.tied = config.at("tie_word_embeddings").boolean();
  }
  result.eos = read_eos(config);
  result.bos = read_bos(config);
  return result;
}

GenerationDefaults parse_generation_config(std::string_view text, const std::string& where) {
  const auto json = parse_json(text, where);
  const JsonReader config(json, where);
  GenerationDefaults defaults;
  defaults.temperature = read_optional(config, "temperature", 0.0, 1000.0);
  defaults.top_p = read_optional(config, "top_p", 0.0, 1.0);
  defaults.repetition_penalty = read_optional(config, "repetition_penalty", 1e-3, 1e3);
  if (is_set(config, "top_k")) {
    defaults.top_k = static_cast<std::uint32_t>(config.at("top_k").count(kMostVocabulary));
  }
  defaults.eos = read_eos(config);
  defaults.bos = read_bos(config);
  return defaults;
}

std::string chat_template_of(const JsonReader& tokenizer_config) {
  if (!is_set(tokenizer_config, "chat_template")) return "";
  const auto reader = tokenizer_config.at("chat_template");
  if (reader.json().is_string()) return reader.string();
  for (std::size_t i = 0; i < reader.array_size(); ++i) {
    if (reader.at(i).at("name").string() == "default") return reader.at(i).at("template").string();
  }
  reader.expected("a template, or a list with one named \"default\"");
}

}  // namespace therma::llm
