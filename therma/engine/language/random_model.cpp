// SPDX-License-Identifier: Apache-2.0
// The shapes, and the names that GGUF gives to what they hold.
#include "therma/engine/language/random_model.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "therma/core/error.hpp"
#include "therma/llm/load/gguf_writer.hpp"
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

// Byte b as byte-level vocabularies write it: printable bytes as themselves, the others from
// U+0100.
std::string byte_letter(unsigned char byte) {
  const auto is_plain = [](unsigned b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  };
  unsigned code = byte;
  if (!is_plain(byte)) {
    code = 256;
    for (unsigned b = 0; b < byte; ++b) code += is_plain(b) ? 0 : 1;
  }
  if (code < 128) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
}

std::string spelled(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) out += byte_letter(static_cast<unsigned char>(c));
  return out;
}

std::string gguf_name(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kParts = {{
      {"input_layernorm.weight", "attn_norm.weight"},
      {"post_attention_layernorm.weight", "ffn_norm.weight"},
      {"self_attn.q_proj.weight", "attn_q.weight"},
      {"self_attn.k_proj.weight", "attn_k.weight"},
      {"self_attn.v_proj.weight", "attn_v.weight"},
      {"self_attn.o_proj.weight", "attn_output.weight"},
      {"self_attn.q_proj.bias", "attn_q.bias"},
      {"self_attn.k_proj.bias", "attn_k.bias"},
      {"self_attn.v_proj.bias", "attn_v.bias"},
      {"mlp.gate_proj.weight", "ffn_gate.weight"},
      {"mlp.up_proj.weight", "ffn_up.weight"},
      {"mlp.down_proj.weight", "ffn_down.weight"},
      {"model.embed_tokens.weight", "token_embd.weight"},
      {"model.norm.weight", "output_norm.weight"},
      {"lm_head.weight", "output.weight"},
  }};
  std::string_view part = name, prefix;
  constexpr std::string_view kLayers = "model.layers.";
  std::string out;
  if (name.starts_with(kLayers)) {
    const auto dot = name.find('.', kLayers.size());
    out = fmt::format("blk.{}.", name.substr(kLayers.size(), dot - kLayers.size()));
    part = name.substr(dot + 1);
  }
  for (const auto& [theirs, gguf] : kParts) {
    if (part == theirs) return out + std::string(gguf);
  }
  fail(ErrorCode::internal, "{}: has no name in GGUF", name);
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
                                  : spelled(checkpoint.tokenizer.pieces[token]));
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
  for (auto& tensor : tensors) tensor.name = gguf_name(tensor.name);
  llm::write_gguf(path, metadata_of(*checkpoint), tensors);
}

}  // namespace therma
