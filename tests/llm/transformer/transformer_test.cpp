// SPDX-License-Identifier: Apache-2.0
// States, limits, and bits that must not depend on how work is shared out.
#include "therma/llm/transformer/transformer.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "tests/llm/transformer/small_models.hpp"
#include "tests/llm/transformer/support.hpp"
#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

using namespace testing;

const std::vector<DType> kTypes = {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::q4_0};

// Hidden states of the tokens in batches of the given sizes, the last one again and again.
std::vector<float> read(const Transformer& model, TransformerState& state,
                        std::span<const TokenId> tokens, std::size_t size, const Team& team) {
  std::vector<float> result;
  while (!tokens.empty()) {
    const auto part = tokens.first(std::min(size, tokens.size()));
    std::vector<float> hidden(part.size() * model.config().hidden);
    model.forward(part, state, hidden, team);
    result.insert(result.end(), hidden.begin(), hidden.end());
    tokens = tokens.subspan(part.size());
  }
  return result;
}

std::vector<float> read(const Transformer& model, std::span<const TokenId> tokens, std::size_t size,
                        const Team& team) {
  TransformerState state(model);
  return read(model, state, tokens, size, team);
}

// A prompt over the edge of a page, and some tokens one by one.
std::vector<float> read_and_decode(const Transformer& model, std::size_t size, const Team& team) {
  const auto tokens = some_tokens(266);
  TransformerState state(model);
  auto result = read(model, state, std::span(tokens).first(262), size, team);
  const auto rest = read(model, state, std::span(tokens).last(4), 1, team);
  result.insert(result.end(), rest.begin(), rest.end());
  return result;
}

TEST(Forward, HasTheSameBitsOnAnyNumberOfThreads) {
  const Team one, two(2), three(3);
  for (const auto type : kTypes) {
    const auto cache = type == DType::q8_0 ? CacheAs::q8 : CacheAs::f16;
    const Transformer model(small_checkpoint(small_config(), type), {.cache = cache}, one);
    for (const std::size_t size : {16U, 262U}) {
      const auto expected = read_and_decode(model, size, one);
      EXPECT_EQ(read_and_decode(model, size, two), expected) << traits(type).name << " " << size;
      EXPECT_EQ(read_and_decode(model, size, three), expected) << traits(type).name << " " << size;
    }
  }
}

TEST(Forward, HasTheSameBitsInBatchesOfUpTo16) {
  const Team team;
  for (const auto type : kTypes) {
    for (const std::uint32_t window : {0U, 20U}) {
      auto config = small_config(Architecture::qwen2);
      config.sliding_window = window;
      const Transformer model(small_checkpoint(config, type), {}, team);
      const auto expected = read_and_decode(model, 1, team);
      for (const std::size_t size : {2U, 5U, 16U}) {
        EXPECT_EQ(read_and_decode(model, size, team), expected) << traits(type).name << " " << size;
      }
    }
  }
}

TEST(Forward, GivesTheLastRowsOfAPromptAlone) {
  const Team team(2);
  const Transformer model(small_checkpoint(small_config()), {}, team);
  const auto tokens = some_tokens(290);  // two chunks
  const auto all = read(model, tokens, 290, team);
  for (const std::size_t rows : {0U, 1U, 34U, 35U, 200U}) {
    TransformerState state(model);
    std::vector<float> hidden(rows * model.config().hidden);
    model.forward(tokens, state, hidden, team);
    const std::span expected = std::span(all).last(hidden.size());
    // f32 weights: a product has the same bits in any batch.
    EXPECT_TRUE(std::ranges::equal(hidden, expected)) << rows;
    EXPECT_EQ(state.length(), 290U);
  }
}

TEST(TransformerState, ContinuesAfterTruncationAsIfTheRestHadNotBeenRead) {
  const Team team(2);
  for (const std::uint32_t window : {0U, 10U}) {
    auto config = small_config();
    config.sliding_window = window;
    for (const auto cache : {CacheAs::f16, CacheAs::q8}) {
      const Transformer model(small_checkpoint(config), {.cache = cache}, team);
      const auto tokens = some_tokens(600);
      for (const std::uint32_t length : {0U, 5U, 256U, 300U}) {
        TransformerState state(model), fresh(model);
        read(model, state, std::span(tokens), 100, team);
        state.truncate(length);
        EXPECT_EQ(state.length(), length);
        read(model, fresh, std::span(tokens).first(length), 100, team);
        const auto next = std::span(tokens).subspan(17, 20);
        // f32 weights: read in other batches, the first `length` have the same bits.
        EXPECT_EQ(read(model, state, next, 1, team), read(model, fresh, next, 1, team)) << length;
      }
    }
  }
}

TEST(TransformerState, IsAValueWhoseCopiesContinueAlikeAndApart) {
  const Team team(2);
  const Transformer model(small_checkpoint(small_config()), {}, team);
  const auto tokens = some_tokens(40);
  TransformerState state(model);
  read(model, state, std::span(tokens).first(20), 20, team);
  TransformerState copy(state);
  const auto a = read(model, state, std::span(tokens).last(20), 1, team);
  EXPECT_EQ(copy.length(), 20U);
  read(model, copy, std::span(tokens).subspan(3, 5), 1, team);  // another continuation
  copy.truncate(20);
  EXPECT_EQ(read(model, copy, std::span(tokens).last(20), 1, team), a);
  TransformerState moved(std::move(copy));
  EXPECT_EQ(moved.length(), 40U);
}

TEST(TransformerState, TakesMemoryForWhatWasReadAlone) {
  const Team team;
  auto config = small_config();
  config.max_context = 1U << 20;
  const Transformer wide(small_checkpoint(config), {.context = 1U << 20}, team);
  const Transformer codes(small_checkpoint(config), {.cache = CacheAs::q8}, team);
  TransformerState state(wide), narrow(codes);
  EXPECT_EQ(state.bytes(), 0U);
  const auto tokens = some_tokens(300);
  std::vector<float> hidden(config.hidden);
  wide.forward(tokens, state, hidden, team);
  codes.forward(tokens, narrow, hidden, team);
  // Two pages of 256 positions: 3 layers, 2 heads of 16, keys and values of two bytes.
  const std::size_t cache = 2 * 256 * 3 * 2 * 16 * 2 * 2;
  EXPECT_GE(state.bytes(), cache);
  // Copies leave scratch behind, and codes take one byte and a scale for each 16.
  EXPECT_EQ(TransformerState(state).bytes(), cache);
  EXPECT_EQ(TransformerState(narrow).bytes(), cache / 2 + 2 * 256 * 3 * 2 * 2 * sizeof(float));
  state.truncate(256);
  EXPECT_EQ(TransformerState(state).bytes(), cache / 2);
}

template <class Job>
std::string error_of(ErrorCode code, const Job& job) {
  try {
    job();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  return "no error";
}

TEST(Forward, RefusesMoreThanTheContextHoldsAndLeavesTheStateAsItWas) {
  const Team team;
  const Transformer model(small_checkpoint(small_config()), {.context = 10}, team);
  TransformerState state(model);
  const auto tokens = some_tokens(11);
  std::vector<float> hidden(model.config().hidden);
  model.forward(std::span(tokens).first(8), state, hidden, team);
  EXPECT_EQ(error_of(ErrorCode::invalid_argument,
                     [&] { model.forward(std::span(tokens).last(3), state, hidden, team); }),
            "context: holds at most 10 tokens, got 3 more after 8; a larger context makes room");
  EXPECT_EQ(state.length(), 8U);
  model.forward(std::span(tokens).last(2), state, hidden, team);
  EXPECT_EQ(state.length(), 10U);
}

TEST(Forward, RefusesTokensOutsideTheVocabularyAndPartsOfRows) {
  const Team team;
  const Transformer model(small_checkpoint(small_config()), {}, team);
  TransformerState state(model);
  const std::vector<TokenId> tokens{3, 97};
  std::vector<float> hidden(3 * model.config().hidden);
  const auto rows = [&](std::size_t count) { return std::span(hidden).first(count); };
  EXPECT_EQ(
      error_of(ErrorCode::invalid_argument, [&] { model.forward(tokens, state, rows(64), team); }),
      "token 1: must be below the vocabulary of 97, got 97");
  const std::span one = std::span(tokens).first(1);
  for (const std::size_t count : {63U, 128U}) {
    EXPECT_NE(
        error_of(ErrorCode::invalid_argument, [&] { model.forward(one, state, rows(count), team); })
            .find("hidden states: must be whole rows of 64 for at most 1 tokens, got"),
        std::string::npos);
  }
  EXPECT_EQ(state.length(), 0U);
}

TEST(Context, IsWhatTheModelWasMadeForButAtMost4096UnlessAsked) {
  const Team team;
  auto config = small_config();
  EXPECT_EQ(Transformer(small_checkpoint(config), {}, team).context(), 1024U);
  config.max_context = 8192;
  EXPECT_EQ(Transformer(small_checkpoint(config), {}, team).context(), 4096U);
  EXPECT_EQ(Transformer(small_checkpoint(config), {.context = 8192}, team).context(), 8192U);
}

}  // namespace
}  // namespace therma::llm
