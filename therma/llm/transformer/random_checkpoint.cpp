// SPDX-License-Identifier: Apache-2.0
// A pool of stored blocks, copied row by row.
#include "therma/llm/transformer/random_checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/dynamics/kernels/aligned.hpp"

namespace therma::llm {
namespace {

using Shape = std::vector<std::uint64_t>;
using Bytes = kernels::AlignedVector<std::byte>;

constexpr std::size_t kPool = 1U << 16;  // weights; a multiple of every block
constexpr double kDeviation = 0.02;
constexpr std::size_t kAlignment = 64;

// Weights of the pool as `type` stores them.
Bytes make_pool(DType type, const Rng& rng) {
  std::vector<float> values(kPool);
  for (std::uint32_t k = 0; k < kPool; k += 2) {
    const auto pair = rng.normal_pair({.site = k});
    values[k] = static_cast<float>(kDeviation * pair[0]);
    values[k + 1] = static_cast<float>(kDeviation * pair[1]);
  }
  const auto& block = traits(type);
  Bytes pool(kPool / block.block_weights * block.block_bytes);
  quantise(type, values, pool.data());
  return pool;
}

std::size_t bytes_of(DType type, std::uint64_t weights) {
  return weights / traits(type).block_weights * traits(type).block_bytes;
}

std::vector<Tensor> tensors_of(const ModelConfig& m, DType type) {
  std::vector<Tensor> tensors;
  const auto add = [&](std::string name, Shape shape) {
    const bool is_matrix = shape.size() == 2;
    const bool fits = is_matrix && shape.back() % traits(type).block_weights == 0;
    tensors.push_back({std::move(name), fits ? type : DType::f32, std::move(shape), {}});
  };
  const std::uint64_t queries = std::uint64_t{m.num_heads} * m.head_dim;
  const std::uint64_t keys = std::uint64_t{m.num_kv_heads} * m.head_dim;
  add("model.embed_tokens.weight", {m.vocabulary, m.hidden});
  add("model.norm.weight", {m.hidden});
  if (!m.tied_embeddings) add("lm_head.weight", {m.vocabulary, m.hidden});
  for (std::uint32_t layer = 0; layer < m.num_layers; ++layer) {
    const auto in_layer = [&](std::string_view part, Shape shape) {
      add(fmt::format("model.layers.{}.{}", layer, part), std::move(shape));
    };
    in_layer("input_layernorm.weight", {m.hidden});
    in_layer("post_attention_layernorm.weight", {m.hidden});
    in_layer("self_attn.q_proj.weight", {queries, m.hidden});
    in_layer("self_attn.k_proj.weight", {keys, m.hidden});
    in_layer("self_attn.v_proj.weight", {keys, m.hidden});
    in_layer("self_attn.o_proj.weight", {m.hidden, queries});
    in_layer("mlp.gate_proj.weight", {m.ffn, m.hidden});
    in_layer("mlp.up_proj.weight", {m.ffn, m.hidden});
    in_layer("mlp.down_proj.weight", {m.hidden, m.ffn});
    if (m.architecture == Architecture::qwen2) {
      in_layer("self_attn.q_proj.bias", {queries});
      in_layer("self_attn.k_proj.bias", {keys});
      in_layer("self_attn.v_proj.bias", {keys});
    }
    if (m.architecture == Architecture::qwen3) {
      in_layer("self_attn.q_norm.weight", {m.head_dim});
      in_layer("self_attn.k_norm.weight", {m.head_dim});
    }
  }
  std::ranges::sort(tensors, {}, &Tensor::name);
  return tensors;
}

std::size_t bytes_of(const Tensor& tensor) {
  const auto count = std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::uint64_t{1},
                                     std::multiplies<>());
  return bytes_of(tensor.type, count);
}

// Each row from a place of the pool of its own.
void fill_rows(const Tensor& tensor, const Bytes& pool, const Rng& rng, std::byte* out) {
  const auto block_bytes = traits(tensor.type).block_bytes;
  const std::size_t row_bytes = bytes_of(tensor.type, tensor.shape.back());
  const std::size_t rows = bytes_of(tensor) / row_bytes;
  const std::size_t blocks = pool.size() / block_bytes;
  for (std::size_t row = 0; row < rows; ++row, out += row_bytes) {
    auto from = rng.bits({.step = row}) % blocks * block_bytes;
    for (std::size_t done = 0; done < row_bytes;) {
      const auto size = std::min(row_bytes - done, pool.size() - from);
      std::memcpy(out + done, pool.data() + from, size);
      done += size, from = 0;
    }
  }
}

void fill_ones(const Tensor& tensor, std::byte* out) {
  const std::vector<float> ones(tensor.shape.front(), 1.0F);
  std::memcpy(out, ones.data(), ones.size() * sizeof(float));
}

}  // namespace

Checkpoint random_checkpoint(const ModelConfig& config, DType type, std::uint64_t seed) {
  constexpr std::array kTypes = {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::q4_0};
  if (std::ranges::find(kTypes, type) == kTypes.end()) {
    fail(ErrorCode::invalid_argument,
         "random weights: must be stored as f32, f16, bf16, q8_0 or q4_0, got {}",
         traits(type).name);
  }
  Checkpoint checkpoint{.format = "random", .config = config, .tensors = tensors_of(config, type)};
  std::size_t total = 0;
  for (const auto& tensor : checkpoint.tensors) {
    total += (bytes_of(tensor) + kAlignment - 1) / kAlignment * kAlignment;
  }
  const auto bytes = std::make_shared<Bytes>(total);
  const auto rng = Rng(seed).child("random checkpoint");
  const auto stored = make_pool(type, rng), floats = make_pool(DType::f32, rng);
  std::size_t at = 0, index = 0;
  for (auto& tensor : checkpoint.tensors) {
    std::byte* const out = bytes->data() + at;
    if (tensor.name.ends_with("norm.weight")) {
      fill_ones(tensor, out);
    } else {
      fill_rows(tensor, tensor.type == DType::f32 ? floats : stored, rng.child(index), out);
    }
    tensor.bytes = {out, bytes_of(tensor)};
    at += (tensor.bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
    ++index;
  }
  checkpoint.file_bytes = total;
  checkpoint.mapping = bytes;
  return checkpoint;
}

}  // namespace therma::llm
