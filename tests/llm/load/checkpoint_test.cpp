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
