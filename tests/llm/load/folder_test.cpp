// SPDX-License-Identifier: Apache-2.0
// Hugging Face folders: what is put together from their files, and folders with one fault each.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "tests/llm/load/folder_files.hpp"
#include "tests/llm/load/support.hpp"
#include "therma/llm/load/checkpoint.hpp"

namespace therma::llm {
namespace {

using namespace testing;

// A folder with config.json and model.safetensors; tests add to it and damage it.
class Model : public Folder {
 public:
  explicit Model(const Members& changes = {},
                 const std::vector<NamedTensor>& tensors = tiny_tensors()) {
    write("config.json", tiny_config(changes));
    write("model.safetensors", safetensors(tensors));
  }
  [[nodiscard]] Checkpoint load() const { return load_checkpoint(path()); }
  [[nodiscard]] std::string refused(ErrorCode code = ErrorCode::bad_data) const {
    const auto message = refusal([&] { (void)load(); }, code);
    EXPECT_TRUE(message.starts_with(path().string())) << message;
    return message;
  }
};

// The same model in two files of odd and even tensors.
class ShardedModel : public Model {
 public:
  ShardedModel() {
    fs::remove(path() / "model.safetensors");
    const auto tensors = tiny_tensors();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const auto shard = i % 2;
      shards[shard].push_back(tensors[i]);
      weight_map[tensors[i].name] = shard == 0 ? "\"one.safetensors\"" : "\"two.safetensors\"";
    }
    save();
  }
  void save() const {
    write("one.safetensors", safetensors(shards[0]));
    write("two.safetensors", safetensors(shards[1]));
    write("model.safetensors.index.json", "{\"weight_map\":" + object(weight_map) + "}");
  }

  std::vector<NamedTensor> shards[2];
  Members weight_map;
};

std::vector<NamedTensor> with_tensor(NamedTensor tensor) {
  auto tensors = tiny_tensors();
  tensors.push_back(std::move(tensor));
  return tensors;
}

TEST(Folder, PutsShardsTogetherAsIfTheyWereOneFile) {
  const auto whole = Model().load();
  const auto sharded = ShardedModel().load();
  ASSERT_EQ(sharded.tensors.size(), whole.tensors.size());
  for (std::size_t i = 0; i < whole.tensors.size(); ++i) {
    EXPECT_EQ(sharded.tensors[i].name, whole.tensors[i].name);
    EXPECT_EQ(sharded.tensors[i].shape, whole.tensors[i].shape);
    EXPECT_TRUE(std::ranges::equal(sharded.tensors[i].bytes, whole.tensors[i].bytes));
  }
}

TEST(Folder, KeepsTheBytesWhenItIsGone) {
  std::optional<Checkpoint> checkpoint;
  {
    const Model model;
    checkpoint = model.load();
  }
  EXPECT_EQ(checkpoint->tensor("model.norm.weight", {8}).bytes.back(), std::byte{0x41});  // 8.25f
}

TEST(Folder, TiesTheOutputToTheEmbeddingAsTheConfigurationOrTheFileSays) {
  const auto rows = f32_tensor("lm_head.weight", {6, 8});
  EXPECT_TRUE(Model(Members{{"tie_word_embeddings", ""}}).load().config.tied_embeddings);
  EXPECT_FALSE(
      Model(Members{{"tie_word_embeddings", ""}}, with_tensor(rows)).load().config.tied_embeddings);
  EXPECT_NE(Model(Members{{"tie_word_embeddings", "false"}}, with_tensor(rows))
                .load()
                .find("lm_head.weight"),
            nullptr);
  EXPECT_EQ(Model(Members{{"tie_word_embeddings", "true"}}, with_tensor(rows))
                .load()
                .find("lm_head.weight"),
            nullptr);
  EXPECT_SAYS(Model(Members{{"tie_word_embeddings", "false"}}).refused(),
              "tensor lm_head.weight is missing");
}

TEST(Folder, DropsTablesThatAreComputedAnyway) {
  const Model model({},
                    with_tensor(f32_tensor("model.layers.0.self_attn.rotary_emb.inv_freq", {2})));
  EXPECT_EQ(model.load().tensors.size(), tiny_tensors().size());
}

TEST(Folder, PrefersGenerationConfigAndTheTemplateOfAFileOfItsOwn) {
  const Model model;
  model.write("tokenizer_config.json", R"({"chat_template":"inner"})");
  EXPECT_EQ(model.load().chat_template, "inner");
  EXPECT_EQ(model.load().generation.eos, std::vector<TokenId>{2});
  model.write("chat_template.jinja", "outer");
  model.write("generation_config.json", R"({"eos_token_id":[4,5],"temperature":0.7})");
  const auto checkpoint = model.load();
  EXPECT_EQ(checkpoint.chat_template, "outer");
  EXPECT_EQ(checkpoint.generation.eos, (std::vector<TokenId>{4, 5}));
  EXPECT_EQ(checkpoint.generation.temperature, 0.7);
  EXPECT_EQ(checkpoint.generation.bos, 1);
}

TEST(HostileFolder, WithoutAFileOrWithAnotherThingInItsPlaceIsRefused) {
  for (const auto* const name : {"config.json", "model.safetensors"}) {
    const Model model;
    fs::remove(model.path() / name);
    EXPECT_SAYS(model.refused(ErrorCode::io), std::string(name) + ": cannot open");
    fs::create_directory(model.path() / name);
    EXPECT_SAYS(model.refused(ErrorCode::io), "must be a file, but is a folder");
    fs::remove(model.path() / name);
    ASSERT_EQ(::mkfifo((model.path() / name).c_str(), 0600), 0);
    EXPECT_SAYS(model.refused(ErrorCode::io), "must be a file, but is a pipe");
    fs::remove(model.path() / name);
    fs::create_symlink("/dev/zero", model.path() / name);
    EXPECT_SAYS(model.refused(ErrorCode::io), "must be a file, but is a pipe");
    fs::remove(model.path() / name);
    fs::create_symlink("nowhere", model.path() / name);
    EXPECT_SAYS(model.refused(ErrorCode::io), "cannot open");
  }
}

TEST(HostileFolder, WithABrokenFileBesideTheModelIsRefusedByItsName) {
  for (const auto* const name : {"generation_config.json", "tokenizer_config.json"}) {
    const Model model;
    model.write(name, "{");
    EXPECT_SAYS(model.refused(), std::string(name) + ":1:2: not valid JSON");
  }
  const Model model;
  model.write("config.json", std::string((16 << 20) + 1, ' '));
  EXPECT_SAYS(model.refused(), "config.json: has 16777217 bytes, but at most 16777216 are read");
}

TEST(HostileFolder, WithAnEmptyWeightsFileIsRefused) {
  const Model model;
  model.write("model.safetensors", "");
  EXPECT_SAYS(model.refused(ErrorCode::io), "model.safetensors: is empty");
}

TEST(HostileFolder, WithTensorsThatAreNotTheModelsIsRefused) {
  EXPECT_SAYS(Model(Members{{"num_hidden_layers", "2"}}).refused(),
              "tensor model.layers.1.input_layernorm.weight is missing");
  EXPECT_SAYS(Model(Members{{"vocab_size", "7"}}).refused(),
              "tensor model.embed_tokens.weight must have the shape [7, 8], got [6, 8]");
  EXPECT_SAYS(Model(Members{{"intermediate_size", "16"}}).refused(), "must have the shape [16, 8]");
  EXPECT_SAYS(
      Model(Members{}, with_tensor(f32_tensor("model.layers.1.input_layernorm.weight", {8})))
          .refused(),
      "tensor \"model.layers.1.input_layernorm.weight\" has no place");
  EXPECT_SAYS(
      Model(Members{}, with_tensor(f32_tensor("model.layers.0.mlp.up_proj.gain", {12}))).refused(),
      "has no place");
}

TEST(HostileFolder, WithTokensBeyondTheEmbeddingIsRefused) {
  EXPECT_SAYS(Model(Members{{"eos_token_id", "6"}}).refused(),
              "token 6, but the embedding has 6 rows");
  EXPECT_SAYS(Model(Members{{"bos_token_id", "100"}}).refused(),
              "token 100, but the embedding has 6 rows");
}

TEST(HostileShards, WhoseIndexNamesAnotherFileIsRefused) {
  ShardedModel model;
  model.weight_map["model.norm.weight"] = "\"one.safetensors\"";  // it is in the other one
  model.save();
  EXPECT_SAYS(model.refused(),
              "tensor \"model.norm.weight\" must be in \"one.safetensors\", but is in "
              "\"two.safetensors\"");
}

TEST(HostileShards, WithATensorTheIndexDoesNotNameOrThatIsNotThereIsRefused) {
  ShardedModel model;
  model.weight_map.erase("model.norm.weight");
  model.save();
  EXPECT_SAYS(model.refused(),
              "tensor \"model.norm.weight\" of \"two.safetensors\" is not in the index");
  model.weight_map["model.norm.weight"] = "\"two.safetensors\"";
  model.weight_map["lm_head.weight"] = "\"two.safetensors\"";
  model.save();
  EXPECT_SAYS(model.refused(), "tensor \"lm_head.weight\" is not in \"two.safetensors\"");
}

TEST(HostileShards, WithATensorInTwoFilesIsRefused) {
  ShardedModel model;
  model.shards[0].push_back(model.shards[1].front());
  model.save();
  EXPECT_SAYS(model.refused(), "must be in \"two.safetensors\", but is in \"one.safetensors\"");
}

TEST(HostileShards, WithAFileThatIsMissingOrOutsideTheFolderIsRefused) {
  ShardedModel model;
  fs::remove(model.path() / "two.safetensors");
  EXPECT_SAYS(model.refused(ErrorCode::io), "two.safetensors: cannot open");
  model.weight_map["model.norm.weight"] = "\"../two.safetensors\"";
  model.write("model.safetensors.index.json", "{\"weight_map\":" + object(model.weight_map) + "}");
  EXPECT_SAYS(model.refused(), "must be a file of the same folder, got \"../two.safetensors\"");
}

TEST(LoadCheckpoint, SaysWhatToNameInsteadOfOneFileOfAFolder) {
  const Model model;
  EXPECT_SAYS(refusal([&] { (void)load_checkpoint(model.path() / "model.safetensors"); }),
              "name the folder it is in");
}

}  // namespace
}  // namespace therma::llm
