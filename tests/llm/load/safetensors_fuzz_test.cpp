// SPDX-License-Identifier: Apache-2.0
#include "tests/llm/load/folder_files.hpp"
#include "tests/support/fuzz.hpp"

namespace therma::llm {
namespace {

using namespace therma::testing;

TEST(Fuzz, ReadsOrRefusesEveryDamagedSafetensorsFile) {
  const auto file = testing::safetensors(
      {testing::f32_tensor("a", {2, 3}), {"b", {4}, testing::zeros(8), "BF16"}});
  try_truncations_and_bytes(file, file.size());
  try_random_edits(file, 4000);
}

}  // namespace
}  // namespace therma::llm
