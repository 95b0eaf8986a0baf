// SPDX-License-Identifier: Apache-2.0
// The body of a language model: tokens to hidden states.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/core/team.hpp"
#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/model_config.hpp"

namespace therma::llm {

enum class WeightsAs : std::uint8_t { stored, q8, q4 };
enum class CacheAs : std::uint8_t { f16, q8 };

struct TransformerConfig {
  WeightsAs weights = WeightsAs::stored;  // matrices that do not fit blocks of 32 stay as stored
  CacheAs cache = CacheAs::f16;
  std::uint32_t context =
      0;  // positions to make room for; 0: what the model was made for, at most 4096
};

class TransformerState;

// Immutable once made, and shared between states.
class Transformer {
 public:
  // Throws Error{bad_data} naming a tensor that is missing or misshapen.
  Transformer(std::shared_ptr<const Checkpoint> checkpoint, const TransformerConfig& config,
              const Team& team, const Resources& resources = {});
  ~Transformer();

  [[nodiscard]] const ModelConfig& config() const noexcept;
  [[nodiscard]] std::uint32_t context() const noexcept;
  [[nodiscard]] MatrixView output() const noexcept;  // the head's rows  [vocabulary, hidden]
  [[nodiscard]] std::size_t weight_bytes() const noexcept;

  // Appends tokens to the state and writes the hidden states, after the final norm, of the last
  // hidden.size() / config().hidden of them. Batches of any length; the bits of a position do not
  // depend on the number of threads.
  // Throws Error{invalid_argument} for a token outside the vocabulary or a full context.
  void forward(std::span<const TokenId> tokens, TransformerState& state, std::span<float> hidden,
               const Team& team) const;

 private:
  friend class TransformerState;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// One text: its keys and values, and scratch. A value: copy it and the copy continues alike.
class TransformerState {
 public:
  explicit TransformerState(const Transformer& transformer);
  TransformerState(const TransformerState&);
  TransformerState(TransformerState&&) noexcept;
  TransformerState& operator=(TransformerState&&) noexcept;
  ~TransformerState();

  [[nodiscard]] std::uint32_t length() const noexcept;  // positions held
  void truncate(std::uint32_t length) noexcept;         // forgets positions at or beyond it
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  friend class Transformer;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace therma::llm
