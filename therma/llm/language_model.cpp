// SPDX-License-Identifier: Apache-2.0
// Puts the parts of a checkpoint together.
#include "therma/llm/language_model.hpp"

#include <algorithm>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

// Names by which instruction-tuned models end a turn, whatever their configuration lists.
constexpr std::string_view kEndNames[] = {"<|im_end|>", "<|endoftext|>", "<|eot_id|>",
                                          "<|end_of_text|>", "</s>"};

std::vector<TokenId> end_tokens_of(const Checkpoint& checkpoint, const Tokenizer& tokenizer) {
  std::vector<TokenId> ends = checkpoint.generation.eos;
  if (tokenizer.eos()) ends.push_back(*tokenizer.eos());
  for (const auto name : kEndNames) {
    const auto token = tokenizer.find(name);
    if (token && tokenizer.is_special(*token)) ends.push_back(*token);
  }
  std::ranges::sort(ends);
  const auto repeated = std::ranges::unique(ends);
  ends.erase(repeated.begin(), repeated.end());
  return ends;
}

HeadMatrix head_of(const Transformer& transformer, const Tokenizer& tokenizer) {
  HeadMatrix head{.weights = transformer.output()};
  head.num_tokens = std::min(head.weights.rows, tokenizer.num_tokens());
  for (TokenId token = 0; token < head.num_tokens; ++token) {
    if (tokenizer.name(token).empty()) head.masked.push_back(token);
  }
  return head;
}

}  // namespace

LanguageModel::LanguageModel(std::shared_ptr<const Checkpoint> checkpoint,
                             const TransformerConfig& config, const Team& team,
                             const Resources& resources)
    : checkpoint_(std::move(checkpoint)),
      tokenizer_(checkpoint_->tokenizer),
      transformer_(checkpoint_, config, team, resources),
      head_(head_of(transformer_, tokenizer_)),
      end_tokens_(end_tokens_of(*checkpoint_, tokenizer_)) {}

bool LanguageModel::is_end(TokenId token) const noexcept {
  return std::ranges::binary_search(end_tokens_, token);
}

std::vector<TokenId> LanguageModel::prompt_tokens(std::string_view text,
                                                  EncodeOptions options) const {
  auto tokens = tokenizer_.encode(text, options);
  if (!tokens.empty()) return tokens;
  const auto& suggested = checkpoint_->generation.bos;
  const auto start = tokenizer_.bos() ? tokenizer_.bos() : suggested;
  if (start && *start < head_.num_tokens) return {*start};
  if (const auto end_of_text = tokenizer_.find("<|endoftext|>")) return {*end_of_text};
  if (tokenizer_.eos()) return {*tokenizer_.eos()};
  fail(ErrorCode::bad_data,
       "prompt: must not be empty, for this model has no token that starts a text");
}

std::unique_ptr<LanguageModel> load_language_model(const std::filesystem::path& path,
                                                   const TransformerConfig& config,
                                                   const Team& team, const Resources& resources) {
  auto checkpoint = std::make_shared<Checkpoint>(load_checkpoint(path));
  return std::make_unique<LanguageModel>(std::move(checkpoint), config, team, resources);
}

}  // namespace therma::llm
