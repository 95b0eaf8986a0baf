// SPDX-License-Identifier: Apache-2.0
#include "tests/llm/load/files.hpp"
#include "tests/support/fuzz.hpp"

namespace therma::llm {
namespace {

using namespace therma::testing;

TEST(Fuzz, ReadsOrRefusesEveryDamagedGgufFile) {
  const auto file = testing::tiny_gguf({.hidden = 2, .heads = 1, .head_dim = 2}).build();
  try_truncations_and_bytes(file, file.size());
  try_random_edits(file, 4000);
}

}  // namespace
}  // namespace therma::llm
