// SPDX-License-Identifier: Apache-2.0
// Writes the files that a campaign of the targets in llm/load begins with: load_seeds FOLDER
#include <iostream>

#include "tests/llm/load/folder_files.hpp"

namespace {

using namespace therma::llm::testing;

void write(const fs::path& folder, std::string_view name, std::string_view content) {
  fs::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << content;
}

GgufBuilder gguf_of_every_type() {
  GgufBuilder file;
  file.pair("a", Gguf::u8, raw(std::uint8_t{1})).pair("b", Gguf::i8, raw(std::int8_t{-1}));
  file.pair("c", Gguf::u16, raw(std::uint16_t{1})).pair("d", Gguf::i16, raw(std::int16_t{-1}));
  file.pair("e", Gguf::u64, raw(std::uint64_t{1})).pair("f", Gguf::i64, raw(std::int64_t{-1}));
  file.pair("g", Gguf::f64, raw(0.5)).pair("h", Gguf::i32, raw(-1)).flag("i", true);
  file.numbers<std::uint16_t>("j", Gguf::u16, {1, 2}).numbers<double>("k", Gguf::f64, {1, 2});
  file.numbers<std::uint64_t>("l", Gguf::u64, {1}).numbers<std::uint8_t>("m", Gguf::flag, {0, 1});
  file.u32("general.alignment", 64);
  file.alignment = 64;
  file.tensor("n", {32, 2}, 8, zeros(68)).tensor("o", {256}, 12, zeros(144));
  file.tensor("p", {2, 1, 1, 3}, 1, zeros(12));
  return file;
}

void write_configs(const fs::path& folder) {
  const std::string_view scaling =
      R"({"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,)"
      R"("high_freq_factor":4.0,"original_max_position_embeddings":16})";
  const std::string_view yarn = R"({"type":"yarn","factor":4.0,"attention_factor":1.1,"mscale":1,)"
                                R"("mscale_all_dim":1,"beta_fast":32,"beta_slow":1,)"
                                R"("truncate":true})";
  write(folder, "llama", "c" + tiny_config({{"rope_scaling", std::string(scaling)}}));
  write(folder, "qwen",
        "c" + tiny_config({{"architectures", R"(["Qwen2ForCausalLM"])"},
                           {"model_type", "\"qwen2\""},
                           {"use_sliding_window", "true"},
                           {"sliding_window", "16"},
                           {"max_window_layers", "0"},
                           {"layer_types", R"(["sliding_attention"])"},
                           {"head_dim", "4"},
                           {"rope_parameters", std::string(yarn)}}));
  write(folder, "generation",
        R"(g{"temperature":0.7,"top_p":0.8,"top_k":20,)"
        R"("repetition_penalty":1.05,"eos_token_id":[1,2],"bos_token_id":1})");
  write(folder, "template",
        R"(t{"chat_template":[{"name":"default","template":"{{ messages }}"}]})");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: load_seeds FOLDER\n";
    return 2;
  }
  const fs::path folder = argv[1];
  write(folder / "gguf_parse", "tiny", tiny_gguf({.hidden = 2, .heads = 1, .head_dim = 2}).build());
  write(folder / "gguf_parse", "types", gguf_of_every_type().build());
  write(
      folder / "safetensors_parse", "tiny",
      safetensors({f32_tensor("a", {2, 3}), {"b", {4}, zeros(8), "BF16"}, {"c", {}, "xy", "F16"}}));
  write_configs(folder / "hf_config_parse");
  write(
      folder / "shard_index_parse", "two",
      R"({"metadata":{"total_size":1},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}})");
}
