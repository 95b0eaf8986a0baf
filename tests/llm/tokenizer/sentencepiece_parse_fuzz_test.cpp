// SPDX-License-Identifier: Apache-2.0
#include "tests/llm/tokenizer/model_bytes.hpp"
#include "tests/support/fuzz.hpp"

namespace therma::llm {
namespace {

using namespace therma::testing;

TEST(Fuzz, ReadsOrRefusesEveryDamagedSentencePieceModel) {
  for (const std::uint64_t kind : {1U, 2U}) {
    const auto model = testing::small_model(kind);
    try_truncations_and_bytes(model, model.size());
    try_random_edits(model, 4000);
  }
}

}  // namespace
}  // namespace therma::llm
