// SPDX-License-Identifier: Apache-2.0
// Every architecture and option against a transformer in double precision.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <ostream>

#include "tests/llm/transformer/plain_model.hpp"
#include "tests/llm/transformer/small_models.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm {
namespace {

using namespace testing;

// Hidden states of all tokens, read at most `most` at a time.
std::vector<float> all_hidden(const Transformer& model, std::span<const TokenId> tokens,
                              std::size_t most, const Team& team) {
  TransformerState state(model);
  std::vector<float> result;
  for (std::size_t at = 0; at < tokens.size(); at += most) {
    const auto part = tokens.subspan(at, std::min(most, tokens.size() - at));
    std::vector<float> hidden(part.size() * model.config().hidden);
    model.forward(part, state, hidden, team);
    result.insert(result.end(), hidden.begin(), hidden.end());
  }
  return result;
}

// Root mean square of the difference over that of the reference.
double relative_error(std::span<const float> got, const std::vector<Numbers>& expected) {
  double error = 0.0, size = 0.0;
  std::size_t k = 0;
  for (const auto& row : expected) {
    for (const double value : row) {
      error += (got[k] - value) * (got[k] - value);
      size += value * value;
      ++k;
    }
  }
  return k == got.size() ? std::sqrt(error / size) : INFINITY;
}

struct Case {
  std::string name;
  ModelConfig config;
  DType type = DType::f32;
  std::vector<std::string> biases;  // beyond those of the architecture
  TransformerConfig transformer = {};
  std::size_t at_once = 16;
  Rounding rounding = Rounding::none;
  // Float32 sums over up to 96 products err by 1e-6. Now and then that moves a key or a value to
  // the next number of the cache, which differs by 2^-11 of it; a wrong term shows as 1e-1.
  double tolerance = 1e-3;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

ModelConfig changed(ModelConfig config, const std::function<void(ModelConfig&)>& change) {
  change(config);
  return config;
}

std::vector<Case> architectures() {
  const auto llama = small_config();
  return {
      {"llama", llama},
      {"mistral",
       changed(small_config(Architecture::mistral), [](auto& m) { m.sliding_window = 9; })},
      {"qwen2", small_config(Architecture::qwen2)},
      {"qwen3", small_config(Architecture::qwen3)},
      {"tied", changed(llama, [](auto& m) { m.tied_embeddings = true; })},
      {"neighbours", changed(llama, [](auto& m) { m.rope.pairs_are_neighbours = true; })},
      {"biases_where_none_are_usual",
       llama,
       DType::f32,
       {"self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up",
        "mlp.down"}},
      {"a_window_in_one_layer", changed(llama,
                                        [](auto& m) {
                                          m.sliding_window = 5;
                                          m.layer_has_window = {false, true, false};
                                        })},
      {"one_head_for_each_key", changed(llama, [](auto& m) { m.num_kv_heads = 6; })},
      {"one_key_for_all_heads", changed(llama, [](auto& m) { m.num_kv_heads = 1; })},
      {"heads_of_8", changed(llama, [](auto& m) { m.head_dim = 8; })},
      {"heads_of_20", changed(llama, [](auto& m) { m.head_dim = 20; })},
      {"heads_of_80", changed(llama, [](auto& m) { m.head_dim = 80; })},
  };
}

std::vector<Case> storages() {
  const auto llama = small_config();
  const auto uneven = changed(llama, [](auto& m) { m.hidden = 60, m.ffn = 52; });
  // Now and then a float32 error moves an activation or a key to the next code, by 1/127 of the
  // largest of its block; one of 64 numbers then changes a product by a thousandth or two.
  constexpr double kCodes = 1e-2;
  // Or to the next bf16, by 2^-8 of itself.
  constexpr double kRounded = 5e-3;
  return {
      {"f16", llama, DType::f16},
      {"bf16", llama, DType::bf16},
      {"bf16_in_a_large_batch", llama, DType::bf16, {}, {}, 300, Rounding::bf16, kRounded},
      {"f32_in_a_large_batch", llama, DType::f32, {}, {}, 300},
      {"q8_0", llama, DType::q8_0, {}, {}, 16, Rounding::none, kCodes},
      {"q8_0_in_a_large_batch", llama, DType::q8_0, {}, {}, 300, Rounding::none, kCodes},
      {"q4_0", llama, DType::q4_0, {}, {}, 16, Rounding::none, kCodes},
      {"rows_that_are_no_blocks", uneven, DType::q8_0, {}, {}, 16, Rounding::none, kCodes},
      {"odd_rows_of_bf16", changed(uneven, [](auto& m) { m.ffn = 51; }), DType::bf16},
      {"cache_of_codes", llama, DType::f32, {}, {.cache = CacheAs::q8}, 16, Rounding::none, kCodes},
  };
}

class AgainstPlain : public ::testing::TestWithParam<Case> {};

TEST_P(AgainstPlain, HasTheHiddenStatesOfTheEquations) {
  const auto& test = GetParam();
  const auto& config = test.config;
  const auto checkpoint = small_checkpoint(config, test.type);
  for (const auto& part : test.biases) {
    // One number for each row of the weights beside it.
    const auto size = checkpoint->find("model.layers.0." + part + "_proj.weight")->shape.front();
    for (const auto* const layer : {"0", "2"}) {
      add_tensor(*checkpoint, std::string("model.layers.") + layer + "." + part + "_proj.bias",
                 normal_values(size, 0.0, 0.5, 11));
    }
  }
  const auto tokens = some_tokens(40);
  const auto expected =
      PlainModel(*checkpoint, test.transformer.cache, test.rounding).hidden(tokens);
  const Team team(2);
  const Transformer model(checkpoint, test.transformer, team);
  const auto got = all_hidden(model, tokens, test.at_once, team);
  EXPECT_LT(relative_error(got, expected), test.tolerance);
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Architecture, AgainstPlain, ::testing::ValuesIn(architectures()), name_of);
INSTANTIATE_TEST_SUITE_P(Storage, AgainstPlain, ::testing::ValuesIn(storages()), name_of);

// Pages hold 256 positions: the text crosses two of their edges.
TEST(LongText, HasTheHiddenStatesOfTheEquations) {
  for (const std::uint32_t window : {0U, 300U}) {
    auto config = small_config();
    config.num_layers = 2;
    config.sliding_window = window;
    const auto checkpoint = small_checkpoint(config);
    const auto tokens = some_tokens(530);
    const auto expected = PlainModel(*checkpoint, CacheAs::f16).hidden(tokens);
    const Team team(2);
    const Transformer model(checkpoint, {}, team);
    EXPECT_LT(relative_error(all_hidden(model, tokens, 530, team), expected), 1e-3) << window;
    EXPECT_LT(relative_error(all_hidden(model, tokens, 13, team), expected), 1e-3) << window;
  }
}

// The same checkpoint with its matrices stored as blocks.
Checkpoint stored_as(const Checkpoint& checkpoint, DType type) {
  Checkpoint result = checkpoint;
  for (auto& tensor : result.tensors) {
    if (tensor.shape.size() != 2 || tensor.name == "model.embed_tokens.weight") continue;
    std::vector<float> floats(tensor.shape[0] * tensor.shape[1]);
    dequantise(tensor.type, tensor.bytes.data(), floats);
    const auto& block = traits(type);
    const auto bytes = std::make_shared<std::vector<std::byte>>(
        floats.size() / block.block_weights * block.block_bytes);
    quantise(type, floats, bytes->data());
    tensor.type = type;
    tensor.bytes = *bytes;
    keep(result, bytes);
  }
  return result;
}

TEST(WeightsQuantisedAtLoad, GiveTheBitsOfACheckpointStoredSo) {
  const auto checkpoint = small_checkpoint(small_config());
  const auto tokens = some_tokens(40);
  const Team team(2);
  for (const auto& [as, type] :
       {std::pair{WeightsAs::q8, DType::q8_0}, std::pair{WeightsAs::q4, DType::q4_0}}) {
    const Transformer loaded(checkpoint, {.weights = as}, team);
    const Transformer stored(std::make_shared<Checkpoint>(stored_as(*checkpoint, type)), {}, team);
    EXPECT_EQ(all_hidden(loaded, tokens, 16, team), all_hidden(stored, tokens, 16, team));
  }
}

}  // namespace
}  // namespace therma::llm
