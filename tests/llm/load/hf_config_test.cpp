// SPDX-License-Identifier: Apache-2.0
// config.json and the files beside it: both spellings, defaults of the library, faults.
#include "therma/llm/load/hf_config.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/llm/load/config_support.hpp"

namespace therma::llm {
namespace {

using namespace testing;

const Members kMistral = family("MistralForCausalLM", "mistral");

TEST(HfConfig, KnowsFourArchitecturesByClassOrByType) {
  EXPECT_EQ(read({}).architecture, Architecture::llama);
  EXPECT_EQ(read(kMistral).architecture, Architecture::mistral);
  EXPECT_EQ(read(kQwen).architecture, Architecture::qwen2);
  EXPECT_EQ(read(family("Qwen3ForCausalLM", "qwen3")).architecture, Architecture::qwen3);
  EXPECT_EQ(read({{"architectures", ""}, {"model_type", "\"qwen3\""}}).architecture,
            Architecture::qwen3);
  EXPECT_EQ(read({{"model_type", ""}}).architecture, Architecture::llama);
}

TEST(HfConfig, RefusesOtherArchitecturesNamingTheKnownOnes) {
  EXPECT_EQ(
      refused(family("GemmaForCausalLM", "gemma")),
      "config.json.architectures[0]: the architecture \"GemmaForCausalLM\" is not known; known "
      "are LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM");
  EXPECT_SAYS(refused(family("LlamaForCausalLM", "qwen2")), "contradicts \"architectures\"");
  EXPECT_SAYS(refused({{"architectures", "[]"}}), "an array of one name");
  EXPECT_SAYS(refused({{"architectures", ""}, {"model_type", ""}}), "\"model_type\" is missing");
}

TEST(HfConfig, ReadsTheSizesOfQwen25) {
  // The published configuration of Qwen2.5-0.5B.
  const auto parsed = parse_hf_config(R"({"architectures":["Qwen2ForCausalLM"],
    "attention_dropout":0.0,"bos_token_id":151643,"eos_token_id":151643,"hidden_act":"silu",
    "hidden_size":896,"initializer_range":0.02,"intermediate_size":4864,
    "max_position_embeddings":32768,"max_window_layers":24,"model_type":"qwen2",
    "num_attention_heads":14,"num_hidden_layers":24,"num_key_value_heads":2,"rms_norm_eps":1e-06,
    "rope_theta":1000000.0,"sliding_window":32768,"tie_word_embeddings":true,
    "torch_dtype":"bfloat16","use_cache":true,"use_mrope":false,"use_sliding_window":false,
    "vocab_size":151936})",
                                      "c");
  const auto& model = parsed.model;
  EXPECT_EQ(model.num_layers, 24);
  EXPECT_EQ(model.hidden, 896);
  EXPECT_EQ(model.num_heads, 14);
  EXPECT_EQ(model.num_kv_heads, 2);
  EXPECT_EQ(model.head_dim, 64);
  EXPECT_EQ(model.ffn, 4864);
  EXPECT_EQ(model.vocabulary, 151936);
  EXPECT_EQ(model.max_context, 32768);
  EXPECT_EQ(model.sliding_window, 0);
  EXPECT_EQ(model.rope.theta, 1e6);
  EXPECT_EQ(model.rms_epsilon, 1e-6);
  EXPECT_EQ(parsed.tied, true);
  EXPECT_EQ(parsed.eos, std::vector<TokenId>{151643});
}

TEST(HfConfig, FillsInWhatOlderFilesLeaveOut) {
  const auto model = read({{"num_key_value_heads", ""}, {"rope_theta", ""}, {"rms_norm_eps", ""}});
  EXPECT_EQ(model.num_kv_heads, 2);
  EXPECT_EQ(model.rope.theta, 10000.0);
  EXPECT_EQ(model.rms_epsilon, 1e-6);
  EXPECT_EQ(read({{"head_dim", "null"}}).head_dim, 4);
  EXPECT_EQ(read({{"head_dim", "16"}}).head_dim, 16);
  // The library's default of this family does not follow from its other sizes.
  EXPECT_EQ(read(family("Qwen3ForCausalLM", "qwen3")).head_dim, 128);
}

TEST(HfConfig, WindowsQwenFromALayerOnWhereItIsAskedTo) {
  const Members four = with(kQwen, {{"num_hidden_layers", "4"}, {"sliding_window", "16"}});
  EXPECT_EQ(read(four).sliding_window, 0);
  const auto asked = read(with(four, {{"use_sliding_window", "true"}, {"max_window_layers", "3"}}));
  EXPECT_EQ(asked.sliding_window, 16);
  EXPECT_EQ(asked.layer_has_window, (std::vector<bool>{false, false, false, true}));
  // No layer is beyond the 28th, from which on the library slides by default.
  EXPECT_EQ(read(with(four, {{"use_sliding_window", "true"}})).sliding_window, 0);
  const auto listed = read(
      with(four, {{"use_sliding_window", "true"},
                  {"layer_types", R"(["sliding_attention","full_attention","sliding_attention",)"
                                  R"("full_attention"])"}}));
  EXPECT_EQ(listed.layer_has_window, (std::vector<bool>{true, false, true, false}));
}

TEST(HfConfig, WindowsAllLayersOfMistralUnlessTheWindowIsNull) {
  const auto given = read(with(kMistral, {{"sliding_window", "16"}}));
  EXPECT_EQ(given.sliding_window, 16);
  EXPECT_TRUE(given.layer_has_window.empty());
  EXPECT_EQ(read(with(kMistral, {{"sliding_window", "null"}})).sliding_window, 0);
  EXPECT_EQ(read(kMistral).sliding_window, 4096);                 // as in the library
  EXPECT_EQ(read({{"sliding_window", "16"}}).sliding_window, 0);  // a llama has none
}

TEST(HfConfig, ReadsBothSpellingsOfTheRotaryEmbedding) {
  const std::string llama3 = R"("factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,)"
                             R"("original_max_position_embeddings":8192)";
  const auto old_style = read(
      {{"rope_theta", "500000.0"}, {"rope_scaling", "{\"rope_type\":\"llama3\"," + llama3 + "}"}});
  const auto new_style = read(
      {{"rope_theta", ""},
       {"rope_parameters", "{\"rope_theta\":500000.0,\"rope_type\":\"llama3\"," + llama3 + "}"}});
  for (const auto& model : {old_style, new_style}) {
    EXPECT_EQ(model.rope.theta, 500000.0);
    EXPECT_EQ(model.rope.scaling, RopeScaling::llama3);
    EXPECT_EQ(model.rope.factor, 8.0);
    EXPECT_EQ(model.rope.low_freq_factor, 1.0);
    EXPECT_EQ(model.rope.high_freq_factor, 4.0);
    EXPECT_EQ(model.rope.original_max_context, 8192);
  }
  const auto plain = read({{"rope_parameters", R"({"rope_theta":7.0,"rope_type":"default"})"}});
  EXPECT_EQ(plain.rope.theta, 7.0);
  EXPECT_EQ(plain.rope.scaling, RopeScaling::none);
}

TEST(HfConfig, ReadsYarnLinearAndDynamicScalings) {
  const auto yarn = read({{"rope_scaling", R"({"type":"yarn","factor":4.0,"beta_fast":16,)"
                                           R"("original_max_position_embeddings":32})"}});
  EXPECT_EQ(yarn.rope.scaling, RopeScaling::yarn);
  EXPECT_EQ(yarn.rope.factor, 4.0);
  EXPECT_EQ(yarn.rope.original_max_context, 32);
  EXPECT_EQ(yarn.rope.beta_fast, 16.0);
  EXPECT_EQ(yarn.rope.beta_slow, 1.0);
  EXPECT_EQ(yarn.rope.attention_factor, 0.0);
  // Without a factor: positions over original positions, 64 / 32.
  EXPECT_EQ(read({{"rope_scaling", R"({"type":"yarn","original_max_position_embeddings":32})"}})
                .rope.factor,
            2.0);
  // (0.1 * 1 * ln 4 + 1) / (0.1 * 0.5 * ln 4 + 1)
  EXPECT_NEAR(read({{"rope_scaling", R"({"type":"yarn","factor":4.0,"mscale":1.0,)"
                                     R"("mscale_all_dim":0.5})"}})
                  .rope.attention_factor,
              (0.1 * std::log(4.0) + 1) / (0.05 * std::log(4.0) + 1), 1e-15);
  const auto linear = read({{"rope_scaling", R"({"type":"linear","factor":2.0})"}});
  EXPECT_EQ(linear.rope.scaling, RopeScaling::linear);
  // Begins beyond max_position_embeddings, whatever else is given.
  const auto dynamic = read({{"rope_scaling", R"({"rope_type":"dynamic","factor":2.0,)"
                                              R"("original_max_position_embeddings":32})"}});
  EXPECT_EQ(dynamic.rope.scaling, RopeScaling::dynamic);
  EXPECT_EQ(dynamic.rope.original_max_context, 64);
}

TEST(HfConfig, RefusesScalingsThatAreNotKnown) {
  EXPECT_SAYS(refused({{"rope_scaling", R"({"rope_type":"longrope","factor":2.0})"}}),
              "rope_type: the rotary scaling \"longrope\" is not known");
  EXPECT_SAYS(refused({{"rope_scaling", R"({"type":"linear"})"}}), "\"factor\" is missing");
  EXPECT_SAYS(refused({{"rope_scaling", R"({"type":"yarn","factor":2,"truncate":false})"}}),
              "truncate: must be true");
  EXPECT_SAYS(refused({{"rope_parameters", R"({"full_attention":{}})"}}), "each kind of layer");
  EXPECT_SAYS(refused({{"rope_parameters", R"({"partial_rotary_factor":0.5})"}}), "part of a head");
  EXPECT_SAYS(refused({{"rope_scaling", "[]"}}), "must be an object");
}

TEST(HfConfig, RefusesWhatIsNotComputedInOneSentence) {
  EXPECT_EQ(refused({{"quantization_config", R"({"quant_method":"gptq","bits":4})"}}),
            "config.json.quantization_config: weights quantised by \"gptq\" are not read; use the "
            "original checkpoint or a GGUF file");
  EXPECT_SAYS(refused({{"hidden_act", "\"gelu\""}}), "hidden_act: must be \"silu\"");
  EXPECT_SAYS(refused({{"rope_interleaved", "true"}}), "neighbours");
  EXPECT_SAYS(refused({{"partial_rotary_factor", "0.5"}}), "part of a head");
  EXPECT_NO_THROW((void)read({{"attention_bias", "true"}, {"mlp_bias", "true"}}));
  EXPECT_NO_THROW((void)read({{"quantization_config", "null"}}));
}

TEST(GenerationConfig, ReadsOneEndOrSeveral) {
  const auto defaults = parse_generation_config(
      R"({"bos_token_id":151643,"do_sample":true,"eos_token_id":[151645,151643],)"
      R"("pad_token_id":151643,"repetition_penalty":1.1,"temperature":0.7,"top_k":20,"top_p":0.8})",
      "g");
  EXPECT_EQ(defaults.eos, (std::vector<TokenId>{151645, 151643}));
  EXPECT_EQ(defaults.bos, 151643);
  EXPECT_EQ(defaults.temperature, 0.7);
  EXPECT_EQ(defaults.top_p, 0.8);
  EXPECT_EQ(defaults.top_k, 20);
  EXPECT_EQ(defaults.repetition_penalty, 1.1);
  const auto empty = parse_generation_config(R"({"eos_token_id":7,"temperature":null})", "g");
  EXPECT_EQ(empty.eos, std::vector<TokenId>{7});
  EXPECT_FALSE(empty.temperature || empty.top_k || empty.bos);
}

std::string template_in(const std::string& text) {
  const auto json = parse_json(text, "t");
  return chat_template_of(JsonReader(json, "t"));
}

TEST(ChatTemplate, IsTheOnlyOneOrTheDefault) {
  EXPECT_EQ(template_in(R"({"chat_template":"{{ a }}"})"), "{{ a }}");
  EXPECT_EQ(template_in(R"({"chat_template":[{"name":"tool_use","template":"x"},)"
                        R"({"name":"default","template":"y"}]})"),
            "y");
  EXPECT_EQ(template_in("{}"), "");
  EXPECT_EQ(template_in(R"({"chat_template":null})"), "");
  EXPECT_SAYS(refusal([] { (void)template_in(R"({"chat_template":[]})"); }), "\"default\"");
  EXPECT_SAYS(refusal([] { (void)template_in(R"({"chat_template":7})"); }), "must be an array");
  EXPECT_SAYS(refusal([] { (void)template_in(R"({"chat_template":[{}]})"); }), "missing");
}

}  // namespace
}  // namespace therma::llm
