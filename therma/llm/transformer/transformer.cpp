// SPDX-License-Identifier: Apache-2.0
// Transformers and their states: what is checked before a pass, and how long texts are cut.
#include "therma/llm/transformer/transformer.hpp"

#include <algorithm>

#include "therma/core/error.hpp"
#include "therma/llm/transformer/kv_cache.hpp"
#include "therma/llm/transformer/pass.hpp"
#include "therma/llm/transformer/rope.hpp"
#include "therma/llm/transformer/weights.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kUsualContext = 4096;

}  // namespace

struct Transformer::Parts {
  std::shared_ptr<const Checkpoint> checkpoint;  // holds the bytes of what stayed as stored
  Weights weights;
  Rope rope;
  CacheShape cache;
  std::uint32_t context;
};

struct TransformerState::Parts {
  KvCache cache;
  std::uint32_t length = 0;
  Scratch scratch;
};

Transformer::Transformer(std::shared_ptr<const Checkpoint> checkpoint,
                         const TransformerConfig& config, const Team& team,
                         const Resources& resources) {
  const auto& model = checkpoint->config;
  parts_ = std::make_unique<Parts>(Parts{
      .checkpoint = checkpoint,
      .weights = bind_weights(*checkpoint, config.weights, team, resources),
      .rope = Rope(model.rope, model.head_dim, model.max_context),
      .cache = {model.num_layers, model.num_kv_heads, model.head_dim, config.cache},
      .context = config.context > 0 ? config.context : std::min(model.max_context, kUsualContext)});
}

Transformer::~Transformer() = default;

const ModelConfig& Transformer::config() const noexcept { return parts_->checkpoint->config; }
std::uint32_t Transformer::context() const noexcept { return parts_->context; }
MatrixView Transformer::output() const noexcept { return parts_->weights.output.view; }
std::size_t Transformer::weight_bytes() const noexcept { return parts_->weights.num_bytes; }

void Transformer::forward(std::span<const TokenId> tokens, TransformerState& state,
                          std::span<float> hidden, const Team& team) const {
  const auto& model = config();
  auto& s = *state.parts_;
  const std::size_t wanted = hidden.size() / model.hidden;
  if (hidden.size() % model.hidden != 0 || wanted > tokens.size()) {
    fail(ErrorCode::invalid_argument,
         "hidden states: must be whole rows of {} for at most {} tokens, got {} numbers",
         model.hidden, tokens.size(), hidden.size());
  }
  if (tokens.size() > context() - std::min(s.length, context())) {
    fail(ErrorCode::invalid_argument,
         "context: holds at most {} tokens, got {} more after {}; a larger context makes room",
         context(), tokens.size(), s.length);
  }
  for (std::size_t k = 0; k < tokens.size(); ++k) {
    if (tokens[k] < model.vocabulary) continue;
    fail(ErrorCode::invalid_argument, "token {}: must be below the vocabulary of {}, got {}", k,
         model.vocabulary, tokens[k]);
  }
  const auto length = s.length + static_cast<std::uint32_t>(tokens.size());
  s.cache.reserve(length);
  const PassParts parts{model, parts_->weights, parts_->rope, s.cache, s.scratch, team};
  while (!tokens.empty()) {
    const auto count = std::min<std::size_t>(tokens.size(), kMostPositions);
    const auto left = tokens.size() - count;
    const auto rows = std::size_t{hidden.size() / model.hidden};
    const auto here = (rows > left ? rows - left : 0) * model.hidden;
    run_positions(parts, tokens.first(count),
                  {length - static_cast<std::uint32_t>(tokens.size()),
                   static_cast<std::uint32_t>(count), length},
                  hidden.first(here));
    tokens = tokens.subspan(count);
    hidden = hidden.subspan(here);
  }
  s.length = length;
}

TransformerState::TransformerState(const Transformer& transformer)
    : parts_(std::make_unique<Parts>(Parts{.cache = KvCache(transformer.parts_->cache)})) {}
TransformerState::TransformerState(const TransformerState& other)
    : parts_(std::make_unique<Parts>(
          Parts{.cache = other.parts_->cache, .length = other.parts_->length})) {}
TransformerState::TransformerState(TransformerState&&) noexcept = default;
TransformerState& TransformerState::operator=(TransformerState&&) noexcept = default;
TransformerState::~TransformerState() = default;

std::uint32_t TransformerState::length() const noexcept { return parts_->length; }

void TransformerState::truncate(std::uint32_t length) noexcept {
  parts_->length = std::min(parts_->length, length);
  parts_->cache.truncate(parts_->length);
}

std::size_t TransformerState::bytes() const noexcept {
  return parts_->cache.bytes() + parts_->scratch.num_bytes();
}

}  // namespace therma::llm
