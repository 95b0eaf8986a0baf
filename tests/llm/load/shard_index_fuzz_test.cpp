// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fuzz.hpp"

namespace therma::llm {
namespace {

using namespace therma::testing;

TEST(Fuzz, ReadsOrRefusesEveryDamagedIndexAndNeverLeavesTheFolder) {
  const std::string index =
      R"({"metadata":{"total_size":1},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}})";
  try_truncations_and_bytes(index, index.size());
  try_random_edits(index, 4000);
}

}  // namespace
}  // namespace therma::llm
