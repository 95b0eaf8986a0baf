// SPDX-License-Identifier: Apache-2.0
// GGUF files as models: keys and names of each architecture, and files with one fault each.
#include "therma/llm/load/gguf_model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <limits>

#include "tests/llm/load/support.hpp"
#include "therma/llm/load/tensor_names.hpp"

namespace therma::llm {
namespace {

using namespace testing;

Checkpoint model_of(const GgufBuilder& builder) {
  static std::deque<std::string> kept;  // tensors borrow
  kept.push_back(builder.build());
  return checkpoint_of(parse_gguf(as_bytes(kept.back()), "m.gguf"));
}

std::string refused(const GgufBuilder& builder) {
  const auto message = refusal([&] { (void)model_of(builder); });
  EXPECT_TRUE(message.starts_with("m.gguf: ")) << message;
  return message;
}

// The tiny llama with one pair of its metadata replaced, or taken away.
GgufBuilder with_pair(std::string_view key, Gguf type, std::string_view value) {
  auto file = tiny_gguf();
  std::erase_if(file.pairs, [&](const auto& pair) { return pair.starts_with(raw_text(key)); });
  return file.pair(key, type, value);
}
GgufBuilder with_u32(std::string_view key, std::uint32_t value) {
  return with_pair(key, Gguf::u32, raw(value));
}
GgufBuilder with_f32(std::string_view key, float value) {
  return with_pair(key, Gguf::f32, raw(value));
}
GgufBuilder without(std::string_view key) {
  auto file = with_u32(key, 0);
  file.pairs.pop_back();
  return file;
}

TEST(GgufModel, ReadsALlamaWithTiedEmbeddingsAndPairsOfNeighbours) {
  const auto checkpoint = model_of(tiny_gguf({.layers = 2}));
  const auto& config = checkpoint.config;
  EXPECT_EQ(config.architecture, Architecture::llama);
  EXPECT_EQ(config.num_layers, 2);
  EXPECT_EQ(config.vocabulary, 6);
  EXPECT_EQ(config.head_dim, 4);
  EXPECT_TRUE(config.tied_embeddings);
  EXPECT_TRUE(config.rope.pairs_are_neighbours);
  EXPECT_EQ(checkpoint.tensors.size(), 2 + 2 * 9);
  EXPECT_EQ(checkpoint.tensor("model.layers.1.mlp.down_proj.weight", {8, 12}).type, DType::f32);
}

TEST(GgufModel, ReadsQwenWithItsBiasesAndHalvesForPairs) {
  GgufBuilder file;
  file.text("general.architecture", "qwen2")
      .u32("qwen2.block_count", 1)
      .u32("qwen2.context_length", 64)
      .u32("qwen2.embedding_length", 8)
      .u32("qwen2.feed_forward_length", 12)
      .u32("qwen2.attention.head_count", 2)
      .u32("qwen2.attention.head_count_kv", 1)
      .f32("qwen2.rope.freq_base", 1e6F);
  add_tiny_tensors(file);
  EXPECT_SAYS(refused(file), "tensor model.layers.0.self_attn.q_proj.bias is missing");
  add_f32(file, "blk.0.attn_q.bias", {8});
  add_f32(file, "blk.0.attn_k.bias", {4});
  add_f32(file, "blk.0.attn_v.bias", {4});
  const auto checkpoint = model_of(file);
  EXPECT_FALSE(checkpoint.config.rope.pairs_are_neighbours);
  EXPECT_EQ(checkpoint.config.rope.theta, 1e6);
  EXPECT_NE(checkpoint.find("model.layers.0.self_attn.k_proj.bias"), nullptr);
}

TEST(GgufModel, ReadsScalingsOfTheRotaryEmbedding) {
  auto yarn = tiny_gguf();
  yarn.text("llama.rope.scaling.type", "yarn")
      .f32("llama.rope.scaling.factor", 4)
      .u32("llama.rope.scaling.original_context_length", 16)
      .f32("llama.rope.scaling.attn_factor", 0.5F);
  const auto rope = model_of(yarn).config.rope;
  EXPECT_EQ(rope.scaling, RopeScaling::yarn);
  EXPECT_EQ(rope.factor, 4.0);
  EXPECT_EQ(rope.original_max_context, 16);
  EXPECT_NEAR(rope.attention_factor, 0.5 * (0.1 * std::log(4.0) + 1), 1e-12);

  auto old_linear = tiny_gguf();
  old_linear.f32("llama.rope.scale_linear", 2);
  EXPECT_EQ(model_of(old_linear).config.rope.scaling, RopeScaling::linear);
  EXPECT_EQ(model_of(old_linear).config.rope.factor, 2.0);

  auto unknown = tiny_gguf();
  unknown.text("llama.rope.scaling.type", "longrope");
  EXPECT_SAYS(refused(unknown), "llama.rope.scaling.type: \"longrope\" is not known");
}

TEST(GgufModel, TakesFrequencyDivisorsFromTheirTensor) {
  auto file = tiny_gguf();
  add_f32(file, "rope_freqs.weight", {2});
  const auto divisors = model_of(file).config.rope.frequency_divisors;
  ASSERT_EQ(divisors.size(), 2);
  EXPECT_EQ(divisors[1], divisors[0] + 1);

  auto long_one = tiny_gguf();
  add_f32(long_one, "rope_freqs.weight", {3});
  EXPECT_SAYS(refused(long_one), "tensor rope_freqs.weight must be 2 numbers of f32, got [3]");
  for (const float bad : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()}) {
    auto other = tiny_gguf();
    other.tensor("rope_freqs.weight", {2}, 0, raw(1.0F) + raw(bad));
    EXPECT_SAYS(refused(other), "frequency divisors must be positive numbers");
  }
}

TEST(GgufModel, CollectsTheTokensThatEndAText) {
  auto file = tiny_gguf();
  file.u32("tokenizer.ggml.eot_token_id", 3).u32("tokenizer.ggml.eom_token_id", 2);
  file.text("tokenizer.chat_template", "{{ messages }}");
  const auto checkpoint = model_of(file);
  EXPECT_EQ(checkpoint.generation.eos, (std::vector<TokenId>{2, 3}));
  EXPECT_EQ(checkpoint.chat_template, "{{ messages }}");
}

TEST(HuggingFaceName, FollowsTheTableAndRefusesOddNumbers) {
  for (const auto* const name :
       {"token_embd.weight", "output.weight", "blk.12.attn_q_norm.weight"}) {
    EXPECT_EQ(gguf_name(hugging_face_name(name).value()), name);
  }
  EXPECT_EQ(gguf_name("model.layers.0.nothing.weight"), std::nullopt);
  EXPECT_EQ(hugging_face_name("token_embd.weight"), "model.embed_tokens.weight");
  EXPECT_EQ(hugging_face_name("output.weight"), "lm_head.weight");
  EXPECT_EQ(hugging_face_name("blk.12.attn_q_norm.weight"),
            "model.layers.12.self_attn.q_norm.weight");
  EXPECT_EQ(hugging_face_name("blk.0.ffn_norm.weight"),
            "model.layers.0.post_attention_layernorm.weight");
  for (const auto* const name : {"", "blk", "blk.", "blk.0", "blk.0.", "blk.00.attn_q.weight",
                                 "blk.-1.attn_q.weight", "blk.4294967296.attn_q.weight",
                                 "blk.0.attn_q", "token_embd.bias", "blk.0.token_embd.weight"}) {
    EXPECT_EQ(hugging_face_name(name), std::nullopt) << name;
  }
}

TEST(HostileGgufModel, OfAnotherArchitectureIsRefusedNamingTheKnownOnes) {
  for (const auto* const name : {"gemma3", "", "LLAMA"}) {
    EXPECT_SAYS(refused(with_pair("general.architecture", Gguf::text, raw_text(name))),
                "is not known; known are llama (which Mistral uses too), qwen2 and qwen3");
  }
  EXPECT_SAYS(refused(with_u32("general.architecture", 1)), "must be a string");
}

TEST(HostileGgufModel, WithASizeMissingOutOfRangeOrOfAnotherTypeIsRefused) {
  for (const auto* const key :
       {"llama.block_count", "llama.context_length", "llama.embedding_length",
        "llama.feed_forward_length", "llama.attention.head_count"}) {
    EXPECT_SAYS(refused(without(key)), std::string(key) + " is missing");
    EXPECT_SAYS(refused(with_u32(key, 0)), std::string(key) + " must be at least 1, got 0");
    EXPECT_SAYS(refused(with_u32(key, 0x80000000U)), std::string(key) + " must be in [0, ");
    EXPECT_SAYS(refused(with_pair(key, Gguf::i32, raw(-1))), std::string(key) + " must be in [0, ");
    EXPECT_SAYS(refused(with_pair(key, Gguf::text, raw_text("8"))), "got a string");
    EXPECT_SAYS(refused(with_f32(key, 8)), "must be a whole number, got a number");
  }
}

TEST(HostileGgufModel, WithHeadsThatDoNotFitIsRefused) {
  EXPECT_SAYS(refused(with_u32("llama.attention.head_count", 3)),
              "llama.embedding_length: must be");
  EXPECT_SAYS(refused(with_u32("llama.attention.head_count_kv", 3)), "multiple");
  EXPECT_SAYS(refused(with_u32("llama.attention.key_length", 1U << 20)), "must be in [0, 1024]");
  EXPECT_SAYS(refused(with_u32("llama.attention.key_length", 6)), "must have the shape [12, 8]");
  EXPECT_SAYS(refused(with_u32("llama.attention.value_length", 8)),
              "llama.attention.value_length: must be the size of a head, 4, got 8");
  EXPECT_SAYS(refused(with_u32("llama.rope.dimension_count", 2)), "llama.rope.dimension_count");
}

TEST(HostileGgufModel, WithConstantsThatAreNoNumbersIsRefused) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {kNan, kInfinity, -kInfinity, 0.0F, -1.0F}) {
    EXPECT_FALSE(refused(with_f32("llama.attention.layer_norm_rms_epsilon", bad)).empty());
    EXPECT_FALSE(refused(with_f32("llama.rope.freq_base", bad)).empty());
    EXPECT_FALSE(refused(with_f32("llama.rope.scale_linear", bad)).empty());
  }
}

TEST(HostileGgufModel, WhoseVocabularyDoesNotMatchItsEmbeddingIsRefused) {
  EXPECT_SAYS(refused(with_u32("llama.vocab_size", 7)),
              "tensor model.embed_tokens.weight must have the shape [7, 8], got [6, 8]");
}

TEST(HostileGgufModel, WithATensorMissingMisshapenOrWithoutAPlaceIsRefused) {
  EXPECT_SAYS(refused(tiny_gguf_metadata()), "tensor token_embd.weight is missing");
  EXPECT_SAYS(refused(with_u32("llama.block_count", 2)),
              "tensor model.layers.1.input_layernorm.weight is missing");
  EXPECT_SAYS(refused(with_u32("llama.block_count", 1024)), "is missing");
  EXPECT_SAYS(refused(with_u32("llama.feed_forward_length", 16)), "must have the shape [16, 8]");
  auto unknown = tiny_gguf();
  add_f32(unknown, "blk.0.ffn_gate_inp.weight", {8});
  EXPECT_SAYS(refused(unknown), "tensor \"blk.0.ffn_gate_inp.weight\" has no place");
  auto layer = tiny_gguf();
  add_f32(layer, "blk.1.attn_norm.weight", {8});
  EXPECT_SAYS(refused(layer), "tensor \"model.layers.1.input_layernorm.weight\" has no place");
  auto norms = tiny_gguf();
  add_f32(norms, "blk.0.attn_q_norm.weight", {4});
  EXPECT_SAYS(refused(norms), "has no place in a model of 1 layers of this kind");
}

TEST(HostileGgufModel, WithNormsInBlocksIsRefused) {
  const TinySizes sizes = {.hidden = 32, .heads = 8, .kv_heads = 8};
  auto file = tiny_gguf_metadata(sizes);
  add_tiny_tensors(file, sizes);
  file.directory.pop_back();
  file.data.resize(file.data.size() - 32 * sizeof(float));
  file.tensor("output_norm.weight", {32}, 8, zeros(34));
  EXPECT_SAYS(refused(file), "tensor model.norm.weight must be of f32, f16 or bf16, got q8_0");
}

TEST(HostileGgufModel, ThatIsOnePartOrAMixtureOfExpertsIsRefused) {
  auto part = tiny_gguf();
  part.pair("split.count", Gguf::u16, raw(std::uint16_t{3}));
  EXPECT_SAYS(refused(part), "is one of 3 parts");
  auto experts = tiny_gguf();
  experts.u32("llama.expert_count", 8);
  EXPECT_SAYS(refused(experts), "a mixture of experts is not computed");
}

}  // namespace
}  // namespace therma::llm
