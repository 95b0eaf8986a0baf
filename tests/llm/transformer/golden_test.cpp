// SPDX-License-Identifier: Apache-2.0
// Small checkpoints against what Hugging Face transformers computes from them
// (tests/llm/golden/README.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "tests/llm/transformer/plain_model.hpp"
#include "tests/llm/transformer/support.hpp"
#include "therma/llm/kernels/batch.hpp"

namespace therma::llm {
namespace {

using namespace testing;
namespace fs = std::filesystem;

// Texts are longer than some of the models were made for.
const TransformerConfig kRoomy{.context = 4096};
constexpr float kHalves = 3e-3F;  // of the spread of the logits

struct Golden {
  std::string name;
  fs::path path;
};

void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.name; }

std::vector<Golden> goldens() {
  std::vector<Golden> found;
  for (const auto& entry : fs::directory_iterator(THERMA_SOURCE_DIR "/tests/llm/golden")) {
    if (!fs::exists(entry.path() / "expected.json")) continue;
    const auto gguf = entry.path() / "model.gguf";
    found.push_back({entry.path().filename(), fs::exists(gguf) ? gguf : entry.path()});
  }
  std::ranges::sort(found, {}, &Golden::name);
  return found;
}

struct Expected {
  std::vector<TokenId> tokens;
  std::vector<std::vector<float>> logits;  // after each of the last tokens
  std::vector<TokenId> greedy;
};

class Goldens : public ::testing::TestWithParam<Golden> {
 protected:
  Goldens() {
    const auto& path = GetParam().path;
    checkpoint_ = std::make_shared<Checkpoint>(load_checkpoint(path));
    const auto folder = fs::is_directory(path) ? path : path.parent_path();
    const auto json = nlohmann::json::parse(std::ifstream(folder / "expected.json"));
    expected_ = {json.at("tokens"), json.at("logits"), json.at("greedy")};
  }

  // Frequencies follow the length of the text: it must be read in one call, as it was there.
  [[nodiscard]] bool is_dynamic() const {
    return checkpoint_->config.rope.scaling == RopeScaling::dynamic;
  }

  // Whether products take codes of activations, which the reference does not.
  [[nodiscard]] bool takes_codes() const {
    return std::ranges::any_of(checkpoint_->tensors, [](const Tensor& tensor) {
      return tensor.shape.size() == 2 && wants_codes(tensor.type, Product::integer);
    });
  }

  // How far logits may be off, as a share of their spread. Keys and values are rounded to 2^-11 of
  // themselves. Codes of 8 bits err by half of 1/127 of the largest of 32 activations: by 0.6 % of
  // a usual one in every product. Blocks with a minimum (q4_k, here with minima several times as
  // large as what varies) multiply the rounding of all activations alike.
  [[nodiscard]] float tolerance(float without_codes) const {
    const bool has_minima = std::ranges::any_of(
        checkpoint_->tensors, [](const Tensor& tensor) { return tensor.type == DType::q4_k; });
    return has_minima ? 0.3F : takes_codes() ? 0.05F : without_codes;
  }

  // Logits after each of the last tokens, read at most `most` at a time.
  [[nodiscard]] std::vector<std::vector<float>> logits(const Transformer& model,
                                                       std::size_t most) const {
    TransformerState state(model);
    std::vector<std::vector<float>> rows;
    const std::size_t hidden = model.config().hidden;
    for (std::span tokens(expected_.tokens); !tokens.empty();) {
      const auto part = tokens.first(std::min(most, tokens.size()));
      std::vector<float> states(part.size() * hidden);
      model.forward(part, state, states, team_);
      for (std::size_t k = 0; k < part.size(); ++k) {
        rows.push_back(logits_of(model, std::span(states).subspan(k * hidden, hidden)));
      }
      tokens = tokens.subspan(part.size());
    }
    rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(expected_.logits.size()));
    return rows;
  }

  void expect_logits(const std::vector<std::vector<float>>& rows, float tolerance) const {
    ASSERT_EQ(rows.size(), expected_.logits.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const auto& expected = expected_.logits[k];
      EXPECT_LT(largest_difference(rows[k], expected), tolerance * spread(expected)) << "row " << k;
    }
  }

  std::shared_ptr<const Checkpoint> checkpoint_;
  Expected expected_;
  Team team_{2};
};

// The double-precision transformer that other tests measure against, and every rotary scaling: the
// reference computes in float32.
TEST_P(Goldens, AreWhatThePlainModelComputes) {
  const auto hidden = PlainModel(*checkpoint_, std::nullopt).hidden(expected_.tokens);
  if (takes_codes()) GTEST_SKIP() << "the plain model rounds activations to codes";
  const Transformer model(checkpoint_, kRoomy, team_);
  std::vector<std::vector<float>> rows;
  for (const auto& state : std::span(hidden).last(expected_.logits.size())) {
    rows.push_back(logits_of(model, std::vector<float>(state.begin(), state.end())));
  }
  expect_logits(rows, 2e-5F);
}

TEST_P(Goldens, HaveTheLogitsOfTransformers) {
  if (is_dynamic()) GTEST_SKIP() << "must be read in one batch, which rounds activations";
  const Transformer model(checkpoint_, kRoomy, team_);
  expect_logits(logits(model, kExactBatch), tolerance(kHalves));
}

// Batches above 16 may round activations to bf16, by 2^-9 of each.
TEST_P(Goldens, HaveNearlyTheLogitsOfTransformersInOneBatch) {
  const Transformer model(checkpoint_, kRoomy, team_);
  expect_logits(logits(model, 1000), tolerance(2e-2F));
}

// With codes of activations a near tie may fall the other way, and the text goes on from there: the
// first token alone is compared.
TEST_P(Goldens, ContinueGreedilyAsInTransformers) {
  const Transformer model(checkpoint_, kRoomy, team_);
  TransformerState state(model);
  const std::size_t most = is_dynamic() ? 1000 : kExactBatch;
  std::vector<TokenId> greedy, ids = expected_.tokens;
  if (takes_codes()) expected_.greedy.resize(1);
  while (greedy.size() < expected_.greedy.size()) {
    if (is_dynamic()) state.truncate(0);
    std::vector<float> logits;
    while (state.length() < ids.size()) {
      const auto rest = std::span<const TokenId>(ids).subspan(state.length());
      logits = last_logits(model, state, rest.first(std::min(most, rest.size())), team_);
    }
    greedy.push_back(argmax(logits));
    ids.push_back(greedy.back());
  }
  EXPECT_EQ(greedy, expected_.greedy);
}

TEST_P(Goldens, SurviveACacheOfCodes) {
  const Transformer model(checkpoint_, {.cache = CacheAs::q8, .context = 4096}, team_);
  // One code of 127 of the largest component of a key or value.
  expect_logits(logits(model, is_dynamic() ? 1000 : kExactBatch), tolerance(0.05F));
}

INSTANTIATE_TEST_SUITE_P(Every, Goldens, ::testing::ValuesIn(goldens()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace therma::llm
