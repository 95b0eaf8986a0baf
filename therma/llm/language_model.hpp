// SPDX-License-Identifier: Apache-2.0
// A language model ready to run: checkpoint, tokenizer, body, and the matrix of its head.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/core/team.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm {

// Immutable once made, and shared between generations.
class LanguageModel {
 public:
  LanguageModel(std::shared_ptr<const Checkpoint> checkpoint, const TransformerConfig& config,
                const Team& team, const Resources& resources = {});

  [[nodiscard]] const Checkpoint& checkpoint() const noexcept { return *checkpoint_; }
  [[nodiscard]] const Tokenizer& tokenizer() const noexcept { return tokenizer_; }
  [[nodiscard]] const Transformer& transformer() const noexcept { return transformer_; }
  // Rows that stand for no token are masked.
  [[nodiscard]] const HeadMatrix& head_matrix() const noexcept { return head_; }
  [[nodiscard]] const std::vector<TokenId>& end_tokens() const noexcept { return end_tokens_; }
  [[nodiscard]] bool is_end(TokenId token) const noexcept;

  // The tokens of a prompt; an empty one starts from BOS, or from the end-of-text token where the
  // model has no BOS. Throws Error{bad_data} where the model has neither.
  [[nodiscard]] std::vector<TokenId> prompt_tokens(std::string_view text,
                                                   EncodeOptions options = {}) const;

 private:
  std::shared_ptr<const Checkpoint> checkpoint_;
  Tokenizer tokenizer_;
  Transformer transformer_;
  HeadMatrix head_;
  std::vector<TokenId> end_tokens_;  // ascending
};

// Throws what load_checkpoint throws.
[[nodiscard]] std::unique_ptr<LanguageModel> load_language_model(const std::filesystem::path& path,
                                                                 const TransformerConfig& config,
                                                                 const Team& team,
                                                                 const Resources& resources = {});

}  // namespace therma::llm
