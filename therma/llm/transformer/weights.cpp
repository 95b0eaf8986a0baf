// SPDX-License-Identifier: Apache-2.0
// Names of tensors, and quantisation at load.
#include "therma/llm/transformer/weights.hpp"

#include <fmt/format.h>

#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kQuantisedBlock = 32;
constexpr std::align_val_t kCacheLine{64};

double bits_per_weight(DType type) noexcept {
  return 8.0 * traits(type).block_bytes / traits(type).block_weights;
}

std::shared_ptr<std::byte> aligned_bytes(std::size_t count) {
  return {static_cast<std::byte*>(::operator new(count, kCacheLine)),
          [](std::byte* bytes) { ::operator delete(bytes, kCacheLine); }};
}

WeightMatrix quantised(const MatrixView& from, DType type, const Team& team) {
  WeightMatrix result{.view = {type, from.rows, from.columns, nullptr}};
  const auto bytes = aligned_bytes(result.view.num_bytes());
  result.view.bytes = bytes.get();
  result.owned = bytes;
  team.split(from.rows, 1, [&](std::uint32_t begin, std::uint32_t end) {
    std::vector<float> row(from.columns);
    for (auto i = begin; i < end; ++i) {
      dequantise(from.type, from.row(i), row);
      quantise(type, row, bytes.get() + i * result.view.row_bytes());
    }
  });
  return result;
}

class Binder {
 public:
  Binder(const Checkpoint& checkpoint, WeightsAs as, const Team& team, Weights& weights)
      : checkpoint_(checkpoint), as_(as), team_(team), weights_(weights) {}

  void bind_model() {
    const auto& config = checkpoint_.config;
    weights_.norm = vector("model.norm.weight", config.hidden);
    const auto head = as_ == WeightsAs::stored ? std::optional<DType>() : DType::q8_0;
    if (config.tied_embeddings) {
      weights_.embedding =
          matrix("model.embed_tokens.weight", config.vocabulary, config.hidden, head);
      weights_.output = weights_.embedding;
    } else {
      weights_.embedding =
          matrix("model.embed_tokens.weight", config.vocabulary, config.hidden, std::nullopt);
      weights_.output = matrix("lm_head.weight", config.vocabulary, config.hidden, head);
    }
  }

  void bind_layer(std::uint32_t layer) {
    const auto& config = checkpoint_.config;
    const auto queries = config.num_heads * config.head_dim;
    const auto keys = config.num_kv_heads * config.head_dim;
    prefix_ = fmt::format("model.layers.{}.", layer);
    auto& w = weights_.layers.emplace_back();
    w.attention_norm = vector("input_layernorm.weight", config.hidden);
    w.ffn_norm = vector("post_attention_layernorm.weight", config.hidden);
    if (config.architecture == Architecture::qwen3) {
      w.query_norm = vector("self_attn.q_norm.weight", config.head_dim);
      w.key_norm = vector("self_attn.k_norm.weight", config.head_dim);
    }
    const bool needs_bias = config.architecture == Architecture::qwen2;
    w.query_bias = vector("self_attn.q_proj.bias", queries, needs_bias);
    w.key_bias = vector("self_attn.k_proj.bias", keys, needs_bias);
    w.value_bias = vector("self_attn.v_proj.bias", keys, needs_bias);
    w.output_bias = vector("self_attn.o_proj.bias", config.hidden, false);
    w.gate_bias = vector("mlp.gate_proj.bias", config.ffn, false);
    w.up_bias = vector("mlp.up_proj.bias", config.ffn, false);
    w.down_bias = vector("mlp.down_proj.bias", config.hidden, false);
    w.query = matrix("self_attn.q_proj.weight", queries, config.hidden, body());
    w.key = matrix("self_attn.k_proj.weight", keys, config.hidden, body());
    w.value = matrix("self_attn.v_proj.weight", keys, config.hidden, body());
    w.output = matrix("self_attn.o_proj.weight", config.hidden, queries, body());
    w.gate = matrix("mlp.gate_proj.weight", config.ffn, config.hidden, body());
    w.up = matrix("mlp.up_proj.weight", config.ffn, config.hidden, body());
    w.down = matrix("mlp.down_proj.weight", config.hidden, config.ffn, body());
  }

 private:
  [[nodiscard]] std::optional<DType> body() const {
    if (as_ == WeightsAs::stored) return std::nullopt;
    return as_ == WeightsAs::q8 ? DType::q8_0 : DType::q4_0;
  }

  void check_bytes(const Tensor& tensor, std::size_t expected) const {
    if (tensor.bytes.size() == expected) return;
    fail(ErrorCode::bad_data, "tensor {} must have {} bytes of {}, got {}", tensor.name, expected,
         traits(tensor.type).name, tensor.bytes.size());
  }

  [[nodiscard]] std::vector<float> vector(std::string_view part, std::uint32_t size,
                                          bool required = true) const {
    const auto name = prefix_ + std::string(part);
    if (!required && checkpoint_.find(name) == nullptr) return {};
    const auto& tensor = checkpoint_.tensor(name, {size});
    check_columns(tensor, size);
    check_bytes(tensor, MatrixView{tensor.type, 1, size, nullptr}.num_bytes());
    std::vector<float> result(size);
    dequantise(tensor.type, tensor.bytes.data(), result);
    return result;
  }

  void check_columns(const Tensor& tensor, std::uint32_t columns) const {
    const auto& block = traits(tensor.type);
    if (columns % block.block_weights == 0) return;
    fail(ErrorCode::bad_data, "tensor {}: rows of {} must be a multiple of {} long, got {}",
         tensor.name, block.name, block.block_weights, columns);
  }

  [[nodiscard]] WeightMatrix matrix(std::string_view part, std::uint32_t rows,
                                    std::uint32_t columns, std::optional<DType> wanted) const {
    const auto& tensor = checkpoint_.tensor(prefix_ + std::string(part), {rows, columns});
    check_columns(tensor, columns);
    WeightMatrix result{.view = {tensor.type, rows, columns, tensor.bytes.data()}};
    check_bytes(tensor, result.view.num_bytes());
    if (wanted && columns % kQuantisedBlock == 0 &&
        bits_per_weight(tensor.type) > bits_per_weight(*wanted)) {
      result = quantised(result.view, *wanted, team_);
    }
    weights_.num_bytes += result.view.num_bytes();
    return result;
  }

  const Checkpoint& checkpoint_;
  WeightsAs as_;
  const Team& team_;
  Weights& weights_;
  std::string prefix_;
};

}  // namespace

Weights bind_weights(const Checkpoint& checkpoint, WeightsAs as, const Team& team,
                     const Resources& resources) {
  Weights weights;
  Binder binder(checkpoint, as, team, weights);
  binder.bind_model();
  const auto num_layers = checkpoint.config.num_layers;
  for (std::uint32_t layer = 0; layer < num_layers; ++layer) {
    if (resources.should_stop()) fail(ErrorCode::stopped, "stopped while weights were loaded");
    binder.bind_layer(layer);
    resources.report({.stage = "load", .fraction = (layer + 1.0) / num_layers});
  }
  return weights;
}

}  // namespace therma::llm
