// SPDX-License-Identifier: Apache-2.0
// Tokenizers of real models give the ids that their own implementations give.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "therma/llm/load/gguf.hpp"
#include "therma/llm/tokenizer/gguf_vocabulary.hpp"
#include "therma/llm/tokenizer/normal_form.hpp"
#include "therma/llm/tokenizer/sentencepiece_model.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"
#include "therma/llm/tokenizer/tokenizer_json.hpp"

namespace therma::llm {
namespace {

namespace fs = std::filesystem;

const fs::path kShared = fs::path(THERMA_SOURCE_DIR) / "../shared/data/tokenizers";

#define SKIP_WITHOUT_SHARED_DATA() \
  if (!fs::exists(kShared)) GTEST_SKIP() << kShared << " is not there: tokenizers of real models"

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

Tokenizer from_gguf(const fs::path& path) {
  const auto content = read(path);
  return Tokenizer(tokenizer_spec_from_gguf(parse_gguf(bytes_of(content), path.string())));
}

struct Case {
  std::string text;
  std::vector<TokenId> ids;
};

// Strings between separator lines, and a line of ids for each.
std::vector<Case> pairs(const fs::path& stem) {
  constexpr std::string_view kSeparator = "\n__ggml_vocab_test__\n";
  const auto input = read(fs::path(stem) += ".inp");
  std::istringstream output(read(fs::path(stem) += ".out"));
  std::vector<Case> cases;
  for (std::size_t at = 0; at < input.size();) {
    const auto end = std::min(input.find(kSeparator, at), input.size());
    std::string line;
    std::getline(output, line);
    std::istringstream numbers(line);
    Case next{input.substr(at, end - at), {}};
    for (TokenId id = 0; numbers >> id;) next.ids.push_back(id);
    cases.push_back(std::move(next));
    at = end + kSeparator.size();
  }
  return cases;
}

std::vector<Case> json_lines(const fs::path& path) {
  std::istringstream lines(read(path));
  std::vector<Case> cases;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    cases.push_back({json["text"], json["ids"]});
  }
  return cases;
}

void expect_same(const Tokenizer& tokenizer, const std::vector<Case>& cases, std::size_t least) {
  EXPECT_GE(cases.size(), least);
  for (const auto& one : cases) {
    EXPECT_EQ(tokenizer.encode(one.text, {.add_special = false}), one.ids)
        << testing::PrintToString(one.text);
  }
}

TEST(TokenizerConformance, QwensTokenizerJsonGivesTheIdsOfHuggingFace) {
  SKIP_WITHOUT_SHARED_DATA();
  const auto folder = kShared / "qwen2.5";
  const Tokenizer tokenizer(
      tokenizer_spec_from_json(read(folder / "tokenizer.json"), "tokenizer.json"));
  EXPECT_EQ(tokenizer.num_tokens(), 151'665U);
  const auto cases = json_lines(folder / "conformance-hf.jsonl");
  expect_same(tokenizer, cases, 248);
  expect_same(tokenizer, pairs(folder / "ggml-vocab-qwen2.gguf"), 46);
  for (const auto& one : cases) {
    EXPECT_EQ(tokenizer.decode(one.ids, true), to_nfc(one.text));
  }
}

TEST(TokenizerConformance, LlamasVocabularyInGgufGivesTheIdsOfLlamaCpp) {
  SKIP_WITHOUT_SHARED_DATA();
  const auto folder = kShared / "llama-spm";
  const auto tokenizer = from_gguf(folder / "ggml-vocab-llama-spm.gguf");
  EXPECT_EQ(tokenizer.num_tokens(), 32'000U);
  expect_same(tokenizer, pairs(folder / "ggml-vocab-llama-spm.gguf"), 46);
}

TEST(TokenizerConformance, MistralsSentencePieceModelAndItsGgufGiveTheIdsOfLlamaCpp) {
  SKIP_WITHOUT_SHARED_DATA();
  const auto folder = kShared / "mistral-v1";
  const auto cases = json_lines(folder / "conformance-llamacpp.jsonl");
  expect_same(from_gguf(folder / "vocab.gguf"), cases, 247);
  const auto model = read(folder / "tokenizer.model");
  const Tokenizer tokenizer(tokenizer_spec_from_sentencepiece(bytes_of(model), "tokenizer.model"));
  expect_same(tokenizer, cases, 247);
}

}  // namespace
}  // namespace therma::llm
