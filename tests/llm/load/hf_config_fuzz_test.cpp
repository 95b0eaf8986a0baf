// SPDX-License-Identifier: Apache-2.0
#include "tests/llm/load/folder_files.hpp"
#include "tests/support/fuzz.hpp"

namespace therma::llm {
namespace {

using namespace therma::testing;

// The first byte chooses the file, as fuzz/hf_config_parse.cpp says.
TEST(Fuzz, ReadsOrRefusesEveryDamagedConfiguration) {
  const auto config =
      "c" + testing::tiny_config({{"rope_scaling", R"({"type":"yarn","factor":4.0})"},
                                  {"architectures", R"(["Qwen2ForCausalLM"])"},
                                  {"model_type", "\"qwen2\""},
                                  {"use_sliding_window", "true"},
                                  {"layer_types", R"(["sliding_attention"])"}});
  try_truncations_and_bytes(config, config.size());
  try_random_edits(config, 4000);
}

TEST(Fuzz, ReadsOrRefusesEveryDamagedFileBesideIt) {
  for (const auto* const file :
       {R"(g{"temperature":0.7,"top_p":0.8,"top_k":20,"eos_token_id":[1,2],"bos_token_id":1})",
        R"(t{"chat_template":[{"name":"default","template":"{{ messages }}"}]})"}) {
    try_truncations_and_bytes(file, std::string(file).size());
    try_random_edits(file, 2000);
  }
}

}  // namespace
}  // namespace therma::llm
