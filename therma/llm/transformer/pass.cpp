// SPDX-License-Identifier: Apache-2.0
// The layers of a transformer.
#include "therma/llm/transformer/pass.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "therma/llm/transformer/attend_heads.hpp"
#include "therma/llm/transformer/pointwise.hpp"

namespace therma::llm {
namespace {

constexpr auto kBody = Product::integer;

// Y = X W', where row p of Y begins at out + p * W.rows.
struct Projection {
  const MatrixView& W;
  float* out;
};

class Pass {
 public:
  Pass(const PassParts& parts, std::uint32_t count, const RopeSpan& span)
      : config_(parts.config),
        weights_(parts.weights),
        rope_(parts.rope),
        cache_(parts.cache),
        s_(parts.scratch),
        team_(parts.team),
        count_(count),
        start_(span.first) {
    make_room();
    rope_.turns(span, s_.cosines.data(), s_.sines.data());
  }

  void embed(std::span<const TokenId> tokens) {
    const auto& rows = weights_.embedding.view;
    for (std::uint32_t p = 0; p < count_; ++p) {
      dequantise(rows.type, rows.row(tokens[p]), {x(p), config_.hidden});
    }
  }

  // x <- x + O attend(Q n(x), K n(x), V n(x));  x <- x + D (silu(G n(x)) * U n(x)).
  // Positions before count_ - wanted only leave their keys and values.
  void run_layer(std::uint32_t layer, std::uint32_t wanted) {
    const auto& w = weights_.layers[layer];
    normalise(w.attention_norm, {&w.query, &w.key, &w.value});
    project({{w.query.view, s_.queries.data()},
             {w.key.view, s_.keys.data()},
             {w.value.view, s_.values.data()}},
            s_.input);
    each_position([&](std::uint32_t p) {
      prepare_queries(w, p);
      prepare_keys_and_values(w, layer, p);
    });
    first_ = count_ - wanted;
    if (wanted == 0) return;

    attend(layer);
    quantise_input(s_.attention, s_.attended.data(), num_queries(), w.output);
    project({{w.output.view, s_.change.data()}}, s_.attention);
    add_change(w.output_bias);

    normalise(w.ffn_norm, {&w.gate, &w.up});
    project_gated(w);
    quantise_input(s_.ffn, s_.gate.data(), config_.ffn, w.down);
    project({{w.down.view, s_.change.data()}}, s_.ffn);
    add_change(w.down_bias);
  }

  void finish(std::span<float> hidden) {
    each_position([&](std::uint32_t p) {
      rms_norm(x(p), weights_.norm.data(), config_.rms_epsilon, config_.hidden,
               hidden.data() + std::size_t{p - first_} * config_.hidden);
    });
  }

 private:
  [[nodiscard]] std::uint32_t num_queries() const { return config_.num_heads * config_.head_dim; }
  [[nodiscard]] std::uint32_t num_keys() const { return config_.num_kv_heads * config_.head_dim; }
  [[nodiscard]] std::uint32_t num_active() const { return count_ - first_; }
  [[nodiscard]] float* x(std::uint32_t p) { return s_.x.data() + std::size_t{p} * config_.hidden; }

  void make_room();

  // job(position) for each active position.
  template <class Job>
  void each_position(const Job& job) {
    if (num_active() == 1) return job(first_);
    team_.split(num_active(), 1, [&](std::uint32_t begin, std::uint32_t end) {
      for (auto p = begin; p < end; ++p) job(first_ + p);
    });
  }

  // Rows of several products, shared out over the team at once.
  void project(std::initializer_list<Projection> projections, const ActivationBatch& X) {
    // A small batch has the same bits however rows are split.
    const std::uint32_t grain = num_active() <= kExactBatch ? 8 : kBatchRows;
    std::uint32_t tiles = 0;
    for (const auto& p : projections) tiles += (p.W.rows + grain - 1) / grain;
    team_.split(tiles, 1, [&](std::uint32_t begin, std::uint32_t end) {
      std::uint32_t offset = 0;
      for (const auto& [W, out] : projections) {
        const auto size = (W.rows + grain - 1) / grain;
        const auto from = std::clamp(begin, offset, offset + size) - offset;
        const auto to = std::clamp(end, offset, offset + size) - offset;
        offset += size;
        if (from == to) continue;
        const auto row = from * grain;
        multiply_batch(W, row, std::min(to * grain, W.rows) - row, X, kBody,
                       out + std::size_t{first_} * W.rows + row, W.rows);
      }
    });
  }

  // gate <- silu(G input + b) * (U input + c)
  void project_gated(const LayerWeights& w) {
    const std::uint32_t grain = num_active() <= kExactBatch ? 16 : kBatchRows;
    const std::size_t ffn = config_.ffn;
    team_.split(config_.ffn, grain, [&](std::uint32_t begin, std::uint32_t end) {
      float* const gate = s_.gate.data() + first_ * ffn + begin;
      float* const up = s_.up.data() + first_ * ffn + begin;
      multiply_batch(w.gate.view, begin, end - begin, s_.input, kBody, gate, ffn);
      multiply_batch(w.up.view, begin, end - begin, s_.input, kBody, up, ffn);
      for (std::size_t p = 0; p < num_active(); ++p) {
        if (!w.gate_bias.empty()) add(gate + p * ffn, &w.gate_bias[begin], end - begin);
        if (!w.up_bias.empty()) add(up + p * ffn, &w.up_bias[begin], end - begin);
        swiglu(gate + p * ffn, up + p * ffn, end - begin);
      }
    });
  }

  // input <- x / rms(x) * weight
  void normalise(const std::vector<float>& weight,
                 std::initializer_list<const WeightMatrix*> readers) {
    ActivationForms forms;
    for (const auto* reader : readers) {
      forms = forms | forms_for(reader->view.type, kBody, num_active());
    }
    s_.input.resize(num_active(), config_.hidden, forms);
    each_position([&](std::uint32_t p) {
      float* const out = s_.normalised.data() + std::size_t{p} * config_.hidden;
      rms_norm(x(p), weight.data(), config_.rms_epsilon, config_.hidden, out);
      s_.input.assign(p - first_, {out, config_.hidden});
    });
  }

  void quantise_input(ActivationBatch& batch, const float* values, std::uint32_t columns,
                      const WeightMatrix& reader) {
    batch.resize(num_active(), columns, forms_for(reader.view.type, kBody, num_active()));
    each_position([&](std::uint32_t p) {
      batch.assign(p - first_, {values + std::size_t{p} * columns, columns});
    });
  }

  void add_change(const std::vector<float>& bias) {
    each_position([&](std::uint32_t p) {
      float* const to = x(p);
      const float* const change = s_.change.data() + std::size_t{p} * config_.hidden;
      add(to, change, config_.hidden);
      if (!bias.empty()) add(to, bias.data(), config_.hidden);
    });
  }

  static void add(float* to, const float* values, std::uint32_t count) noexcept {
    for (std::uint32_t k = 0; k < count; ++k) to[k] += values[k];
  }

  // Bias, norm of each head, rotation.
  void turn_heads(float* heads, std::uint32_t num_heads, const std::vector<float>& bias,
                  const std::vector<float>& norm, std::uint32_t p) {
    const std::uint32_t dim = config_.head_dim;
    if (!bias.empty()) add(heads, bias.data(), num_heads * dim);
    const std::size_t turn = std::size_t{p} * (dim / 2);
    for (std::uint32_t head = 0; head < num_heads; ++head, heads += dim) {
      if (!norm.empty()) rms_norm(heads, norm.data(), config_.rms_epsilon, dim, heads);
      rope_.rotate(heads, &s_.cosines[turn], &s_.sines[turn]);
    }
  }

  void prepare_queries(const LayerWeights& w, std::uint32_t p) {
    float* const queries = s_.queries.data() + std::size_t{p} * num_queries();
    turn_heads(queries, config_.num_heads, w.query_bias, w.query_norm, p);
    const float scale = 1.0F / std::sqrt(static_cast<float>(config_.head_dim));
    for (std::uint32_t k = 0; k < num_queries(); ++k) queries[k] *= scale;
  }

  void prepare_keys_and_values(const LayerWeights& w, std::uint32_t layer, std::uint32_t p) {
    float* const keys = s_.keys.data() + std::size_t{p} * num_keys();
    float* const values = s_.values.data() + std::size_t{p} * num_keys();
    turn_heads(keys, config_.num_kv_heads, w.key_bias, w.key_norm, p);
    if (!w.value_bias.empty()) add(values, w.value_bias.data(), num_keys());
    for (std::uint32_t head = 0; head < config_.num_kv_heads; ++head) {
      const std::size_t at = std::size_t{head} * config_.head_dim;
      cache_.put(layer, head, start_ + p, keys + at, values + at);
    }
  }

  [[nodiscard]] std::uint32_t window_of(std::uint32_t layer) const {
    const auto& has_window = config_.layer_has_window;
    return has_window.empty() || has_window[layer] ? config_.sliding_window : 0;
  }

  void attend(std::uint32_t layer) {
    const std::size_t from = std::size_t{first_} * num_queries();
    attend_heads({.cache = cache_,
                  .layer = layer,
                  .window = window_of(layer),
                  .first_position = start_ + first_,
                  .num_positions = num_active(),
                  .num_heads = config_.num_heads,
                  .queries = s_.queries.data() + from,
                  .out = s_.attended.data() + from},
                 team_, s_.parts);
  }

  const ModelConfig& config_;
  const Weights& weights_;
  const Rope& rope_;
  KvCache& cache_;
  Scratch& s_;
  const Team& team_;
  std::uint32_t count_;
  std::uint32_t start_;      // position of the first token
  std::uint32_t first_ = 0;  // active are the tokens from here on
};

void Pass::make_room() {
  const auto grow = [&](Scratch::Floats& floats, std::size_t width) {
    if (floats.size() < count_ * width) floats.resize(count_ * width);
  };
  grow(s_.x, config_.hidden), grow(s_.normalised, config_.hidden), grow(s_.change, config_.hidden);
  grow(s_.queries, num_queries()), grow(s_.attended, num_queries());
  grow(s_.keys, num_keys()), grow(s_.values, num_keys());
  grow(s_.gate, config_.ffn), grow(s_.up, config_.ffn);
  grow(s_.cosines, config_.head_dim / 2), grow(s_.sines, config_.head_dim / 2);
}

}  // namespace

std::size_t Scratch::num_bytes() const noexcept {
  std::size_t numbers = 0;
  for (const auto* floats : {&x, &normalised, &queries, &keys, &values, &attended, &change, &gate,
                             &up, &cosines, &sines, &parts}) {
    numbers += floats->size();
  }
  return numbers * sizeof(float);
}

void run_positions(const PassParts& parts, std::span<const TokenId> tokens, const RopeSpan& span,
                   std::span<float> hidden) {
  const auto count = static_cast<std::uint32_t>(tokens.size());
  const auto wanted = static_cast<std::uint32_t>(hidden.size() / parts.config.hidden);
  Pass pass(parts, count, span);
  pass.embed(tokens);
  for (std::uint32_t layer = 0; layer < parts.config.num_layers; ++layer) {
    pass.run_layer(layer, layer + 1 < parts.config.num_layers ? count : wanted);
  }
  if (wanted > 0) pass.finish(hidden);
}

}  // namespace therma::llm
