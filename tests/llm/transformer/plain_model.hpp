// SPDX-License-Identifier: Apache-2.0
// A transformer in double precision, one loop for each equation, to test the fast one against.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "therma/llm/half.hpp"
#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/transformer/rope.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm::testing {

using Numbers = std::vector<double>;

// What activations are rounded to before they meet bf16 weights; those that meet q8_0 and q4_0
// weights always become codes.
enum class Rounding { none, bf16 };

// Keys and values are rounded as the cache stores them, where one is named. Frequencies are those
// of Rope for texts of the length of this one.
class PlainModel {
 public:
  PlainModel(const Checkpoint& checkpoint, std::optional<CacheAs> cache,
             Rounding rounding = Rounding::none)
      : checkpoint_(checkpoint),
        config_(checkpoint.config),
        cache_(cache),
        rounding_(rounding),
        rope_(config_.rope, config_.head_dim, config_.max_context) {}

  // The hidden states of all tokens, after the final norm.  [token, hidden]
  [[nodiscard]] std::vector<Numbers> hidden(std::span<const TokenId> tokens) const {
    const auto embedding = numbers("model.embed_tokens.weight");
    std::vector<Numbers> x;
    for (const auto token : tokens) {
      const auto row = embedding.begin() + static_cast<std::ptrdiff_t>(token) * config_.hidden;
      x.emplace_back(row, row + config_.hidden);
    }
    const auto frequencies = rope_.frequencies(static_cast<std::uint32_t>(tokens.size()));
    for (std::uint32_t layer = 0; layer < config_.num_layers; ++layer) {
      run_layer(layer, frequencies, x);
    }
    for (auto& row : x) row = normalised(row, numbers("model.norm.weight"));
    return x;
  }

 private:
  [[nodiscard]] Numbers numbers(const std::string& name) const {
    const auto* const tensor = checkpoint_.find(name);
    if (tensor == nullptr) return {};
    std::size_t count = 1;
    for (const auto size : tensor->shape) count *= size;
    std::vector<float> floats(count);
    dequantise(tensor->type, tensor->bytes.data(), floats);
    return {floats.begin(), floats.end()};
  }

  [[nodiscard]] Numbers normalised(const Numbers& x, const Numbers& weight) const {
    double sum = 0.0;
    for (const double v : x) sum += v * v;
    const double scale = 1.0 / std::sqrt(sum / static_cast<double>(x.size()) + config_.rms_epsilon);
    Numbers out(x);
    for (std::size_t k = 0; k < x.size(); ++k) out[k] *= scale * weight[k];
    return out;
  }

  // As the weights of `name` take their activations: 8-bit codes and a scale for each 32, or bf16.
  [[nodiscard]] Numbers rounded(Numbers x, const std::string& name) const {
    const auto type = checkpoint_.find(name)->type;
    if (type == DType::bf16 && rounding_ == Rounding::bf16) {
      for (double& v : x) v = double{from_bf16(to_bf16(static_cast<float>(v)))};
    }
    if (type != DType::q8_0 && type != DType::q4_0) return x;
    for (std::size_t at = 0; at < x.size(); at += 32) {
      double most = 0.0;
      for (std::size_t k = at; k < at + 32; ++k) most = std::max(most, std::fabs(x[k]));
      const double scale = most / 127.0;
      for (std::size_t k = at; k < at + 32; ++k) x[k] = std::nearbyint(x[k] / scale) * scale;
    }
    return x;
  }

  // W x + b
  [[nodiscard]] Numbers product(const std::string& prefix, const Numbers& input) const {
    const auto W = numbers(prefix + ".weight"), bias = numbers(prefix + ".bias");
    const auto x = rounded(input, prefix + ".weight");
    Numbers y(W.size() / x.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      for (std::size_t k = 0; k < x.size(); ++k) y[i] += W[i * x.size() + k] * x[k];
      if (!bias.empty()) y[i] += bias[i];
    }
    return y;
  }

  void run_layer(std::uint32_t layer, const Numbers& frequencies, std::vector<Numbers>& x) const {
    const auto in_layer = [&](const char* part) {
      return "model.layers." + std::to_string(layer) + "." + part;
    };
    const auto norm = [&](const char* part) { return numbers(in_layer(part)); };
    std::vector<Numbers> queries, keys, values;
    for (std::size_t p = 0; p < x.size(); ++p) {
      const auto n = normalised(x[p], norm("input_layernorm.weight"));
      const auto q = product(in_layer("self_attn.q_proj"), n);
      const auto k = product(in_layer("self_attn.k_proj"), n);
      queries.push_back(turned(q, norm("self_attn.q_norm.weight"), frequencies, p));
      keys.push_back(stored(turned(k, norm("self_attn.k_norm.weight"), frequencies, p)));
      values.push_back(stored(product(in_layer("self_attn.v_proj"), n)));
    }
    for (std::size_t p = 0; p < x.size(); ++p) {
      add(x[p], product(in_layer("self_attn.o_proj"), attend(layer, queries[p], keys, values, p)));
      const auto n = normalised(x[p], norm("post_attention_layernorm.weight"));
      auto gate = product(in_layer("mlp.gate_proj"), n);
      const auto up = product(in_layer("mlp.up_proj"), n);
      for (std::size_t k = 0; k < gate.size(); ++k) {
        gate[k] = gate[k] / (1.0 + std::exp(-gate[k])) * up[k];
      }
      add(x[p], product(in_layer("mlp.down_proj"), gate));
    }
  }

  static void add(Numbers& x, const Numbers& change) {
    for (std::size_t k = 0; k < x.size(); ++k) x[k] += change[k];
  }

  // Norm and rotation of each head.
  [[nodiscard]] Numbers turned(const Numbers& heads, const Numbers& norm,
                               const Numbers& frequencies, std::size_t position) const {
    const std::size_t dim = config_.head_dim, half = dim / 2;
    Numbers out;
    for (std::size_t at = 0; at < heads.size(); at += dim) {
      Numbers head(heads.begin() + static_cast<std::ptrdiff_t>(at),
                   heads.begin() + static_cast<std::ptrdiff_t>(at + dim));
      if (!norm.empty()) head = normalised(head, norm);
      for (std::size_t i = 0; i < half; ++i) {
        const double angle = static_cast<double>(position) * frequencies[i];
        const bool neighbours = config_.rope.pairs_are_neighbours;
        double& a = head[neighbours ? 2 * i : i];
        double& b = head[neighbours ? 2 * i + 1 : i + half];
        const double gain = rope_.attention_factor();
        const double c = gain * std::cos(angle), s = gain * std::sin(angle), old = a;
        a = old * c - b * s;
        b = b * c + old * s;
      }
      out.insert(out.end(), head.begin(), head.end());
    }
    return out;
  }

  [[nodiscard]] Numbers stored(Numbers heads) const {
    if (!cache_) return heads;
    for (std::size_t at = 0; at < heads.size(); at += config_.head_dim) {
      double most = 0.0;
      for (std::size_t k = at; k < at + config_.head_dim; ++k) {
        most = std::max(most, std::fabs(heads[k]));
      }
      for (std::size_t k = at; k < at + config_.head_dim; ++k) {
        const double scale = most / 127.0;
        heads[k] = cache_ == CacheAs::q8 ? std::nearbyint(heads[k] / scale) * scale
                                         : double{from_f16(to_f16(static_cast<float>(heads[k])))};
      }
    }
    return heads;
  }

  [[nodiscard]] Numbers attend(std::uint32_t layer, const Numbers& queries,
                               const std::vector<Numbers>& keys, const std::vector<Numbers>& values,
                               std::size_t position) const {
    const std::size_t dim = config_.head_dim, group = config_.num_heads / config_.num_kv_heads;
    const bool has_window = config_.layer_has_window.empty() || config_.layer_has_window[layer];
    Numbers out(queries.size());
    for (std::size_t head = 0; head < config_.num_heads; ++head) {
      const std::size_t q = head * dim, kv = head / group * dim;
      double sum = 0.0;
      for (std::size_t p = 0; p <= position; ++p) {
        if (has_window && config_.sliding_window > 0 && position - p >= config_.sliding_window) {
          continue;
        }
        double score = 0.0;
        for (std::size_t k = 0; k < dim; ++k) score += queries[q + k] * keys[p][kv + k];
        const double weight = std::exp(score / std::sqrt(static_cast<double>(dim)));
        sum += weight;
        for (std::size_t k = 0; k < dim; ++k) out[q + k] += weight * values[p][kv + k];
      }
      for (std::size_t k = 0; k < dim; ++k) out[q + k] /= sum;
    }
    return out;
  }

  const Checkpoint& checkpoint_;
  const ModelConfig& config_;
  std::optional<CacheAs> cache_;
  Rounding rounding_;
  Rope rope_;
};

}  // namespace therma::llm::testing
