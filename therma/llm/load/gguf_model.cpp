// SPDX-License-Identifier: Apache-2.0
// Metadata keys of the known architectures, and the tensors under their canonical names.
#include "therma/llm/load/gguf_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/llm/load/byte_cursor.hpp"
#include "therma/llm/load/model_limits.hpp"
#include "therma/llm/load/tensor_names.hpp"

namespace therma::llm {
namespace {

constexpr std::array<std::pair<std::string_view, Architecture>, 3> kArchitectures = {
    {{"llama", Architecture::llama},
     {"qwen2", Architecture::qwen2},
     {"qwen3", Architecture::qwen3}}};
constexpr std::array<std::pair<std::string_view, RopeScaling>, 3> kScalings = {
    {{"none", RopeScaling::none}, {"linear", RopeScaling::linear}, {"yarn", RopeScaling::yarn}}};
constexpr std::string_view kRopeFrequencies = "rope_freqs.weight";

// The keys of one architecture: "llama." before each name.
class ModelKeys {
 public:
  ModelKeys(const GgufFile& file, std::string_view architecture)
      : file_(file), architecture_(architecture) {}

  [[nodiscard]] std::string key(std::string_view name) const {
    return fmt::format("{}.{}", architecture_, name);
  }
  [[nodiscard]] bool has(std::string_view name) const { return file_.find(key(name)) != nullptr; }
  [[nodiscard]] std::uint32_t size(std::string_view name, std::uint32_t most) const {
    const auto value = file_.count(key(name), most);
    if (value == 0) {
      fail(ErrorCode::bad_data, "{}: {} must be at least 1, got 0", file_.where, key(name));
    }
    return static_cast<std::uint32_t>(value);
  }
  [[nodiscard]] std::uint32_t size_or(std::string_view name, std::uint32_t most,
                                      std::uint32_t fallback) const {
    return has(name) ? size(name, most) : fallback;
  }
  [[nodiscard]] double number_or(std::string_view name, double fallback) const {
    return file_.number_or(key(name), fallback);
  }
  template <class... Args>
  [[noreturn]] void reject(std::string_view name, fmt::format_string<Args...> format,
                           Args&&... args) const {
    fail(ErrorCode::bad_data, "{}: {}: {}", file_.where, key(name),
         fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  const GgufFile& file_;
  std::string_view architecture_;
};

Architecture architecture_of(const GgufFile& file) {
  const auto name = file.text_or("general.architecture", "");
  for (const auto& [known, architecture] : kArchitectures) {
    if (known == name) return architecture;
  }
  fail(ErrorCode::bad_data,
       "{}: general.architecture: {} is not known; known are llama (which Mistral uses too), qwen2 "
       "and qwen3",
       file.where, shown_text(name));
}

void refuse_what_is_not_computed(const GgufFile& file, const ModelKeys& keys) {
  if (const auto parts = file.count_or("split.count", kMostLayers, 1); parts > 1) {
    fail(ErrorCode::bad_data, "{}: is one of {} parts; merge them into one file first", file.where,
         parts);
  }
  if (keys.has("expert_count") && file.count(keys.key("expert_count"), kMostHeads) > 0) {
    keys.reject("expert_count", "a mixture of experts is not computed");
  }
}

std::uint32_t head_dim_of(const ModelKeys& keys, const ModelConfig& model) {
  const bool is_given = keys.has("attention.key_length");
  if (!is_given && model.hidden % model.num_heads != 0) {
    keys.reject("embedding_length", "must be a multiple of attention.head_count, got {} and {}",
                model.hidden, model.num_heads);
  }
  const auto head_dim =
      is_given ? keys.size("attention.key_length", kMostHeadDim) : model.hidden / model.num_heads;
  for (const auto* const name : {"attention.value_length", "rope.dimension_count"}) {
    if (const auto other = keys.size_or(name, kMostHeadDim, head_dim); other != head_dim) {
      keys.reject(name, "must be the size of a head, {}, got {}", head_dim, other);
    }
  }
  return head_dim;
}

RopeScaling scaling_of(const GgufFile& file, const ModelKeys& keys) {
  const auto name = file.text_or(keys.key("rope.scaling.type"), "none");
  for (const auto& [known, scaling] : kScalings) {
    if (known == name) return scaling;
  }
  keys.reject("rope.scaling.type", "{} is not known; known are none, linear and yarn",
              shown_text(name));
}

// The factor that multiplies yarn's own gain, 0.1 ln(factor) + 1; 0 stands for that gain alone.
double attention_factor_of(const ModelKeys& keys, double factor) {
  const double scale = keys.number_or("rope.scaling.yarn_attn_factor",
                                      keys.number_or("rope.scaling.attn_factor", 1.0));
  if (scale == 1.0 || factor < 1.0) return 0.0;
  return scale * (0.1 * std::log(factor) + 1.0);
}

RopeConfig read_rope(const GgufFile& file, const ModelKeys& keys, std::uint32_t max_context) {
  RopeConfig rope;
  rope.theta = keys.number_or("rope.freq_base", rope.theta);
  rope.scaling = scaling_of(file, keys);
  if (rope.scaling == RopeScaling::none) {
    rope.factor = keys.number_or("rope.scale_linear", 1.0);  // the older spelling
    if (rope.factor != 1.0) rope.scaling = RopeScaling::linear;
    return rope;
  }
  rope.factor = keys.number_or("rope.scaling.factor", 1.0);
  rope.original_max_context =
      keys.size_or("rope.scaling.original_context_length", kMostContext, max_context);
  if (rope.scaling == RopeScaling::yarn) {
    rope.attention_factor = attention_factor_of(keys, rope.factor);
    rope.beta_fast = keys.number_or("rope.scaling.yarn_beta_fast", rope.beta_fast);
    rope.beta_slow = keys.number_or("rope.scaling.yarn_beta_slow", rope.beta_slow);
  }
  return rope;
}

// Rows of the embedding, which the metadata may leave out.
std::uint32_t vocabulary_of(const GgufFile& file, const ModelKeys& keys) {
  const auto embedding = std::ranges::find(file.tensors, "token_embd.weight", &Tensor::name);
  if (embedding == file.tensors.end()) {
    fail(ErrorCode::bad_data, "{}: tensor token_embd.weight is missing", file.where);
  }
  const auto rows = embedding->shape.front();
  if (rows > kMostVocabulary) {
    fail(ErrorCode::bad_data, "{}: tensor token_embd.weight must have at most {} rows, got {}",
         file.where, kMostVocabulary, rows);
  }
  return keys.size_or("vocab_size", kMostVocabulary, static_cast<std::uint32_t>(rows));
}

ModelConfig read_model(const GgufFile& file) {
  ModelConfig model;
  model.architecture = architecture_of(file);
  const auto architecture = file.text_or("general.architecture", "");
  const ModelKeys keys(file, architecture);
  refuse_what_is_not_computed(file, keys);
  model.name = file.text_or("general.name", "");
  model.num_layers = keys.size("block_count", kMostLayers);
  model.hidden = keys.size("embedding_length", kMostHidden);
  model.num_heads = keys.size("attention.head_count", kMostHeads);
  model.num_kv_heads = keys.size_or("attention.head_count_kv", kMostHeads, model.num_heads);
  model.head_dim = head_dim_of(keys, model);
  model.ffn = keys.size("feed_forward_length", kMostFfn);
  model.vocabulary = vocabulary_of(file, keys);
  model.max_context = keys.size("context_length", kMostContext);
  if (keys.has("attention.sliding_window")) {
    model.sliding_window =
        static_cast<std::uint32_t>(file.count(keys.key("attention.sliding_window"), kMostContext));
  }
  model.rms_epsilon = keys.number_or("attention.layer_norm_rms_epsilon", model.rms_epsilon);
  model.rope = read_rope(file, keys, model.max_context);
  model.rope.pairs_are_neighbours = model.architecture == Architecture::llama;
  return model;
}

std::vector<float> read_divisors(const GgufFile& file, const Tensor& tensor,
                                 std::uint32_t head_dim) {
  if (tensor.type != DType::f32 || tensor.shape != std::vector<std::uint64_t>{head_dim / 2}) {
    fail(ErrorCode::bad_data, "{}: tensor {} must be {} numbers of f32, got [{}] of {}", file.where,
         kRopeFrequencies, head_dim / 2, fmt::join(tensor.shape, ", "), traits(tensor.type).name);
  }
  std::vector<float> divisors(head_dim / 2);
  std::memcpy(divisors.data(), tensor.bytes.data(), tensor.bytes.size());
  return divisors;
}

std::vector<Tensor> rename_tensors(const GgufFile& file) {
  std::vector<Tensor> tensors;
  for (const auto& tensor : file.tensors) {
    if (tensor.name == kRopeFrequencies) continue;
    auto name = hugging_face_name(tensor.name);
    if (!name) {
      fail(ErrorCode::bad_data, "{}: tensor {} has no place in the known architectures", file.where,
           shown_text(tensor.name));
    }
    tensors.push_back(tensor);
    tensors.back().name = std::move(*name);
  }
  return tensors;
}

std::optional<TokenId> read_token(const GgufFile& file, std::string_view key) {
  if (file.find(key) == nullptr) return std::nullopt;
  return static_cast<TokenId>(file.count(key, kMostVocabulary - 1));
}

GenerationDefaults read_generation(const GgufFile& file) {
  GenerationDefaults defaults;
  defaults.bos = read_token(file, "tokenizer.ggml.bos_token_id");
  for (const auto* const key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                "tokenizer.ggml.eom_token_id"}) {
    const auto token = read_token(file, key);
    if (token && std::ranges::count(defaults.eos, *token) == 0) defaults.eos.push_back(*token);
  }
  return defaults;
}

}  // namespace

Checkpoint checkpoint_of(const GgufFile& file) {
  Checkpoint checkpoint;
  checkpoint.format = "gguf";
  checkpoint.config = read_model(file);
  auto& config = checkpoint.config;
  for (const auto& tensor : file.tensors) {
    if (tensor.name != kRopeFrequencies) continue;
    config.rope.frequency_divisors = read_divisors(file, tensor, config.head_dim);
  }
  checkpoint.tensors = rename_tensors(file);
  config.tied_embeddings = std::ranges::count(file.tensors, "output.weight", &Tensor::name) == 0;
  checkpoint.generation = read_generation(file);
  checkpoint.chat_template = file.text_or("tokenizer.chat_template", "");
  check_model_config(config, file.where);
  check_tensors(checkpoint, file.where);
  return checkpoint;
}

}  // namespace therma::llm
