// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/token_grammar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "therma/core/random/rng.hpp"
#include "therma/llm/grammar/schema.hpp"

namespace therma::llm {
namespace {

std::shared_ptr<const TokenBytes> small_vocabulary() {
  std::vector<std::string> bytes = {"",     "{\"",  "\":", "\": ",  "a",    "ab",  "\"", "}",
                                    "1",    "12",   ",",   "\"a\"", "true", "tr",  "ue", "[",
                                    "]",    "[[",   "]]",  "\xc5",  "\xbc", "ż",   " ",  "\n",
                                    "\n  ", "</s>", "-",   ".",     "5e",   "null"};
  for (int byte = 0; byte < 128; ++byte) bytes.emplace_back(1, static_cast<char>(byte));
  return std::make_shared<const TokenBytes>(std::move(bytes), std::vector<TokenId>{25});
}

TEST(TokenGrammar, TheListOfAllowedTokensIsWhatAskingOneByOneGives) {
  const auto tokens = small_vocabulary();
  const auto schema = parse_json(
      R"({"type": "object", "properties": {"a": {"type": ["array", "boolean", "number"]},
          "ab": {"type": "string", "maxLength": 3}}, "additionalProperties": {"type": "null"}})",
      "s");
  const Rng rng(3);
  for (std::uint32_t round = 0; round < 40; ++round) {
    TokenGrammar grammar(compile_schema(schema, "s").grammar, tokens);
    for (std::uint32_t step = 0; step < 40; ++step) {
      std::vector<TokenId> expected;
      for (TokenId token = 0; token < 158; ++token)
        if (grammar.allows(token)) expected.push_back(token);
      const auto allowed = grammar.allowed();
      ASSERT_EQ(allowed, expected);
      ASSERT_FALSE(allowed.empty());
      const auto token = allowed[rng.bits({.chain = round, .step = step}) % allowed.size()];
      ASSERT_TRUE(grammar.advance(token));
      if (token == 25) break;
    }
  }
}

TEST(TokenGrammar, TheEndComesOnlyWhereTheTextMayEnd) {
  TokenGrammar grammar(compile_expression("(ab)+", "e").grammar, small_vocabulary());
  EXPECT_FALSE(grammar.allows(25));
  EXPECT_FALSE(grammar.advance(25));
  EXPECT_TRUE(grammar.advance(5));  // ab
  EXPECT_TRUE(grammar.allows(25));
  EXPECT_TRUE(grammar.allows(4));  // a
  EXPECT_FALSE(grammar.must_end());
  EXPECT_FALSE(grammar.allows(0));       // no bytes
  EXPECT_FALSE(grammar.allows(100000));  // no such token
}

// Bytes of the vocabulary as the alphabet of GPT-2 spells them.
std::vector<std::string> qwen_vocabulary(const std::filesystem::path& path) {
  std::map<char32_t, char> meaning;
  char32_t next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool is_itself = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
    meaning[is_itself ? static_cast<char32_t>(byte) : next++] = static_cast<char>(byte);
  }
  std::ifstream in(path, std::ios::binary);
  const auto file = nlohmann::json::parse(in);
  std::vector<std::string> bytes(151'936);
  for (const auto& [piece, id] : file["model"]["vocab"].items()) {
    std::string out;
    for (std::size_t i = 0; i < piece.size();) {
      const auto lead = static_cast<unsigned char>(piece[i++]);
      char32_t c = lead;
      if (lead >= 0xc0)
        c = ((lead & 0x1fU) << 6) | (static_cast<unsigned char>(piece[i++]) & 0x3fU);
      out += meaning.at(c);
    }
    bytes[id.get<std::size_t>()] = out;
  }
  return bytes;
}

TEST(TokenGrammar, TheVocabularyOfQwenIsReadInMilliseconds) {
  const auto path =
      std::filesystem::path(THERMA_SOURCE_DIR) / "../shared/data/tokenizers/qwen2.5/tokenizer.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no tokenizer at " << path;
  auto bytes = qwen_vocabulary(path);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto ms = [&](auto since) {
    return std::chrono::duration<double, std::milli>(now() - since).count();
  };
  auto begin = now();
  const auto tokens =
      std::make_shared<const TokenBytes>(std::move(bytes), std::vector<TokenId>{151645});
  const auto build_ms = ms(begin);
  const auto compiled = compile_schema(
      parse_json(R"({"type": "object", "required": ["name", "age", "tags"], "properties": {
          "name": {"type": "string"}, "age": {"type": "integer"},
          "tags": {"type": "array", "items": {"type": "string", "maxLength": 200}}}})",
                 "s"),
      "s");
  TokenGrammar grammar(compiled.grammar, tokens);
  Acceptor acceptor(compiled.grammar);
  const std::string text = "{\"name\": \"Jan Żak\", \"age\": 42, \"tags\": [\"a\", \"bc\"]}";
  double worst_ms = 0.0;
  double sum_ms = 0.0;
  for (const char c : text) {
    begin = now();
    const auto allowed = tokens->allowed(*compiled.grammar, acceptor.state());
    const auto spent = ms(begin);
    worst_ms = std::max(worst_ms, spent);
    sum_ms += spent;
    EXPECT_FALSE(allowed.empty());
    ASSERT_TRUE(acceptor.advance({&c, 1}));
  }
  EXPECT_TRUE(acceptor.may_end());
  RecordProperty("build_ms", std::to_string(build_ms));
  RecordProperty("worst_ms", std::to_string(worst_ms));
  std::cout << "built in " << build_ms << " ms; a step "
            << sum_ms / static_cast<double>(text.size()) << " ms on average, " << worst_ms
            << " ms at worst\n";
  // Far above what is measured: a guard against a walk that is not linear.
  EXPECT_LT(build_ms, 2000.0);
  EXPECT_LT(worst_ms, 1000.0);
}

}  // namespace
}  // namespace therma::llm
