// SPDX-License-Identifier: Apache-2.0
// Whole checkpoints of either format.
#include "therma/llm/load/checkpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/llm/load/folder_files.hpp"
#include "tests/llm/load/support.hpp"

namespace therma::llm {
namespace {

using namespace testing;

std::vector<float> values(const Tensor& tensor) {
  std::vector<float> result(tensor.bytes.size() / sizeof(float));
  std::memcpy(result.data(), tensor.bytes.data(), tensor.bytes.size());
  return result;
}

std::vector<float> read_floats(const std::string& path, std::size_t offset, std::size_t count) {
  std::vector<float> result(count);
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(result.data()),
            static_cast<std::streamsize>(count * sizeof(float)));
  EXPECT_TRUE(file) << path;
  return result;
}

// Sizes and places as SOURCES.md beside the files describes them: seven integers, then the
// embedding [512, 64], the attention norms [5, 64], wq [5, 64, 64], ...
TEST(Stories260K, IsReadWithTheWeightsOfTheFileItWasMadeFrom) {
  const auto gguf = shared_file("models/stories260K/stories260K.gguf");
  const auto bin = shared_file("models/stories260K/stories260K.bin");
  if (!is_there(gguf)) GTEST_SKIP() << gguf << " is not there";
  const auto checkpoint = load_checkpoint(gguf);
  const auto& config = checkpoint.config;
  EXPECT_EQ(checkpoint.format, "gguf");
  EXPECT_EQ(config.architecture, Architecture::llama);
  EXPECT_EQ(config.name, "stories260K");
  EXPECT_EQ(config.num_layers, 5);
  EXPECT_EQ(config.hidden, 64);
  EXPECT_EQ(config.num_heads, 8);
  EXPECT_EQ(config.num_kv_heads, 4);
  EXPECT_EQ(config.head_dim, 8);
  EXPECT_EQ(config.ffn, 172);
  EXPECT_EQ(config.vocabulary, 512);
  EXPECT_EQ(config.max_context, 512);
  EXPECT_NEAR(config.rms_epsilon, 1e-5, 1e-11);
  EXPECT_EQ(config.rope.theta, 10000.0);
  EXPECT_TRUE(config.rope.pairs_are_neighbours);
  EXPECT_EQ(config.rope.scaling, RopeScaling::none);
  EXPECT_FALSE(config.tied_embeddings);
  EXPECT_EQ(checkpoint.generation.bos, 1);
  EXPECT_EQ(checkpoint.generation.eos, std::vector<TokenId>{2});
  EXPECT_EQ(checkpoint.tensors.size(), 3 + 5 * 9);
  EXPECT_EQ(checkpoint.file_bytes, 1'185'440);

  const std::size_t header = 7 * sizeof(std::int32_t);
  const std::size_t after_embedding = header + 512 * 64 * sizeof(float);
  const std::size_t after_norms = after_embedding + 5 * 64 * sizeof(float);
  EXPECT_EQ(values(checkpoint.tensor("model.embed_tokens.weight", {512, 64})),
            read_floats(bin, header, 512 * 64));
  EXPECT_EQ(values(checkpoint.tensor("model.layers.3.input_layernorm.weight", {64})),
            read_floats(bin, after_embedding + 3 * 64 * sizeof(float), 64));
  EXPECT_EQ(values(checkpoint.tensor("model.layers.2.self_attn.q_proj.weight", {64, 64})),
            read_floats(bin, after_norms + 2 * 64 * 64 * sizeof(float), 64 * 64));
}

TEST(Checkpoint, OfGgufBringsItsVocabulary) {
  const auto gguf = shared_file("models/stories260K/stories260K.gguf");
  if (!is_there(gguf)) GTEST_SKIP() << gguf << " is not there";
  const auto spec = load_checkpoint(gguf).tokenizer;
  EXPECT_EQ(spec.kind, TokenizerKind::sentencepiece_bpe);
  EXPECT_EQ(spec.pieces.size(), 512);
  EXPECT_EQ(spec.byte_tokens[0xFF], 258);  // SOURCES.md: ids 3 to 258 are the bytes
  EXPECT_EQ(spec.bos, 1);
  EXPECT_TRUE(spec.add_bos);
}

TEST(Checkpoint, OfAFolderBringsItsTokenizerAndItsTemplate) {
  const auto source = shared_file("tokenizers/qwen2.5/");
  if (!is_there(source)) GTEST_SKIP() << source << " is not there";
  const TinySizes sizes = {.vocabulary = 151'936};
  const Folder folder;
  folder.write("config.json", tiny_config({{"vocab_size", "151936"}}));
  folder.write("model.safetensors", safetensors(tiny_tensors(sizes)));
  for (const auto* const name : {"tokenizer.json", "tokenizer_config.json"}) {
    fs::copy_file(source + name, folder.path() / name);
  }
  const auto checkpoint = load_checkpoint(folder.path());
  EXPECT_EQ(checkpoint.tokenizer.kind, TokenizerKind::byte_bpe);
  EXPECT_EQ(checkpoint.tokenizer.eos, 151645);  // "eos_token": "<|im_end|>"
  EXPECT_FALSE(checkpoint.tokenizer.add_bos);
  // config.json ends a text with token 2.
  EXPECT_EQ(checkpoint.generation.eos, (std::vector<TokenId>{2, 151645}));
  EXPECT_TRUE(contains(checkpoint.chat_template, "<|im_start|>"));

  folder.write("config.json", tiny_config({{"vocab_size", "151664"}}));
  folder.write("model.safetensors", safetensors(tiny_tensors({.vocabulary = 151'664})));
  EXPECT_EQ(refusal([&] { (void)load_checkpoint(folder.path()); }),
            folder.path().string() +
                ": the tokenizer has token 151664, but the embedding has 151664 rows");
}

TEST(Checkpoint, OfAFolderWithASentencePieceModelBringsItsPieces) {
  const auto source = shared_file("tokenizers/mistral-v1/tokenizer.model");
  if (!is_there(source)) GTEST_SKIP() << source << " is not there";
  const Folder folder;
  folder.write("config.json", tiny_config({{"vocab_size", "32000"}}));
  folder.write("model.safetensors", safetensors(tiny_tensors({.vocabulary = 32'000})));
  fs::copy_file(source, folder.path() / "tokenizer.model");
  folder.write("tokenizer_config.json",
               R"({"bos_token":"<s>","eos_token":"</s>","add_bos_token":true})");
  const auto spec = load_checkpoint(folder.path()).tokenizer;
  EXPECT_EQ(spec.pieces.size(), 32'000);
  EXPECT_EQ(spec.bos, 1);
  EXPECT_EQ(spec.eos, 2);
  EXPECT_TRUE(spec.add_bos);
}

// Vocabularies of a GGUF file that do not fit one another or the embedding.
TEST(HostileVocabulary, OfArraysOfDifferentLengthsOrTokensOutOfRangeIsRefused) {
  const auto refused = [](std::string_view key, Gguf type, std::string_view value) {
    const Folder folder;
    auto file = tiny_gguf();
    std::erase_if(file.pairs, [&](const auto& pair) { return pair.starts_with(raw_text(key)); });
    const auto path = folder.write("m.gguf", file.pair(key, type, value).build());
    const auto message = refusal([&] { (void)load_checkpoint(path); });
    EXPECT_PRED2(contains, message, path.string() + ": ");
    return message;
  };
  const auto array = [](Gguf type, std::uint64_t count, const std::string& items) {
    return raw(type) + raw(count) + items;
  };
  EXPECT_PRED2(contains,
               refused("tokenizer.ggml.scores", Gguf::array, array(Gguf::f32, 5, zeros(20))),
               "tokenizer.ggml.scores");
  EXPECT_PRED2(contains,
               refused("tokenizer.ggml.token_type", Gguf::array, array(Gguf::i32, 7, zeros(28))),
               "tokenizer.ggml.token_type");
  EXPECT_PRED2(contains, refused("tokenizer.ggml.tokens", Gguf::u32, raw(6)),
               "tokenizer.ggml.tokens");
  EXPECT_PRED2(contains, refused("tokenizer.ggml.eos_token_id", Gguf::u32, raw(6)),
               "tokenizer.ggml.eos_token_id");
  EXPECT_PRED2(contains, refused("tokenizer.ggml.bos_token_id", Gguf::i32, raw(-1)),
               "tokenizer.ggml.bos_token_id");
  EXPECT_PRED2(contains, refused("tokenizer.ggml.model", Gguf::text, raw_text("rwkv")),
               "tokenizer.ggml.model");
}

void write_folder(const Folder& folder, const std::vector<NamedTensor>& tensors = tiny_tensors(),
                  const Members& changes = {}) {
  folder.write("config.json", tiny_config(changes));
  folder.write("model.safetensors", safetensors(tensors));
}

TEST(Folder, IsReadWithConfigurationAndTensors) {
  const Folder folder;
  write_folder(folder);
  const auto checkpoint = load_checkpoint(folder.path());
  EXPECT_EQ(checkpoint.format, "safetensors");
  EXPECT_EQ(checkpoint.config.head_dim, 4);
  EXPECT_TRUE(checkpoint.config.tied_embeddings);
  EXPECT_FALSE(checkpoint.config.rope.pairs_are_neighbours);
  EXPECT_EQ(checkpoint.config.name, folder.path().filename().string());
  EXPECT_EQ(checkpoint.generation.eos, std::vector<TokenId>{2});
  EXPECT_EQ(checkpoint.generation.bos, 1);
  ASSERT_EQ(checkpoint.tensors.size(), 11);
  EXPECT_TRUE(std::ranges::is_sorted(checkpoint.tensors, {}, &Tensor::name));
  const auto& norm = checkpoint.tensor("model.norm.weight", {8});
  EXPECT_EQ(values(norm)[7], 7 + 0.25F + 1);
}

}  // namespace
}  // namespace therma::llm
