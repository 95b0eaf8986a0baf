// SPDX-License-Identifier: Apache-2.0
// The table of tensors.
#include "therma/llm/load/tensor_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "therma/core/error.hpp"
#include "therma/llm/load/byte_cursor.hpp"

namespace therma::llm {
namespace {

using Sizes = std::vector<std::uint64_t>;

enum class Presence { always, never, maybe };

// One tensor, of the model or of each layer.
struct Role {
  std::string_view gguf;
  std::string_view hugging_face;
  Sizes (*shape)(const ModelConfig&);
  Presence (*presence)(const ModelConfig&);
};

std::uint64_t queries(const ModelConfig& m) { return std::uint64_t{m.num_heads} * m.head_dim; }
std::uint64_t keys(const ModelConfig& m) { return std::uint64_t{m.num_kv_heads} * m.head_dim; }

Sizes per_hidden(const ModelConfig& m) { return {m.hidden}; }
Sizes per_head(const ModelConfig& m) { return {m.head_dim}; }
Sizes per_query(const ModelConfig& m) { return {queries(m)}; }
Sizes per_key(const ModelConfig& m) { return {keys(m)}; }
Sizes vocabulary_rows(const ModelConfig& m) { return {m.vocabulary, m.hidden}; }
Sizes query_rows(const ModelConfig& m) { return {queries(m), m.hidden}; }
Sizes key_rows(const ModelConfig& m) { return {keys(m), m.hidden}; }
Sizes attention_rows(const ModelConfig& m) { return {m.hidden, queries(m)}; }
Sizes ffn_rows(const ModelConfig& m) { return {m.ffn, m.hidden}; }
Sizes per_ffn(const ModelConfig& m) { return {m.ffn}; }
Sizes back_rows(const ModelConfig& m) { return {m.hidden, m.ffn}; }

Presence always(const ModelConfig&) { return Presence::always; }
Presence unless_tied(const ModelConfig& m) {
  return m.tied_embeddings ? Presence::never : Presence::always;
}
Presence in_qwen3(const ModelConfig& m) {
  return m.architecture == Architecture::qwen3 ? Presence::always : Presence::never;
}
Presence in_qwen2_and_maybe_elsewhere(const ModelConfig& m) {
  return m.architecture == Architecture::qwen2 ? Presence::always : Presence::maybe;
}
Presence outside_qwen2(const ModelConfig& m) {
  return m.architecture == Architecture::qwen2 ? Presence::never : Presence::maybe;
}

constexpr std::array kOfModel = {
    Role{"token_embd.weight", "model.embed_tokens.weight", vocabulary_rows, always},
    Role{"output_norm.weight", "model.norm.weight", per_hidden, always},
    Role{"output.weight", "lm_head.weight", vocabulary_rows, unless_tied},
};
constexpr std::array kOfLayer = {
    Role{"attn_norm.weight", "input_layernorm.weight", per_hidden, always},
    Role{"attn_q.weight", "self_attn.q_proj.weight", query_rows, always},
    Role{"attn_k.weight", "self_attn.k_proj.weight", key_rows, always},
    Role{"attn_v.weight", "self_attn.v_proj.weight", key_rows, always},
    Role{"attn_output.weight", "self_attn.o_proj.weight", attention_rows, always},
    Role{"attn_q.bias", "self_attn.q_proj.bias", per_query, in_qwen2_and_maybe_elsewhere},
    Role{"attn_k.bias", "self_attn.k_proj.bias", per_key, in_qwen2_and_maybe_elsewhere},
    Role{"attn_v.bias", "self_attn.v_proj.bias", per_key, in_qwen2_and_maybe_elsewhere},
    Role{"attn_output.bias", "self_attn.o_proj.bias", per_hidden, outside_qwen2},
    Role{"attn_q_norm.weight", "self_attn.q_norm.weight", per_head, in_qwen3},
    Role{"attn_k_norm.weight", "self_attn.k_norm.weight", per_head, in_qwen3},
    Role{"ffn_norm.weight", "post_attention_layernorm.weight", per_hidden, always},
    Role{"ffn_gate.weight", "mlp.gate_proj.weight", ffn_rows, always},
    Role{"ffn_up.weight", "mlp.up_proj.weight", ffn_rows, always},
    Role{"ffn_down.weight", "mlp.down_proj.weight", back_rows, always},
    Role{"ffn_gate.bias", "mlp.gate_proj.bias", per_ffn, outside_qwen2},
    Role{"ffn_up.bias", "mlp.up_proj.bias", per_ffn, outside_qwen2},
    Role{"ffn_down.bias", "mlp.down_proj.bias", per_hidden, outside_qwen2},
};

struct InLayer {
  std::uint32_t layer = 0;
  std::string_view rest;
};

// "PREFIX12.rest", the number without signs and zeros in front.
std::optional<InLayer> in_layer(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  InLayer result;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), result.layer);
  const auto num_digits = static_cast<std::size_t>(end - name.data());
  const bool is_padded = num_digits > 1 && name.front() == '0';
  if (error != std::errc{} || is_padded || num_digits == name.size() || *end != '.') {
    return std::nullopt;
  }
  result.rest = name.substr(num_digits + 1);
  return result;
}

class TensorCheck {
 public:
  TensorCheck(const Checkpoint& checkpoint, std::string_view where)
      : checkpoint_(checkpoint), where_(where) {}

  void check_all() {
    for (const auto& role : kOfModel) check(role, "");
    for (std::uint32_t layer = 0; layer < checkpoint_.config.num_layers; ++layer) {
      for (const auto& role : kOfLayer) check(role, fmt::format("model.layers.{}.", layer));
    }
    for (const auto& tensor : checkpoint_.tensors) require_expected(tensor.name);
  }

 private:
  void check(const Role& role, const std::string& prefix) {
    const auto presence = role.presence(checkpoint_.config);
    if (presence == Presence::never) return;
    auto name = prefix + std::string(role.hugging_face);
    const auto* const tensor = checkpoint_.find(name);
    if (tensor == nullptr && presence == Presence::maybe) return;
    if (tensor == nullptr) fail(ErrorCode::bad_data, "{}: tensor {} is missing", where_, name);
    const auto shape = role.shape(checkpoint_.config);
    if (tensor->shape != shape) {
      fail(ErrorCode::bad_data, "{}: tensor {} must have the shape [{}], got [{}]", where_, name,
           fmt::join(shape, ", "), fmt::join(tensor->shape, ", "));
    }
    if (shape.size() == 1 && traits(tensor->type).block_weights != 1) {
      fail(ErrorCode::bad_data, "{}: tensor {} must be of f32, f16 or bf16, got {}", where_, name,
           traits(tensor->type).name);
    }
    expected_.push_back(std::move(name));
  }

  // A weight that nothing would read means another model than the configuration says.
  void require_expected(const std::string& name) {
    if (!is_sorted_) std::ranges::sort(expected_);
    is_sorted_ = true;
    if (std::ranges::binary_search(expected_, name)) return;
    fail(ErrorCode::bad_data, "{}: tensor {} has no place in a model of {} layers of this kind",
         where_, shown_text(name), checkpoint_.config.num_layers);
  }

  const Checkpoint& checkpoint_;
  std::string_view where_;
  std::vector<std::string> expected_;
  bool is_sorted_ = false;
};

}  // namespace

std::optional<std::string> hugging_face_name(std::string_view gguf_name) {
  for (const auto& role : kOfModel) {
    if (role.gguf == gguf_name) return std::string(role.hugging_face);
  }
  const auto place = in_layer(gguf_name, "blk.");
  if (!place) return std::nullopt;
  for (const auto& role : kOfLayer) {
    if (role.gguf == place->rest) {
      return fmt::format("model.layers.{}.{}", place->layer, role.hugging_face);
    }
  }
  return std::nullopt;
}

std::optional<std::string> gguf_name(std::string_view hugging_face_name) {
  for (const auto& role : kOfModel) {
    if (role.hugging_face == hugging_face_name) return std::string(role.gguf);
  }
  const auto place = in_layer(hugging_face_name, "model.layers.");
  if (!place) return std::nullopt;
  for (const auto& role : kOfLayer) {
    if (role.hugging_face == place->rest) return fmt::format("blk.{}.{}", place->layer, role.gguf);
  }
  return std::nullopt;
}

void check_tensors(Checkpoint& checkpoint, std::string_view where) {
  auto& tensors = checkpoint.tensors;
  const bool is_tied = checkpoint.config.tied_embeddings;
  std::erase_if(tensors, [&](const Tensor& tensor) {
    return tensor.name.ends_with(".rotary_emb.inv_freq") ||
           (is_tied && tensor.name == "lm_head.weight");
  });
  std::ranges::sort(tensors, {}, &Tensor::name);
  const auto twin = std::ranges::adjacent_find(tensors, {}, &Tensor::name);
  if (twin != tensors.end()) {
    fail(ErrorCode::bad_data, "{}: tensor {} appears twice", where, shown_text(twin->name));
  }
  TensorCheck(checkpoint, where).check_all();
}

}  // namespace therma::llm
