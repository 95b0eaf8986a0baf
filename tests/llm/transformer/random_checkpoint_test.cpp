// SPDX-License-Identifier: Apache-2.0
// Random checkpoints have the tensors, the spread and the seed that were asked for.
#include "therma/llm/transformer/random_checkpoint.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/llm/transformer/small_models.hpp"
#include "therma/core/error.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm {
namespace {

using namespace testing;

std::vector<float> floats_of(const Tensor& tensor) {
  std::vector<float> result(tensor.shape[0] * (tensor.shape.size() > 1 ? tensor.shape[1] : 1));
  dequantise(tensor.type, tensor.bytes.data(), result);
  return result;
}

TEST(RandomCheckpoint, MakesATransformerOfEveryArchitectureAndType) {
  for (const auto architecture :
       {Architecture::llama, Architecture::mistral, Architecture::qwen2, Architecture::qwen3}) {
    for (const auto type : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::q4_0}) {
      const auto checkpoint =
          std::make_shared<Checkpoint>(random_checkpoint(small_config(architecture), type, 1));
      const Team team;
      const Transformer model(checkpoint, {}, team);
      EXPECT_EQ(model.output().type, type);
      TransformerState state(model);
      std::vector<float> hidden(model.config().hidden);
      model.forward(some_tokens(3), state, hidden, team);
      for (const float value : hidden) EXPECT_TRUE(std::isfinite(value));
    }
  }
}

// 97 * 64 draws: the deviation of their deviation is 0.02 / sqrt(2 * 6208) = 1.8e-4; 6 of them.
TEST(RandomCheckpoint, HasWeightsOfDeviation2Percent) {
  const auto checkpoint = random_checkpoint(small_config(), DType::f32, 1);
  const auto values = floats_of(*checkpoint.find("model.embed_tokens.weight"));
  double squares = 0.0;
  for (const float value : values) squares += double{value} * value;
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(values.size())), 0.02, 1.1e-3);
}

TEST(RandomCheckpoint, RepeatsNoRowAndFollowsItsSeed) {
  const auto one = random_checkpoint(small_config(), DType::bf16, 1);
  const auto again = random_checkpoint(small_config(), DType::bf16, 1);
  const auto other = random_checkpoint(small_config(), DType::bf16, 2);
  const std::string name = "model.layers.0.self_attn.q_proj.weight";
  const auto a = floats_of(*one.find(name));
  EXPECT_EQ(a, floats_of(*again.find(name)));
  EXPECT_NE(a, floats_of(*other.find(name)));
  EXPECT_NE(a, floats_of(*one.find("model.layers.1.self_attn.q_proj.weight")));
  for (std::size_t row = 1; row < 96; ++row) {
    EXPECT_FALSE(std::equal(a.begin(), a.begin() + 64, a.begin() + static_cast<long>(row * 64)));
  }
}

TEST(RandomCheckpoint, RefusesTypesThatAreNotMadeHere) {
  EXPECT_THROW((void)random_checkpoint(small_config(), DType::q4_k, 1), Error);
}

}  // namespace
}  // namespace therma::llm
