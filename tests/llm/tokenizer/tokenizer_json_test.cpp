// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/tokenizer/tokenizer_json.hpp"

#include <gtest/gtest.h>

#include "tests/llm/tokenizer/small_tokenizers.hpp"
#include "therma/llm/tokenizer/byte_letters.hpp"
#include "therma/llm/tokenizer/tokenizer.hpp"

namespace therma::llm {
namespace {

using namespace testing;

std::string escaped(const std::string& text) {
  return text == "\"" || text == "\\" ? "\\" + text : text;
}

// Every byte under its number, then "ab" and "abc"; `rest` is further members of the document.
std::string document(const std::string& merges, const std::string& rest = "",
                     const std::string& model_rest = "") {
  std::string vocab;
  for (int byte = 0; byte < 256; ++byte) {
    vocab += "\"" + escaped(letters_of(std::string(1, static_cast<char>(byte)))) +
             "\":" + std::to_string(byte) + ",";
  }
  return R"({"model":{"type":"BPE",)" + model_rest + R"("vocab":{)" + vocab +
         R"("ab":256,"abc":257},"merges":)" + merges + "}" + rest + "}";
}

Tokenizer made(const std::string& text) {
  return Tokenizer(tokenizer_spec_from_json(text, "t.json"));
}

void expect_refused(const std::string& text, std::string_view part) {
  const auto message = refusal_of([&] { (void)tokenizer_spec_from_json(text, "t.json"); });
  EXPECT_EQ(message.substr(0, 6), "t.json") << message;
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

constexpr const char* kMerges = R"(["a b","ab c"])";

TEST(TokenizerJson, ReadsMergesInBothSpellings) {
  for (const auto* merges : {kMerges, R"([["a","b"],["ab","c"]])"}) {
    EXPECT_EQ(made(document(merges)).encode("abcab"), (std::vector<TokenId>{257, 256}));
  }
}

TEST(TokenizerJson, PutsABlankFirstWhereByteLevelDoes) {
  const std::string level =
      R"(,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"use_regex":true})";
  const auto tokenizer = made(document(kMerges, level));
  EXPECT_EQ(tokenizer.encode("ab"), (std::vector<TokenId>{' ', 256}));
  EXPECT_EQ(tokenizer.encode(" ab"), (std::vector<TokenId>{' ', 256}));
}

// By hand: digits cut first, so that "  " before one ends a piece and stays whole.
TEST(TokenizerJson, CutsDigitsBeforeByteLevel) {
  const std::string parts =
      R"(,"pre_tokenizer":{"type":"Sequence","pretokenizers":[
        {"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false}]})";
  const auto spec = tokenizer_spec_from_json(document(kMerges, parts), "t.json");
  EXPECT_EQ(spec.pre_tokenizer, PreTokenizer::expression);
  EXPECT_EQ(Tokenizer(spec).encode("ab12").size(), 3U);
}

TEST(TokenizerJson, ReadsTheTemplateThatAddsTokensAtBothEnds) {
  const auto tokenizer = made(document(
      kMerges,
      R"(,"added_tokens":[{"id":258,"content":"<s>","special":true},{"id":259,"content":"</s>","special":true}],
      "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
      {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}]})"));
  EXPECT_EQ(tokenizer.encode("ab"), (std::vector<TokenId>{258, 256, 259}));
  EXPECT_EQ(tokenizer.encode("ab", {.add_special = false}), (std::vector<TokenId>{256}));
}

TEST(TokenizerJson, IgnoreMergesTakesAWholeWordThatIsAToken) {
  // Without the merge of "ab" no merge leads to "abc".
  const std::string unmerged = R"(["ab c"])";
  EXPECT_EQ(made(document(unmerged)).encode("abc"), (std::vector<TokenId>{'a', 'b', 'c'}));
  EXPECT_EQ(made(document(unmerged, "", R"("ignore_merges":true,)")).encode("abc"),
            (std::vector<TokenId>{257}));
}

TEST(TokenizerJson, RefusesContradictionsInTheModel) {
  expect_refused(document(R"(["a x y"])"), "merges: entry 0");
  expect_refused(document(R"(["ab"])"), "merges: entry 0");
  expect_refused(document(R"(["a c"])"), "merges: entry 0");
  expect_refused(document(R"([["a","b","c"]])"), "merges: entry 0");
  expect_refused(document(R"([["a",1]])"), "merges: entry 0");
  expect_refused(document(R"([{"a":"b"}])"), "merges: entry 0");
  expect_refused(R"({"model":{"vocab":{"a":0,"b":0},"merges":[]}})", "id 0 comes twice");
  expect_refused(R"({"model":{"vocab":{"a":0,"b":18446744073709551615},"merges":[]}})", "ids");
  expect_refused(R"({"model":{"vocab":{"a":0,"b":16000000},"merges":[]}})", "ids must be below");
  expect_refused(R"({"model":{"vocab":{"a":-1},"merges":[]}})", "vocab: entry 0");
  expect_refused(R"({"model":{"vocab":{"a":"x"},"merges":[]}})", "vocab: entry 0");
  expect_refused(R"({"model":{"vocab":[[1.0,"x"]],"type":"Unigram"}})", "vocab: entry 0");
  expect_refused(R"({"model":{"vocab":[["x",1e300]],"type":"Unigram"}})", "finite");
  expect_refused(R"({"model":{"vocab":{},"merges":[]}})", "vocab");
}

TEST(TokenizerJson, RefusesWhatItDoesNotUnderstandRatherThanGuess) {
  const auto with = [](const std::string& rest) { return document(kMerges, "," + rest); };
  expect_refused(with(R"("normalizer":{"type":"Lowercase"})"), "got Lowercase");
  expect_refused(with(R"("pre_tokenizer":{"type":"BertPreTokenizer"})"), "BertPreTokenizer");
  expect_refused(
      with(R"("pre_tokenizer":{"type":"Split","pattern":{"String":" "},"behavior":"Isolated"})"),
      "Split by Regex");
  expect_refused(
      with(R"("pre_tokenizer":{"type":"Split","pattern":{"Regex":"a"},"behavior":"Removed"})"),
      "isolates");
  expect_refused(with(R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[
      {"type":"Split","pattern":{"Regex":"a"},"behavior":"Isolated"},
      {"type":"Split","pattern":{"Regex":"b"},"behavior":"Isolated"}]})"),
                 "one expression");
  expect_refused(with(R"("post_processor":{"type":"RobertaProcessing"})"), "RobertaProcessing");
  expect_refused(with(R"("added_tokens":[{"id":258,"content":"x","single_word":true}])"),
                 "single_word");
  expect_refused(document(kMerges, "", R"("end_of_word_suffix":"</w>",)"), "end_of_word_suffix");
}

TEST(TokenizerJson, RefusesWhatIsNoJsonOrTooMuchOfIt) {
  expect_refused("", "must be JSON");
  expect_refused("{\"model\"", "must be JSON");
  expect_refused(std::string(100'000, '['), "deeper");
  std::string keys = R"({"a0":0)";
  for (int k = 1; k < 100'000; ++k) keys += ",\"a" + std::to_string(k) + "\":0";
  expect_refused(keys + "}", "keys");
}

}  // namespace
}  // namespace therma::llm
