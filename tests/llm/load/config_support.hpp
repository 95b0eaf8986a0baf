// SPDX-License-Identifier: Apache-2.0
// What the tests of config.json share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/llm/load/folder_files.hpp"
#include "tests/llm/load/support.hpp"
#include "therma/llm/load/hf_config.hpp"

namespace therma::llm::testing {

inline ModelConfig read(const Members& changes) {
  return parse_hf_config(tiny_config(changes), "config.json").model;
}
inline std::string refused(const Members& changes) {
  const auto message = refusal([&] { (void)read(changes); });
  EXPECT_TRUE(message.starts_with("config.json")) << message;
  return message;
}

inline Members family(std::string_view class_name, std::string_view model_type) {
  return {{"architectures", "[\"" + std::string(class_name) + "\"]"},
          {"model_type", "\"" + std::string(model_type) + "\""}};
}
inline Members with(Members members, const Members& more) {
  for (const auto& [key, value] : more) members[key] = value;
  return members;
}
inline const Members kQwen = family("Qwen2ForCausalLM", "qwen2");

}  // namespace therma::llm::testing
