// SPDX-License-Identifier: Apache-2.0
// A small Hugging Face checkpoint made by code.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/llm/load/files.hpp"

namespace therma::llm::testing {

struct NamedTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::string bytes;
  std::string dtype = "F32";
};

// Blanks make the header a multiple of eight bytes, as the format's writers do.
inline std::string with_header(std::string header, std::string_view data) {
  while (header.size() % 8 != 0) header += ' ';
  return raw(std::uint64_t{header.size()}) + header + std::string(data);
}

// Writes safetensors as its specification says: the tensors one after another.
inline std::string safetensors(const std::vector<NamedTensor>& tensors) {
  std::string header = R"({"__metadata__":{"format":"pt"})";
  std::string data;
  for (const auto& tensor : tensors) {
    std::string shape;
    for (const auto size : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(size);
    header += ",\"" + tensor.name + R"(":{"dtype":")" + tensor.dtype + R"(","shape":[)" + shape +
              R"(],"data_offsets":[)" + std::to_string(data.size()) + "," +
              std::to_string(data.size() + tensor.bytes.size()) + "]}";
    data += tensor.bytes;
  }
  return with_header(header + "}", data);
}

inline NamedTensor f32_tensor(std::string name, std::vector<std::uint64_t> shape, float salt = 0) {
  std::uint64_t count = 1;
  for (const auto size : shape) count *= size;
  return {std::move(name), std::move(shape), floats(count, salt)};
}

// The tensors of a llama with tied embeddings.
inline std::vector<NamedTensor> tiny_tensors(const TinySizes& s = {}) {
  const auto queries = s.heads * s.head_dim;
  const auto keys = s.kv_heads * s.head_dim;
  std::vector<NamedTensor> tensors = {
      f32_tensor("model.embed_tokens.weight", {s.vocabulary, s.hidden}),
      f32_tensor("model.norm.weight", {s.hidden}, 1)};
  for (std::uint64_t layer = 0; layer < s.layers; ++layer) {
    const auto add = [&](std::string_view rest, std::vector<std::uint64_t> shape) {
      tensors.push_back(
          f32_tensor("model.layers." + std::to_string(layer) + "." + std::string(rest) + ".weight",
                     std::move(shape), static_cast<float>(tensors.size())));
    };
    add("input_layernorm", {s.hidden});
    add("self_attn.q_proj", {queries, s.hidden});
    add("self_attn.k_proj", {keys, s.hidden});
    add("self_attn.v_proj", {keys, s.hidden});
    add("self_attn.o_proj", {s.hidden, queries});
    add("post_attention_layernorm", {s.hidden});
    add("mlp.gate_proj", {s.ffn, s.hidden});
    add("mlp.up_proj", {s.ffn, s.hidden});
    add("mlp.down_proj", {s.hidden, s.ffn});
  }
  return tensors;
}

// Members of a JSON object by name, as text; a change replaces one, "" takes it away.
using Members = std::map<std::string, std::string>;
inline std::string object(const Members& members) {
  std::string text = "{";
  for (const auto& [key, value] : members) {
    if (value.empty()) continue;
    text += (text.size() > 1 ? "," : "") + ("\"" + key + "\":" + value);
  }
  return text + "}";
}

// config.json of the tiny llama.
inline std::string tiny_config(const Members& changes = {}) {
  Members members = {{"architectures", R"(["LlamaForCausalLM"])"},
                     {"model_type", "\"llama\""},
                     {"hidden_size", "8"},
                     {"num_hidden_layers", "1"},
                     {"num_attention_heads", "2"},
                     {"num_key_value_heads", "1"},
                     {"intermediate_size", "12"},
                     {"vocab_size", "6"},
                     {"max_position_embeddings", "64"},
                     {"rms_norm_eps", "1e-05"},
                     {"rope_theta", "10000.0"},
                     {"hidden_act", "\"silu\""},
                     {"tie_word_embeddings", "true"},
                     {"torch_dtype", "\"float32\""},
                     {"bos_token_id", "1"},
                     {"eos_token_id", "2"}};
  for (const auto& [key, value] : changes) members[key] = value;
  return object(members);
}

}  // namespace therma::llm::testing
