// SPDX-License-Identifier: Apache-2.0
// What becomes of a checkpoint's tensors, and what is said of those that are wrong.
#include "therma/llm/transformer/weights.hpp"

#include <gtest/gtest.h>

#include "tests/llm/transformer/small_models.hpp"
#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

using namespace testing;

Weights bind(const Checkpoint& checkpoint, WeightsAs as) {
  return bind_weights(checkpoint, as, Team(2), {});
}

std::string refusal(const Checkpoint& checkpoint) {
  try {
    bind(checkpoint, WeightsAs::stored);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_data);
    return error.what();
  }
  return "accepted";
}

TEST(Weights, StayWhereTheyAreStored) {
  const auto checkpoint = small_checkpoint(small_config(), DType::bf16);
  const auto weights = bind(*checkpoint, WeightsAs::stored);
  const auto& tensor = *checkpoint->find("model.layers.1.mlp.down_proj.weight");
  EXPECT_EQ(weights.layers[1].down.view.bytes, tensor.bytes.data());
  EXPECT_EQ(weights.layers[1].down.view.type, DType::bf16);
  EXPECT_EQ(weights.layers[1].down.owned, nullptr);
}

TEST(Weights, AreQuantisedWhereStoredWider) {
  const auto checkpoint = small_checkpoint(small_config(), DType::bf16);
  const auto q8 = bind(*checkpoint, WeightsAs::q8), q4 = bind(*checkpoint, WeightsAs::q4);
  EXPECT_EQ(q8.layers[0].gate.view.type, DType::q8_0);
  EXPECT_EQ(q4.layers[0].gate.view.type, DType::q4_0);
  EXPECT_EQ(q8.output.view.type, DType::q8_0);
  EXPECT_EQ(q4.output.view.type, DType::q8_0);
  EXPECT_EQ(q4.embedding.view.type, DType::bf16);  // not tied
  EXPECT_LT(q4.num_bytes, q8.num_bytes);

  const auto narrow = small_checkpoint(small_config(), DType::q4_0);
  EXPECT_EQ(bind(*narrow, WeightsAs::q8).layers[0].gate.view.type, DType::q4_0);
}

TEST(Weights, AreTheNearestBlocksOfWhatIsStored) {
  const auto checkpoint = small_checkpoint(small_config());
  const auto& tensor = *checkpoint->find("model.layers.2.self_attn.v_proj.weight");
  std::vector<float> floats(tensor.shape[0] * tensor.shape[1]);
  dequantise(tensor.type, tensor.bytes.data(), floats);
  std::vector<std::byte> expected(floats.size() / 32 * 34);
  quantise(DType::q8_0, floats, expected.data());
  const auto weights = bind(*checkpoint, WeightsAs::q8);
  const auto& view = weights.layers[2].value.view;
  ASSERT_EQ(view.num_bytes(), expected.size());
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), view.bytes));
}

TEST(Weights, OfRowsThatAreNoBlocksStayAsStored) {
  auto config = small_config();
  config.ffn = 100;
  const auto checkpoint = small_checkpoint(config);
  const auto weights = bind(*checkpoint, WeightsAs::q4);
  EXPECT_EQ(weights.layers[0].down.view.type, DType::f32);  // [hidden, ffn]
  EXPECT_EQ(weights.layers[0].up.view.type, DType::q4_0);
}

TEST(Weights, OfTiedEmbeddingsAreOneMatrix) {
  auto config = small_config();
  config.tied_embeddings = true;
  for (const auto as : {WeightsAs::stored, WeightsAs::q8, WeightsAs::q4}) {
    const auto checkpoint = small_checkpoint(config, DType::bf16);
    const auto weights = bind(*checkpoint, as);
    EXPECT_EQ(weights.embedding.view.bytes, weights.output.view.bytes);
    EXPECT_EQ(weights.output.view.type, as == WeightsAs::stored ? DType::bf16 : DType::q8_0);
  }
}

TEST(Weights, ThatAreMissingAreNamed) {
  for (const auto* const name :
       {"model.norm.weight", "lm_head.weight", "model.layers.2.self_attn.k_proj.weight",
        "model.layers.0.post_attention_layernorm.weight", "model.layers.1.self_attn.q_proj.bias"}) {
    auto checkpoint = small_checkpoint(small_config(Architecture::qwen2));
    std::erase_if(checkpoint->tensors, [&](const Tensor& tensor) { return tensor.name == name; });
    EXPECT_EQ(refusal(*checkpoint), std::string("tensor ") + name + " is missing");
  }
}

TEST(Weights, OfAnotherShapeAreNamed) {
  auto checkpoint = small_checkpoint(small_config());
  for (auto& tensor : checkpoint->tensors) {
    if (tensor.name == "model.layers.1.mlp.up_proj.weight")
      std::swap(tensor.shape[0], tensor.shape[1]);
  }
  EXPECT_EQ(refusal(*checkpoint),
            "tensor model.layers.1.mlp.up_proj.weight must have the shape [96, 64], got [64, 96]");
}

TEST(Weights, WithBytesMissingAreNamed) {
  auto checkpoint = small_checkpoint(small_config());
  for (auto& tensor : checkpoint->tensors) {
    if (tensor.name == "lm_head.weight") tensor.bytes = tensor.bytes.first(10);
  }
  EXPECT_EQ(refusal(*checkpoint), "tensor lm_head.weight must have 24832 bytes of f32, got 10");
}

TEST(Weights, StopLoadingWhenAsked) {
  const auto checkpoint = small_checkpoint(small_config());
  std::stop_source stop;
  stop.request_stop();
  try {
    (void)bind_weights(*checkpoint, WeightsAs::q8, Team(), {.stop = stop.get_token()});
    FAIL() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::stopped);
  }
}

}  // namespace
}  // namespace therma::llm
