// SPDX-License-Identifier: Apache-2.0
// The shapes, and the names that GGUF gives to what they hold.
#include "therma/engine/language/random_model.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "therma/core/error.hpp"
#include "therma/llm/load/gguf_writer.hpp"
#include "therma/llm/load/tensor_names.hpp"
#include "therma/llm/tokenizer/byte_letters.hpp"
#include "therma/llm/transformer/random_checkpoint.hpp"

namespace therma {
namespace {

struct Shape {
  std::string_view name;
  llm::ModelConfig config;
};

llm::ModelConfig qwen2(std::uint32_t layers, std::uint32_t hidden, std::uint32_t heads,
                       std::uint32_t kv_heads, std::uint32_t ffn) {
  llm::ModelConfig config;
  config.architecture = llm::Architecture::qwen2;
  config.num_layers = layers;
  config.hidden = hidden;
  config.num_heads = heads;
  config.num_kv_heads = kv_heads;
  config.head_dim = hidden / heads;
  config.ffn = ffn;
  config.vocabulary = 151'936;
  config.max_context = 32'768;
  config.rms_epsilon = 1e-6;
  config.tied_embeddings = true;
  config.rope.theta = 1e6;
  return config;
}

std::array<Shape, 2> shapes() {
  return {Shape{"qwen2.5-0.5b", qwen2(24, 896, 14, 2, 4864)},
          Shape{"qwen2.5-1.5b", qwen2(28, 1536, 12, 2, 8960)}};
}

constexpr std::uint32_t kNumTokens = 151'665;  // rows beyond it stand for none, as in Qwen2.5

llm::TokenizerSpec numbered_vocabulary() {
  llm::TokenizerSpec spec;
  spec.kind = llm::TokenizerKind::byte_bpe;
  spec.pre_tokenizer = llm::PreTokenizer::qwen2;
  for (std::uint32_t token = 0; token < 256; ++token) {
    spec.pieces.emplace_back(1, static_cast<char>(token));
  }
  spec.pieces.emplace_back("ab");  // one merge, for readers that want a list of them
  spec.merges.emplace_back('a', 'b');
  spec.merged.push_back(256);
  for (std::uint32_t token = 257; token < kNumTokens; ++token) {
    spec.pieces.push_back(fmt::format(" {}", token));
  }
  spec.eos = kNumTokens - 1;
  spec.pieces.back() = "<|endoftext|>";
  spec.added.push_back({.id = *spec.eos, .text = "<|endoftext|>", .special = true});
  return spec;
}

llm::GgufEntries metadata_of(const llm::Checkpoint& checkpoint) {
  const auto& config = checkpoint.config;
  std::vector<std::string> tokens;
  std::vector<std::int64_t> types;
  const auto end = *checkpoint.tokenizer.eos;
  for (std::uint32_t token = 0; token < config.vocabulary; ++token) {
    const bool is_token = token < checkpoint.tokenizer.pieces.size();
    const bool is_control = token == end;
    tokens.push_back(!is_token    ? fmt::format("[PAD{}]", token)
                     : is_control ? checkpoint.tokenizer.pieces[token]
                                  : llm::letters_of(checkpoint.tokenizer.pieces[token]));
    types.push_back(is_control ? 3 : is_token ? 1 : 5);
  }
  const auto count = [](std::uint64_t value) { return llm::GgufValue(value); };
  return {
      {"general.architecture", std::string("qwen2")},
      {"general.name", std::string("random weights")},
      {"qwen2.block_count", count(config.num_layers)},
      {"qwen2.context_length", count(config.max_context)},
      {"qwen2.embedding_length", count(config.hidden)},
      {"qwen2.feed_forward_length", count(config.ffn)},
      {"qwen2.attention.head_count", count(config.num_heads)},
      {"qwen2.attention.head_count_kv", count(config.num_kv_heads)},
      {"qwen2.attention.layer_norm_rms_epsilon", config.rms_epsilon},
      {"qwen2.rope.freq_base", config.rope.theta},
      {"tokenizer.ggml.model", std::string("gpt2")},
      {"tokenizer.ggml.pre", std::string("qwen2")},
      {"tokenizer.ggml.tokens", std::move(tokens)},
      {"tokenizer.ggml.token_type", std::move(types)},
      {"tokenizer.ggml.merges", std::vector<std::string>{"a b"}},
      {"tokenizer.ggml.eos_token_id", count(end)},
      {"tokenizer.ggml.padding_token_id", count(end)},
      {"tokenizer.ggml.add_bos_token", false},
  };
}

}  // namespace

RandomModel random_model(std::string_view name) {
  const auto colon = std::min(name.find(':'), name.size());
  const auto type = colon < name.size() ? name.substr(colon + 1) : "bf16";
  std::string known;
  for (const auto& shape : shapes()) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", shape.name);
    if (shape.name != name.substr(0, colon)) continue;
    for (const auto dtype :
         {llm::DType::f32, llm::DType::f16, llm::DType::bf16, llm::DType::q8_0, llm::DType::q4_0}) {
      if (llm::traits(dtype).name == type) return {shape.config, dtype};
    }
    fail(ErrorCode::invalid_argument,
         "model random:{}: must be stored as f32, f16, bf16, q8_0 or q4_0, got \"{}\"", name, type);
  }
  fail(ErrorCode::invalid_argument, "model random:{}: must be one of {}", name, known);
}

std::shared_ptr<const llm::Checkpoint> make_random_checkpoint(const RandomModel& model,
                                                              std::uint64_t seed) {
  auto checkpoint =
      std::make_shared<llm::Checkpoint>(llm::random_checkpoint(model.config, model.type, seed));
  checkpoint->tokenizer = numbered_vocabulary();
  return checkpoint;
}

void write_random_gguf(const std::filesystem::path& path, const RandomModel& model,
                       std::uint64_t seed) {
  const auto checkpoint = make_random_checkpoint(model, seed);
  auto tensors = checkpoint->tensors;
  for (auto& tensor : tensors) tensor.name = llm::gguf_name(tensor.name).value();
  llm::write_gguf(path, metadata_of(*checkpoint), tensors);
}

}  // namespace therma
